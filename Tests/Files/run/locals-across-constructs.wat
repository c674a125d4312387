;;! stage = "run"

;; Values of locals that go across the ends of constructs: some are assigned in one arm, some in a
;; loop that the next round reads, some have their first value where they are read.
(module
  (func (export "arms") (param $n i32) (result i32) (local $a i32) (local $b i32) (local $c i32)
    (block $out
      (block $two
        (block $one
          (br_table $one $two $out (local.get $n)))
        (local.set $a (i32.const 10))
        (br $out))
      (local.set $a (i32.const 20))
      (local.set $b (i32.add (local.get $a) (local.get $b))))
    (if (i32.and (local.get $n) (i32.const 1))
      (then
        (local.set $c (local.get $b))
        (if (i32.eqz (local.get $a)) (then (local.set $c (i32.const 7))) (else (nop))))
      (else (block $in (local.set $a (i32.const 5)))))
    (i32.add (i32.mul (local.get $a) (i32.const 100))
      (i32.add (i32.mul (local.get $b) (i32.const 10)) (local.get $c))))

  ;; `$previous` is read in each round before it is assigned; `$scratch` is assigned before.
  (func (export "rounds") (param $n i32) (result i64)
    (local $i i32) (local $previous i64) (local $sum i64) (local $scratch i64)
    (local.set $n (i32.and (local.get $n) (i32.const 15)))
    (loop $again
      (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 3)) (local.get $previous)))
      (local.set $scratch (i64.extend_i32_u (local.get $i)))
      (if (i32.and (local.get $i) (i32.const 1))
        (then (local.set $previous (i64.add (local.get $scratch) (i64.const 1)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (local.get $n))))
    (local.set $scratch (i64.shl (local.get $sum) (i64.const 1)))
    (block (br_if 0 (local.get $n)) (local.set $scratch (i64.const -1)))
    (i64.add (local.get $sum) (local.get $scratch)))

  ;; Each pair lives in its own part of the text, and in the frame the parts may share a place.
  (func (export "parts") (param $n i32) (result i32)
    (local $a i32) (local $b i32) (local $c i32) (local $total i32)
    (local.set $a (i32.add (local.get $n) (i32.const 1)))
    (if (local.get $n) (then (local.set $a (i32.mul (local.get $a) (i32.const 2)))))
    (local.set $total (local.get $a))
    (local.set $b (i32.add (local.get $n) (i32.const 3)))
    (if (local.get $n) (then (local.set $b (i32.mul (local.get $b) (i32.const 5)))))
    (local.set $total (i32.add (local.get $total) (local.get $b)))
    (loop $again
      (if (i32.gt_u (local.get $c) (i32.const 3)) (then (return (local.get $total))))
      (local.set $c (i32.add (local.get $c) (i32.const 1)))
      (local.set $total (i32.add (local.get $total) (local.get $c)))
      (br $again))
    (unreachable))

  ;; Of the two loops one is inside the other; the outer one's value waits for the inner to end.
  (func (export "nested") (param $n i32) (result i32)
    (local $outer i32) (local $inner i32) (local $kept i32) (local $sum i32)
    (loop $a
      (local.set $kept (i32.add (local.get $kept) (local.get $outer)))
      (local.set $inner (i32.const 0))
      (loop $b
        (local.set $sum (i32.add (local.get $sum) (local.get $inner)))
        (local.set $inner (i32.add (local.get $inner) (i32.const 1)))
        (br_if $b (i32.lt_u (local.get $inner) (i32.const 4))))
      (local.set $outer (i32.add (local.get $outer) (i32.const 1)))
      (br_if $a (i32.lt_u (local.get $outer) (i32.const 5))))
    (i32.add (i32.mul (local.get $kept) (i32.const 1000)) (local.get $sum))))
;; call 0 i32:500
;; call 1 i64:5380818
;; call 2 i32:2147483675
;; call 3 i32:10030
;; call 0 i32:500
;; call 1 i64:0
;; call 2 i32:458779
;; call 3 i32:10030
;; call 0 i32:500
;; call 1 i64:5380818
;; call 2 i32:20
;; call 3 i32:10030
