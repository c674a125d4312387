;; SPDX-License-Identifier: Apache-2.0
;; A table of 1,024 f32 read at 2,048 places and interpolated: loads of lanes at extracted addresses, replaced lanes.
;; Passes: 150000
;; Sum after 100: 2487429242924349303

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

  (func $gather (param $out i32) (param $in i32) (param $table i32) (param $n i32)
    (local $x v128) (local $i v128) (local $a v128) (local $b v128) (local $p i32) (local $q i32)
    (local $r i32) (local $s i32)
    (loop $next
      ;; From -1 to 1 to a place in the table, and how far it is to the next.
      (local.set $x
        (f32x4.mul
          (f32x4.add (v128.load (local.get $in)) (v128.const f32x4 1 1 1 1))
          (v128.const f32x4 511 511 511 511)))
      (local.set $i (i32x4.trunc_sat_f32x4_u (local.get $x)))
      (local.set $x (f32x4.sub (local.get $x) (f32x4.convert_i32x4_u (local.get $i))))
      (local.set $i (i32x4.add (i32x4.shl (local.get $i) (i32.const 2)) (i32x4.splat (local.get $table))))
      (local.set $p (i32x4.extract_lane 0 (local.get $i)))
      (local.set $q (i32x4.extract_lane 1 (local.get $i)))
      (local.set $r (i32x4.extract_lane 2 (local.get $i)))
      (local.set $s (i32x4.extract_lane 3 (local.get $i)))
      (local.set $a
        (v128.load32_lane 3
          (local.get $s)
          (v128.load32_lane 2
            (local.get $r)
            (v128.load32_lane 1 (local.get $q) (v128.load32_zero (local.get $p))))))
      (local.set $b
        (f32x4.replace_lane 3
          (f32x4.replace_lane 2
            (f32x4.replace_lane 1
              (f32x4.splat (f32.load offset=4 (local.get $p)))
              (f32.load offset=4 (local.get $q)))
            (f32.load offset=4 (local.get $r)))
          (f32.load offset=4 (local.get $s))))
      (v128.store
        (local.get $out)
        (f32x4.add (local.get $a) (f32x4.mul (f32x4.sub (local.get $b) (local.get $a)) (local.get $x))))
      (local.set $in (i32.add (local.get $in) (i32.const 16)))
      (local.set $out (i32.add (local.get $out) (i32.const 16)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 4))))))

  (func (export "run") (param $passes i32) (result i64)
    (call $floats (i32.const 4096) (i32.const 8192))
    (call $floats (i32.const 16384) (i32.const 4096))
    (loop $again
      (call $gather (i32.const 24576) (i32.const 4096) (i32.const 16384) (i32.const 2048))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (call $checksum (i32.const 24576) (i32.const 8192))))
