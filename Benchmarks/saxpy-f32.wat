;; SPDX-License-Identifier: Apache-2.0
;; y = a x + y over 2,048 f32, with a so small that y stays finite however often.
;; Passes: 2000000
;; Sum after 100: -6272757124867771722

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

  (func $saxpy (param $y i32) (param $x i32) (param $n i32) (param $a f32)
    (local $k v128)
    (local.set $k (f32x4.splat (local.get $a)))
    (loop $next
      (v128.store
        (local.get $y)
        (f32x4.add (f32x4.mul (local.get $k) (v128.load (local.get $x))) (v128.load (local.get $y))))
      (v128.store offset=16
        (local.get $y)
        (f32x4.add
          (f32x4.mul (local.get $k) (v128.load offset=16 (local.get $x)))
          (v128.load offset=16 (local.get $y))))
      (local.set $x (i32.add (local.get $x) (i32.const 32)))
      (local.set $y (i32.add (local.get $y) (i32.const 32)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 8))))))

  (func (export "run") (param $passes i32) (result i64)
    (call $floats (i32.const 4096) (i32.const 8192))
    (call $floats (i32.const 16384) (i32.const 8192))
    (loop $again
      (call $saxpy (i32.const 4096) (i32.const 16384) (i32.const 2048) (f32.const 0x1.8p-10))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (call $checksum (i32.const 4096) (i32.const 8192))))
