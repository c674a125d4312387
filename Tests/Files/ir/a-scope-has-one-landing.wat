;;! stage = "ir"

(module
  (tag $e (param i32))
  (tag $other)
  (func $f (param i32) (result i32)
    (if (local.get 0) (then (throw $e (local.get 0))))
    (i32.const 1))
  (func (export "calls") (param i32) (result i32) (local i32)
    (block $l (result i32)
      (try_table (result i32) (catch $e $l)
        (local.set 1 (call $f (local.get 0)))
        (call $f (local.get 1)))
      (return))
    (i32.add (local.get 1)))
  (func (export "branches") (param i32) (result i32)
    (block $l (result i32)
      (try_table (catch $e $l) (throw $e (local.get 0)))
      (unreachable))
    (i32.const 2)
    (i32.add)))
;; ; 0 f
;; function 0 type 2 {
;; b0(v0: i32):
;;   branch v0 -> b1, b2
;; b1 cold:
;;   v2 = context_load.i64 #64, #readonly
;;   v3 = call_helper.i64 v2, #exceptionNew
;;   v4 = iconst.i64 #0
;;   v5 = eq.i32 v3, v4
;;   trap_if v5, #outOfMemory
;;   pointer_store v3, v0, #24
;;   call_helper v3, #throw
;;   trap #unreachable
;; b2:
;;   v10 = iconst.i32 #1
;;   return v10
;; }
;;
;; ; 1 function[1]
;; function 1 type 2 {
;; b0(v0: i32):
;;   v1 = iconst.i32 #0
;;   v2 = call.i32 v0, #0, #2
;;   v3 = caught.i64
;;   unwind v3 -> b3(v3, v1), b1
;; b1:
;;   v5 = call.i32 v2, #0, #2
;;   v6 = caught.i64
;;   unwind v6 -> b3(v6, v2), b2
;; b2:
;;   jump -> b6
;; b3(v9: i64, v20: i32) cold:
;;   v10 = pointer_load.i64 v9, #0, #readonly
;;   v11 = context_load.i64 #64, #readonly
;;   v12 = eq.i32 v10, v11
;;   branch v12 -> b4, b5
;; b4 cold:
;;   v14 = pointer_load.i32 v9, #24
;;   call_helper v9, #exceptionCaught
;;   jump -> b7
;; b5 cold:
;;   call_helper v9, #resumeUnwinding
;;   trap #unreachable
;; b6:
;;   return v5
;; b7:
;;   v21 = add.i32 v14, v20
;;   return v21
;; }
;;
;; ; 2 function[2]
;; function 2 type 2 {
;; b0(v0: i32):
;;   jump -> b1
;; b1:
;;   v2 = iconst.i32 #2
;;   v3 = add.i32 v0, v2
;;   return v3
;; }
