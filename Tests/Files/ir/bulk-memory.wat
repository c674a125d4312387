;;! stage = "ir"

(module
  (memory 1) (data $d "abc")
  (func (export "f") (param i32 i32 i32)
    (memory.copy (local.get 0) (local.get 1) (local.get 2))
    (memory.fill (local.get 0) (i32.const 7) (local.get 2))
    (memory.init $d (local.get 0) (i32.const 0) (i32.const 3))
    (data.drop $d)))
;; ; 0 function[0]
;; function 0 type 0 {
;; b0(v0: i32, v1: i32, v2: i32):
;;   v3 = iconst.i64 #0
;;   call_helper v3, v0, v1, v2, #memoryCopy
;;   v5 = iconst.i32 #7
;;   call_helper v3, v0, v5, v2, #memoryFill
;;   v7 = iconst.i32 #0
;;   v8 = iconst.i32 #3
;;   call_helper v3, v0, v7, v8, #memoryInit
;;   call_helper v3, #dataDrop
;;   return
;; }
