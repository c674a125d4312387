;; SPDX-License-Identifier: Apache-2.0
;; The mean of nine pixels, in an image of 128 by 64: widening loads, sums in 16 bits, a ninth by multiplying.
;; Passes: 200000
;; Sum after 100: -4595142327498442375

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

  ;; $p is the pixel above and left of the first.
  (func $blur (param $out i32) (param $p i32) (param $n i32)
    (local $s v128)
    (loop $next
      (local.set $s
        (i16x8.add
          (i16x8.add (v128.load8x8_u (local.get $p)) (v128.load8x8_u offset=1 (local.get $p)))
          (v128.load8x8_u offset=2 (local.get $p))))
      (local.set $s
        (i16x8.add
          (i16x8.add
            (i16x8.add (local.get $s) (v128.load8x8_u offset=128 (local.get $p)))
            (v128.load8x8_u offset=129 (local.get $p)))
          (v128.load8x8_u offset=130 (local.get $p))))
      (local.set $s
        (i16x8.add
          (i16x8.add
            (i16x8.add (local.get $s) (v128.load8x8_u offset=256 (local.get $p)))
            (v128.load8x8_u offset=257 (local.get $p)))
          (v128.load8x8_u offset=258 (local.get $p))))
      (local.set $s
        (i16x8.q15mulr_sat_s (local.get $s) (v128.const i16x8 3641 3641 3641 3641 3641 3641 3641 3641)))
      (v128.store64_lane 0 (local.get $out) (i8x16.narrow_i16x8_u (local.get $s) (local.get $s)))
      (local.set $p (i32.add (local.get $p) (i32.const 8)))
      (local.set $out (i32.add (local.get $out) (i32.const 8)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 8))))))

  (func (export "run") (param $passes i32) (result i64)
    (call $fill (i32.const 4096) (i32.const 8704))
    (loop $again
      (call $blur (i32.const 16384) (i32.const 4096) (i32.const 8192))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (call $checksum (i32.const 16384) (i32.const 8192))))
