;;! stage = "run"

(module
  (type $t (func (result i32)))
  (table $w (export "wide") i64 4 6 funcref)
  (table $n (export "narrow") 4 funcref)
  (elem (table $w) (i64.const 0) func $one $other)
  (elem $passive func $one $one)
  (func $one (result i32) (i32.const 1)) (func $other (param i32))
  (func (export "good") (result i32) (call_indirect $w (type $t) (i64.const 0)))
  (func (export "signature") (result i32) (call_indirect $w (type $t) (i64.const 1)))
  (func (export "null") (result i32) (call_indirect $w (type $t) (i64.const 3)))
  (func (export "outside") (result i32) (call_indirect $w (type $t) (i64.const 0x100000000)))
  (func (export "far outside") (result i32) (call_indirect $w (type $t) (i64.const -1)))
  (func (export "get") (param i64) (result i32) (ref.is_null (table.get $w (local.get 0))))
  (func (export "copy") (table.copy $n $w (i32.const 1) (i64.const 0) (i32.const 2)))
  (func (export "copy outside") (table.copy $w $n (i64.const -1) (i32.const 0) (i32.const 1)))
  (func (export "init") (table.init $w $passive (i64.const 2) (i32.const 0) (i32.const 1)))
  (func (export "fill") (table.fill $w (i64.const 3) (ref.func $one) (i64.const 1)))
  (func (export "size") (result i64) (table.size $w))
  (func (export "grow") (result i64) (table.grow $w (ref.null func) (i64.const 1)))
  (func (export "grow too far") (result i64) (table.grow $w (ref.null func) (i64.const -1))))
;; call 2 i32:1
;; call 3 trap indirect call type mismatch
;; call 4 trap uninitialized element
;; call 5 trap undefined element
;; call 6 trap undefined element
;; call 7 trap out of bounds table access
;; call 8 returns
;; call 9 trap out of bounds table access
;; call 10 returns
;; call 11 returns
;; call 12 i64:4
;; call 13 i64:4
;; call 14 i64:18446744073709551615
;; call 2 i32:1
;; call 3 trap indirect call type mismatch
;; call 4 i32:1
;; call 5 trap undefined element
;; call 6 trap undefined element
;; call 7 i32:0
;; call 8 returns
;; call 9 trap out of bounds table access
;; call 10 returns
;; call 11 returns
;; call 12 i64:5
;; call 13 i64:5
;; call 14 i64:18446744073709551615
;; call 2 i32:1
;; call 3 trap indirect call type mismatch
;; call 4 i32:1
;; call 5 trap undefined element
;; call 6 trap undefined element
;; call 7 trap out of bounds table access
;; call 8 returns
;; call 9 trap out of bounds table access
;; call 10 returns
;; call 11 returns
;; call 12 i64:6
;; call 13 i64:18446744073709551615
;; call 14 i64:18446744073709551615
;; table 0 6 2
;; table 1 4 2
