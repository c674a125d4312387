;;! stage = "ir"

(module
  (func $swap (param i32 i64) (result i64 i32) (local.get 1) (local.get 0))
  (func (export "f") (param i32) (result i32)
    (call $swap (local.get 0) (i64.const 5)) (i32.eqz) (drop) (i32.wrap_i64))
)
;; ; 0 swap
;; function 0 type 0 {
;; b0(v0: i32, v1: i64):
;;   return v1, v0
;; }
;;
;; ; 1 function[1]
;; function 1 type 1 {
;; b0(v0: i32):
;;   v1 = iconst.i64 #5
;;   v2 = call.i64 v0, v1, #0, #0
;;   v3 = wrap.i32 v2
;;   return v3
;; }
