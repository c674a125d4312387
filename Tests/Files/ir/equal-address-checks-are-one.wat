;;! stage = "ir"

(module
  (memory i64 1)
  (func (export "f") (param $p i64) (param $i i32) (result i64)
    ;; Two offsets of one address, an address that cannot be outside, and an offset beyond the guard.
    (i64.add
      (i64.add (i64.load (local.get $p)) (i64.load offset=8 (local.get $p)))
      (i64.add
        (i64.load offset=16 (i64.shl (i64.extend_i32_u (local.get $i)) (i64.const 2)))
        (i64.load offset=0x100000000 (local.get $p)))))
  (func (export "never") (param $p i64) (result i32) (i32.load offset=0xffffffffffffffff (local.get $p))))
;; ; 0 function[0]
;; function 0 type 0 {
;; b0(v0: i64, v1: i32):
;;   v2 = iconst.i64 #17179869184
;;   v3 = ge_u.i32 v0, v2
;;   trap_if v3, #memoryOutOfBounds
;;   v5 = load.i64 v0, #0
;;   v6 = load.i64 v0, #8
;;   v7 = add.i64 v5, v6
;;   v8 = extend_u.i64 v1
;;   v9 = iconst.i64 #2
;;   v10 = shl.i64 v8, v9
;;   nop
;;   v12 = load.i64 v10, #16
;;   v13 = iconst.i64 #12884901888
;;   v14 = ge_u.i32 v0, v13
;;   trap_if v14, #memoryOutOfBounds
;;   v16 = iconst.i64 #4294967296
;;   v17 = add.i64 v0, v16
;;   v18 = load.i64 v17, #0
;;   v19 = add.i64 v12, v18
;;   v20 = add.i64 v7, v19
;;   return v20
;; }
;;
;; ; 1 function[1]
;; function 1 type 1 {
;; b0(v0: i64):
;;   nop
;;   v2 = iconst.i32 #1
;;   trap_if v2, #memoryOutOfBounds
;;   v4 = iconst.i64 #17179869183
;;   v5 = add.i64 v0, v4
;;   v6 = load.i32 v5, #0
;;   return v6
;; }
