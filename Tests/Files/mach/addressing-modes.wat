;;! stage = "mach"

(module
  (memory 1)
  (func (export "f") (param i32 i32) (result i32)
    (i32.load offset=16 (i32.add (local.get 0) (i32.shl (local.get 1) (i32.const 2))))))
;; ; 0 function[0]
;; function 0
;; b0:
;;   v2@rdi, v3@rsi = entry
;;   v1 = lea.32 [v2 + v3*4]
;;   v0 = mov.32 [r14 + v1 + 16]
;;   ret v0@rax
