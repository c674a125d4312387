;;! stage = "ir"

(module
  (memory 1)
  (func (export "fill") (param $from i32) (param $to i32) (param $a i32) (param $b i32)
    (loop $next
      (i32.store (local.get $from) (i32.xor (i32.mul (local.get $a) (local.get $b)) (i32.const 77)))
      (local.set $from (i32.add (local.get $from) (i32.const 4)))
      (br_if $next (i32.lt_u (local.get $from) (local.get $to))))))
;; ; 0 function[0]
;; function 0 type 0 {
;; b0(v0: i32, v1: i32, v2: i32, v3: i32):
;;   v4 = mul.i32 v2, v3
;;   jump -> b1(v0)
;; b1(v6: i32) depth 1 header:
;;   v7 = iconst.i32 #77
;;   v8 = xor.i32 v4, v7
;;   store v6, v8, #0
;;   v10 = iconst.i32 #4
;;   v11 = add.i32 v6, v10
;;   v12 = lt_u.i32 v11, v1
;;   branch v12 -> b1(v11), b2
;; b2:
;;   return
;; }
