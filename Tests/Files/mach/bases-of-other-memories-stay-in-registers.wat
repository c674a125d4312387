;;! stage = "mach"

(module
  (memory 1) (memory $other 1) (memory $wide i64 1)
  (func (export "copy") (param $p i32) (param $q i32) (param $end i32)
    (loop $next
      (i32.store $other offset=16 (i32.shl (i32.and (local.get $q) (i32.const 255)) (i32.const 2))
        (i32.load (local.get $p)))
      (local.set $p (i32.add (local.get $p) (i32.const 4)))
      (local.set $q (i32.add (local.get $q) (i32.const 1)))
      (br_if $next (i32.ne (local.get $p) (local.get $end)))))
  (func (export "wide") (param $p i64) (result i64) (i64.load $wide offset=8 (local.get $p))))
;; ; 0 function[0]
;; function 0
;; b0:
;;   v9@rdi, v8@rsi, v2@rdx = entry
;;   v6 = mov.64 [r15 + 88]
;;   jump b1(v8, v9)
;; b1: (v3, v4)
;;   v7 = movzx8.32 v3?
;;   v5 = mov.32 [r14 + v4]
;;   store.32 v5, [v6 + v7*4 + 16]
;;   v1 = add.32 v4, 4
;;   v0 = add.32 v3, 1
;;   cmp.32 v1, v2?
;;   branch.notEqual b2, b3
;; b2:
;;   jump b1(v0, v1)
;; b3:
;;   ret
;;
;; ; 1 function[1]
;; function 1
;; b0:
;;   v2@rdi = entry
;;   cmp.64 v2, [constant 0]
;;   trapIf.aboveOrEqual 2
;;   v1 = mov.64 [r15 + 104]
;;   v0 = mov.64 [v1 + v2 + 8]
;;   ret v0@rax
