;; SPDX-License-Identifier: Apache-2.0
;; How often each byte is in 8 KiB: each lane extracted, counted in two tables by turns, added at the end.
;; Passes: 80000
;; Sum after 100: 8509439671865982421

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

  (func $count (param $p i32) (param $end i32) (param $table i32) (param $other i32)
    (local $q i32) (local $x v128)
    (loop $next
      (local.set $x (v128.load (local.get $p)))
      (local.set $q
        (i32.add (local.get $table) (i32.shl (i8x16.extract_lane_u 0 (local.get $x)) (i32.const 2))))
      (i32.store (local.get $q) (i32.add (i32.load (local.get $q)) (i32.const 1)))
      (local.set $q
        (i32.add (local.get $other) (i32.shl (i8x16.extract_lane_u 1 (local.get $x)) (i32.const 2))))
      (i32.store (local.get $q) (i32.add (i32.load (local.get $q)) (i32.const 1)))
      (local.set $q
        (i32.add (local.get $table) (i32.shl (i8x16.extract_lane_u 2 (local.get $x)) (i32.const 2))))
      (i32.store (local.get $q) (i32.add (i32.load (local.get $q)) (i32.const 1)))
      (local.set $q
        (i32.add (local.get $other) (i32.shl (i8x16.extract_lane_u 3 (local.get $x)) (i32.const 2))))
      (i32.store (local.get $q) (i32.add (i32.load (local.get $q)) (i32.const 1)))
      (local.set $q
        (i32.add (local.get $table) (i32.shl (i8x16.extract_lane_u 4 (local.get $x)) (i32.const 2))))
      (i32.store (local.get $q) (i32.add (i32.load (local.get $q)) (i32.const 1)))
      (local.set $q
        (i32.add (local.get $other) (i32.shl (i8x16.extract_lane_u 5 (local.get $x)) (i32.const 2))))
      (i32.store (local.get $q) (i32.add (i32.load (local.get $q)) (i32.const 1)))
      (local.set $q
        (i32.add (local.get $table) (i32.shl (i8x16.extract_lane_u 6 (local.get $x)) (i32.const 2))))
      (i32.store (local.get $q) (i32.add (i32.load (local.get $q)) (i32.const 1)))
      (local.set $q
        (i32.add (local.get $other) (i32.shl (i8x16.extract_lane_u 7 (local.get $x)) (i32.const 2))))
      (i32.store (local.get $q) (i32.add (i32.load (local.get $q)) (i32.const 1)))
      (local.set $q
        (i32.add (local.get $table) (i32.shl (i8x16.extract_lane_u 8 (local.get $x)) (i32.const 2))))
      (i32.store (local.get $q) (i32.add (i32.load (local.get $q)) (i32.const 1)))
      (local.set $q
        (i32.add (local.get $other) (i32.shl (i8x16.extract_lane_u 9 (local.get $x)) (i32.const 2))))
      (i32.store (local.get $q) (i32.add (i32.load (local.get $q)) (i32.const 1)))
      (local.set $q
        (i32.add (local.get $table) (i32.shl (i8x16.extract_lane_u 10 (local.get $x)) (i32.const 2))))
      (i32.store (local.get $q) (i32.add (i32.load (local.get $q)) (i32.const 1)))
      (local.set $q
        (i32.add (local.get $other) (i32.shl (i8x16.extract_lane_u 11 (local.get $x)) (i32.const 2))))
      (i32.store (local.get $q) (i32.add (i32.load (local.get $q)) (i32.const 1)))
      (local.set $q
        (i32.add (local.get $table) (i32.shl (i8x16.extract_lane_u 12 (local.get $x)) (i32.const 2))))
      (i32.store (local.get $q) (i32.add (i32.load (local.get $q)) (i32.const 1)))
      (local.set $q
        (i32.add (local.get $other) (i32.shl (i8x16.extract_lane_u 13 (local.get $x)) (i32.const 2))))
      (i32.store (local.get $q) (i32.add (i32.load (local.get $q)) (i32.const 1)))
      (local.set $q
        (i32.add (local.get $table) (i32.shl (i8x16.extract_lane_u 14 (local.get $x)) (i32.const 2))))
      (i32.store (local.get $q) (i32.add (i32.load (local.get $q)) (i32.const 1)))
      (local.set $q
        (i32.add (local.get $other) (i32.shl (i8x16.extract_lane_u 15 (local.get $x)) (i32.const 2))))
      (i32.store (local.get $q) (i32.add (i32.load (local.get $q)) (i32.const 1)))
      (br_if $next (i32.ne (local.tee $p (i32.add (local.get $p) (i32.const 16))) (local.get $end)))))

  (func $add (param $p i32) (param $q i32) (param $end i32)
    (loop $next
      (v128.store (local.get $p) (i32x4.add (v128.load (local.get $p)) (v128.load (local.get $q))))
      (v128.store (local.get $q) (v128.const i32x4 0 0 0 0))
      (local.set $q (i32.add (local.get $q) (i32.const 16)))
      (br_if $next (i32.ne (local.tee $p (i32.add (local.get $p) (i32.const 16))) (local.get $end)))))

  (func (export "run") (param $passes i32) (result i64)
    (call $fill (i32.const 4096) (i32.const 8192))
    (loop $again
      (call $count (i32.const 4096) (i32.const 12288) (i32.const 16384) (i32.const 17408))
      (call $add (i32.const 16384) (i32.const 17408) (i32.const 17408))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (call $checksum (i32.const 16384) (i32.const 1024))))
