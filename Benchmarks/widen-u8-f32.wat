;; SPDX-License-Identifier: Apache-2.0
;; 4,096 bytes to f32, scaled: widening loads, extended in halves, converted; the scale by load_splat.
;; Passes: 800000
;; Sum after 100: -8104685346249718131

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

  (func $widen (param $out i32) (param $in i32) (param $factors i32) (param $n i32)
    (local $x v128) (local $y v128) (local $scale v128) (local $bias v128)
    (local.set $scale (v128.load32_splat (local.get $factors)))
    (local.set $bias (v128.load32_splat offset=4 (local.get $factors)))
    (loop $next
      (local.set $x (v128.load8x8_u (local.get $in)))
      (local.set $y (v128.load8x8_u offset=8 (local.get $in)))
      (v128.store
        (local.get $out)
        (f32x4.add
          (f32x4.mul (f32x4.convert_i32x4_u (i32x4.extend_low_i16x8_u (local.get $x))) (local.get $scale))
          (local.get $bias)))
      (v128.store offset=16
        (local.get $out)
        (f32x4.add
          (f32x4.mul (f32x4.convert_i32x4_u (i32x4.extend_high_i16x8_u (local.get $x))) (local.get $scale))
          (local.get $bias)))
      (v128.store offset=32
        (local.get $out)
        (f32x4.add
          (f32x4.mul (f32x4.convert_i32x4_u (i32x4.extend_low_i16x8_u (local.get $y))) (local.get $scale))
          (local.get $bias)))
      (v128.store offset=48
        (local.get $out)
        (f32x4.add
          (f32x4.mul (f32x4.convert_i32x4_u (i32x4.extend_high_i16x8_u (local.get $y))) (local.get $scale))
          (local.get $bias)))
      (local.set $in (i32.add (local.get $in) (i32.const 16)))
      (local.set $out (i32.add (local.get $out) (i32.const 64)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 16))))))

  (func (export "run") (param $passes i32) (result i64)
    (call $fill (i32.const 4096) (i32.const 4096))
    (f32.store (i32.const 1024) (f32.const 0x1.010102p-8))
    (f32.store (i32.const 1028) (f32.const -0.5))
    (loop $again
      (call $widen (i32.const 16384) (i32.const 4096) (i32.const 1024) (i32.const 4096))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (call $checksum (i32.const 16384) (i32.const 16384))))
