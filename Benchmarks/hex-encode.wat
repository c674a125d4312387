;; SPDX-License-Identifier: Apache-2.0
;; 4 KiB to hexadecimal digits: halves of bytes by turns, then looked up with a swizzle.
;; Passes: 2000000
;; Sum after 100: 408862797068401759

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

  (func $encode (param $out i32) (param $in i32) (param $end i32)
    (local $x v128) (local $h v128) (local $l v128) (local $digits v128)
    (local.set $digits (v128.const i8x16 48 49 50 51 52 53 54 55 56 57 97 98 99 100 101 102))
    (loop $next
      (local.set $x (v128.load (local.get $in)))
      (local.set $h (i8x16.swizzle (local.get $digits) (i8x16.shr_u (local.get $x) (i32.const 4))))
      (local.set $l
        (i8x16.swizzle
          (local.get $digits)
          (v128.and (local.get $x) (v128.const i8x16 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15))))
      (v128.store
        (local.get $out)
        (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $h) (local.get $l)))
      (v128.store offset=16
        (local.get $out)
        (i8x16.shuffle 8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31 (local.get $h) (local.get $l)))
      (local.set $out (i32.add (local.get $out) (i32.const 32)))
      (br_if $next (i32.ne (local.tee $in (i32.add (local.get $in) (i32.const 16))) (local.get $end)))))

  (func (export "run") (param $passes i32) (result i64)
    (call $fill (i32.const 4096) (i32.const 4096))
    (loop $again
      (call $encode (i32.const 16384) (i32.const 4096) (i32.const 8192))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (call $checksum (i32.const 16384) (i32.const 8192))))
