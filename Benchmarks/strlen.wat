;; SPDX-License-Identifier: Apache-2.0
;; The lengths of strings of some 30 bytes, one after the other, in 16 KiB: a mask of zeros, its lowest bit.
;; Passes: 150000
;; Sum after 100: -2972089156285893273

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

  (func $strlen (param $p i32) (result i32)
    (local $start i32) (local $mask i32)
    (local.set $start (local.get $p))
    (block $found
      (loop $next
        (br_if $found
          (local.tee $mask (i8x16.bitmask (i8x16.eq (v128.load (local.get $p)) (v128.const i32x4 0 0 0 0)))))
        (local.set $p (i32.add (local.get $p) (i32.const 16)))
        (br $next)))
    (i32.sub (i32.add (local.get $p) (i32.ctz (local.get $mask))) (local.get $start)))

  (func $all (param $p i32) (param $end i32) (result i64)
    (local $h i64) (local $n i32)
    (loop $next
      (local.set $n (call $strlen (local.get $p)))
      (local.set $h (i64.add (i64.mul (local.get $h) (i64.const 31)) (i64.extend_i32_u (local.get $n))))
      (local.set $p (i32.add (i32.add (local.get $p) (local.get $n)) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $p) (local.get $end))))
    (local.get $h))

  (func (export "run") (param $passes i32) (result i64)
    (local $sum i64)
    (call $fill (i32.const 4096) (i32.const 16384))
    (call $keep (i32.const 4096) (i32.const 16384) (i32.const 0x1f1f1f1f))
    (loop $again
      (local.set $sum
        (i64.add
          (i64.rotl (local.get $sum) (i64.const 7))
          (call $all
            (i32.add (i32.const 4096) (i32.and (local.get $passes) (i32.const 15)))
            (i32.const 20480))))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (local.get $sum)))
