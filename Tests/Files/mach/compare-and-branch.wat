;;! stage = "mach"

(module
  (func (export "f") (param i64 i64) (result i32)
    (if (i64.lt_u (local.get 0) (local.get 1)) (then (return (i32.const 1))))
    (i32.const 2)))
;; ; 0 function[0]
;; function 0
;; b0:
;;   v2@rdi, v3@rsi = entry
;;   cmp.64 v2, v3?
;;   branch.below b1, b2
;; b1:
;;   v1 = movImmediate.32 1
;;   ret v1@rax
;; b2:
;;   v0 = movImmediate.32 2
;;   ret v0@rax
