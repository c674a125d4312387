;; SPDX-License-Identifier: Apache-2.0
;; Motion search: the sum of absolute differences of a block of 16 by 16 pixels and each of 64 others; which is least.
;; Passes: 600000
;; Sum after 100: -3004691578057514531

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

  (func $search (param $block i32) (param $image i32) (result i32)
    (local $p i32) (local $q i32) (local $end i32) (local $sum i32) (local $least i32) (local $at i32)
    (local $k i32) (local $x v128) (local $y v128) (local $s v128)
    (local.set $least (i32.const -1))
    (loop $places
      (local.set $p (local.get $block))
      (local.set $q (i32.add (local.get $image) (local.get $k)))
      (local.set $end (i32.add (local.get $block) (i32.const 2048)))
      (local.set $s (v128.const i32x4 0 0 0 0))
      (loop $rows
        (local.set $x (v128.load (local.get $p)))
        (local.set $y (v128.load (local.get $q)))
        (local.set $s
          (i16x8.add
            (local.get $s)
            (i16x8.extadd_pairwise_i8x16_u
              (v128.or
                (i8x16.sub_sat_u (local.get $x) (local.get $y))
                (i8x16.sub_sat_u (local.get $y) (local.get $x))))))
        (local.set $x (v128.load offset=128 (local.get $p)))
        (local.set $y (v128.load offset=128 (local.get $q)))
        (local.set $s
          (i16x8.add
            (local.get $s)
            (i16x8.extadd_pairwise_i8x16_u
              (v128.or
                (i8x16.sub_sat_u (local.get $x) (local.get $y))
                (i8x16.sub_sat_u (local.get $y) (local.get $x))))))
        (local.set $q (i32.add (local.get $q) (i32.const 256)))
        (br_if $rows (i32.ne (local.tee $p (i32.add (local.get $p) (i32.const 256))) (local.get $end))))
      (local.set $s (i32x4.extadd_pairwise_i16x8_u (local.get $s)))
      (local.set $sum
        (i32.add
          (i32.add (i32x4.extract_lane 0 (local.get $s)) (i32x4.extract_lane 1 (local.get $s)))
          (i32.add (i32x4.extract_lane 2 (local.get $s)) (i32x4.extract_lane 3 (local.get $s)))))
      (local.set $at (select (local.get $k) (local.get $at) (i32.lt_u (local.get $sum) (local.get $least))))
      (local.set $least
        (select (local.get $sum) (local.get $least) (i32.lt_u (local.get $sum) (local.get $least))))
      (br_if $places (i32.ne (local.tee $k (i32.add (local.get $k) (i32.const 1))) (i32.const 64))))
    (i32.add (i32.shl (local.get $least) (i32.const 8)) (local.get $at)))

  (func (export "run") (param $passes i32) (result i64)
    (local $sum i64)
    (call $fill (i32.const 4096) (i32.const 8192))
    (loop $again
      (local.set $sum
        (i64.add
          (i64.rotl (local.get $sum) (i64.const 7))
          (i64.extend_i32_u
            (call $search
              (i32.add (i32.const 4096) (i32.and (local.get $passes) (i32.const 63)))
              (i32.const 8192)))))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (local.get $sum)))
