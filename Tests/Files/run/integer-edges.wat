;;! stage = "run"

(module
  (func (export "div") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "rem") (param i64 i64) (result i64) (i64.rem_s (local.get 0) (local.get 1)))
  (func (export "overflow") (result i32) (i32.div_s (i32.const -2147483648) (i32.const -1)))
  (func (export "shift") (param i64) (result i64) (i64.shr_s (local.get 0) (i64.const 65)))
  (func (export "bits") (param i64) (result i64 i64 i64)
    (i64.clz (local.get 0)) (i64.ctz (local.get 0)) (i64.popcnt (local.get 0))))
;; call 0 i32:0
;; call 1 i64:0
;; call 2 trap integer overflow
;; call 3 i64:0
;; call 4 i64:47 i64:16 i64:1
;; call 0 trap integer divide by zero
;; call 1 i64:1
;; call 2 trap integer overflow
;; call 3 i64:2147483647
;; call 4 i64:0 i64:0 i64:64
;; call 0 trap integer divide by zero
;; call 1 i64:0
;; call 2 trap integer overflow
;; call 3 i64:2147483648
;; call 4 i64:58 i64:0 i64:6
