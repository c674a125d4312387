// SPDX-License-Identifier: Apache-2.0
// Functions to call by name: a module that imports nothing.

#define EXPORT(name) __attribute__((export_name(#name)))

EXPORT(gcd) unsigned gcd(unsigned a, unsigned b) {
  while (b != 0) {
    unsigned rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

EXPORT(fib) unsigned fib(unsigned n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

EXPORT(power) unsigned long long power(unsigned long long base, unsigned exponent) {
  unsigned long long result = 1;
  for (; exponent != 0; exponent >>= 1) {
    if (exponent & 1) result *= base;
    base *= base;
  }
  return result;
}

EXPORT(hypotenuse) double hypotenuse(double a, double b) {
  return __builtin_sqrt(a * a + b * b);
}

// Traps when `b` is zero, and when the quotient has no 32-bit form.
EXPORT(divide) int divide(int a, int b) { return a / b; }

static int table[4] = {2, 3, 5, 7};

// Traps far outside of the memory.
EXPORT(element) int element(unsigned index) { return table[index]; }

// Traps when the stack is used up, unless the compiler sees what comes of it.
static unsigned (*volatile self)(unsigned);
static unsigned deeper(unsigned n) { return n == 0 ? 0 : self(n - 1) + 1; }
EXPORT(depth) unsigned depth(unsigned n) {
  self = deeper;
  return deeper(n);
}
