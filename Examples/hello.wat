;; SPDX-License-Identifier: Apache-2.0
;; Writes one line to standard output: the smallest program of WASI preview 1.

(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $descriptor i32) (param $vectors i32) (param $count i32)
      (param $written i32) (result i32)))

  (memory (export "memory") 1)
  ;; One vector, where the text is and how long; behind it, how much was written.
  (data (i32.const 0) "\10\00\00\00\2c\00\00\00")
  (data (i32.const 16) "Hello from WebAssembly, compiled by Brolga.\n")

  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
