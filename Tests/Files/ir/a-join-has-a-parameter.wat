;;! stage = "ir"

(module
  (func (export "max") (param i32 i32) (result i32)
    (if (result i32) (i32.gt_s (local.get 0) (local.get 1))
      (then (local.get 0)) (else (local.get 1)))))
;; ; 0 function[0]
;; function 0 type 0 {
;; b0(v0: i32, v1: i32):
;;   v2 = gt_s.i32 v0, v1
;;   branch v2 -> b1, b2
;; b1:
;;   jump -> b3(v0)
;; b2:
;;   jump -> b3(v1)
;; b3(v6: i32):
;;   return v6
;; }
