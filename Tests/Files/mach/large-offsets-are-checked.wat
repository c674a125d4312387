;;! stage = "mach"

(module
  (memory 1)
  (func (export "f") (param i32) (result i32) (i32.load offset=4294967295 (local.get 0))))
;; ; 0 function[0]
;; function 0
;; b0:
;;   v2@rdi = entry
;;   cmp.32 v2?, 0
;;   trapIf.notEqual 2
;;   v1 = add.32 v2, -1
;;   v0 = mov.32 [r14 + v1]
;;   ret v0@rax
