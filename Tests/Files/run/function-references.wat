;;! stage = "run"
;; References that are tested, narrowed and called; tables with a first value; subtypes.
(module
  (rec
    (type $shape (sub (func (param i32) (result i32))))
    (type $round (sub $shape (func (param i32) (result i32))))
    (type $other (sub final $shape (func (param i32) (result i32)))))
  (func $double (type $round) (i32.shl (local.get 0) (i32.const 1)))
  (func $negate (type $other) (i32.sub (i32.const 0) (local.get 0)))
  (func $alone (param i32) (result i32) (local.get 0))
  (table $full 2 (ref $shape) (ref.func $double))
  (table $any funcref (elem $double $negate $alone))
  (global $last (mut (ref null $round)) (ref.null nofunc))
  (func $pick (param $i i32) (result (ref null $shape))
    (if (result (ref null $shape)) (i32.eqz (local.get $i))
      (then (ref.null nofunc)) (else (table.get $full (i32.const 1)))))
  (func (export "through-a-reference") (param i32) (result i32)
    (block $none (call_ref $shape (local.get 0) (br_on_null $none (call $pick (local.get 0))))
      (return))
    (i32.const -1))
  (func (export "through-a-local") (result i32) (local $f (ref $shape))
    (local.set $f (ref.func $negate))
    (call_ref $shape (i32.const 21) (local.get $f)))
  (func (export "not-null") (param i32) (result i32)
    (call_ref $shape (i32.const 4)
      (block $there (result (ref $shape))
        (br_on_non_null $there (call $pick (local.get 0))) (return (i32.const 7)))))
  (func (export "a-subtype") (result i32)
    (call_indirect $any (type $shape) (i32.const 3) (i32.const 1)))
  (func (export "no-subtype") (result i32)
    (call_indirect $any (type $round) (i32.const 3) (i32.const 1)))
  (func (export "another-type") (result i32)
    (call_indirect $any (type $shape) (i32.const 3) (i32.const 2)))
  (func (export "null-global") (result i32) (call_ref $round (i32.const 1) (global.get $last)))
  (func (export "as-non-null") (param i32) (result i32)
    (call_ref $shape (i32.const 5) (ref.as_non_null (call $pick (local.get 0)))))
  (func (export "set") (global.set $last (ref.func $double))))
;; call 0 i32:4294967295
;; call 1 i32:4294967275
;; call 2 i32:8
;; call 3 i32:4294967293
;; call 4 trap indirect call type mismatch
;; call 5 trap indirect call type mismatch
;; call 6 trap null function reference
;; call 7 trap null reference
;; call 8 returns
;; call 0 i32:0
;; call 1 i32:4294967275
;; call 2 i32:8
;; call 3 i32:4294967293
;; call 4 trap indirect call type mismatch
;; call 5 trap indirect call type mismatch
;; call 6 i32:2
;; call 7 i32:10
;; call 8 returns
;; call 0 i32:131072
;; call 1 i32:4294967275
;; call 2 i32:8
;; call 3 i32:4294967293
;; call 4 trap indirect call type mismatch
;; call 5 trap indirect call type mismatch
;; call 6 i32:2
;; call 7 i32:10
;; call 8 returns
