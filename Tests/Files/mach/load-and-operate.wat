;;! stage = "mach"

(module
  (memory 1)
  (func (export "f") (param i32 i64) (result i64)
    (i64.add (local.get 1) (i64.load (local.get 0)))))
;; ; 0 function[0]
;; function 0
;; b0:
;;   v2@rdi, v1@rsi = entry
;;   v0 = add.64 v1, [r14 + v2]
;;   ret v0@rax
