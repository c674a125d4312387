;;! stage = "ir"
;; An indirect call of a type that has subtypes looks at one entry of the callee's list of
;; supertypes; one that the table's type already answers is not checked at all.
(module
  (type $shape (sub (func)))
  (type $round (sub $shape (func)))
  (table 1 funcref)
  (table $known 1 (ref null $round))
  (func $checked (call_indirect (type $round) (i32.const 0)))
  (func $unchecked (call_indirect $known (type $shape) (i32.const 0))))
;; ; 0 checked
;; function 0 type 2 {
;; b0:
;;   nop
;;   v1 = context_load.i64 #64, #readonly
;;   v2 = pointer_load.i64 v1, #8
;;   v3 = iconst.i64 #0
;;   v4 = eq.i32 v2, v3
;;   trap_if v4, #undefinedElement
;;   v6 = pointer_load.i64 v1, #0
;;   nop
;;   v8 = pointer_load.i64 v6, #0
;;   v9 = eq.i32 v8, v3
;;   trap_if v9, #indirectCallToNull
;;   v11 = pointer_load.i64 v8, #24
;;   v12 = pointer_load.i32 v11, #8
;;   v13 = context_load.i32 #84, #readonly
;;   v14 = ne.i32 v12, v13
;;   trap_if v14, #indirectCallTypeMismatch
;;   call_reference v8, #1
;;   return
;; }
;;
;; ; 1 unchecked
;; function 1 type 2 {
;; b0:
;;   nop
;;   v1 = context_load.i64 #72, #readonly
;;   v2 = pointer_load.i64 v1, #8
;;   v3 = iconst.i64 #0
;;   v4 = eq.i32 v2, v3
;;   trap_if v4, #undefinedElement
;;   v6 = pointer_load.i64 v1, #0
;;   nop
;;   v8 = pointer_load.i64 v6, #0
;;   v9 = eq.i32 v8, v3
;;   trap_if v9, #indirectCallToNull
;;   call_reference v8, #0
;;   return
;; }
