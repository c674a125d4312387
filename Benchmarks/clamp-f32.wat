;; SPDX-License-Identifier: Apache-2.0
;; Clamps 2,048 f32 with pmin and pmax, and finds the least and the greatest with min and max.
;; Passes: 500000
;; Sum after 100: 3487842059284146326

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

  (func $clamp (param $out i32) (param $p i32) (param $n i32) (param $low f32) (param $high f32) (result f32)
    (local $l v128) (local $h v128) (local $x v128) (local $y v128) (local $least v128) (local $most v128)
    (local.set $l (f32x4.splat (local.get $low)))
    (local.set $h (f32x4.splat (local.get $high)))
    (local.set $least (v128.const f32x4 inf inf inf inf))
    (local.set $most (v128.const f32x4 -inf -inf -inf -inf))
    (loop $next
      (local.set $x (v128.load (local.get $p)))
      (local.set $y (v128.load offset=16 (local.get $p)))
      (local.set $least (f32x4.min (local.get $least) (f32x4.min (local.get $x) (local.get $y))))
      (local.set $most (f32x4.max (local.get $most) (f32x4.max (local.get $x) (local.get $y))))
      (v128.store (local.get $out) (f32x4.pmax (f32x4.pmin (local.get $x) (local.get $h)) (local.get $l)))
      (v128.store offset=16
        (local.get $out)
        (f32x4.pmax (f32x4.pmin (local.get $y) (local.get $h)) (local.get $l)))
      (local.set $p (i32.add (local.get $p) (i32.const 32)))
      (local.set $out (i32.add (local.get $out) (i32.const 32)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 8)))))
    (local.set $x (f32x4.sub (local.get $most) (local.get $least)))
    (f32.add
      (f32.add (f32x4.extract_lane 0 (local.get $x)) (f32x4.extract_lane 1 (local.get $x)))
      (f32.add (f32x4.extract_lane 2 (local.get $x)) (f32x4.extract_lane 3 (local.get $x)))))

  (func (export "run") (param $passes i32) (result i64)
    (local $good i32)
    (call $floats (i32.const 4096) (i32.const 8256))
    (loop $again
      (local.set $good
        (i32.add
          (local.get $good)
          (i32.reinterpret_f32
            (call $clamp
              (i32.const 16384)
              (i32.add (i32.const 4096) (i32.shl (i32.and (local.get $passes) (i32.const 15)) (i32.const 2)))
              (i32.const 2048)
              (f32.const -0.5)
              (f32.const 0.75)))))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (i64.add (call $checksum (i32.const 16384) (i32.const 8192)) (i64.extend_i32_u (local.get $good)))))
