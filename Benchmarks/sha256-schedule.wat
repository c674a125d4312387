;; SPDX-License-Identifier: Apache-2.0
;; The message schedule of SHA-256, 64 words for each of 64 blocks, four words at a time.
;; Passes: 100000
;; Sum after 100: 4522074773074733645

(module
  (memory (export "memory") 2)

  ;; Fills $bytes bytes from $p on with what an xorshift generator gives.
  (func $fill (param $p i32) (param $bytes i32)
    (local $x i32) (local $end i32)
    (local.set $x (i32.xor (local.get $p) (i32.const 0x9e3779b9)))
    (local.set $end (i32.add (local.get $p) (local.get $bytes)))
    (loop $next
      (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 13))))
      (local.set $x (i32.xor (local.get $x) (i32.shr_u (local.get $x) (i32.const 17))))
      (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 5))))
      (i32.store (local.get $p) (local.get $x))
      (br_if $next (i32.ne (local.tee $p (i32.add (local.get $p) (i32.const 4))) (local.get $end)))))

  (func $checksum (param $p i32) (param $bytes i32) (result i64)
    (local $h i64) (local $end i32)
    (local.set $h (i64.const 0xcbf29ce484222325))
    (local.set $end (i32.add (local.get $p) (local.get $bytes)))
    (loop $next
      (local.set $h
        (i64.mul (i64.xor (local.get $h) (i64.load32_u (local.get $p))) (i64.const 0x100000001b3)))
      (br_if $next (i32.ne (local.tee $p (i32.add (local.get $p) (i32.const 4))) (local.get $end))))
    (local.get $h))

  (func $schedule (param $out i32) (param $in i32) (param $blocks i32)
    (local $k i32) (local $a v128) (local $b v128) (local $c v128) (local $d v128) (local $x v128)
    (loop $next
      (local.set $a (v128.load (local.get $in)))
      (local.set $a (i8x16.shuffle 3 2 1 0 7 6 5 4 11 10 9 8 15 14 13 12 (local.get $a) (local.get $a)))
      (v128.store (local.get $out) (local.get $a))
      (local.set $b (v128.load offset=16 (local.get $in)))
      (local.set $b (i8x16.shuffle 3 2 1 0 7 6 5 4 11 10 9 8 15 14 13 12 (local.get $b) (local.get $b)))
      (v128.store offset=16 (local.get $out) (local.get $b))
      (local.set $c (v128.load offset=32 (local.get $in)))
      (local.set $c (i8x16.shuffle 3 2 1 0 7 6 5 4 11 10 9 8 15 14 13 12 (local.get $c) (local.get $c)))
      (v128.store offset=32 (local.get $out) (local.get $c))
      (local.set $d (v128.load offset=48 (local.get $in)))
      (local.set $d (i8x16.shuffle 3 2 1 0 7 6 5 4 11 10 9 8 15 14 13 12 (local.get $d) (local.get $d)))
      (v128.store offset=48 (local.get $out) (local.get $d))
      (local.set $k (i32.const 3))
      (loop $words
        (local.set $x (i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 (local.get $a) (local.get $b)))
        (local.set $a
          (i32x4.add
            (i32x4.add
              (local.get $a)
              (i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 (local.get $c) (local.get $d)))
            (v128.xor
              (v128.xor
                (v128.or (i32x4.shr_u (local.get $x) (i32.const 7)) (i32x4.shl (local.get $x) (i32.const 25)))
                (v128.or
                  (i32x4.shr_u (local.get $x) (i32.const 18))
                  (i32x4.shl (local.get $x) (i32.const 14))))
              (i32x4.shr_u (local.get $x) (i32.const 3)))))
        ;; The second sum needs its own first two words for its last two.
        (local.set $x
          (i8x16.shuffle 8 9 10 11 12 13 14 15 16 17 18 19 16 17 18 19
            (local.get $d)
            (v128.const i32x4 0 0 0 0)))
        (local.set $a
          (i32x4.add
            (local.get $a)
            (v128.xor
              (v128.xor
                (v128.or
                  (i32x4.shr_u (local.get $x) (i32.const 17))
                  (i32x4.shl (local.get $x) (i32.const 15)))
                (v128.or
                  (i32x4.shr_u (local.get $x) (i32.const 19))
                  (i32x4.shl (local.get $x) (i32.const 13))))
              (i32x4.shr_u (local.get $x) (i32.const 10)))))
        (local.set $x
          (i8x16.shuffle 16 17 18 19 16 17 18 19 0 1 2 3 4 5 6 7 (local.get $a) (v128.const i32x4 0 0 0 0)))
        (local.set $a
          (i32x4.add
            (local.get $a)
            (v128.xor
              (v128.xor
                (v128.or
                  (i32x4.shr_u (local.get $x) (i32.const 17))
                  (i32x4.shl (local.get $x) (i32.const 15)))
                (v128.or
                  (i32x4.shr_u (local.get $x) (i32.const 19))
                  (i32x4.shl (local.get $x) (i32.const 13))))
              (i32x4.shr_u (local.get $x) (i32.const 10)))))
        (v128.store offset=64 (local.get $out) (local.get $a))
        (local.set $x (i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 (local.get $b) (local.get $c)))
        (local.set $b
          (i32x4.add
            (i32x4.add
              (local.get $b)
              (i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 (local.get $d) (local.get $a)))
            (v128.xor
              (v128.xor
                (v128.or (i32x4.shr_u (local.get $x) (i32.const 7)) (i32x4.shl (local.get $x) (i32.const 25)))
                (v128.or
                  (i32x4.shr_u (local.get $x) (i32.const 18))
                  (i32x4.shl (local.get $x) (i32.const 14))))
              (i32x4.shr_u (local.get $x) (i32.const 3)))))
        ;; The second sum needs its own first two words for its last two.
        (local.set $x
          (i8x16.shuffle 8 9 10 11 12 13 14 15 16 17 18 19 16 17 18 19
            (local.get $a)
            (v128.const i32x4 0 0 0 0)))
        (local.set $b
          (i32x4.add
            (local.get $b)
            (v128.xor
              (v128.xor
                (v128.or
                  (i32x4.shr_u (local.get $x) (i32.const 17))
                  (i32x4.shl (local.get $x) (i32.const 15)))
                (v128.or
                  (i32x4.shr_u (local.get $x) (i32.const 19))
                  (i32x4.shl (local.get $x) (i32.const 13))))
              (i32x4.shr_u (local.get $x) (i32.const 10)))))
        (local.set $x
          (i8x16.shuffle 16 17 18 19 16 17 18 19 0 1 2 3 4 5 6 7 (local.get $b) (v128.const i32x4 0 0 0 0)))
        (local.set $b
          (i32x4.add
            (local.get $b)
            (v128.xor
              (v128.xor
                (v128.or
                  (i32x4.shr_u (local.get $x) (i32.const 17))
                  (i32x4.shl (local.get $x) (i32.const 15)))
                (v128.or
                  (i32x4.shr_u (local.get $x) (i32.const 19))
                  (i32x4.shl (local.get $x) (i32.const 13))))
              (i32x4.shr_u (local.get $x) (i32.const 10)))))
        (v128.store offset=80 (local.get $out) (local.get $b))
        (local.set $x (i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 (local.get $c) (local.get $d)))
        (local.set $c
          (i32x4.add
            (i32x4.add
              (local.get $c)
              (i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 (local.get $a) (local.get $b)))
            (v128.xor
              (v128.xor
                (v128.or (i32x4.shr_u (local.get $x) (i32.const 7)) (i32x4.shl (local.get $x) (i32.const 25)))
                (v128.or
                  (i32x4.shr_u (local.get $x) (i32.const 18))
                  (i32x4.shl (local.get $x) (i32.const 14))))
              (i32x4.shr_u (local.get $x) (i32.const 3)))))
        ;; The second sum needs its own first two words for its last two.
        (local.set $x
          (i8x16.shuffle 8 9 10 11 12 13 14 15 16 17 18 19 16 17 18 19
            (local.get $b)
            (v128.const i32x4 0 0 0 0)))
        (local.set $c
          (i32x4.add
            (local.get $c)
            (v128.xor
              (v128.xor
                (v128.or
                  (i32x4.shr_u (local.get $x) (i32.const 17))
                  (i32x4.shl (local.get $x) (i32.const 15)))
                (v128.or
                  (i32x4.shr_u (local.get $x) (i32.const 19))
                  (i32x4.shl (local.get $x) (i32.const 13))))
              (i32x4.shr_u (local.get $x) (i32.const 10)))))
        (local.set $x
          (i8x16.shuffle 16 17 18 19 16 17 18 19 0 1 2 3 4 5 6 7 (local.get $c) (v128.const i32x4 0 0 0 0)))
        (local.set $c
          (i32x4.add
            (local.get $c)
            (v128.xor
              (v128.xor
                (v128.or
                  (i32x4.shr_u (local.get $x) (i32.const 17))
                  (i32x4.shl (local.get $x) (i32.const 15)))
                (v128.or
                  (i32x4.shr_u (local.get $x) (i32.const 19))
                  (i32x4.shl (local.get $x) (i32.const 13))))
              (i32x4.shr_u (local.get $x) (i32.const 10)))))
        (v128.store offset=96 (local.get $out) (local.get $c))
        (local.set $x (i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 (local.get $d) (local.get $a)))
        (local.set $d
          (i32x4.add
            (i32x4.add
              (local.get $d)
              (i8x16.shuffle 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 (local.get $b) (local.get $c)))
            (v128.xor
              (v128.xor
                (v128.or (i32x4.shr_u (local.get $x) (i32.const 7)) (i32x4.shl (local.get $x) (i32.const 25)))
                (v128.or
                  (i32x4.shr_u (local.get $x) (i32.const 18))
                  (i32x4.shl (local.get $x) (i32.const 14))))
              (i32x4.shr_u (local.get $x) (i32.const 3)))))
        ;; The second sum needs its own first two words for its last two.
        (local.set $x
          (i8x16.shuffle 8 9 10 11 12 13 14 15 16 17 18 19 16 17 18 19
            (local.get $c)
            (v128.const i32x4 0 0 0 0)))
        (local.set $d
          (i32x4.add
            (local.get $d)
            (v128.xor
              (v128.xor
                (v128.or
                  (i32x4.shr_u (local.get $x) (i32.const 17))
                  (i32x4.shl (local.get $x) (i32.const 15)))
                (v128.or
                  (i32x4.shr_u (local.get $x) (i32.const 19))
                  (i32x4.shl (local.get $x) (i32.const 13))))
              (i32x4.shr_u (local.get $x) (i32.const 10)))))
        (local.set $x
          (i8x16.shuffle 16 17 18 19 16 17 18 19 0 1 2 3 4 5 6 7 (local.get $d) (v128.const i32x4 0 0 0 0)))
        (local.set $d
          (i32x4.add
            (local.get $d)
            (v128.xor
              (v128.xor
                (v128.or
                  (i32x4.shr_u (local.get $x) (i32.const 17))
                  (i32x4.shl (local.get $x) (i32.const 15)))
                (v128.or
                  (i32x4.shr_u (local.get $x) (i32.const 19))
                  (i32x4.shl (local.get $x) (i32.const 13))))
              (i32x4.shr_u (local.get $x) (i32.const 10)))))
        (v128.store offset=112 (local.get $out) (local.get $d))
        (local.set $out (i32.add (local.get $out) (i32.const 64)))
        (br_if $words (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
      (local.set $in (i32.add (local.get $in) (i32.const 64)))
      (local.set $out (i32.add (local.get $out) (i32.const 64)))
      (br_if $next (local.tee $blocks (i32.sub (local.get $blocks) (i32.const 1))))))

  (func (export "run") (param $passes i32) (result i64)
    (call $fill (i32.const 4096) (i32.const 4096))
    (loop $again
      (call $schedule (i32.const 16384) (i32.const 4096) (i32.const 64))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (call $checksum (i32.const 16384) (i32.const 16384))))
