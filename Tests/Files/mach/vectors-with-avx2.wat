;;! stage = "mach"
;;! target = "x86-64-v3"
;; The same as in vectors-with-avx512.wat, for the other level.

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
;;   v3@xmm0 = entry
;;   v1 = pslld v3, 7
;;   v2 = psrld v3, 25
;;   v0 = por v1, v2?
;;   ret v0@xmm0
;;
;; ; 1 three
;; function 1
;; b0:
;;   v5@xmm0, v6@xmm1, v4@xmm2 = entry
;;   v1 = pand v5, v6?
;;   v3 = vones
;;   v2 = pxor v3, v4?
;;   v0 = pxor v1, v2?
;;   ret v0@xmm0
;;
;; ; 2 loaded
;; function 2
;; b0:
;;   v2@rdi, v4@xmm0 = entry
;;   v1 = vmov [constant 0]
;;   v3 = pand v1, [r14 + v2]
;;   v5 = pandn v1, v4?
;;   v0 = por v3, v5?
;;   ret v0@xmm0
;;
;; ; 3 product
;; function 3
;; b0:
;;   v11@xmm0, v10@rdi = entry
;;   v12 = psrad v11, 3
;;   v13 = psrlq v11, 3
;;   v1 = pblendd v13, v12?, 10
;;   v2 = vmov [r14 + v10 + 16]
;;   v3 = psrlq v1, 32
;;   v4 = pmuludq v3, v2?
;;   v5 = psrlq v2, 32
;;   v6 = pmuludq v5, v1?
;;   v7 = paddq v4, v6?
;;   v8 = psllq v7, 32
;;   v9 = pmuludq v1, v2?
;;   v0 = paddq v9, v8?
;;   ret v0@xmm0
;;
;; ; 4 dwords
;; function 4
;; b0:
;;   v1@xmm0, v2@xmm1 = entry
;;   v3 = pshufb v1, [constant 0]
;;   v4 = pshufb v2, [constant 2]
;;   v0 = por v3, v4?
;;   ret v0@xmm0
