;;! stage = "ir"

(module
  (func (export "switch") (param i32) (result i32)
    (block $c (block $b (block $a
      (br_table $a $b $c (local.get 0)))
      (return (i32.const 10)))
      (return (i32.const 20)))
    (i32.const 30)))
;; ; 0 function[0]
;; function 0 type 0 {
;; b0(v0: i32):
;;   branch_table v0 -> b1, b2, b3
;; b1:
;;   v2 = iconst.i32 #10
;;   return v2
;; b2:
;;   v4 = iconst.i32 #20
;;   return v4
;; b3:
;;   v6 = iconst.i32 #30
;;   return v6
;; }
