;;! stage = "mach"

(module
  (func (export "shl") (param i32 i32) (result i32) (i32.shl (local.get 0) (local.get 1)))
  (func (export "rotl") (param i64 i64) (result i64) (i64.rotl (local.get 0) (local.get 1))))
;; ; 0 function[0]
;; function 0
;; b0:
;;   v2@rdi, v1@rsi = entry
;;   v0 = shlx.32 v1, v2?
;;   ret v0@rax
;;
;; ; 1 function[1]
;; function 1
;; b0:
;;   v1@rdi, v2@rsi = entry
;;   v0 = rol.64 v1, v2@rcx
;;   ret v0@rax
