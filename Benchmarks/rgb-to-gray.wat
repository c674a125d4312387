;; SPDX-License-Identifier: Apache-2.0
;; 4,096 pixels of three bytes to grey: channels gathered by two shuffles each, widening multiplications.
;; Passes: 600000
;; Sum after 100: -6488689947715966332

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

  (func $gray (param $out i32) (param $in i32) (param $n i32)
    (local $x v128) (local $y v128) (local $z v128) (local $r v128) (local $g v128) (local $b v128)
    (loop $next
      (local.set $x (v128.load (local.get $in)))
      (local.set $y (v128.load offset=16 (local.get $in)))
      (local.set $z (v128.load offset=32 (local.get $in)))
      (local.set $r
        (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 17 20 23 26 29
          (i8x16.shuffle 0 3 6 9 12 15 18 21 24 27 30 0 0 0 0 0 (local.get $x) (local.get $y))
          (local.get $z)))
      (local.set $g
        (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 18 21 24 27 30
          (i8x16.shuffle 1 4 7 10 13 16 19 22 25 28 31 0 0 0 0 0 (local.get $x) (local.get $y))
          (local.get $z)))
      (local.set $b
        (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 16 19 22 25 28 31
          (i8x16.shuffle 2 5 8 11 14 17 20 23 26 29 0 0 0 0 0 0 (local.get $x) (local.get $y))
          (local.get $z)))
      (v128.store
        (local.get $out)
        (i8x16.narrow_i16x8_u
          (i16x8.shr_u
            (i16x8.add
              (i16x8.add
                (i16x8.extmul_low_i8x16_u
                  (local.get $r)
                  (v128.const i8x16 77 77 77 77 77 77 77 77 77 77 77 77 77 77 77 77))
                (i16x8.extmul_low_i8x16_u
                  (local.get $g)
                  (v128.const i8x16 -106 -106 -106 -106 -106 -106 -106 -106 -106 -106 -106 -106 -106 -106 -106 -106)))
              (i16x8.extmul_low_i8x16_u
                (local.get $b)
                (v128.const i8x16 29 29 29 29 29 29 29 29 29 29 29 29 29 29 29 29)))
            (i32.const 8))
          (i16x8.shr_u
            (i16x8.add
              (i16x8.add
                (i16x8.extmul_high_i8x16_u
                  (local.get $r)
                  (v128.const i8x16 77 77 77 77 77 77 77 77 77 77 77 77 77 77 77 77))
                (i16x8.extmul_high_i8x16_u
                  (local.get $g)
                  (v128.const i8x16 -106 -106 -106 -106 -106 -106 -106 -106 -106 -106 -106 -106 -106 -106 -106 -106)))
              (i16x8.extmul_high_i8x16_u
                (local.get $b)
                (v128.const i8x16 29 29 29 29 29 29 29 29 29 29 29 29 29 29 29 29)))
            (i32.const 8))))
      (local.set $in (i32.add (local.get $in) (i32.const 48)))
      (local.set $out (i32.add (local.get $out) (i32.const 16)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 16))))))

  (func (export "run") (param $passes i32) (result i64)
    (call $fill (i32.const 4096) (i32.const 12288))
    (loop $again
      (call $gray (i32.const 24576) (i32.const 4096) (i32.const 4096))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (call $checksum (i32.const 24576) (i32.const 4096))))
