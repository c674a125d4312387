;;! stage = "mach"

;; All loads come before the stores, and the store of the last bytes comes first.
(module
  (memory 1)
  (memory 1)
  (func (export "three") (param i32 i32) (memory.copy (local.get 0) (local.get 1) (i32.const 3)))
  (func (export "thirteen") (param i32 i32) (memory.copy 1 0 (local.get 0) (local.get 1) (i32.const 13)))
  (func (export "forty") (param i32 i32) (memory.copy (local.get 0) (local.get 1) (i32.const 40)))
  (func (export "zeros") (param i32) (memory.fill (local.get 0) (i32.const 0) (i32.const 24)))
  (func (export "bytes") (param i32 i32) (memory.fill (local.get 0) (local.get 1) (i32.const 100)))
  (func (export "six") (param i32 i32) (memory.fill (local.get 0) (local.get 1) (i32.const 6))))
;; ; 0 function[0]
;; function 0
;; b0:
;;   v1@rdi, v3@rsi = entry
;;   v0 = movzx16.32 [r14 + v3]
;;   v2 = movzx8.32 [r14 + v3 + 2]
;;   store.8 v2, [r14 + v1 + 2]
;;   store.16 v0, [r14 + v1]
;;   ret
;;
;; ; 1 function[1]
;; function 1
;; b0:
;;   v2@rdi, v5@rsi = entry
;;   v0 = mov.64 [r14 + v5]
;;   v3 = mov.64 [r14 + v5 + 5]
;;   v4 = mov.64 [r15 + 88]
;;   store.64 v3, [v4 + v2 + 5]
;;   v1 = mov.64 [r15 + 88]
;;   store.64 v0, [v1 + v2]
;;   ret
;;
;; ; 2 function[2]
;; function 2
;; b0:
;;   v0@rdi, v1@rsi = entry
;;   v2! = copyBlock v0, v1, 40
;;   ret
;;
;; ; 3 function[3]
;; function 3
;; b0:
;;   v0@rdi = entry
;;   fillBlock v0, 24
;;   ret
;;
;; ; 4 function[4]
;; function 4
;; b0:
;;   v0@rdi, v1@rsi = entry
;;   fillBlock v0, v1, 100
;;   ret
;;
;; ; 5 function[5]
;; function 5
;; b0:
;;   v1@rdi, v3@rsi = entry
;;   v2 = movzx8.32 v3?
;;   v0 = imulImmediate.32 v2?, 16843009
;;   store.32 v0, [r14 + v1 + 2]
;;   store.32 v0, [r14 + v1]
;;   ret
