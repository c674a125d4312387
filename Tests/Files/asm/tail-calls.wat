;;! stage = "asm"
;; What a tail call is: the frame is left, and a jump. The first moves its return address down, to
;; make room for two words; the second moves it up.
(module
  (type $few (func (param i32) (result i32)))
  (import "" "f" (func $import (type $few)))
  (func $longer (type $few)
    (return_call $many (local.get 0) (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4)
      (i32.const 5) (i32.const 6)))
  (func $many (param i32 i32 i32 i32 i32 i32 i32) (result i32)
    (return_call $few (local.get 6)))
  (func $few (type $few) (return_call $import (local.get 0))))
;; ; 1 longer
;; function 1: 86 bytes, frame 16
;;   0000  55 48 8b ec 49 3b 27 72 prologue
;;   0008  4b 48 83 ec 10
;; b0:
;;   000d                          rdi = entry
;;   000d  be 01 00 00 00          rsi = movImmediate.32 1
;;   0012  ba 02 00 00 00          rdx = movImmediate.32 2
;;   0017  b9 03 00 00 00          rcx = movImmediate.32 3
;;   001c  41 b8 04 00 00 00       r8 = movImmediate.32 4
;;   0022  41 b9 05 00 00 00       r9 = movImmediate.32 5
;;   0028  48 c7 04 24 06 00 00 00 store.64 [outgoing], 6
;;   0030  c5 7b 10 75 08 4c 8b 5d tailCall rdi, rsi, rdx, rcx, r8, r9, 2
;;   0038  00 c5 78 10 3c 24 c5 78
;;   0040  11 7d 00 48 8d 65 f8 c5
;;   0048  7b 11 34 24 49 8b eb e9
;;   0050  00 00 00 00
;;   0054  0f 0b                   cold: trap 9
;;
;; ; 2 many
;; function 2: 33 bytes, frame 0
;;   0000  55 48 8b ec             prologue
;; b0:
;;   0004                          entry
;;   0004  8b 7d 10                rdi = mov.32 [incoming]
;;   0007  c5 7b 10 75 08 4c 8b 5d tailCall rdi, 3
;;   000f  00 48 8d 65 18 c5 7b 11
;;   0017  34 24 49 8b eb e9 00 00
;;   001f  00 00
;;
;; ; 3 few
;; function 3: 35 bytes, frame 0
;;   0000  55 48 8b ec             prologue
;; b0:
;;   0004                          rdi = entry
;;   0004  49 8b 47 40             rax = mov.64 [r15 + 64]
;;   0008  5d 4c 3b 78 08 75 02 ff tailCallReference rax, rdi
;;   0010  20
;;   0011  c4 61 f9 6e f0 b8 00 00 cold: tailCall 0
;;   0019  00 00 4d 8b 5f 10 41 ff
;;   0021  63 58
