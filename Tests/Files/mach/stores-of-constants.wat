;;! stage = "mach"

(module
  (memory 1)
  (func (export "f") (param i32)
    (i32.store8 (local.get 0) (i32.const 1))
    (i64.store offset=8 (local.get 0) (i64.const -1))))
;; ; 0 function[0]
;; function 0
;; b0:
;;   v0@rdi = entry
;;   store.8 [r14 + v0], 1
;;   store.64 [r14 + v0 + 8], -1
;;   ret
