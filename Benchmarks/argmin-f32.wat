;; SPDX-License-Identifier: Apache-2.0
;; The index of the least of 2,048 f32, from another element in each pass: comparisons and selections by bits.
;; Passes: 2000000
;; Sum after 100: -7252347325587542981

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

  (func $argmin (param $p i32) (param $n i32) (result i32)
    (local $x v128) (local $m v128) (local $b0 v128) (local $b1 v128) (local $i0 v128) (local $i1 v128)
    (local $at v128) (local $best f32) (local $index i32) (local $k i32)
    (local.set $b0 (v128.const f32x4 inf inf inf inf))
    (local.set $b1 (v128.const f32x4 inf inf inf inf))
    (local.set $at (v128.const i32x4 0 1 2 3))
    (loop $next
      (local.set $x (v128.load (local.get $p)))
      (local.set $m (f32x4.lt (local.get $x) (local.get $b0)))
      (local.set $b0 (f32x4.pmin (local.get $b0) (local.get $x)))
      (local.set $i0 (v128.bitselect (local.get $at) (local.get $i0) (local.get $m)))
      (local.set $x (v128.load offset=16 (local.get $p)))
      (local.set $m (f32x4.lt (local.get $x) (local.get $b1)))
      (local.set $b1 (f32x4.pmin (local.get $b1) (local.get $x)))
      (local.set $i1 (v128.bitselect (local.get $at) (local.get $i1) (local.get $m)))
      (local.set $at (i32x4.add (local.get $at) (v128.const i32x4 8 8 8 8)))
      (local.set $p (i32.add (local.get $p) (i32.const 32)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 8)))))
    ;; The second half's indexes are four more.
    (local.set $m (f32x4.lt (local.get $b1) (local.get $b0)))
    (local.set $b0 (f32x4.pmin (local.get $b0) (local.get $b1)))
    (local.set $i0
      (v128.bitselect (i32x4.add (local.get $i1) (v128.const i32x4 4 4 4 4)) (local.get $i0) (local.get $m)))
    (v128.store (i32.const 0) (local.get $b0))
    (v128.store (i32.const 16) (local.get $i0))
    (local.set $best (f32.const inf))
    (loop $lane
      (if (f32.lt (f32.load (local.get $k)) (local.get $best))
        (then
          (local.set $best (f32.load (local.get $k)))
          (local.set $index (i32.load offset=16 (local.get $k)))))
      (br_if $lane (i32.ne (local.tee $k (i32.add (local.get $k) (i32.const 4))) (i32.const 16))))
    (local.get $index))

  (func (export "run") (param $passes i32) (result i64)
    (local $sum i64)
    (call $floats (i32.const 4096) (i32.const 12288))
    (loop $again
      (local.set $sum
        (i64.add
          (i64.rotl (local.get $sum) (i64.const 7))
          (i64.extend_i32_u
            (call $argmin
              (i32.add
                (i32.const 4096)
                (i32.shl (i32.and (local.get $passes) (i32.const 1023)) (i32.const 2)))
              (i32.const 2048)))))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (local.get $sum)))
