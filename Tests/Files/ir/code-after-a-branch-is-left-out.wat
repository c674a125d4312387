;;! stage = "ir"

(module
  (func (export "f") (param i32) (result i32)
    (block (result i32)
      (br 0 (local.get 0))
      (drop) (i32.const 1) (i32.const 2) (i32.add))))
;; ; 0 function[0]
;; function 0 type 0 {
;; b0(v0: i32):
;;   jump -> b1
;; b1:
;;   return v0
;; }
