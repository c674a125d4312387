// SPDX-License-Identifier: Apache-2.0
// Moving pages: a function of variable arguments, which Swift cannot call.

#define _GNU_SOURCE
#include "CRuntime.h"

#include <sys/mman.h>

void *brolga_move_pages(void *pages, size_t bytes, size_t new_bytes, void *target) {
  void *moved = target
      ? mremap(pages, bytes, new_bytes, MREMAP_MAYMOVE | MREMAP_FIXED, target)
      : mremap(pages, bytes, new_bytes, MREMAP_MAYMOVE);
  return moved == MAP_FAILED ? NULL : moved;
}
