;;! stage = "run"

(module
  (func (export "min") (result f64) (f64.min (f64.const -0) (f64.const 0)))
  (func (export "nan") (param f32) (result f32) (f32.add (local.get 0) (f32.const nan)))
  (func (export "nearest") (result f64 f64 f64)
    (f64.nearest (f64.const 0.5)) (f64.nearest (f64.const 1.5)) (f64.nearest (f64.const -0.5)))
  (func (export "unsigned") (param f64) (result i64) (i64.trunc_sat_f64_u (local.get 0)))
  (func (export "convert") (param i64) (result f32) (f32.convert_i64_u (local.get 0)))
  (func (export "trap") (param f64) (result i32) (i32.trunc_f64_s (local.get 0))))
;; call 0 f64:9223372036854775808
;; call 1 f32:nan
;; call 2 f64:0 f64:4611686018427387904 f64:9223372036854775808
;; call 3 i64:1
;; call 4 f32:1199570944
;; call 5 trap integer overflow
;; call 0 f64:9223372036854775808
;; call 1 f32:nan
;; call 2 f64:0 f64:4611686018427387904 f64:9223372036854775808
;; call 3 i64:9223372036854775808
;; call 4 f32:1602224128
;; call 5 i32:0
;; call 0 f64:9223372036854775808
;; call 1 f32:nan
;; call 2 f64:0 f64:4611686018427387904 f64:9223372036854775808
;; call 3 i64:1
;; call 4 f32:1115422720
;; call 5 trap integer overflow
