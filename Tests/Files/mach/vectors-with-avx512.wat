;;! stage = "mach"
;;! target = "x86-64-v4"
;; The same as in vectors-with-avx2.wat, for the other level.

(module
  (func $rotated (param v128) (result v128)
    (v128.or (i32x4.shl (local.get 0) (i32.const 7)) (i32x4.shr_u (local.get 0) (i32.const 25))))

  ;; (a & b) ^ ~c
  (func $three (param v128 v128 v128) (result v128)
    (v128.xor (v128.and (local.get 0) (local.get 1)) (v128.not (local.get 2))))

  (func $loaded (param i32 v128) (result v128)
    (v128.bitselect (v128.load (local.get 0)) (local.get 1) (v128.const i64x2 0xff 0xff00)))

  (func $product (param v128 i32) (result v128)
    (i64x2.mul (i64x2.shr_s (local.get 0) (i32.const 3)) (v128.load offset=16 (local.get 1))))

  (func $dwords (param v128 v128) (result v128)
    (i8x16.shuffle 12 13 14 15 20 21 22 23 0 1 2 3 24 25 26 27 (local.get 0) (local.get 1)))

  (memory 1))
;; ; 0 rotated
;; function 0
;; b0:
;;   v1@xmm0 = entry
;;   v0 = prold v1, 7
;;   ret v0@xmm0
;;
;; ; 1 three
;; function 1
;; b0:
;;   v1@xmm0, v2@xmm1, v3@xmm2 = entry
;;   v0 = pternlogd v1, v2, v3?, 149
;;   ret v0@xmm0
;;
;; ; 2 loaded
;; function 2
;; b0:
;;   v3@rdi, v2@xmm0 = entry
;;   v1 = vmov [constant 0]
;;   v0 = pternlogd v1, v2, [r14 + v3], 172
;;   ret v0@xmm0
;;
;; ; 3 product
;; function 3
;; b0:
;;   v3@xmm0, v2@rdi = entry
;;   v1 = psraq v3, 3
;;   v0 = pmullq v1, [r14 + v2 + 16]
;;   ret v0@xmm0
;;
;; ; 4 dwords
;; function 4
;; b0:
;;   v1@xmm0, v2@xmm1 = entry
;;   v3 = vmov [constant 0]
;;   v0 = permt2d v1, v3, v2?
;;   ret v0@xmm0
