;;! stage = "run"

(module
  (func (export "or") (param i64 i64) (result i64)
    (i64.or (i64.shl (local.get 0) (i64.const 13)) (i64.shr_u (local.get 1) (i64.const 51))))
  (func (export "xor") (param i32 i32) (result i32 i32)
    (i32.xor (i32.shr_u (local.get 1) (i32.const 7)) (i32.shl (local.get 0) (i32.const 25)))
    (local.get 0))
  (func (export "add") (param i64 i64) (result i64 i64)
    (i64.add (i64.shl (local.get 0) (i64.const 1)) (i64.shr_u (local.get 1) (i64.const 63)))
    (local.get 1))
  (func (export "rotate") (param i32 i64) (result i32 i64)
    (i32.add (i32.shl (local.get 0) (i32.const 9)) (i32.shr_u (local.get 0) (i32.const 23)))
    (i64.xor (i64.shr_u (local.get 1) (i64.const 9)) (i64.shl (local.get 1) (i64.const 55))))
  ;; The flags of the sum are asked for.
  (func (export "isZero") (param i64 i64) (result i32)
    (i64.eqz (i64.or (i64.shl (local.get 0) (i64.const 60)) (i64.shr_u (local.get 1) (i64.const 4)))))
  (func (export "wide") (param i64 i64) (result i32)
    (i32.or (i32.shl (i32.wrap_i64 (local.get 0)) (i32.const 5))
      (i32.shr_u (i32.wrap_i64 (local.get 1)) (i32.const 27)))))
;; call 0 i64:0
;; call 1 i32:4261412865 i32:65535
;; call 2 i64:4294967297 i64:9223372036854775808
;; call 3 i32:512 i64:18410715276694781951
;; call 4 i32:1
;; call 5 i32:4294967264
;; call 0 i64:17592186048512
;; call 1 i32:50331647 i32:1
;; call 2 i64:131072 i64:0
;; call 3 i32:4294967295 i64:18410715276690587775
;; call 4 i32:0
;; call 5 i32:0
;; call 0 i64:536870912
;; call 1 i32:4261413375 i32:4294967295
;; call 2 i64:18446744073709551614 i64:2147483648
;; call 3 i32:0 i64:36028797018963968
;; call 4 i32:0
;; call 5 i32:95
