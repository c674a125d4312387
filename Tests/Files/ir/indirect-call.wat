;;! stage = "ir"

(module
  (type $t (func (param i32) (result i32)))
  (table 2 funcref)
  (func (export "f") (param i32 i32) (result i32)
    (call_indirect (type $t) (local.get 0) (local.get 1))))
;; ; 0 function[0]
;; function 0 type 1 {
;; b0(v0: i32, v1: i32):
;;   v2 = context_load.i64 #64, #readonly
;;   v3 = pointer_load.i64 v2, #8
;;   v4 = extend_u.i64 v1
;;   v5 = ge_u.i32 v4, v3
;;   trap_if v5, #undefinedElement
;;   v7 = pointer_load.i64 v2, #0
;;   v8 = iconst.i64 #3
;;   v9 = shl.i64 v4, v8
;;   v10 = add.i64 v7, v9
;;   v11 = pointer_load.i64 v10, #0
;;   v12 = iconst.i64 #0
;;   v13 = eq.i32 v11, v12
;;   trap_if v13, #indirectCallToNull
;;   v15 = pointer_load.i32 v11, #16
;;   v16 = context_load.i32 #72, #readonly
;;   v17 = ne.i32 v15, v16
;;   trap_if v17, #indirectCallTypeMismatch
;;   v19 = call_reference.i32 v11, v0, #0
;;   return v19
;; }
