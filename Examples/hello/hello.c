// SPDX-License-Identifier: Apache-2.0
// Writes one line to standard output: the smallest program of WASI preview 1.

#define WASI(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))

typedef struct {
  const void *bytes;
  unsigned long count;
} Vector;

WASI(fd_write)
int fd_write(int descriptor, const Vector *vectors, unsigned long count, unsigned long *written);

static const char text[] = "Hello from WebAssembly, compiled by Brolga.\n";

__attribute__((export_name("_start"))) void start(void) {
  Vector vector = {text, sizeof text - 1};
  unsigned long written;
  fd_write(1, &vector, 1, &written);
}
