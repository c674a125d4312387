;; SPDX-License-Identifier: Apache-2.0
;; Blends 2,048 pixels of RGBA over others by their alpha, in 16 bits.
;; Passes: 300000
;; Sum after 100: -7361736359314111221

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

  (func $blend (param $out i32) (param $src i32) (param $dst i32) (param $n i32)
    (local $s v128) (local $d v128) (local $a v128) (local $i v128) (local $l v128) (local $h v128)
    (loop $next
      (local.set $s (v128.load (local.get $src)))
      (local.set $d (v128.load (local.get $dst)))
      (local.set $a (i8x16.shuffle 3 3 3 3 7 7 7 7 11 11 11 11 15 15 15 15 (local.get $s) (local.get $s)))
      (local.set $i (v128.not (local.get $a)))
      (local.set $l
        (i16x8.add
          (i16x8.add
            (i16x8.extmul_low_i8x16_u (local.get $s) (local.get $a))
            (i16x8.extmul_low_i8x16_u (local.get $d) (local.get $i)))
          (v128.const i16x8 128 128 128 128 128 128 128 128)))
      (local.set $h
        (i16x8.add
          (i16x8.add
            (i16x8.extmul_high_i8x16_u (local.get $s) (local.get $a))
            (i16x8.extmul_high_i8x16_u (local.get $d) (local.get $i)))
          (v128.const i16x8 128 128 128 128 128 128 128 128)))
      (v128.store
        (local.get $out)
        (i8x16.narrow_i16x8_u
          (i16x8.shr_u (i16x8.add (local.get $l) (i16x8.shr_u (local.get $l) (i32.const 8))) (i32.const 8))
          (i16x8.shr_u (i16x8.add (local.get $h) (i16x8.shr_u (local.get $h) (i32.const 8))) (i32.const 8))))
      (local.set $s (v128.load offset=16 (local.get $src)))
      (local.set $d (v128.load offset=16 (local.get $dst)))
      (local.set $a (i8x16.shuffle 3 3 3 3 7 7 7 7 11 11 11 11 15 15 15 15 (local.get $s) (local.get $s)))
      (local.set $i (v128.not (local.get $a)))
      (local.set $l
        (i16x8.add
          (i16x8.add
            (i16x8.extmul_low_i8x16_u (local.get $s) (local.get $a))
            (i16x8.extmul_low_i8x16_u (local.get $d) (local.get $i)))
          (v128.const i16x8 128 128 128 128 128 128 128 128)))
      (local.set $h
        (i16x8.add
          (i16x8.add
            (i16x8.extmul_high_i8x16_u (local.get $s) (local.get $a))
            (i16x8.extmul_high_i8x16_u (local.get $d) (local.get $i)))
          (v128.const i16x8 128 128 128 128 128 128 128 128)))
      (v128.store offset=16
        (local.get $out)
        (i8x16.narrow_i16x8_u
          (i16x8.shr_u (i16x8.add (local.get $l) (i16x8.shr_u (local.get $l) (i32.const 8))) (i32.const 8))
          (i16x8.shr_u (i16x8.add (local.get $h) (i16x8.shr_u (local.get $h) (i32.const 8))) (i32.const 8))))
      (local.set $src (i32.add (local.get $src) (i32.const 32)))
      (local.set $dst (i32.add (local.get $dst) (i32.const 32)))
      (local.set $out (i32.add (local.get $out) (i32.const 32)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 8))))))

  (func (export "run") (param $passes i32) (result i64)
    (call $fill (i32.const 4096) (i32.const 16384))
    (loop $again
      (call $blend (i32.const 24576) (i32.const 4096) (i32.const 12288) (i32.const 2048))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (call $checksum (i32.const 24576) (i32.const 8192))))
