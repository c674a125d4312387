;;! stage = "mach"

(module
  (func (export "two") (param i64 i64) (result i64)
    (i64.or (i64.shl (local.get 0) (i64.const 1)) (i64.shr_u (local.get 1) (i64.const 63))))
  (func (export "added") (param i32 i32) (result i32)
    (i32.add (i32.shr_u (local.get 1) (i32.const 7)) (i32.shl (local.get 0) (i32.const 25))))
  (func (export "one") (param i64) (result i64)
    (i64.xor (i64.shr_u (local.get 0) (i64.const 24)) (i64.shl (local.get 0) (i64.const 40))))
  ;; The first value is needed once more, so that the second is shifted.
  (func (export "kept") (param i64 i64) (result i64 i64)
    (i64.or (i64.shl (local.get 0) (i64.const 3)) (i64.shr_u (local.get 1) (i64.const 61)))
    (local.get 0))
  ;; These leave a gap, or overlap.
  (func (export "gap") (param i64 i64) (result i64)
    (i64.or (i64.shl (local.get 0) (i64.const 2)) (i64.shr_u (local.get 1) (i64.const 63))))
  (func (export "signed") (param i32 i32) (result i32)
    (i32.or (i32.shl (local.get 0) (i32.const 8)) (i32.shr_s (local.get 1) (i32.const 24)))))
;; ; 0 function[0]
;; function 0
;; b0:
;;   v1@rdi, v2@rsi = entry
;;   v0 = shld.64 v1, v2, 1
;;   ret v0@rax
;;
;; ; 1 function[1]
;; function 1
;; b0:
;;   v1@rdi, v2@rsi = entry
;;   v0 = shld.32 v1, v2, 25
;;   ret v0@rax
;;
;; ; 2 function[2]
;; function 2
;; b0:
;;   v1@rdi = entry
;;   v0 = rorx.64 v1?, 24
;;   ret v0@rax
;;
;; ; 3 function[3]
;; function 3
;; b0:
;;   v1@rdi, v2@rsi = entry
;;   v0 = shld.64 v1, v2, 3
;;   ret v0@rax, v1@rdx
;;
;; ; 4 function[4]
;; function 4
;; b0:
;;   v4@rdi, v3@rsi = entry
;;   v1 = shl.64 v4, 2
;;   v2 = shr.64 v3, 63
;;   v0 = or.64 v1, v2?
;;   ret v0@rax
;;
;; ; 5 function[5]
;; function 5
;; b0:
;;   v4@rdi, v3@rsi = entry
;;   v1 = shl.32 v4, 8
;;   v2 = sar.32 v3, 24
;;   v0 = or.32 v1, v2?
;;   ret v0@rax
