;;! stage = "ir"

(module
  (memory i64 1)
  (func (export "sum") (param $p i64) (param $end i64) (result i32) (local $s i32)
    (loop $next
      (local.set $s (i32.add (local.get $s) (i32.load (local.get $p))))
      (local.set $p (i64.add (local.get $p) (i64.const 4)))
      (br_if $next (i64.ne (local.get $p) (local.get $end))))
    (local.get $s)))
;; ; 0 function[0]
;; function 0 type 0 {
;; b0(v0: i64, v1: i64):
;;   v2 = iconst.i64 #17179869184
;;   v3 = ge_u.i32 v0, v2
;;   trap_if v3, #memoryOutOfBounds
;;   v5 = iconst.i32 #0
;;   jump -> b1(v5, v0)
;; b1(v7: i32, v8: i64) depth 1 header:
;;   v9 = ge_u.i32 v8, v2
;;   v10 = load.i32 v8, #0
;;   v11 = add.i32 v7, v10
;;   v12 = iconst.i64 #4
;;   v13 = add.i64 v8, v12
;;   v14 = ne.i32 v1, v13
;;   branch v14 -> b1(v11, v13), b2
;; b2:
;;   return v11
;; }
