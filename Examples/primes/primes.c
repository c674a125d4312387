// SPDX-License-Identifier: Apache-2.0
// Counts the primes below a number, ten million unless an argument says another, with a sieve.
// Exits with status 2 if the argument is no number from 2 to 100,000,000.

#define WASI(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))
#define BENCH(name) __attribute__((import_module("bench"), import_name(#name)))

typedef struct {
  const void *bytes;
  unsigned long count;
} Vector;

WASI(fd_write)
int fd_write(int descriptor, const Vector *vectors, unsigned long count, unsigned long *written);
WASI(args_sizes_get) int args_sizes_get(unsigned long *count, unsigned long *bytes);
WASI(args_get) int args_get(char **arguments, char *characters);
WASI(proc_exit) _Noreturn void proc_exit(int status);
BENCH(start) void bench_start(void);
BENCH(end) void bench_end(void);

static char characters[4096];
static char *arguments[64];
// One bit for each odd number.
static unsigned char composite[100000000 / 16 + 1];

static void print(const char *text, unsigned long count) {
  Vector vector = {text, count};
  unsigned long written;
  fd_write(1, &vector, 1, &written);
}

static void printNumber(unsigned long number) {
  char digits[12];
  int first = sizeof digits;
  do {
    digits[--first] = '0' + number % 10;
    number /= 10;
  } while (number != 0);
  print(digits + first, sizeof digits - first);
}

static unsigned long limitFromArguments(void) {
  unsigned long count, bytes;
  if (args_sizes_get(&count, &bytes) != 0 || count < 2) return 10000000;
  if (count > 64 || bytes > sizeof characters) return 0;
  if (args_get(arguments, characters) != 0) return 0;
  unsigned long number = 0;
  for (const char *c = arguments[1]; *c; ++c) {
    if (*c < '0' || *c > '9') return 0;
    number = number * 10 + (*c - '0');
    if (number > 100000000) return 0;
  }
  return number;
}

static unsigned long countPrimesBelow(unsigned long limit) {
  unsigned long odds = limit / 2;
  for (unsigned long i = 1; 2 * i * (i + 1) < odds; ++i) {
    if (composite[i / 8] >> i % 8 & 1) continue;
    for (unsigned long j = 2 * i * (i + 1); j < odds; j += 2 * i + 1) {
      composite[j / 8] |= 1 << j % 8;
    }
  }
  // The place of 1 among the odd numbers is where 2 is counted.
  unsigned long count = limit > 2;
  for (unsigned long i = 1; i < odds; ++i) count += !(composite[i / 8] >> i % 8 & 1);
  return count;
}

__attribute__((export_name("_start"))) void start(void) {
  unsigned long limit = limitFromArguments();
  if (limit < 2) proc_exit(2);
  bench_start();
  unsigned long count = countPrimesBelow(limit);
  bench_end();
  printNumber(count);
  print(" primes below ", 14);
  printNumber(limit);
  print("\n", 1);
}
