;; SPDX-License-Identifier: Apache-2.0
;; 6,144 bytes to base64: bits moved with shifts and a multiplication, letters looked up with swizzles.
;; Passes: 400000
;; Sum after 100: -4811402764895760652

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

  (func $encode (param $out i32) (param $in i32) (param $n i32)
    (local $x v128) (local $i v128)
    (loop $next
      (local.set $x
        (i8x16.swizzle (v128.load (local.get $in)) (v128.const i8x16 1 0 2 1 4 3 5 4 7 6 8 7 10 9 11 10)))
      (local.set $i
        (v128.or
          (v128.or
            (i32x4.shr_u
              (v128.and (local.get $x) (v128.const i32x4 0x0000fc00 0x0000fc00 0x0000fc00 0x0000fc00))
              (i32.const 10))
            (i32x4.shr_u
              (v128.and (local.get $x) (v128.const i32x4 0x0fc00000 0x0fc00000 0x0fc00000 0x0fc00000))
              (i32.const 6)))
          (i16x8.mul
            (v128.and (local.get $x) (v128.const i32x4 0x003f03f0 0x003f03f0 0x003f03f0 0x003f03f0))
            (v128.const i32x4 0x01000010 0x01000010 0x01000010 0x01000010))))
      (v128.store
        (local.get $out)
        (i8x16.add
          (local.get $i)
          (i8x16.swizzle
            (v128.const i8x16 71 -4 -4 -4 -4 -4 -4 -4 -4 -4 -4 -19 -16 65 0 0)
            (v128.or
              (i8x16.sub_sat_u
                (local.get $i)
                (v128.const i8x16 51 51 51 51 51 51 51 51 51 51 51 51 51 51 51 51))
              (v128.and
                (i8x16.lt_u (local.get $i) (v128.const i8x16 26 26 26 26 26 26 26 26 26 26 26 26 26 26 26 26))
                (v128.const i8x16 13 13 13 13 13 13 13 13 13 13 13 13 13 13 13 13))))))
      (local.set $x
        (i8x16.swizzle
          (v128.load offset=12 (local.get $in))
          (v128.const i8x16 1 0 2 1 4 3 5 4 7 6 8 7 10 9 11 10)))
      (local.set $i
        (v128.or
          (v128.or
            (i32x4.shr_u
              (v128.and (local.get $x) (v128.const i32x4 0x0000fc00 0x0000fc00 0x0000fc00 0x0000fc00))
              (i32.const 10))
            (i32x4.shr_u
              (v128.and (local.get $x) (v128.const i32x4 0x0fc00000 0x0fc00000 0x0fc00000 0x0fc00000))
              (i32.const 6)))
          (i16x8.mul
            (v128.and (local.get $x) (v128.const i32x4 0x003f03f0 0x003f03f0 0x003f03f0 0x003f03f0))
            (v128.const i32x4 0x01000010 0x01000010 0x01000010 0x01000010))))
      (v128.store offset=16
        (local.get $out)
        (i8x16.add
          (local.get $i)
          (i8x16.swizzle
            (v128.const i8x16 71 -4 -4 -4 -4 -4 -4 -4 -4 -4 -4 -19 -16 65 0 0)
            (v128.or
              (i8x16.sub_sat_u
                (local.get $i)
                (v128.const i8x16 51 51 51 51 51 51 51 51 51 51 51 51 51 51 51 51))
              (v128.and
                (i8x16.lt_u (local.get $i) (v128.const i8x16 26 26 26 26 26 26 26 26 26 26 26 26 26 26 26 26))
                (v128.const i8x16 13 13 13 13 13 13 13 13 13 13 13 13 13 13 13 13))))))
      (local.set $in (i32.add (local.get $in) (i32.const 24)))
      (local.set $out (i32.add (local.get $out) (i32.const 32)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 24))))))

  (func (export "run") (param $passes i32) (result i64)
    (call $fill (i32.const 4096) (i32.const 6160))
    (loop $again
      (call $encode (i32.const 16384) (i32.const 4096) (i32.const 6144))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (call $checksum (i32.const 16384) (i32.const 8192))))
