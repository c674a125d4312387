;; SPDX-License-Identifier: Apache-2.0
;; A filter of 16 coefficients over 1,024 samples: eight outputs at a time, loads that are not aligned.
;; Passes: 300000
;; Sum after 100: 4601538513284240020

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

  (func $checksum (param $p i32) (param $bytes i32) (result i64)
    (local $h i64) (local $end i32)
    (local.set $h (i64.const 0xcbf29ce484222325))
    (local.set $end (i32.add (local.get $p) (local.get $bytes)))
    (loop $next
      (local.set $h
        (i64.mul (i64.xor (local.get $h) (i64.load32_u (local.get $p))) (i64.const 0x100000001b3)))
      (br_if $next (i32.ne (local.tee $p (i32.add (local.get $p) (i32.const 4))) (local.get $end))))
    (local.get $h))

  (func $fir (param $out i32) (param $x i32) (param $taps i32) (param $n i32)
    (local $k i32) (local $s v128) (local $t v128) (local $c v128)
    (loop $next
      (local.set $s (v128.const i32x4 0 0 0 0))
      (local.set $t (v128.const i32x4 0 0 0 0))
      (local.set $k (i32.const 0))
      (loop $tap
        (local.set $c (v128.load32_splat (i32.add (local.get $taps) (local.get $k))))
        (local.set $s
          (f32x4.add
            (local.get $s)
            (f32x4.mul (local.get $c) (v128.load (i32.add (local.get $x) (local.get $k))))))
        (local.set $t
          (f32x4.add
            (local.get $t)
            (f32x4.mul (local.get $c) (v128.load offset=16 (i32.add (local.get $x) (local.get $k))))))
        (local.set $c (v128.load32_splat offset=4 (i32.add (local.get $taps) (local.get $k))))
        (local.set $s
          (f32x4.add
            (local.get $s)
            (f32x4.mul (local.get $c) (v128.load offset=4 (i32.add (local.get $x) (local.get $k))))))
        (local.set $t
          (f32x4.add
            (local.get $t)
            (f32x4.mul (local.get $c) (v128.load offset=20 (i32.add (local.get $x) (local.get $k))))))
        (br_if $tap (i32.ne (local.tee $k (i32.add (local.get $k) (i32.const 8))) (i32.const 64))))
      (v128.store (local.get $out) (local.get $s))
      (v128.store offset=16 (local.get $out) (local.get $t))
      (local.set $x (i32.add (local.get $x) (i32.const 32)))
      (local.set $out (i32.add (local.get $out) (i32.const 32)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 8))))))

  (func (export "run") (param $passes i32) (result i64)
    (call $floats (i32.const 1024) (i32.const 64))
    (call $floats (i32.const 4096) (i32.const 8192))
    (loop $again
      (call $fir
        (i32.const 16384)
        (i32.add (i32.const 4096) (i32.shl (i32.and (local.get $passes) (i32.const 7)) (i32.const 2)))
        (i32.const 1024)
        (i32.const 1024))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (call $checksum (i32.const 16384) (i32.const 4096))))
