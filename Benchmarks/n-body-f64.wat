;; SPDX-License-Identifier: Apache-2.0
;; Five bodies that draw each other, 64 steps in each pass: x and y in one vector, z in another.
;; The distance has a little added, so that no two come too near.
;; Passes: 100000
;; Sum after 100: -1418903839894223015

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

  ;; Of a body: position x y, z 0, velocity x y, z 0, mass twice.
  (func $place (param $p i32) (param $end i32)
    (local $q i32)
    (local.set $q (local.get $p))
    (call $floats (i32.const 65536) (i32.const 320))
    (loop $next
      (f64.store
        (local.get $q)
        (f64.mul (f64.promote_f32 (f32.load offset=61440 (local.get $q))) (f64.const 8)))
      (f64.store offset=8
        (local.get $q)
        (f64.mul (f64.promote_f32 (f32.load offset=61444 (local.get $q))) (f64.const 8)))
      (f64.store offset=16
        (local.get $q)
        (f64.mul (f64.promote_f32 (f32.load offset=61448 (local.get $q))) (f64.const 8)))
      (v128.store offset=32 (local.get $q) (v128.const i32x4 0 0 0 0))
      (v128.store offset=48 (local.get $q) (v128.const i32x4 0 0 0 0))
      (v128.store offset=64
        (local.get $q)
        (f64x2.splat (f64.add (f64.promote_f32 (f32.load offset=61452 (local.get $q))) (f64.const 2))))
      (br_if $next (i32.ne (local.tee $q (i32.add (local.get $q) (i32.const 80))) (local.get $end)))))

  (func $steps (param $p i32) (param $end i32) (param $n i32)
    (local $a i32) (local $b i32) (local $xy v128) (local $z v128) (local $vxy v128) (local $vz v128)
    (local $dxy v128) (local $dz v128) (local $d v128) (local $m v128)
    (loop $step
      (local.set $a (local.get $p))
      (loop $first
        (local.set $xy (v128.load (local.get $a)))
        (local.set $z (v128.load offset=16 (local.get $a)))
        (local.set $vxy (v128.load offset=32 (local.get $a)))
        (local.set $vz (v128.load offset=48 (local.get $a)))
        (local.set $b (i32.add (local.get $a) (i32.const 80)))
        (if (i32.ne (local.get $b) (local.get $end))
          (then
            (loop $second
              (local.set $dxy (f64x2.sub (local.get $xy) (v128.load (local.get $b))))
              (local.set $dz (f64x2.sub (local.get $z) (v128.load offset=16 (local.get $b))))
              (local.set $d
                (f64x2.add
                  (f64x2.mul (local.get $dxy) (local.get $dxy))
                  (f64x2.mul (local.get $dz) (local.get $dz))))
              (local.set $d
                (f64x2.add
                  (f64x2.add
                    (local.get $d)
                    (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $d) (local.get $d)))
                  (v128.const f64x2 0.01 0.01)))
              (local.set $m
                (f64x2.div
                  (v128.const f64x2 0.001 0.001)
                  (f64x2.mul (local.get $d) (f64x2.sqrt (local.get $d)))))
              (local.set $d (f64x2.mul (local.get $m) (v128.load offset=64 (local.get $b))))
              (local.set $vxy (f64x2.sub (local.get $vxy) (f64x2.mul (local.get $dxy) (local.get $d))))
              (local.set $vz (f64x2.sub (local.get $vz) (f64x2.mul (local.get $dz) (local.get $d))))
              (local.set $d (f64x2.mul (local.get $m) (v128.load offset=64 (local.get $a))))
              (v128.store offset=32
                (local.get $b)
                (f64x2.add (v128.load offset=32 (local.get $b)) (f64x2.mul (local.get $dxy) (local.get $d))))
              (v128.store offset=48
                (local.get $b)
                (f64x2.add (v128.load offset=48 (local.get $b)) (f64x2.mul (local.get $dz) (local.get $d))))
              (br_if $second (i32.ne (local.tee $b (i32.add (local.get $b) (i32.const 80))) (local.get $end))))))
        (v128.store offset=32 (local.get $a) (local.get $vxy))
        (v128.store offset=48 (local.get $a) (local.get $vz))
        (v128.store
          (local.get $a)
          (f64x2.add (local.get $xy) (f64x2.mul (local.get $vxy) (v128.const f64x2 0.001 0.001))))
        (v128.store offset=16
          (local.get $a)
          (f64x2.add (local.get $z) (f64x2.mul (local.get $vz) (v128.const f64x2 0.001 0.001))))
        (br_if $first (i32.ne (local.tee $a (i32.add (local.get $a) (i32.const 80))) (local.get $end))))
      (br_if $step (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

  (func (export "run") (param $passes i32) (result i64)
    (call $place (i32.const 4096) (i32.const 4496))
    (loop $again
      (call $steps (i32.const 4096) (i32.const 4496) (i32.const 64))
      (br_if $again (local.tee $passes (i32.sub (local.get $passes) (i32.const 1)))))
    (call $checksum (i32.const 4096) (i32.const 400))))
