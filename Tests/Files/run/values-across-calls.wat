;;! stage = "run"
;; Values that wait in registers for the return of a host function, of a function that calls the
;; runtime, and of one that leaves with a tail call to a host function.
(module
  (import "m" "host" (func $host (param i64) (result i64)))
  (memory 1)
  (func $copy (param i32) (memory.copy (local.get 0) (i32.const 8) (local.get 0)))
  (func $leave (param i64) (result i64) (return_call $host (local.get 0)))
  (func $mix (param i64 i64) (result i64)
    (i64.add (i64.mul (local.get 0) (i64.const 31)) (local.get 1)))
  (func (export "host") (param i64 i64 i64 i64) (result i64)
    (call $mix
      (call $mix (call $host (local.get 0)) (local.get 0))
      (call $mix (local.get 1) (call $mix (local.get 2) (local.get 3)))))
  (func (export "helper") (param i64 i64 i64 i64) (result i64)
    (call $copy (i32.const 100))
    (i64.store (i32.const 8) (local.get 0))
    (call $copy (i32.const 200))
    (i64.add
      (i64.load (i32.const 200))
      (i64.mul
        (i64.sub (local.get 1) (local.get 0))
        (i64.xor (local.get 2) (i64.shl (local.get 3) (i64.const 1))))))
  (func (export "tail") (param i64 i64 i64 i64) (result i64)
    (i64.add
      (call $leave (local.get 0))
      (i64.mul
        (i64.sub (local.get 1) (local.get 0))
        (i64.xor (local.get 2) (i64.shl (local.get 3) (i64.const 1)))))))
;; call 0 i64:4294970272
;; call 1 i64:18446744073703284991
;; call 2 i64:12871728115201605632
;; call 0 i64:12994706447385165586
;; call 1 i64:18446744041497296927
;; call 2 i64:18446744073699065856
;; call 0 i64:2032672
;; call 1 i64:18446743249088479231
;; call 2 i64:4550196797908827616
