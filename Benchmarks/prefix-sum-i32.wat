;; SPDX-License-Identifier: Apache-2.0
;; The sums of all prefixes of 2,048 i32, four at a time: shifts by lanes, and a chain through the last lane.
;; Passes: 1000000
;; Sum after 100: -6125225835915637227

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

  (func $sums (param $out i32) (param $in i32) (param $n i32)
    (local $x v128) (local $carry v128)
    (loop $next
      (local.set $x (v128.load (local.get $in)))
      (local.set $x
        (i32x4.add
          (local.get $x)
          (i8x16.shuffle 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27
            (v128.const i32x4 0 0 0 0)
            (local.get $x))))
      (local.set $x
        (i32x4.add
          (local.get $x)
          (i8x16.shuffle 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23
            (v128.const i32x4 0 0 0 0)
            (local.get $x))))
      (local.set $x (i32x4.add (local.get $x) (local.get $carry)))
      (local.set $carry
        (i8x16.shuffle 12 13 14 15 12 13 14 15 12 13 14 15 12 13 14 15 (local.get $x) (local.get $x)))
      (v128.store (local.get $out) (local.get $x))
      (local.set $x (v128.load offset=16 (local.get $in)))
      (local.set $x
        (i32x4.add
          (local.get $x)
          (i8x16.shuffle 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27
            (v128.const i32x4 0 0 0 0)
            (local.get $x))))
      (local.set $x
        (i32x4.add
          (local.get $x)
          (i8x16.shuffle 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23
            (v128.const i32x4 0 0 0 0)
            (local.get $x))))
      (local.set $x (i32x4.add (local.get $x) (local.get $carry)))
      (local.set $carry
        (i8x16.shuffle 12 13 14 15 12 13 14 15 12 13 14 15 12 13 14 15 (local.get $x) (local.get $x)))
      (v128.store offset=16 (local.get $out) (local.get $x))
      (local.set $in (i32.add (local.get $in) (i32.const 32)))
      (local.set $out (i32.add (local.get $out) (i32.const 32)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 8))))))

  (func (export "run") (param $passes i32) (result i64)
    (call $fill (i32.const 4096) (i32.const 8192))
    (loop $again
      (call $sums (i32.const 16384) (i32.const 4096) (i32.const 2048))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (call $checksum (i32.const 16384) (i32.const 8192))))
