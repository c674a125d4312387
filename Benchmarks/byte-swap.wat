;; SPDX-License-Identifier: Apache-2.0
;; Turns the order of the bytes in words of 32 and 64 bits, 8 KiB in place: one shuffle each.
;; Passes: 1000000
;; Sum after 100: -4168821828379476450

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

  (func $swap32 (param $p i32) (param $end i32)
    (local $x v128) (local $y v128)
    (loop $next
      (local.set $x (v128.load (local.get $p)))
      (local.set $y (v128.load offset=16 (local.get $p)))
      (v128.store
        (local.get $p)
        (i8x16.shuffle 3 2 1 0 7 6 5 4 11 10 9 8 15 14 13 12 (local.get $x) (local.get $x)))
      (v128.store offset=16
        (local.get $p)
        (i8x16.shuffle 3 2 1 0 7 6 5 4 11 10 9 8 15 14 13 12 (local.get $y) (local.get $y)))
      (br_if $next (i32.ne (local.tee $p (i32.add (local.get $p) (i32.const 32))) (local.get $end)))))

  (func $swap64 (param $p i32) (param $end i32)
    (local $x v128) (local $y v128)
    (loop $next
      (local.set $x (v128.load (local.get $p)))
      (local.set $y (v128.load offset=16 (local.get $p)))
      (v128.store
        (local.get $p)
        (i8x16.shuffle 7 6 5 4 3 2 1 0 15 14 13 12 11 10 9 8 (local.get $x) (local.get $x)))
      (v128.store offset=16
        (local.get $p)
        (i8x16.shuffle 7 6 5 4 3 2 1 0 15 14 13 12 11 10 9 8 (local.get $y) (local.get $y)))
      (br_if $next (i32.ne (local.tee $p (i32.add (local.get $p) (i32.const 32))) (local.get $end)))))

  (func (export "run") (param $passes i32) (result i64)
    (call $fill (i32.const 4096) (i32.const 8192))
    (loop $again
      (call $swap32 (i32.const 4096) (i32.const 12288))
      (call $swap64 (i32.const 4096) (i32.const 12288))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (call $checksum (i32.const 4096) (i32.const 8192))))
