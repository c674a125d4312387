;; SPDX-License-Identifier: Apache-2.0
;; Functions to call by name: a module that imports nothing.

(module
  (memory (export "memory") 1)
  (data (i32.const 16) "\02\00\00\00\03\00\00\00\05\00\00\00\07\00\00\00")

  (func $gcd (export "gcd") (param $a i32) (param $b i32) (result i32)
    (local $rest i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $b)))
        (local.set $rest (i32.rem_u (local.get $a) (local.get $b)))
        (local.set $a (local.get $b))
        (local.set $b (local.get $rest))
        (br $next)))
    (local.get $a))

  (func $fib (export "fib") (param $n i32) (result i32)
    (if (result i32) (i32.lt_u (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else
        (i32.add
          (call $fib (i32.sub (local.get $n) (i32.const 1)))
          (call $fib (i32.sub (local.get $n) (i32.const 2)))))))

  (func $power (export "power") (param $base i64) (param $exponent i32) (result i64)
    (local $result i64)
    (local.set $result (i64.const 1))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $exponent)))
        (if (i32.and (local.get $exponent) (i32.const 1))
          (then (local.set $result (i64.mul (local.get $result) (local.get $base)))))
        (local.set $base (i64.mul (local.get $base) (local.get $base)))
        (local.set $exponent (i32.shr_u (local.get $exponent) (i32.const 1)))
        (br $next)))
    (local.get $result))

  (func $hypotenuse (export "hypotenuse") (param $a f64) (param $b f64) (result f64)
    (f64.sqrt
      (f64.add
        (f64.mul (local.get $a) (local.get $a))
        (f64.mul (local.get $b) (local.get $b)))))

  ;; Traps when $b is zero, and when the quotient has no 32-bit form.
  (func $divide (export "divide") (param $a i32) (param $b i32) (result i32)
    (i32.div_s (local.get $a) (local.get $b)))

  ;; The first four primes. Traps far outside of the memory.
  (func $element (export "element") (param $index i32) (result i32)
    (i32.load offset=16 (i32.shl (local.get $index) (i32.const 2))))

  ;; Traps when the stack is used up.
  (func $depth (export "depth") (param $n i32) (result i32)
    (if (result i32) (i32.eqz (local.get $n))
      (then (i32.const 0))
      (else
        (i32.add (call $depth (i32.sub (local.get $n) (i32.const 1))) (i32.const 1))))))
