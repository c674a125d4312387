;;! stage = "asm"

(module
  (func (export "f") (param i32 i32) (result i32)
    (i32.add (i32.mul (local.get 0) (i32.const 9)) (local.get 1))))
;; ; 0 function[0]
;; function 0: 14 bytes, frame 0
;;   0000  55 48 8b ec             prologue
;; b0:
;;   0004                          rdi, rsi = entry
;;   0004  48 8b c6                (rax := rsi)
;;   0007  8d 0c ff                rcx = lea.32 [rdi + rdi*8]
;;   000a  03 c1                   rax = add.32 rax, rcx
;;   000c  5d c3                   ret rax
