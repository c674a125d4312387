;;! stage = "ir"

(module
  (func (export "f") (param i32 i32) (result i32)
    (i32.mul (i32.add (local.get 0) (local.get 1)) (i32.add (local.get 0) (local.get 1)))))
;; ; 0 function[0]
;; function 0 type 0 {
;; b0(v0: i32, v1: i32):
;;   v2 = add.i32 v0, v1
;;   v3 = mul.i32 v2, v2
;;   return v3
;; }
