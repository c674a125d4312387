;;! stage = "run"

(module
  (func $f (param i32 i64 f32 f64 i32 i64 i32 i64 i32 i64 f64) (result i64 f64)
    (i64.add (local.get 9) (i64.extend_i32_u (local.get 8))) (f64.add (local.get 10) (local.get 3)))
  (func (export "f") (result i64 f64)
    (call $f (i32.const 1) (i64.const 2) (f32.const 3) (f64.const 4) (i32.const 5) (i64.const 6)
      (i32.const 7) (i64.const 8) (i32.const 9) (i64.const 10) (f64.const 11))))
;; call 0 i64:19 f64:4624633867356078080
;; call 0 i64:19 f64:4624633867356078080
;; call 0 i64:19 f64:4624633867356078080
