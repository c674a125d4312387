;;! stage = "mach"

(module
  (func (export "by9") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 9)))
  (func (export "by8") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 8)))
  (func (export "by100") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 100))))
;; ; 0 function[0]
;; function 0
;; b0:
;;   v1@rdi = entry
;;   v0 = lea.32 [v1 + v1*8]
;;   ret v0@rax
;;
;; ; 1 function[1]
;; function 1
;; b0:
;;   v1@rdi = entry
;;   v0 = shl.32 v1, 3
;;   ret v0@rax
;;
;; ; 2 function[2]
;; function 2
;; b0:
;;   v1@rdi = entry
;;   v0 = imulImmediate.32 v1?, 100
;;   ret v0@rax
