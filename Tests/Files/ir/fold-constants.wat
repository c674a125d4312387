;;! stage = "ir"

(module
  (func (export "folded") (result i32) (i32.mul (i32.add (i32.const 3) (i32.const 4)) (i32.const 6)))
  (func (export "kept") (result i32) (i32.div_s (i32.const 1) (i32.const 0))))
;; ; 0 function[0]
;; function 0 type 0 {
;; b0:
;;   nop
;;   nop
;;   nop
;;   nop
;;   v4 = iconst.i32 #42
;;   return v4
;; }
;;
;; ; 1 function[1]
;; function 1 type 0 {
;; b0:
;;   v0 = iconst.i32 #1
;;   v1 = iconst.i32 #0
;;   v2 = div_s.i32 v0, v1
;;   return v2
;; }
