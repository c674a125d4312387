;; SPDX-License-Identifier: Apache-2.0
;; Sobel's edges in an image of 128 by 64 grey pixels: differences in 16 bits, absolute values, narrowed.
;; Passes: 200000
;; Sum after 100: 1915432057645725173

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
  (func $edges (param $out i32) (param $p i32) (param $n i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128) (local $e v128) (local $f v128)
    (local $g v128) (local $h v128) (local $x v128) (local $y v128)
    (loop $next
      (local.set $a (v128.load8x8_u (local.get $p)))
      (local.set $b (v128.load8x8_u offset=1 (local.get $p)))
      (local.set $c (v128.load8x8_u offset=2 (local.get $p)))
      (local.set $d (v128.load8x8_u offset=128 (local.get $p)))
      (local.set $e (v128.load8x8_u offset=130 (local.get $p)))
      (local.set $f (v128.load8x8_u offset=256 (local.get $p)))
      (local.set $g (v128.load8x8_u offset=257 (local.get $p)))
      (local.set $h (v128.load8x8_u offset=258 (local.get $p)))
      (local.set $x
        (i16x8.add
          (i16x8.add (i16x8.sub (local.get $c) (local.get $a)) (i16x8.sub (local.get $h) (local.get $f)))
          (i16x8.shl (i16x8.sub (local.get $e) (local.get $d)) (i32.const 1))))
      (local.set $y
        (i16x8.add
          (i16x8.add (i16x8.sub (local.get $f) (local.get $a)) (i16x8.sub (local.get $h) (local.get $c)))
          (i16x8.shl (i16x8.sub (local.get $g) (local.get $b)) (i32.const 1))))
      (local.set $x (i16x8.add (i16x8.abs (local.get $x)) (i16x8.abs (local.get $y))))
      (v128.store64_lane 0 (local.get $out) (i8x16.narrow_i16x8_u (local.get $x) (local.get $x)))
      (local.set $p (i32.add (local.get $p) (i32.const 8)))
      (local.set $out (i32.add (local.get $out) (i32.const 8)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 8))))))

  (func (export "run") (param $passes i32) (result i64)
    (call $fill (i32.const 4096) (i32.const 8704))
    (loop $again
      (call $edges (i32.const 16384) (i32.const 4096) (i32.const 8192))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (call $checksum (i32.const 16384) (i32.const 8192))))
