;;! stage = "mach"

(module
  (memory 1)
  (func (export "f") (param i32) (result i32) (i32.load offset=4294967295 (local.get 0))))
;; ; 0 function[0]
;; function 0
;; b0:
;;   v3@rdi = entry
;;   v1 = add.64 v3, [constant 0]
;;   v2 = mov.64 [r15 + 64]
;;   cmp.64 v1, [v2 + 8]
;;   trapIf.aboveOrEqual 2
;;   v0 = mov.32 [r14 + v1]
;;   ret v0@rax
