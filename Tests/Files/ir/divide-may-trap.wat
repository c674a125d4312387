;;! stage = "ir"

(module
  (func (export "f") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "by7") (param i32) (result i32) (i32.div_u (local.get 0) (i32.const 7)))
  (func (export "by8") (param i32) (result i32) (i32.rem_u (local.get 0) (i32.const 8))))
;; ; 0 function[0]
;; function 0 type 0 {
;; b0(v0: i32, v1: i32):
;;   v2 = div_s.i32 v0, v1
;;   return v2
;; }
;;
;; ; 1 function[1]
;; function 1 type 1 {
;; b0(v0: i32):
;;   v1 = iconst.i32 #7
;;   v2 = div_u.i32 v0, v1
;;   return v2
;; }
;;
;; ; 2 function[2]
;; function 2 type 1 {
;; b0(v0: i32):
;;   nop
;;   v2 = iconst.i32 #7
;;   v3 = and.i32 v0, v2
;;   return v3
;; }
