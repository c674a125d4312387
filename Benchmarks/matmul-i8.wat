;; SPDX-License-Identifier: Apache-2.0
;; The product of two matrices of i8, 32 by 64 and 64 by 32 (stored by columns): dot products of widened halves.
;; Passes: 100000
;; Sum after 100: -8665794217700373259

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

  (func $product (param $out i32) (param $a i32) (param $b i32)
    (local $end i32) (local $q i32) (local $qend i32) (local $k i32) (local $x v128) (local $y v128)
    (local $al v128) (local $ah v128) (local $s v128) (local $t v128)
    (local.set $end (i32.add (local.get $a) (i32.const 2048)))
    (local.set $qend (i32.add (local.get $b) (i32.const 2048)))
    (loop $rows
      (local.set $q (local.get $b))
      (loop $columns
        (local.set $s (v128.const i32x4 0 0 0 0))
        (local.set $t (v128.const i32x4 0 0 0 0))
        (local.set $k (i32.const 0))
        (loop $next
          (local.set $x (v128.load (i32.add (local.get $a) (local.get $k))))
          (local.set $al (i16x8.extend_low_i8x16_s (local.get $x)))
          (local.set $ah (i16x8.extend_high_i8x16_s (local.get $x)))
          (local.set $y (v128.load (i32.add (local.get $q) (local.get $k))))
          (local.set $s
            (i32x4.add
              (local.get $s)
              (i32x4.add
                (i32x4.dot_i16x8_s (local.get $al) (i16x8.extend_low_i8x16_s (local.get $y)))
                (i32x4.dot_i16x8_s (local.get $ah) (i16x8.extend_high_i8x16_s (local.get $y))))))
          (local.set $y (v128.load offset=64 (i32.add (local.get $q) (local.get $k))))
          (local.set $t
            (i32x4.add
              (local.get $t)
              (i32x4.add
                (i32x4.dot_i16x8_s (local.get $al) (i16x8.extend_low_i8x16_s (local.get $y)))
                (i32x4.dot_i16x8_s (local.get $ah) (i16x8.extend_high_i8x16_s (local.get $y))))))
          (br_if $next (i32.ne (local.tee $k (i32.add (local.get $k) (i32.const 16))) (i32.const 64))))
        (local.set $s
          (i32x4.add
            (local.get $s)
            (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $s) (local.get $s))))
        (local.set $s
          (i32x4.add
            (local.get $s)
            (i8x16.shuffle 4 5 6 7 4 5 6 7 4 5 6 7 4 5 6 7 (local.get $s) (local.get $s))))
        (local.set $t
          (i32x4.add
            (local.get $t)
            (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $t) (local.get $t))))
        (local.set $t
          (i32x4.add
            (local.get $t)
            (i8x16.shuffle 4 5 6 7 4 5 6 7 4 5 6 7 4 5 6 7 (local.get $t) (local.get $t))))
        (i32.store (local.get $out) (i32x4.extract_lane 0 (local.get $s)))
        (i32.store offset=4 (local.get $out) (i32x4.extract_lane 0 (local.get $t)))
        (local.set $out (i32.add (local.get $out) (i32.const 8)))
        (br_if $columns (i32.ne (local.tee $q (i32.add (local.get $q) (i32.const 128))) (local.get $qend))))
      (br_if $rows (i32.ne (local.tee $a (i32.add (local.get $a) (i32.const 64))) (local.get $end)))))

  (func (export "run") (param $passes i32) (result i64)
    (call $fill (i32.const 4096) (i32.const 4096))
    (loop $again
      (call $product (i32.const 16384) (i32.const 4096) (i32.const 6144))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (call $checksum (i32.const 16384) (i32.const 4096))))
