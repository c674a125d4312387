;;! stage = "ir"

(module
  ;; A load may trap, so its value being unused does not remove it; an addition goes.
  (memory 1)
  (func (export "f") (param i32)
    (drop (i32.load (local.get 0)))
    (drop (i32.add (local.get 0) (i32.const 1)))))
;; ; 0 function[0]
;; function 0 type 0 {
;; b0(v0: i32):
;;   v1 = load.i32 v0, #0
;;   return
;; }
