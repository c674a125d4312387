;;! stage = "mach"

(module
  (func (export "sat") (param f64) (result i32) (i32.trunc_sat_f64_s (local.get 0)))
  (func (export "trap") (param f32) (result i64) (i64.trunc_f32_s (local.get 0))))
;; ; 0 function[0]
;; function 0
;; b0:
;;   v1@xmm0 = entry
;;   v4 = fcmp.64 v1, v1?, 7
;;   v5 = vand.64 v1, v4
;;   v2 = fmax.64 v5, [constant 0]
;;   v3 = fmin.64 v2, [constant 1]
;;   v6 = cvtToInteger.64.64 v3
;;   v0 = mov.32 v6?
;;   ret v0@rax
;;
;; ; 1 function[1]
;; function 1
;; b0:
;;   v1@xmm0 = entry
;;   fucomi.32 v1, [constant 0]
;;   trapIfInconvertible.32.below v1
;;   fucomi.32 v1, [constant 1]
;;   trapIfInconvertible.32.aboveOrEqual v1
;;   v0 = cvtToInteger.64.32 v1
;;   ret v0@rax
