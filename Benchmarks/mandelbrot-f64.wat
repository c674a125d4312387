;; SPDX-License-Identifier: Apache-2.0
;; The Mandelbrot set on 32 by 32 points, two points at a time, up to 64 steps; how many steps in all.
;; Passes: 10000
;; Sum after 100: -6817598761893601248

(module
  (memory (export "memory") 2)

  (func $mandelbrot (result i64)
    (local $i i32) (local $j i32) (local $k i32) (local $cx v128) (local $cy v128) (local $x v128)
    (local $y v128) (local $xx v128) (local $yy v128) (local $in v128) (local $count v128)
    (loop $rows
      (local.set $j (i32.const 0))
      (local.set $cy
        (f64x2.add
          (f64x2.mul (f64x2.splat (f64.convert_i32_s (local.get $i))) (v128.const f64x2 0.0625 0.0625))
          (v128.const f64x2 -1 -1)))
      (loop $columns
        (local.set $cx
          (f64x2.add
            (f64x2.mul
              (f64x2.convert_low_i32x4_s (i32x4.add (i32x4.splat (local.get $j)) (v128.const i32x4 0 1 0 0)))
              (v128.const f64x2 0.09375 0.09375))
            (v128.const f64x2 -2 -2)))
        (local.set $x (v128.const f64x2 0 0))
        (local.set $y (v128.const f64x2 0 0))
        (local.set $k (i32.const 64))
        (block $out
          (loop $step
            (local.set $xx (f64x2.mul (local.get $x) (local.get $x)))
            (local.set $yy (f64x2.mul (local.get $y) (local.get $y)))
            (local.set $in (f64x2.le (f64x2.add (local.get $xx) (local.get $yy)) (v128.const f64x2 4 4)))
            (br_if $out (i32.eqz (v128.any_true (local.get $in))))
            ;; What is all ones is minus one.
            (local.set $count (i64x2.sub (local.get $count) (local.get $in)))
            (local.set $y (f64x2.mul (local.get $x) (local.get $y)))
            (local.set $y (f64x2.add (f64x2.add (local.get $y) (local.get $y)) (local.get $cy)))
            (local.set $x (f64x2.add (f64x2.sub (local.get $xx) (local.get $yy)) (local.get $cx)))
            (br_if $step (local.tee $k (i32.sub (local.get $k) (i32.const 1))))))
        (br_if $columns (i32.ne (local.tee $j (i32.add (local.get $j) (i32.const 2))) (i32.const 32))))
      (br_if $rows (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 32))))
    (i64.add (i64x2.extract_lane 0 (local.get $count)) (i64x2.extract_lane 1 (local.get $count))))

  (func (export "run") (param $passes i32) (result i64)
    (local $sum i64)
    (loop $again
      (local.set $sum (i64.add (i64.rotl (local.get $sum) (i64.const 7)) (call $mandelbrot)))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (local.get $sum)))
