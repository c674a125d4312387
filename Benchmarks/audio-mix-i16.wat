;; SPDX-License-Identifier: Apache-2.0
;; Mixes 4,096 samples of two signals with a gain each, saturating, and keeps the loudest.
;; Passes: 800000
;; Sum after 100: -451199582911936548

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

  (func $mix (param $out i32) (param $a i32) (param $b i32) (param $n i32) (param $gain i32) (result i64)
    (local $x v128) (local $ga v128) (local $gb v128) (local $peak v128)
    (local.set $ga (i16x8.splat (local.get $gain)))
    (local.set $gb (i16x8.splat (i32.sub (i32.const 0x7fff) (local.get $gain))))
    (loop $next
      (local.set $x
        (i16x8.add_sat_s
          (i16x8.q15mulr_sat_s (v128.load (local.get $a)) (local.get $ga))
          (i16x8.q15mulr_sat_s (v128.load (local.get $b)) (local.get $gb))))
      (v128.store (local.get $out) (local.get $x))
      (local.set $peak (i16x8.max_u (local.get $peak) (i16x8.abs (local.get $x))))
      (local.set $x
        (i16x8.add_sat_s
          (i16x8.q15mulr_sat_s (v128.load offset=16 (local.get $a)) (local.get $ga))
          (i16x8.q15mulr_sat_s (v128.load offset=16 (local.get $b)) (local.get $gb))))
      (v128.store offset=16 (local.get $out) (local.get $x))
      (local.set $peak (i16x8.max_u (local.get $peak) (i16x8.abs (local.get $x))))
      (local.set $a (i32.add (local.get $a) (i32.const 32)))
      (local.set $b (i32.add (local.get $b) (i32.const 32)))
      (local.set $out (i32.add (local.get $out) (i32.const 32)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 16)))))
    (i64.add
      (i64x2.extract_lane 0 (local.get $peak))
      (i64.rotl (i64x2.extract_lane 1 (local.get $peak)) (i64.const 17))))

  (func (export "run") (param $passes i32) (result i64)
    (call $fill (i32.const 4096) (i32.const 16384))
    (loop $again
      (drop
        (call $mix
          (i32.const 24576)
          (i32.const 4096)
          (i32.const 12288)
          (i32.const 4096)
          (i32.and (i32.mul (local.get $passes) (i32.const 0x1357)) (i32.const 0x7fff))))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (i64.xor
      (call $checksum (i32.const 24576) (i32.const 8192))
      (call $mix (i32.const 24576) (i32.const 4096) (i32.const 12288) (i32.const 4096) (i32.const 0x6000)))))
