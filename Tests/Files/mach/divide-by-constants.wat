;;! stage = "mach"

(module
  (func (export "by7") (param i32) (result i32) (i32.div_u (local.get 0) (i32.const 7)))
  (func (export "by8") (param i32) (result i32) (i32.div_s (local.get 0) (i32.const 8))))
;; ; 0 function[0]
;; function 0
;; b0:
;;   v1@rdi = entry
;;   v2 = movWide.64 constant 0
;;   v4@rax, v3@rdx = mul.64 v2@rax, v1?
;;   v0 = mov.32 v3?
;;   ret v0@rax
;;
;; ; 1 function[1]
;; function 1
;; b0:
;;   v1@rdi = entry
;;   v2 = sar.32 v1, 31
;;   v3 = shr.32 v2, 29
;;   v4 = add.32 v3, v1?
;;   v0 = sar.32 v4, 3
;;   ret v0@rax
