;; SPDX-License-Identifier: Apache-2.0
;; ChaCha20 over 4 KiB, four blocks at a time: sixteen vectors of state and what rounds need, more than registers.
;; Passes: 150000
;; Sum after 100: 7657042769416312861

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

  (func $chacha (param $out i32) (param $in i32) (param $key i32) (param $n i32)
    (local $rounds i32) (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128) (local $s4 v128)
    (local $s5 v128) (local $s6 v128) (local $s7 v128) (local $s8 v128) (local $s9 v128) (local $s10 v128)
    (local $s11 v128) (local $s12 v128) (local $s13 v128) (local $s14 v128) (local $s15 v128)
    (local $counter v128) (local $t v128) (local $u v128) (local $v v128) (local $w v128)
    (local.set $counter (i32x4.add (v128.load32_splat offset=48 (local.get $key)) (v128.const i32x4 0 1 2 3)))
    (loop $next
      (local.set $s0 (v128.load32_splat (local.get $key)))
      (local.set $s1 (v128.load32_splat offset=4 (local.get $key)))
      (local.set $s2 (v128.load32_splat offset=8 (local.get $key)))
      (local.set $s3 (v128.load32_splat offset=12 (local.get $key)))
      (local.set $s4 (v128.load32_splat offset=16 (local.get $key)))
      (local.set $s5 (v128.load32_splat offset=20 (local.get $key)))
      (local.set $s6 (v128.load32_splat offset=24 (local.get $key)))
      (local.set $s7 (v128.load32_splat offset=28 (local.get $key)))
      (local.set $s8 (v128.load32_splat offset=32 (local.get $key)))
      (local.set $s9 (v128.load32_splat offset=36 (local.get $key)))
      (local.set $s10 (v128.load32_splat offset=40 (local.get $key)))
      (local.set $s11 (v128.load32_splat offset=44 (local.get $key)))
      (local.set $s12 (local.get $counter))
      (local.set $s13 (v128.load32_splat offset=52 (local.get $key)))
      (local.set $s14 (v128.load32_splat offset=56 (local.get $key)))
      (local.set $s15 (v128.load32_splat offset=60 (local.get $key)))
      (local.set $rounds (i32.const 10))
      (loop $round
        (local.set $s0 (i32x4.add (local.get $s0) (local.get $s4)))
        (local.set $s12 (v128.xor (local.get $s12) (local.get $s0)))
        (local.set $s12
          (i8x16.shuffle 2 3 0 1 6 7 4 5 10 11 8 9 14 15 12 13 (local.get $s12) (local.get $s12)))
        (local.set $s8 (i32x4.add (local.get $s8) (local.get $s12)))
        (local.set $s4 (v128.xor (local.get $s4) (local.get $s8)))
        (local.set $s4
          (v128.or (i32x4.shr_u (local.get $s4) (i32.const 20)) (i32x4.shl (local.get $s4) (i32.const 12))))
        (local.set $s0 (i32x4.add (local.get $s0) (local.get $s4)))
        (local.set $s12 (v128.xor (local.get $s12) (local.get $s0)))
        (local.set $s12
          (i8x16.shuffle 3 0 1 2 7 4 5 6 11 8 9 10 15 12 13 14 (local.get $s12) (local.get $s12)))
        (local.set $s8 (i32x4.add (local.get $s8) (local.get $s12)))
        (local.set $s4 (v128.xor (local.get $s4) (local.get $s8)))
        (local.set $s4
          (v128.or (i32x4.shr_u (local.get $s4) (i32.const 25)) (i32x4.shl (local.get $s4) (i32.const 7))))
        (local.set $s1 (i32x4.add (local.get $s1) (local.get $s5)))
        (local.set $s13 (v128.xor (local.get $s13) (local.get $s1)))
        (local.set $s13
          (i8x16.shuffle 2 3 0 1 6 7 4 5 10 11 8 9 14 15 12 13 (local.get $s13) (local.get $s13)))
        (local.set $s9 (i32x4.add (local.get $s9) (local.get $s13)))
        (local.set $s5 (v128.xor (local.get $s5) (local.get $s9)))
        (local.set $s5
          (v128.or (i32x4.shr_u (local.get $s5) (i32.const 20)) (i32x4.shl (local.get $s5) (i32.const 12))))
        (local.set $s1 (i32x4.add (local.get $s1) (local.get $s5)))
        (local.set $s13 (v128.xor (local.get $s13) (local.get $s1)))
        (local.set $s13
          (i8x16.shuffle 3 0 1 2 7 4 5 6 11 8 9 10 15 12 13 14 (local.get $s13) (local.get $s13)))
        (local.set $s9 (i32x4.add (local.get $s9) (local.get $s13)))
        (local.set $s5 (v128.xor (local.get $s5) (local.get $s9)))
        (local.set $s5
          (v128.or (i32x4.shr_u (local.get $s5) (i32.const 25)) (i32x4.shl (local.get $s5) (i32.const 7))))
        (local.set $s2 (i32x4.add (local.get $s2) (local.get $s6)))
        (local.set $s14 (v128.xor (local.get $s14) (local.get $s2)))
        (local.set $s14
          (i8x16.shuffle 2 3 0 1 6 7 4 5 10 11 8 9 14 15 12 13 (local.get $s14) (local.get $s14)))
        (local.set $s10 (i32x4.add (local.get $s10) (local.get $s14)))
        (local.set $s6 (v128.xor (local.get $s6) (local.get $s10)))
        (local.set $s6
          (v128.or (i32x4.shr_u (local.get $s6) (i32.const 20)) (i32x4.shl (local.get $s6) (i32.const 12))))
        (local.set $s2 (i32x4.add (local.get $s2) (local.get $s6)))
        (local.set $s14 (v128.xor (local.get $s14) (local.get $s2)))
        (local.set $s14
          (i8x16.shuffle 3 0 1 2 7 4 5 6 11 8 9 10 15 12 13 14 (local.get $s14) (local.get $s14)))
        (local.set $s10 (i32x4.add (local.get $s10) (local.get $s14)))
        (local.set $s6 (v128.xor (local.get $s6) (local.get $s10)))
        (local.set $s6
          (v128.or (i32x4.shr_u (local.get $s6) (i32.const 25)) (i32x4.shl (local.get $s6) (i32.const 7))))
        (local.set $s3 (i32x4.add (local.get $s3) (local.get $s7)))
        (local.set $s15 (v128.xor (local.get $s15) (local.get $s3)))
        (local.set $s15
          (i8x16.shuffle 2 3 0 1 6 7 4 5 10 11 8 9 14 15 12 13 (local.get $s15) (local.get $s15)))
        (local.set $s11 (i32x4.add (local.get $s11) (local.get $s15)))
        (local.set $s7 (v128.xor (local.get $s7) (local.get $s11)))
        (local.set $s7
          (v128.or (i32x4.shr_u (local.get $s7) (i32.const 20)) (i32x4.shl (local.get $s7) (i32.const 12))))
        (local.set $s3 (i32x4.add (local.get $s3) (local.get $s7)))
        (local.set $s15 (v128.xor (local.get $s15) (local.get $s3)))
        (local.set $s15
          (i8x16.shuffle 3 0 1 2 7 4 5 6 11 8 9 10 15 12 13 14 (local.get $s15) (local.get $s15)))
        (local.set $s11 (i32x4.add (local.get $s11) (local.get $s15)))
        (local.set $s7 (v128.xor (local.get $s7) (local.get $s11)))
        (local.set $s7
          (v128.or (i32x4.shr_u (local.get $s7) (i32.const 25)) (i32x4.shl (local.get $s7) (i32.const 7))))
        (local.set $s0 (i32x4.add (local.get $s0) (local.get $s5)))
        (local.set $s15 (v128.xor (local.get $s15) (local.get $s0)))
        (local.set $s15
          (i8x16.shuffle 2 3 0 1 6 7 4 5 10 11 8 9 14 15 12 13 (local.get $s15) (local.get $s15)))
        (local.set $s10 (i32x4.add (local.get $s10) (local.get $s15)))
        (local.set $s5 (v128.xor (local.get $s5) (local.get $s10)))
        (local.set $s5
          (v128.or (i32x4.shr_u (local.get $s5) (i32.const 20)) (i32x4.shl (local.get $s5) (i32.const 12))))
        (local.set $s0 (i32x4.add (local.get $s0) (local.get $s5)))
        (local.set $s15 (v128.xor (local.get $s15) (local.get $s0)))
        (local.set $s15
          (i8x16.shuffle 3 0 1 2 7 4 5 6 11 8 9 10 15 12 13 14 (local.get $s15) (local.get $s15)))
        (local.set $s10 (i32x4.add (local.get $s10) (local.get $s15)))
        (local.set $s5 (v128.xor (local.get $s5) (local.get $s10)))
        (local.set $s5
          (v128.or (i32x4.shr_u (local.get $s5) (i32.const 25)) (i32x4.shl (local.get $s5) (i32.const 7))))
        (local.set $s1 (i32x4.add (local.get $s1) (local.get $s6)))
        (local.set $s12 (v128.xor (local.get $s12) (local.get $s1)))
        (local.set $s12
          (i8x16.shuffle 2 3 0 1 6 7 4 5 10 11 8 9 14 15 12 13 (local.get $s12) (local.get $s12)))
        (local.set $s11 (i32x4.add (local.get $s11) (local.get $s12)))
        (local.set $s6 (v128.xor (local.get $s6) (local.get $s11)))
        (local.set $s6
          (v128.or (i32x4.shr_u (local.get $s6) (i32.const 20)) (i32x4.shl (local.get $s6) (i32.const 12))))
        (local.set $s1 (i32x4.add (local.get $s1) (local.get $s6)))
        (local.set $s12 (v128.xor (local.get $s12) (local.get $s1)))
        (local.set $s12
          (i8x16.shuffle 3 0 1 2 7 4 5 6 11 8 9 10 15 12 13 14 (local.get $s12) (local.get $s12)))
        (local.set $s11 (i32x4.add (local.get $s11) (local.get $s12)))
        (local.set $s6 (v128.xor (local.get $s6) (local.get $s11)))
        (local.set $s6
          (v128.or (i32x4.shr_u (local.get $s6) (i32.const 25)) (i32x4.shl (local.get $s6) (i32.const 7))))
        (local.set $s2 (i32x4.add (local.get $s2) (local.get $s7)))
        (local.set $s13 (v128.xor (local.get $s13) (local.get $s2)))
        (local.set $s13
          (i8x16.shuffle 2 3 0 1 6 7 4 5 10 11 8 9 14 15 12 13 (local.get $s13) (local.get $s13)))
        (local.set $s8 (i32x4.add (local.get $s8) (local.get $s13)))
        (local.set $s7 (v128.xor (local.get $s7) (local.get $s8)))
        (local.set $s7
          (v128.or (i32x4.shr_u (local.get $s7) (i32.const 20)) (i32x4.shl (local.get $s7) (i32.const 12))))
        (local.set $s2 (i32x4.add (local.get $s2) (local.get $s7)))
        (local.set $s13 (v128.xor (local.get $s13) (local.get $s2)))
        (local.set $s13
          (i8x16.shuffle 3 0 1 2 7 4 5 6 11 8 9 10 15 12 13 14 (local.get $s13) (local.get $s13)))
        (local.set $s8 (i32x4.add (local.get $s8) (local.get $s13)))
        (local.set $s7 (v128.xor (local.get $s7) (local.get $s8)))
        (local.set $s7
          (v128.or (i32x4.shr_u (local.get $s7) (i32.const 25)) (i32x4.shl (local.get $s7) (i32.const 7))))
        (local.set $s3 (i32x4.add (local.get $s3) (local.get $s4)))
        (local.set $s14 (v128.xor (local.get $s14) (local.get $s3)))
        (local.set $s14
          (i8x16.shuffle 2 3 0 1 6 7 4 5 10 11 8 9 14 15 12 13 (local.get $s14) (local.get $s14)))
        (local.set $s9 (i32x4.add (local.get $s9) (local.get $s14)))
        (local.set $s4 (v128.xor (local.get $s4) (local.get $s9)))
        (local.set $s4
          (v128.or (i32x4.shr_u (local.get $s4) (i32.const 20)) (i32x4.shl (local.get $s4) (i32.const 12))))
        (local.set $s3 (i32x4.add (local.get $s3) (local.get $s4)))
        (local.set $s14 (v128.xor (local.get $s14) (local.get $s3)))
        (local.set $s14
          (i8x16.shuffle 3 0 1 2 7 4 5 6 11 8 9 10 15 12 13 14 (local.get $s14) (local.get $s14)))
        (local.set $s9 (i32x4.add (local.get $s9) (local.get $s14)))
        (local.set $s4 (v128.xor (local.get $s4) (local.get $s9)))
        (local.set $s4
          (v128.or (i32x4.shr_u (local.get $s4) (i32.const 25)) (i32x4.shl (local.get $s4) (i32.const 7))))
        (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
      (local.set $s0 (i32x4.add (local.get $s0) (v128.load32_splat (local.get $key))))
      (local.set $s1 (i32x4.add (local.get $s1) (v128.load32_splat offset=4 (local.get $key))))
      (local.set $s2 (i32x4.add (local.get $s2) (v128.load32_splat offset=8 (local.get $key))))
      (local.set $s3 (i32x4.add (local.get $s3) (v128.load32_splat offset=12 (local.get $key))))
      (local.set $t (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $s0) (local.get $s1)))
      (local.set $u
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $s0) (local.get $s1)))
      (local.set $v (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $s2) (local.get $s3)))
      (local.set $w
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $s2) (local.get $s3)))
      (v128.store
        (local.get $out)
        (v128.xor
          (v128.load (local.get $in))
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $t) (local.get $v))))
      (v128.store offset=64
        (local.get $out)
        (v128.xor
          (v128.load offset=64 (local.get $in))
          (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $t) (local.get $v))))
      (v128.store offset=128
        (local.get $out)
        (v128.xor
          (v128.load offset=128 (local.get $in))
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $u) (local.get $w))))
      (v128.store offset=192
        (local.get $out)
        (v128.xor
          (v128.load offset=192 (local.get $in))
          (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $u) (local.get $w))))
      (local.set $s4 (i32x4.add (local.get $s4) (v128.load32_splat offset=16 (local.get $key))))
      (local.set $s5 (i32x4.add (local.get $s5) (v128.load32_splat offset=20 (local.get $key))))
      (local.set $s6 (i32x4.add (local.get $s6) (v128.load32_splat offset=24 (local.get $key))))
      (local.set $s7 (i32x4.add (local.get $s7) (v128.load32_splat offset=28 (local.get $key))))
      (local.set $t (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $s4) (local.get $s5)))
      (local.set $u
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $s4) (local.get $s5)))
      (local.set $v (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $s6) (local.get $s7)))
      (local.set $w
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $s6) (local.get $s7)))
      (v128.store offset=16
        (local.get $out)
        (v128.xor
          (v128.load offset=16 (local.get $in))
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $t) (local.get $v))))
      (v128.store offset=80
        (local.get $out)
        (v128.xor
          (v128.load offset=80 (local.get $in))
          (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $t) (local.get $v))))
      (v128.store offset=144
        (local.get $out)
        (v128.xor
          (v128.load offset=144 (local.get $in))
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $u) (local.get $w))))
      (v128.store offset=208
        (local.get $out)
        (v128.xor
          (v128.load offset=208 (local.get $in))
          (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $u) (local.get $w))))
      (local.set $s8 (i32x4.add (local.get $s8) (v128.load32_splat offset=32 (local.get $key))))
      (local.set $s9 (i32x4.add (local.get $s9) (v128.load32_splat offset=36 (local.get $key))))
      (local.set $s10 (i32x4.add (local.get $s10) (v128.load32_splat offset=40 (local.get $key))))
      (local.set $s11 (i32x4.add (local.get $s11) (v128.load32_splat offset=44 (local.get $key))))
      (local.set $t (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $s8) (local.get $s9)))
      (local.set $u
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $s8) (local.get $s9)))
      (local.set $v (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $s10) (local.get $s11)))
      (local.set $w
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $s10) (local.get $s11)))
      (v128.store offset=32
        (local.get $out)
        (v128.xor
          (v128.load offset=32 (local.get $in))
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $t) (local.get $v))))
      (v128.store offset=96
        (local.get $out)
        (v128.xor
          (v128.load offset=96 (local.get $in))
          (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $t) (local.get $v))))
      (v128.store offset=160
        (local.get $out)
        (v128.xor
          (v128.load offset=160 (local.get $in))
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $u) (local.get $w))))
      (v128.store offset=224
        (local.get $out)
        (v128.xor
          (v128.load offset=224 (local.get $in))
          (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $u) (local.get $w))))
      (local.set $s12 (i32x4.add (local.get $s12) (local.get $counter)))
      (local.set $s13 (i32x4.add (local.get $s13) (v128.load32_splat offset=52 (local.get $key))))
      (local.set $s14 (i32x4.add (local.get $s14) (v128.load32_splat offset=56 (local.get $key))))
      (local.set $s15 (i32x4.add (local.get $s15) (v128.load32_splat offset=60 (local.get $key))))
      (local.set $t (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $s12) (local.get $s13)))
      (local.set $u
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $s12) (local.get $s13)))
      (local.set $v (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $s14) (local.get $s15)))
      (local.set $w
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $s14) (local.get $s15)))
      (v128.store offset=48
        (local.get $out)
        (v128.xor
          (v128.load offset=48 (local.get $in))
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $t) (local.get $v))))
      (v128.store offset=112
        (local.get $out)
        (v128.xor
          (v128.load offset=112 (local.get $in))
          (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $t) (local.get $v))))
      (v128.store offset=176
        (local.get $out)
        (v128.xor
          (v128.load offset=176 (local.get $in))
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $u) (local.get $w))))
      (v128.store offset=240
        (local.get $out)
        (v128.xor
          (v128.load offset=240 (local.get $in))
          (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $u) (local.get $w))))
      (local.set $counter (i32x4.add (local.get $counter) (v128.const i32x4 4 4 4 4)))
      (local.set $in (i32.add (local.get $in) (i32.const 256)))
      (local.set $out (i32.add (local.get $out) (i32.const 256)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 256))))))

  (func (export "run") (param $passes i32) (result i64)
    (call $fill (i32.const 1024) (i32.const 64))
    (call $fill (i32.const 4096) (i32.const 4096))
    ;; "expand 32-byte k"
    (v128.store (i32.const 1024) (v128.const i32x4 0x61707865 0x3320646e 0x79622d32 0x6b206574))
    (loop $again
      (call $chacha (i32.const 16384) (i32.const 4096) (i32.const 1024) (i32.const 4096))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (call $checksum (i32.const 16384) (i32.const 4096))))
