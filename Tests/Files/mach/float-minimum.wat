;;! stage = "mach"

(module
  (func (export "min") (param f64 f64) (result f64) (f64.min (local.get 0) (local.get 1))))
;; ; 0 function[0]
;; function 0
;; b0:
;;   v1@xmm0, v2@xmm1 = entry
;;   v3 = fmin.64 v1, v2?
;;   v4 = fmin.64 v2, v1?
;;   v5 = vor.64 v3, v4
;;   v6 = fadd.64 v1, v2?
;;   v7 = fcmp.64 v1, v2?, 3
;;   v0 = fblend.64 v5, v6, v7
;;   ret v0@xmm0
