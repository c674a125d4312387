;;! stage = "mach"

;; All loads come before the stores, and the store of the last bytes comes first.
(module
  (memory 1)
  (memory 1)
  (func (export "three") (param i32 i32) (memory.copy (local.get 0) (local.get 1) (i32.const 3)))
  (func (export "thirteen") (param i32 i32) (memory.copy 1 0 (local.get 0) (local.get 1) (i32.const 13)))
  (func (export "forty") (param i32 i32) (memory.copy (local.get 0) (local.get 1) (i32.const 40)))
  (func (export "ninety") (param i32 i32)
    (memory.copy 1 1 (local.get 0) (i32.add (i32.and (local.get 1) (i32.const 255)) (i32.const 16)) (i32.const 90)))
  (func (export "zeros") (param i32) (memory.fill (local.get 0) (i32.const 0) (i32.const 24)))
  (func (export "bytes") (param i32 i32) (memory.fill (local.get 0) (local.get 1) (i32.const 100)))
  (func (export "six") (param i32 i32) (memory.fill (local.get 0) (local.get 1) (i32.const 6)))
  (func (export "sevens") (param i32) (memory.fill 1 (local.get 0) (i32.const 7) (i32.const 6)))
  (func (export "more sevens") (param i32) (memory.fill 1 (local.get 0) (i32.const 7) (i32.const 60))))
;; ; 0 function[0]
;; function 0
;; b0:
;;   v0@rdi, v1@rsi = entry
;;   v2!, v3! = copyBlock v0, [r14 + v1], 3
;;   ret
;;
;; ; 1 function[1]
;; function 1
;; b0:
;;   v0@rdi, v2@rsi = entry
;;   v1 = mov.64 [r15 + 88]
;;   v3! = copyBlock v0, v1, [r14 + v2], 13
;;   ret
;;
;; ; 2 function[2]
;; function 2
;; b0:
;;   v0@rdi, v1@rsi = entry
;;   v2! = copyBlock v0, [r14 + v1], 40
;;   ret
;;
;; ; 3 function[3]
;; function 3
;; b0:
;;   v0@rdi, v6@rsi = entry
;;   v3 = movzx8.32 v6?
;;   v1 = mov.64 [r15 + 88]
;;   v2 = mov.64 [r15 + 88]
;;   v4!, v5! = copyBlock v0, v1, [v2 + v3 + 16], 90
;;   ret
;;
;; ; 4 function[4]
;; function 4
;; b0:
;;   v0@rdi = entry
;;   fillBlock [r14 + v0], 0, 24
;;   ret
;;
;; ; 5 function[5]
;; function 5
;; b0:
;;   v0@rdi, v1@rsi = entry
;;   fillBlock v1, [r14 + v0], 100
;;   ret
;;
;; ; 6 function[6]
;; function 6
;; b0:
;;   v0@rdi, v1@rsi = entry
;;   fillBlock v1, [r14 + v0], 6
;;   ret
;;
;; ; 7 function[7]
;; function 7
;; b0:
;;   v1@rdi = entry
;;   v0 = mov.64 [r15 + 88]
;;   fillBlock [v0 + v1], 117901063, 6
;;   ret
;;
;; ; 8 function[8]
;; function 8
;; b0:
;;   v1@rdi = entry
;;   v0 = mov.64 [r15 + 88]
;;   v2 = movImmediate.32 7
;;   fillBlock v2, [v0 + v1], 60
;;   ret
