;;! stage = "ir"

(module
  (func (export "f") (param i64 i64 i32) (result i64)
    (select (local.get 0) (local.get 1) (i32.eqz (local.get 2)))))
;; ; 0 function[0]
;; function 0 type 0 {
;; b0(v0: i64, v1: i64, v2: i32):
;;   v3 = select.i64 v2, v1, v0
;;   return v3
;; }
