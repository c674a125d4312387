;; SPDX-License-Identifier: Apache-2.0
;; Counts the primes below a number, ten million unless an argument says another, with a sieve.
;; Exits with status 2 if the argument is no number from 2 to 100,000,000.

(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get"
    (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "bench" "start" (func $bench_start))
  (import "bench" "end" (func $bench_end))

  ;; 0: one vector; 8, 12: what calls return; 16: digits, which end at 32; 32, 64: texts;
  ;; 256: 64 addresses of arguments; 1024: their 4,096 bytes; 8192: a bit for each odd number.
  (memory (export "memory") 97)
  (data (i32.const 32) " primes below ")
  (data (i32.const 64) "\n")

  (func $print (param $text i32) (param $count i32)
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $count))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))

  (func $print_number (param $number i32)
    (local $first i32)
    (local.set $first (i32.const 32))
    (loop $next
      (local.set $first (i32.sub (local.get $first) (i32.const 1)))
      (i32.store8 (local.get $first)
        (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
      (br_if $next
        (local.tee $number (i32.div_u (local.get $number) (i32.const 10)))))
    (call $print (local.get $first) (i32.sub (i32.const 32) (local.get $first))))

  ;; 0 if the argument is none of what it may be.
  (func $limit_from_arguments (result i32)
    (local $at i32) (local $digit i32) (local $number i32)
    (if (i32.or
          (call $args_sizes_get (i32.const 8) (i32.const 12))
          (i32.lt_u (i32.load (i32.const 8)) (i32.const 2)))
      (then (return (i32.const 10_000_000))))
    (if (i32.or
          (i32.gt_u (i32.load (i32.const 8)) (i32.const 64))
          (i32.gt_u (i32.load (i32.const 12)) (i32.const 4096)))
      (then (return (i32.const 0))))
    (if (call $args_get (i32.const 256) (i32.const 1024)) (then (return (i32.const 0))))
    (local.set $at (i32.load (i32.const 260)))
    (block $end
      (loop $next
        (br_if $end (i32.eqz (i32.load8_u (local.get $at))))
        (local.set $digit (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)))
        (if (i32.gt_u (local.get $digit) (i32.const 9)) (then (return (i32.const 0))))
        (local.set $number
          (i32.add (i32.mul (local.get $number) (i32.const 10)) (local.get $digit)))
        (if (i32.gt_u (local.get $number) (i32.const 100_000_000))
          (then (return (i32.const 0))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (local.get $number))

  ;; Whether the odd number 2 * $i + 1 has been struck out.
  (func $is_composite (param $i i32) (result i32)
    (i32.and
      (i32.shr_u
        (i32.load8_u offset=8192 (i32.shr_u (local.get $i) (i32.const 3)))
        (i32.and (local.get $i) (i32.const 7)))
      (i32.const 1)))

  (func $count_primes_below (param $limit i32) (result i32)
    (local $odds i32) (local $i i32) (local $j i32) (local $step i32) (local $count i32)
    (local.set $odds (i32.shr_u (local.get $limit) (i32.const 1)))
    (local.set $i (i32.const 1))
    (block $sieved
      (loop $next
        ;; The square of 2 * i + 1 is the first multiple that is not struck out yet.
        (local.set $j
          (i32.mul
            (i32.shl (local.get $i) (i32.const 1))
            (i32.add (local.get $i) (i32.const 1))))
        (br_if $sieved (i32.ge_u (local.get $j) (local.get $odds)))
        (if (i32.eqz (call $is_composite (local.get $i)))
          (then
            (local.set $step (i32.add (i32.shl (local.get $i) (i32.const 1)) (i32.const 1)))
            (loop $strike
              (i32.store8 offset=8192 (i32.shr_u (local.get $j) (i32.const 3))
                (i32.or
                  (i32.load8_u offset=8192 (i32.shr_u (local.get $j) (i32.const 3)))
                  (i32.shl (i32.const 1) (i32.and (local.get $j) (i32.const 7)))))
              (local.set $j (i32.add (local.get $j) (local.get $step)))
              (br_if $strike (i32.lt_u (local.get $j) (local.get $odds))))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    ;; The place of 1 among the odd numbers is where 2 is counted.
    (local.set $count (i32.gt_u (local.get $limit) (i32.const 2)))
    (local.set $i (i32.const 1))
    (block $counted
      (loop $next
        (br_if $counted (i32.ge_u (local.get $i) (local.get $odds)))
        (local.set $count
          (i32.add (local.get $count) (i32.eqz (call $is_composite (local.get $i)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (local.get $count))

  (func (export "_start")
    (local $limit i32) (local $count i32)
    (local.set $limit (call $limit_from_arguments))
    (if (i32.lt_u (local.get $limit) (i32.const 2))
      (then (call $proc_exit (i32.const 2)) (unreachable)))
    (call $bench_start)
    (local.set $count (call $count_primes_below (local.get $limit)))
    (call $bench_end)
    (call $print_number (local.get $count))
    (call $print (i32.const 32) (i32.const 14))
    (call $print_number (local.get $limit))
    (call $print (i32.const 64) (i32.const 1))))
