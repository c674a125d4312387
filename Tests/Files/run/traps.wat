;;! stage = "run"

(module
  (type $t (func))
  (table (export "table") 3 funcref)
  (elem (i32.const 0) $one $other)
  (func $one) (func $other (param i32))
  (func (export "unreachable") (unreachable))
  (func (export "good") (call_indirect (type $t) (i32.const 0)))
  (func (export "signature") (call_indirect (type $t) (i32.const 1)))
  (func (export "null") (call_indirect (type $t) (i32.const 2)))
  (func (export "outside") (call_indirect (type $t) (i32.const 3))))
;; call 1 trap unreachable
;; call 2 returns
;; call 3 trap indirect call type mismatch
;; call 4 trap uninitialized element
;; call 5 trap undefined element
;; call 1 trap unreachable
;; call 2 returns
;; call 3 trap indirect call type mismatch
;; call 4 trap uninitialized element
;; call 5 trap undefined element
;; call 1 trap unreachable
;; call 2 returns
;; call 3 trap indirect call type mismatch
;; call 4 trap uninitialized element
;; call 5 trap undefined element
;; table 0 3 1
