;; SPDX-License-Identifier: Apache-2.0
;; Dot product of 2,048 f32 with relaxed_madd. The numbers are small and whole, so that it does
;; not matter whether products are rounded.
;; Passes: 1500000
;; Sum after 100: 1368106651784756584

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

  ;; Makes of words numbers from 0 to 7.
  (func $numbers (param $p i32) (param $end i32)
    (loop $next
      (v128.store
        (local.get $p)
        (f32x4.convert_i32x4_u (v128.and (v128.load (local.get $p)) (v128.const i32x4 7 7 7 7))))
      (br_if $next (i32.ne (local.tee $p (i32.add (local.get $p) (i32.const 16))) (local.get $end)))))

  (func $dot (param $a i32) (param $b i32) (param $n i32) (result f32)
    (local $s v128) (local $t v128)
    (loop $next
      (local.set $s (f32x4.relaxed_madd (v128.load (local.get $a)) (v128.load (local.get $b)) (local.get $s)))
      (local.set $t
        (f32x4.relaxed_madd
          (v128.load offset=16 (local.get $a))
          (v128.load offset=16 (local.get $b))
          (local.get $t)))
      (local.set $a (i32.add (local.get $a) (i32.const 32)))
      (local.set $b (i32.add (local.get $b) (i32.const 32)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 8)))))
    (local.set $s (f32x4.add (local.get $s) (local.get $t)))
    (f32.add
      (f32.add (f32x4.extract_lane 0 (local.get $s)) (f32x4.extract_lane 1 (local.get $s)))
      (f32.add (f32x4.extract_lane 2 (local.get $s)) (f32x4.extract_lane 3 (local.get $s)))))

  (func (export "run") (param $passes i32) (result i64)
    (local $sum i64)
    (call $fill (i32.const 4096) (i32.const 8256))
    (call $numbers (i32.const 4096) (i32.const 12352))
    (call $fill (i32.const 16384) (i32.const 8192))
    (call $numbers (i32.const 16384) (i32.const 24576))
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
