;; SPDX-License-Identifier: Apache-2.0
;; Takes pixels of one image where they differ from another's by more than a threshold, 8 KiB: comparison, bitselect.
;; Passes: 1000000
;; Sum after 100: -3413868775907464618

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

  (func $merge (param $out i32) (param $p i32) (param $q i32) (param $end i32) (param $threshold i32) (result i64)
    (local $x v128) (local $y v128) (local $m v128) (local $t v128) (local $changed v128)
    (local.set $t (i8x16.splat (local.get $threshold)))
    (loop $next
      (local.set $x (v128.load (local.get $p)))
      (local.set $y (v128.load (local.get $q)))
      (local.set $m
        (i8x16.gt_u
          (v128.or
            (i8x16.sub_sat_u (local.get $x) (local.get $y))
            (i8x16.sub_sat_u (local.get $y) (local.get $x)))
          (local.get $t)))
      (v128.store (local.get $out) (v128.bitselect (local.get $x) (local.get $y) (local.get $m)))
      (local.set $changed (i8x16.sub (local.get $changed) (local.get $m)))
      (local.set $x (v128.load offset=16 (local.get $p)))
      (local.set $y (v128.load offset=16 (local.get $q)))
      (local.set $m
        (i8x16.gt_u
          (v128.or
            (i8x16.sub_sat_u (local.get $x) (local.get $y))
            (i8x16.sub_sat_u (local.get $y) (local.get $x)))
          (local.get $t)))
      (v128.store offset=16 (local.get $out) (v128.bitselect (local.get $x) (local.get $y) (local.get $m)))
      (local.set $changed (i8x16.sub (local.get $changed) (local.get $m)))
      (local.set $q (i32.add (local.get $q) (i32.const 32)))
      (local.set $out (i32.add (local.get $out) (i32.const 32)))
      (br_if $next (i32.ne (local.tee $p (i32.add (local.get $p) (i32.const 32))) (local.get $end))))
    (i64.add
      (i64x2.extract_lane 0 (local.get $changed))
      (i64.rotl (i64x2.extract_lane 1 (local.get $changed)) (i64.const 17))))

  (func (export "run") (param $passes i32) (result i64)
    (call $fill (i32.const 4096) (i32.const 16384))
    (loop $again
      (drop
        (call $merge
          (i32.const 24576)
          (i32.const 4096)
          (i32.const 12288)
          (i32.const 12288)
          (local.get $passes)))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (i64.add
      (call $merge (i32.const 24576) (i32.const 4096) (i32.const 12288) (i32.const 12288) (i32.const 77))
      (call $checksum (i32.const 24576) (i32.const 8192)))))
