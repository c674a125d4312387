;; SPDX-License-Identifier: Apache-2.0
;; Where a byte is first, in 8 KiB from another place in each pass: 32 bytes at a time, then the lowest bit of a mask.
;; Passes: 2000000
;; Sum after 100: -5028207415125515396

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

  ;; The byte must be somewhere.
  (func $memchr (param $p i32) (param $byte i32) (result i32)
    (local $start i32) (local $mask i32) (local $x v128) (local $a v128) (local $b v128)
    (local.set $start (local.get $p))
    (local.set $x (i8x16.splat (local.get $byte)))
    (local.set $p (i32.sub (local.get $p) (i32.const 32)))
    (loop $next
      (local.set $p (i32.add (local.get $p) (i32.const 32)))
      (local.set $a (i8x16.eq (v128.load (local.get $p)) (local.get $x)))
      (local.set $b (i8x16.eq (v128.load offset=16 (local.get $p)) (local.get $x)))
      (br_if $next (i32.eqz (v128.any_true (v128.or (local.get $a) (local.get $b))))))
    (local.set $mask
      (i32.or (i8x16.bitmask (local.get $a)) (i32.shl (i8x16.bitmask (local.get $b)) (i32.const 16))))
    (i32.sub (i32.add (local.get $p) (i32.ctz (local.get $mask))) (local.get $start)))

  (func (export "run") (param $passes i32) (result i64)
    (local $sum i64)
    (call $fill (i32.const 4096) (i32.const 8192))
    (call $keep (i32.const 4096) (i32.const 8192) (i32.const 0x7f7f7f7f))
    (i32.store8 (i32.const 12300) (i32.const 0xaa))
    (memory.fill (i32.const 12320) (i32.const 0xaa) (i32.const 64))
    (loop $again
      (local.set $sum
        (i64.add
          (i64.rotl (local.get $sum) (i64.const 7))
          (i64.extend_i32_u
            (call $memchr
              (i32.add (i32.const 4096) (i32.and (local.get $passes) (i32.const 1023)))
              (i32.const 0xaa)))))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (local.get $sum)))
