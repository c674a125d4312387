;; SPDX-License-Identifier: Apache-2.0
;; A test script as the specification has them: a module, and what its functions should do.

(module
  (func (export "divide") (param i32 i32) (result i32)
    (i32.div_s (local.get 0) (local.get 1))))

(assert_return (invoke "divide" (i32.const -7) (i32.const 2)) (i32.const -3))
(assert_trap (invoke "divide" (i32.const 1) (i32.const 0)) "integer divide by zero")
(assert_trap (invoke "divide" (i32.const 0x8000_0000) (i32.const -1)) "integer overflow")
(assert_invalid
  (module (func (result i32) (i64.const 0)))
  "type mismatch")
