;; SPDX-License-Identifier: Apache-2.0
;; A hash of 8 KiB in the manner of XXH3: two sums of products of 64 bits, stirred after each 64 bytes.
;; Passes: 800000
;; Sum after 100: 611389659150758893

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

  (func $hash (param $p i32) (param $end i32) (result i64)
    (local $x v128) (local $a v128) (local $b v128) (local $k v128) (local $l v128)
    (local.set $k (v128.const i64x2 0xbe4ba423396cfeb8 0x1cad21f72c81017c))
    (local.set $l (v128.const i64x2 0xdb979083e96dd4de 0x1f67b3b7a4a44072))
    (local.set $a (local.get $l))
    (local.set $b (local.get $k))
    (loop $next
      (local.set $x (v128.load (local.get $p)))
      (local.set $a
        (i64x2.add
          (local.get $a)
          (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $x) (local.get $x))))
      (local.set $x (v128.xor (local.get $x) (local.get $k)))
      (local.set $a
        (i64x2.add
          (local.get $a)
          (i64x2.mul
            (v128.and (local.get $x) (v128.const i64x2 0xffffffff 0xffffffff))
            (i64x2.shr_u (local.get $x) (i32.const 32)))))
      (local.set $x (v128.load offset=16 (local.get $p)))
      (local.set $b
        (i64x2.add
          (local.get $b)
          (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $x) (local.get $x))))
      (local.set $x (v128.xor (local.get $x) (local.get $l)))
      (local.set $b
        (i64x2.add
          (local.get $b)
          (i64x2.mul
            (v128.and (local.get $x) (v128.const i64x2 0xffffffff 0xffffffff))
            (i64x2.shr_u (local.get $x) (i32.const 32)))))
      (local.set $x (v128.load offset=32 (local.get $p)))
      (local.set $a
        (i64x2.add
          (local.get $a)
          (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $x) (local.get $x))))
      (local.set $x (v128.xor (local.get $x) (local.get $k)))
      (local.set $a
        (i64x2.add
          (local.get $a)
          (i64x2.mul
            (v128.and (local.get $x) (v128.const i64x2 0xffffffff 0xffffffff))
            (i64x2.shr_u (local.get $x) (i32.const 32)))))
      (local.set $x (v128.load offset=48 (local.get $p)))
      (local.set $b
        (i64x2.add
          (local.get $b)
          (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $x) (local.get $x))))
      (local.set $x (v128.xor (local.get $x) (local.get $l)))
      (local.set $b
        (i64x2.add
          (local.get $b)
          (i64x2.mul
            (v128.and (local.get $x) (v128.const i64x2 0xffffffff 0xffffffff))
            (i64x2.shr_u (local.get $x) (i32.const 32)))))
      (local.set $a
        (i64x2.mul
          (v128.xor (v128.xor (local.get $a) (i64x2.shr_u (local.get $a) (i32.const 47))) (local.get $k))
          (v128.const i64x2 0x9e3779b185ebca87 0x9e3779b185ebca87)))
      (local.set $b
        (i64x2.mul
          (v128.xor (v128.xor (local.get $b) (i64x2.shr_u (local.get $b) (i32.const 47))) (local.get $l))
          (v128.const i64x2 0x9e3779b185ebca87 0x9e3779b185ebca87)))
      (br_if $next (i32.ne (local.tee $p (i32.add (local.get $p) (i32.const 64))) (local.get $end))))
    (local.set $a (i64x2.add (local.get $a) (local.get $b)))
    (i64.add
      (i64x2.extract_lane 0 (local.get $a))
      (i64.rotl (i64x2.extract_lane 1 (local.get $a)) (i64.const 17))))

  (func (export "run") (param $passes i32) (result i64)
    (local $sum i64)
    (call $fill (i32.const 4096) (i32.const 8256))
    (loop $again
      (local.set $sum
        (i64.add
          (i64.rotl (local.get $sum) (i64.const 7))
          (call $hash
            (i32.add (i32.const 4096) (i32.and (local.get $passes) (i32.const 63)))
            (i32.add (i32.const 12288) (i32.and (local.get $passes) (i32.const 63))))))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (local.get $sum)))
