;; SPDX-License-Identifier: Apache-2.0
;; The bits that are set in 16 KiB, looked up by halves of bytes with relaxed_swizzle; no index is beyond 15.
;; Passes: 400000
;; Sum after 100: -7625445531654910672

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

  (func $popcount (param $p i32) (param $end i32) (result i32)
    (local $x v128) (local $s v128) (local $table v128)
    (local.set $table (v128.const i8x16 0 1 1 2 1 2 2 3 1 2 2 3 2 3 3 4))
    (loop $next
      (local.set $x (v128.load (local.get $p)))
      (local.set $x
        (i8x16.add
          (i8x16.relaxed_swizzle
            (local.get $table)
            (v128.and (local.get $x) (v128.const i8x16 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15)))
          (i8x16.relaxed_swizzle (local.get $table) (i8x16.shr_u (local.get $x) (i32.const 4)))))
      (local.set $s
        (i32x4.add
          (local.get $s)
          (i32x4.extadd_pairwise_i16x8_u (i16x8.extadd_pairwise_i8x16_u (local.get $x)))))
      (br_if $next (i32.ne (local.tee $p (i32.add (local.get $p) (i32.const 16))) (local.get $end))))
    (i32.add
      (i32.add (i32x4.extract_lane 0 (local.get $s)) (i32x4.extract_lane 1 (local.get $s)))
      (i32.add (i32x4.extract_lane 2 (local.get $s)) (i32x4.extract_lane 3 (local.get $s)))))

  (func (export "run") (param $passes i32) (result i64)
    (local $sum i64)
    (call $fill (i32.const 4096) (i32.const 16448))
    (loop $again
      (local.set $sum
        (i64.add
          (i64.rotl (local.get $sum) (i64.const 7))
          (i64.extend_i32_u
            (call $popcount
              (i32.add (i32.const 4096) (i32.and (local.get $passes) (i32.const 63)))
              (i32.add (i32.const 20480) (i32.and (local.get $passes) (i32.const 63)))))))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (local.get $sum)))
