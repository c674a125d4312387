;;! stage = "run"

(module
  (global $g (export "g") (mut i32) (i32.const 5))
  (start $s)
  (func $s (global.set $g (i32.const 6)))
  (func (export "next") (result i32)
    (global.set $g (i32.mul (global.get $g) (i32.const 3))) (global.get $g)))
;; call 1 i32:18
;; call 1 i32:54
;; call 1 i32:162
;; global 0 i32:162
