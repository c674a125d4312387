;; SPDX-License-Identifier: Apache-2.0
;; Halves an image of 128 by 128 grey pixels: averages of two rows, then of neighbours taken apart by shuffles.
;; Passes: 1500000
;; Sum after 100: -8956142404906869922

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

  (func $halve (param $out i32) (param $p i32)
    (local $row i32) (local $rows i32) (local $a v128) (local $b v128)
    (local.set $rows (i32.const 64))
    (loop $next
      (local.set $row (i32.add (local.get $p) (i32.const 128)))
      (loop $columns
        (local.set $a (i8x16.avgr_u (v128.load (local.get $p)) (v128.load offset=128 (local.get $p))))
        (local.set $b
          (i8x16.avgr_u (v128.load offset=16 (local.get $p)) (v128.load offset=144 (local.get $p))))
        (v128.store
          (local.get $out)
          (i8x16.avgr_u
            (i8x16.shuffle 0 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30 (local.get $a) (local.get $b))
            (i8x16.shuffle 1 3 5 7 9 11 13 15 17 19 21 23 25 27 29 31 (local.get $a) (local.get $b))))
        (local.set $out (i32.add (local.get $out) (i32.const 16)))
        (br_if $columns (i32.ne (local.tee $p (i32.add (local.get $p) (i32.const 32))) (local.get $row))))
      (local.set $p (i32.add (local.get $row) (i32.const 128)))
      (br_if $next (local.tee $rows (i32.sub (local.get $rows) (i32.const 1))))))

  (func (export "run") (param $passes i32) (result i64)
    (call $fill (i32.const 4096) (i32.const 16384))
    (loop $again
      (call $halve (i32.const 24576) (i32.const 4096))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (call $checksum (i32.const 24576) (i32.const 4096))))
