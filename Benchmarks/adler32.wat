;; SPDX-License-Identifier: Apache-2.0
;; The checksum Adler-32 of 5,536 bytes, from another place in each pass: sums of pairs, weighted dot products.
;; Passes: 1000000
;; Sum after 100: -5826655286837958274

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

  (func $adler (param $p i32) (param $blocks i32) (result i32)
    (local $a i32) (local $b i32) (local $n i32) (local $x v128) (local $s v128) (local $before v128)
    (local $t v128)
    (local.set $n (local.get $blocks))
    (loop $next
      (local.set $x (v128.load (local.get $p)))
      ;; Sixteen times what was summed before, and each byte as often as it still counts.
      (local.set $before (i32x4.add (local.get $before) (local.get $s)))
      (local.set $s
        (i32x4.add
          (local.get $s)
          (i32x4.extadd_pairwise_i16x8_u (i16x8.extadd_pairwise_i8x16_u (local.get $x)))))
      (local.set $t
        (i32x4.add
          (local.get $t)
          (i32x4.add
            (i32x4.dot_i16x8_s
              (i16x8.extend_low_i8x16_u (local.get $x))
              (v128.const i16x8 16 15 14 13 12 11 10 9))
            (i32x4.dot_i16x8_s (i16x8.extend_high_i8x16_u (local.get $x)) (v128.const i16x8 8 7 6 5 4 3 2 1)))))
      (local.set $p (i32.add (local.get $p) (i32.const 16)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.set $t (i32x4.add (local.get $t) (i32x4.shl (local.get $before) (i32.const 4))))
    (local.set $a
      (i32.add
        (i32.const 1)
        (i32.add
          (i32.add (i32x4.extract_lane 0 (local.get $s)) (i32x4.extract_lane 1 (local.get $s)))
          (i32.add (i32x4.extract_lane 2 (local.get $s)) (i32x4.extract_lane 3 (local.get $s))))))
    (local.set $b
      (i32.add
        (i32.shl (local.get $blocks) (i32.const 4))
        (i32.add
          (i32.add (i32x4.extract_lane 0 (local.get $t)) (i32x4.extract_lane 1 (local.get $t)))
          (i32.add (i32x4.extract_lane 2 (local.get $t)) (i32x4.extract_lane 3 (local.get $t))))))
    (i32.or
      (i32.rem_u (local.get $a) (i32.const 65521))
      (i32.shl (i32.rem_u (local.get $b) (i32.const 65521)) (i32.const 16))))

  (func (export "run") (param $passes i32) (result i64)
    (local $sum i64)
    (call $fill (i32.const 4096) (i32.const 5600))
    (loop $again
      (local.set $sum
        (i64.add
          (i64.rotl (local.get $sum) (i64.const 7))
          (i64.extend_i32_u
            (call $adler
              (i32.add (i32.const 4096) (i32.and (local.get $passes) (i32.const 63)))
              (i32.const 346)))))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (local.get $sum)))
