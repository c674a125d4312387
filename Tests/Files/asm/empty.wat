;;! stage = "asm"

(module (func (export "f")))
;; ; 0 function[0]
;; function 0: 6 bytes, frame 0
;;   0000  55 48 8b ec             prologue
;; b0:
;;   0004                          entry
;;   0004  5d c3                   ret
