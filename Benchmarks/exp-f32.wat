;; SPDX-License-Identifier: Apache-2.0
;; e to the power of 2,048 f32 from -10 to 10: rounding, a polynomial, the exponent put in by a shift.
;; Passes: 200000
;; Sum after 100: 2836583046844887424

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

  ;; The same as numbers from -1 to 1.
  (func $floats (param $p i32) (param $bytes i32)
    (local $end i32)
    (call $fill (local.get $p) (local.get $bytes))
    (local.set $end (i32.add (local.get $p) (local.get $bytes)))
    (loop $next
      (f32.store (local.get $p) (f32.mul (f32.convert_i32_s (i32.load (local.get $p))) (f32.const 0x1p-31)))
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

  (func $exp (param $out i32) (param $in i32) (param $end i32)
    (local $x v128) (local $n v128) (local $p v128)
    (loop $next
      (local.set $x (f32x4.mul (v128.load (local.get $in)) (v128.const f32x4 10 10 10 10)))
      (local.set $n
        (f32x4.nearest
          (f32x4.mul
            (local.get $x)
            (v128.const f32x4 0x1.715476p+0 0x1.715476p+0 0x1.715476p+0 0x1.715476p+0))))
      ;; What is left of x, less n times the logarithm of two in two parts.
      (local.set $x
        (f32x4.sub
          (f32x4.sub
            (local.get $x)
            (f32x4.mul (local.get $n) (v128.const f32x4 0x1.62e4p-1 0x1.62e4p-1 0x1.62e4p-1 0x1.62e4p-1)))
          (f32x4.mul
            (local.get $n)
            (v128.const f32x4 0x1.7f7d1cp-20 0x1.7f7d1cp-20 0x1.7f7d1cp-20 0x1.7f7d1cp-20))))
      (local.set $p
        (f32x4.add
          (f32x4.mul
            (local.get $x)
            (v128.const f32x4 0x1.6c16c2p-10 0x1.6c16c2p-10 0x1.6c16c2p-10 0x1.6c16c2p-10))
          (v128.const f32x4 0x1.111112p-7 0x1.111112p-7 0x1.111112p-7 0x1.111112p-7)))
      (local.set $p
        (f32x4.add
          (f32x4.mul (local.get $p) (local.get $x))
          (v128.const f32x4 0x1.555556p-5 0x1.555556p-5 0x1.555556p-5 0x1.555556p-5)))
      (local.set $p
        (f32x4.add
          (f32x4.mul (local.get $p) (local.get $x))
          (v128.const f32x4 0x1.555556p-3 0x1.555556p-3 0x1.555556p-3 0x1.555556p-3)))
      (local.set $p (f32x4.add (f32x4.mul (local.get $p) (local.get $x)) (v128.const f32x4 0.5 0.5 0.5 0.5)))
      (local.set $p (f32x4.add (f32x4.mul (local.get $p) (local.get $x)) (v128.const f32x4 1 1 1 1)))
      (local.set $p (f32x4.add (f32x4.mul (local.get $p) (local.get $x)) (v128.const f32x4 1 1 1 1)))
      (v128.store
        (local.get $out)
        (f32x4.mul
          (local.get $p)
          (i32x4.shl
            (i32x4.add (i32x4.trunc_sat_f32x4_s (local.get $n)) (v128.const i32x4 127 127 127 127))
            (i32.const 23))))
      (local.set $out (i32.add (local.get $out) (i32.const 16)))
      (br_if $next (i32.ne (local.tee $in (i32.add (local.get $in) (i32.const 16))) (local.get $end)))))

  (func (export "run") (param $passes i32) (result i64)
    (call $floats (i32.const 4096) (i32.const 8192))
    (loop $again
      (call $exp (i32.const 16384) (i32.const 4096) (i32.const 12288))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (call $checksum (i32.const 16384) (i32.const 8192))))
