;;! stage = "ir"

(module
  (global $a (mut i64) (i64.const 1)) (global $b i32 (i32.const 9))
  (func (export "f") (result i64)
    (global.set $a (i64.add (global.get $a) (i64.const 1)))
    (i64.add (global.get $a) (i64.extend_i32_u (global.get $b)))))
;; ; 0 function[0]
;; function 0 type 0 {
;; b0:
;;   v0 = context_load.i64 #80
;;   v1 = iconst.i64 #1
;;   v2 = add.i64 v0, v1
;;   context_store v2, #80
;;   v4 = context_load.i64 #80
;;   nop
;;   v6 = iconst.i64 #9
;;   v7 = add.i64 v4, v6
;;   return v7
;; }
