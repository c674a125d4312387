;;! stage = "ir"

(module
  ;; The limit never changes, so only the counter and the sum are parameters of the loop.
  (func (export "sum") (param $limit i32) (result i32) (local $i i32) (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $limit))))
    (local.get $sum)))
;; ; 0 function[0]
;; function 0 type 0 {
;; b0(v0: i32):
;;   v1 = iconst.i32 #0
;;   jump -> b1(v1, v1)
;; b1(v3: i32, v4: i32) depth 1 header:
;;   v5 = add.i32 v3, v4
;;   v6 = iconst.i32 #1
;;   v7 = add.i32 v4, v6
;;   nop
;;   v9 = lt_u.i32 v7, v0
;;   branch v9 -> b1(v5, v7), b2
;; b2:
;;   return v5
;; }
