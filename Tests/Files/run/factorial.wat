;;! stage = "run"

(module
  (func $f (param i64) (result i64)
    (if (result i64) (i64.lt_u (i64.sub (local.get 0) (i64.const 1)) (i64.const 20))
      (then (i64.mul (local.get 0) (call $f (i64.sub (local.get 0) (i64.const 1)))))
      (else (i64.const 1))))
  (func (export "of10") (result i64) (call $f (i64.const 10)))
  (func (export "of20") (result i64) (call $f (i64.const 20))))
;; call 0 i64:3628800
;; call 1 i64:2432902008176640000
;; call 0 i64:3628800
;; call 1 i64:2432902008176640000
;; call 0 i64:3628800
;; call 1 i64:2432902008176640000
