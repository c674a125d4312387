;; SPDX-License-Identifier: Apache-2.0
;; 8,192 letters of base64 to bytes, checking each letter: three lookups with swizzles.
;; Passes: 400000
;; Sum after 100: -7251012503062204575

(module
  (memory (export "memory") 2)
  (data (i32.const 0) "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")

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

  ;; Makes base64 of $n random bytes.
  (func $letters (param $p i32) (param $n i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $p) (local.get $n)))
    (loop $next
      (i32.store8 (local.get $p) (i32.load8_u (i32.and (i32.load8_u (local.get $p)) (i32.const 63))))
      (br_if $next (i32.ne (local.tee $p (i32.add (local.get $p) (i32.const 1))) (local.get $end)))))

  ;; How many letters were good.
  (func $decode (param $out i32) (param $in i32) (param $n i32) (result i32)
    (local $x v128) (local $h v128) (local $start i32)
    (local.set $start (local.get $in))
    (block $bad
      (loop $next
        (local.set $x (v128.load (local.get $in)))
        (local.set $h (i8x16.shr_u (local.get $x) (i32.const 4)))
        ;; A letter is bad if what its halves allow has a bit in common.
        (br_if $bad
          (v128.any_true
            (v128.and
              (i8x16.swizzle
                (v128.const i8x16 0x15 0x11 0x11 0x11 0x11 0x11 0x11 0x11 0x11 0x11 0x13 0x1a 0x1b 0x1b 0x1b 0x1a)
                (v128.and (local.get $x) (v128.const i8x16 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15)))
              (i8x16.swizzle
                (v128.const i8x16 0x10 0x10 1 2 4 8 4 8 0x10 0x10 0x10 0x10 0x10 0x10 0x10 0x10)
                (local.get $h)))))
        ;; From letters to six bits.
        (local.set $x
          (i8x16.add
            (local.get $x)
            (i8x16.swizzle
              (v128.const i8x16 0 16 19 4 -65 -65 -71 -71 0 0 0 0 0 0 0 0)
              (i8x16.add
                (local.get $h)
                (i8x16.eq (local.get $x) (v128.const i8x16 47 47 47 47 47 47 47 47 47 47 47 47 47 47 47 47))))))
        ;; To twelve, to twenty-four, and three bytes of four in their order.
        (local.set $x
          (v128.or
            (i16x8.shl (v128.and (local.get $x) (v128.const i16x8 63 63 63 63 63 63 63 63)) (i32.const 6))
            (i16x8.shr_u (local.get $x) (i32.const 8))))
        (local.set $x (i32x4.dot_i16x8_s (local.get $x) (v128.const i16x8 4096 1 4096 1 4096 1 4096 1)))
        (v128.store
          (local.get $out)
          (i8x16.swizzle (local.get $x) (v128.const i8x16 2 1 0 6 5 4 10 9 8 14 13 12 255 255 255 255)))
        (local.set $in (i32.add (local.get $in) (i32.const 16)))
        (local.set $out (i32.add (local.get $out) (i32.const 12)))
        (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 16))))))
    (i32.sub (local.get $in) (local.get $start)))

  (func (export "run") (param $passes i32) (result i64)
    (local $good i32)
    (call $fill (i32.const 4096) (i32.const 8192))
    (call $letters (i32.const 4096) (i32.const 8192))
    (loop $again
      (local.set $good
        (i32.add (local.get $good) (call $decode (i32.const 16384) (i32.const 4096) (i32.const 8192))))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (i64.add (call $checksum (i32.const 16384) (i32.const 6144)) (i64.extend_i32_u (local.get $good)))))
