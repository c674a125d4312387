;; SPDX-License-Identifier: Apache-2.0
;; Whether 16 KiB of text are UTF-8, and how many characters: the algorithm of Keiser and Lemire, which looks up
;; in three tables what two bytes may not be together, and a fast path for 32 bytes of ASCII.
;; Passes: 400000
;; Sum after 100: -4148630869339168023

(module
  (memory (export "memory") 1)

  ;; Runs of characters of one to four bytes, most of ASCII, until less than 64 bytes are left; those are zero.
  (func $text (param $p i32) (param $bytes i32)
    (local $x i32) (local $end i32) (local $k i32) (local $kind i32)
    (local.set $x (i32.const 0x9e3779b9))
    (local.set $end (i32.sub (i32.add (local.get $p) (local.get $bytes)) (i32.const 64)))
    (loop $run
      (local.set $kind (i32.and (i32.shr_u (local.get $x) (i32.const 8)) (i32.const 7)))
      (local.set $k (i32.const 12))
      (loop $next
        (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 13))))
        (local.set $x (i32.xor (local.get $x) (i32.shr_u (local.get $x) (i32.const 17))))
        (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 5))))
        (if (i32.eq (local.get $kind) (i32.const 7))
          (then
            (i32.store
              (local.get $p)
              (i32.or (i32.and (local.get $x) (i32.const 0x3f3f0700)) (i32.const 0x808090f0)))
            (local.set $p (i32.add (local.get $p) (i32.const 4))))
          (else
            (if (i32.eq (local.get $kind) (i32.const 6))
              (then
                (i32.store
                  (local.get $p)
                  (i32.or (i32.and (local.get $x) (i32.const 0x003f1f0c)) (i32.const 0x008080e1)))
                (local.set $p (i32.add (local.get $p) (i32.const 3))))
              (else
                (if (i32.eq (local.get $kind) (i32.const 5))
                  (then
                    (i32.store
                      (local.get $p)
                      (i32.or (i32.and (local.get $x) (i32.const 0x00003f1c)) (i32.const 0x000080c2)))
                    (local.set $p (i32.add (local.get $p) (i32.const 2))))
                  (else
                    (i32.store (local.get $p) (i32.and (local.get $x) (i32.const 0x7f7f7f7f)))
                    (local.set $p (i32.add (local.get $p) (i32.const 4)))))))))
        (br_if $next (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
      (br_if $run (i32.lt_u (local.get $p) (local.get $end)))))

  ;; The number of characters; below zero if the text is not UTF-8.
  (func $validate (param $p i32) (param $bytes i32) (result i32)
    (local $count i32) (local $end i32) (local $a v128) (local $b v128) (local $prev v128) (local $q v128)
    (local $e v128) (local $incomplete v128) (local $high1 v128) (local $low1 v128) (local $high2 v128)
    (local.set $high1
      (v128.const i8x16 0x02 0x02 0x02 0x02 0x02 0x02 0x02 0x02 0x80 0x80 0x80 0x80 0x21 0x01 0x15 0x49))
    (local.set $low1
      (v128.const i8x16 0xe7 0xa3 0x83 0x83 0x8b 0xcb 0xcb 0xcb 0xcb 0xcb 0xcb 0xcb 0xcb 0xdb 0xcb 0xcb))
    (local.set $high2
      (v128.const i8x16 0x01 0x01 0x01 0x01 0x01 0x01 0x01 0x01 0xe6 0xae 0xba 0xba 0x01 0x01 0x01 0x01))
    (local.set $end (i32.add (local.get $p) (local.get $bytes)))
    (loop $next
      (local.set $a (v128.load (local.get $p)))
      (local.set $b (v128.load offset=16 (local.get $p)))
      (if (i8x16.bitmask (v128.or (local.get $a) (local.get $b)))
        (then
          (local.set $q
            (i8x16.shuffle 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 (local.get $prev) (local.get $a)))
          (local.set $e
            (v128.or
              (local.get $e)
              (v128.xor
                (v128.and
                  (v128.or
                    (i8x16.sub_sat_u
                      (i8x16.shuffle 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29
                        (local.get $prev)
                        (local.get $a))
                      (v128.const i8x16 96 96 96 96 96 96 96 96 96 96 96 96 96 96 96 96))
                    (i8x16.sub_sat_u
                      (i8x16.shuffle 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28
                        (local.get $prev)
                        (local.get $a))
                      (v128.const i8x16 112 112 112 112 112 112 112 112 112 112 112 112 112 112 112 112)))
                  (v128.const i8x16 -128 -128 -128 -128 -128 -128 -128 -128 -128 -128 -128 -128 -128 -128 -128 -128))
                (v128.and
                  (v128.and
                    (i8x16.swizzle (local.get $high1) (i8x16.shr_u (local.get $q) (i32.const 4)))
                    (i8x16.swizzle
                      (local.get $low1)
                      (v128.and
                        (local.get $q)
                        (v128.const i8x16 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15))))
                  (i8x16.swizzle (local.get $high2) (i8x16.shr_u (local.get $a) (i32.const 4)))))))
          (local.set $count
            (i32.add
              (local.get $count)
              (i32.popcnt
                (i8x16.bitmask
                  (i8x16.gt_s
                    (local.get $a)
                    (v128.const i8x16 -65 -65 -65 -65 -65 -65 -65 -65 -65 -65 -65 -65 -65 -65 -65 -65))))))
          (local.set $q
            (i8x16.shuffle 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 (local.get $a) (local.get $b)))
          (local.set $e
            (v128.or
              (local.get $e)
              (v128.xor
                (v128.and
                  (v128.or
                    (i8x16.sub_sat_u
                      (i8x16.shuffle 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29
                        (local.get $a)
                        (local.get $b))
                      (v128.const i8x16 96 96 96 96 96 96 96 96 96 96 96 96 96 96 96 96))
                    (i8x16.sub_sat_u
                      (i8x16.shuffle 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28
                        (local.get $a)
                        (local.get $b))
                      (v128.const i8x16 112 112 112 112 112 112 112 112 112 112 112 112 112 112 112 112)))
                  (v128.const i8x16 -128 -128 -128 -128 -128 -128 -128 -128 -128 -128 -128 -128 -128 -128 -128 -128))
                (v128.and
                  (v128.and
                    (i8x16.swizzle (local.get $high1) (i8x16.shr_u (local.get $q) (i32.const 4)))
                    (i8x16.swizzle
                      (local.get $low1)
                      (v128.and
                        (local.get $q)
                        (v128.const i8x16 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15))))
                  (i8x16.swizzle (local.get $high2) (i8x16.shr_u (local.get $b) (i32.const 4)))))))
          (local.set $count
            (i32.add
              (local.get $count)
              (i32.popcnt
                (i8x16.bitmask
                  (i8x16.gt_s
                    (local.get $b)
                    (v128.const i8x16 -65 -65 -65 -65 -65 -65 -65 -65 -65 -65 -65 -65 -65 -65 -65 -65))))))
          (local.set $incomplete
            (i8x16.sub_sat_u
              (local.get $b)
              (v128.const i8x16 255 255 255 255 255 255 255 255 255 255 255 255 255 239 223 191))))
        (else
          (local.set $e (v128.or (local.get $e) (local.get $incomplete)))
          (local.set $incomplete (v128.const i32x4 0 0 0 0))
          (local.set $count (i32.add (local.get $count) (i32.const 32)))))
      (local.set $prev (local.get $b))
      (br_if $next (i32.ne (local.tee $p (i32.add (local.get $p) (i32.const 32))) (local.get $end))))
    (if (result i32)
      (v128.any_true (v128.or (local.get $e) (local.get $incomplete)))
      (then
        (i32.xor (local.get $count) (i32.const -1)))
      (else
        (local.get $count))))

  (func (export "run") (param $passes i32) (result i64)
    (local $sum i64)
    (call $text (i32.const 4096) (i32.const 16384))
    (loop $again
      (local.set $sum
        (i64.add
          (i64.rotl (local.get $sum) (i64.const 7))
          (i64.extend_i32_s (call $validate (i32.const 4096) (i32.const 16384)))))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (local.get $sum)))
