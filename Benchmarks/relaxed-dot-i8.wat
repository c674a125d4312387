;; SPDX-License-Identifier: Apache-2.0
;; A product of a matrix of i8, 64 by 128, and a vector: relaxed_dot_i8x16_i7x16_add_s.
;; The vector is of seven bits, so that the result is the same everywhere.
;; Passes: 1500000
;; Sum after 100: 8912950644823264986

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

  ;; Keeps of each word of $bytes bytes from $p on the bits of $mask.
  (func $keep (param $p i32) (param $bytes i32) (param $mask i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $p) (local.get $bytes)))
    (loop $next
      (i32.store (local.get $p) (i32.and (i32.load (local.get $p)) (local.get $mask)))
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

  (func $product (param $out i32) (param $matrix i32) (param $vector i32) (param $end i32)
    (local $p i32) (local $stop i32) (local $s v128) (local $t v128)
    (local.set $stop (i32.add (local.get $vector) (i32.const 128)))
    (loop $rows
      (local.set $p (local.get $vector))
      (local.set $s (v128.const i32x4 0 0 0 0))
      (local.set $t (v128.const i32x4 0 0 0 0))
      (loop $next
        (local.set $s
          (i32x4.relaxed_dot_i8x16_i7x16_add_s
            (v128.load (local.get $matrix))
            (v128.load (local.get $p))
            (local.get $s)))
        (local.set $t
          (i32x4.relaxed_dot_i8x16_i7x16_add_s
            (v128.load offset=16 (local.get $matrix))
            (v128.load offset=16 (local.get $p))
            (local.get $t)))
        (local.set $matrix (i32.add (local.get $matrix) (i32.const 32)))
        (br_if $next (i32.ne (local.tee $p (i32.add (local.get $p) (i32.const 32))) (local.get $stop))))
      (local.set $s (i32x4.add (local.get $s) (local.get $t)))
      (i32.store
        (local.get $out)
        (i32.add
          (i32.add (i32x4.extract_lane 0 (local.get $s)) (i32x4.extract_lane 1 (local.get $s)))
          (i32.add (i32x4.extract_lane 2 (local.get $s)) (i32x4.extract_lane 3 (local.get $s)))))
      (local.set $out (i32.add (local.get $out) (i32.const 4)))
      (br_if $rows (i32.ne (local.get $matrix) (local.get $end)))))

  (func (export "run") (param $passes i32) (result i64)
    (call $fill (i32.const 4096) (i32.const 8192))
    (call $fill (i32.const 1024) (i32.const 128))
    (call $keep (i32.const 1024) (i32.const 128) (i32.const 0x7f7f7f7f))
    (loop $again
      (call $product (i32.const 16384) (i32.const 4096) (i32.const 1024) (i32.const 12288))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (call $checksum (i32.const 16384) (i32.const 256))))
