;;! stage = "run"
;; Mutual tail calls by all ways, with more and fewer words on the stack than the caller got.
(module
  (type $even (func (param i32) (result i64)))
  (type $odd (func (param i32 i32 i32 i32 i32 i32 i64 i32 i64) (result i64)))
  (table funcref (elem $even $odd))
  (func $even (type $even)
    (if (i32.eqz (local.get 0)) (then (return (i64.const 44))))
    (return_call_indirect (type $odd) (i32.sub (local.get 0) (i32.const 1)) (i32.const 1)
      (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5) (i64.const 6) (i32.const 7)
      (i64.const 8) (i32.const 1)))
  (func $odd (type $odd)
    (if (i32.eqz (local.get 0)) (then (return (i64.add (local.get 6) (local.get 8)))))
    (return_call_ref $even (i32.sub (local.get 0) (i32.const 1)) (ref.func $even)))
  (func (export "even") (result i64) (call $even (i32.const 300000)))
  (func (export "odd") (result i64) (return_call $even (i32.const 300001)))
  (func $swap (param f64 i64) (result i64 f64) (local.get 1) (local.get 0))
  (func (export "swap") (param i64 f64) (result i64 f64)
    (return_call $swap (local.get 1) (local.get 0)))
  (func (export "null") (result i64)
    (return_call_ref $even (i32.const 0) (ref.null $even)))
  (func (export "mismatch") (result i64)
    (return_call_indirect (type $even) (i32.const 0) (i32.const 1))))
;; call 0 i64:44
;; call 1 i64:14
;; call 2 i64:2147483648 f64:5183771782906367355
;; call 3 trap null function reference
;; call 4 trap indirect call type mismatch
;; call 0 i64:44
;; call 1 i64:14
;; call 2 i64:65536 f64:4602678819172646912
;; call 3 trap null function reference
;; call 4 trap indirect call type mismatch
;; call 0 i64:44
;; call 1 i64:14
;; call 2 i64:18446744073709551615 f64:4751297606875873280
;; call 3 trap null function reference
;; call 4 trap indirect call type mismatch
