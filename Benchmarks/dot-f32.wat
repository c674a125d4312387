;; SPDX-License-Identifier: Apache-2.0
;; Dot product of two arrays of 2,048 f32, from another element in each pass: two sums at a time.
;; Passes: 2000000
;; Sum after 100: -66324314453286504

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

  (func $dot (param $a i32) (param $b i32) (param $n i32) (result f32)
    (local $s v128) (local $t v128)
    (loop $next
      (local.set $s
        (f32x4.add (local.get $s) (f32x4.mul (v128.load (local.get $a)) (v128.load (local.get $b)))))
      (local.set $t
        (f32x4.add
          (local.get $t)
          (f32x4.mul (v128.load offset=16 (local.get $a)) (v128.load offset=16 (local.get $b)))))
      (local.set $a (i32.add (local.get $a) (i32.const 32)))
      (local.set $b (i32.add (local.get $b) (i32.const 32)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 8)))))
    (local.set $s (f32x4.add (local.get $s) (local.get $t)))
    (f32.add
      (f32.add (f32x4.extract_lane 0 (local.get $s)) (f32x4.extract_lane 1 (local.get $s)))
      (f32.add (f32x4.extract_lane 2 (local.get $s)) (f32x4.extract_lane 3 (local.get $s)))))

  (func (export "run") (param $passes i32) (result i64)
    (local $sum i64)
    (call $floats (i32.const 4096) (i32.const 8256))
    (call $floats (i32.const 16384) (i32.const 8256))
    (loop $again
      (local.set $sum
        (i64.add
          (i64.rotl (local.get $sum) (i64.const 7))
          (i64.extend_i32_u
            (i32.reinterpret_f32
              (call $dot
                (i32.add
                  (i32.const 4096)
                  (i32.shl (i32.and (local.get $passes) (i32.const 15)) (i32.const 2)))
                (i32.const 16384)
                (i32.const 2048))))))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (local.get $sum)))
