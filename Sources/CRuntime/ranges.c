// SPDX-License-Identifier: Apache-2.0
// The address ranges of guests, readable from a signal handler; and what the processor can do.

#include "internal.h"

#include <cpuid.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

// Slots are written under a lock and read without one. `sequence` is odd while a slot is being
// written; a reader skips such a slot, which can never be the one it looks for: that one is
// in use by the reader's own thread. Chunks are never freed.
typedef struct slot {
  _Atomic uint32_t sequence;
  bool in_use;
  brolga_range range;
} slot;

#define CHUNK_SLOTS 64

typedef struct chunk {
  slot slots[CHUNK_SLOTS];
  struct chunk *_Atomic next;
} chunk;

static chunk first_chunk;
static pthread_mutex_t write_lock = PTHREAD_MUTEX_INITIALIZER;

static void write_slot(slot *slot, const brolga_range *range) {
  uint32_t sequence = atomic_load_explicit(&slot->sequence, memory_order_relaxed);
  atomic_store_explicit(&slot->sequence, sequence + 1, memory_order_relaxed);
  atomic_thread_fence(memory_order_release);
  slot->range = *range;
  atomic_store_explicit(&slot->sequence, sequence + 2, memory_order_release);
}

static bool read_slot(slot *slot, brolga_range *range) {
  uint32_t before = atomic_load_explicit(&slot->sequence, memory_order_acquire);
  if (before & 1) return false;
  *range = slot->range;
  atomic_thread_fence(memory_order_acquire);
  return atomic_load_explicit(&slot->sequence, memory_order_relaxed) == before;
}

intptr_t brolga_add_range(const brolga_range *range) {
  intptr_t index = 0;
  pthread_mutex_lock(&write_lock);
  for (chunk *chunk_at = &first_chunk;; index += CHUNK_SLOTS) {
    for (int i = 0; i < CHUNK_SLOTS; i++) {
      slot *candidate = &chunk_at->slots[i];
      if (candidate->in_use) continue;
      candidate->in_use = true;
      write_slot(candidate, range);
      pthread_mutex_unlock(&write_lock);
      return index + i;
    }
    chunk *next = atomic_load_explicit(&chunk_at->next, memory_order_relaxed);
    if (next == NULL) {
      next = calloc(1, sizeof(chunk));
      if (next == NULL) {
        pthread_mutex_unlock(&write_lock);
        return -1;
      }
      atomic_store_explicit(&chunk_at->next, next, memory_order_release);
    }
    chunk_at = next;
  }
}

void brolga_remove_range(intptr_t index) {
  if (index < 0) return;
  pthread_mutex_lock(&write_lock);
  chunk *chunk_at = &first_chunk;
  for (; index >= CHUNK_SLOTS; index -= CHUNK_SLOTS) {
    chunk_at = atomic_load_explicit(&chunk_at->next, memory_order_relaxed);
  }
  brolga_range none = {0};
  write_slot(&chunk_at->slots[index], &none);
  chunk_at->slots[index].in_use = false;
  pthread_mutex_unlock(&write_lock);
}

static bool find(uint64_t address, bool is_code, brolga_range *found) {
  for (chunk *chunk_at = &first_chunk; chunk_at;
       chunk_at = atomic_load_explicit(&chunk_at->next, memory_order_acquire)) {
    for (int i = 0; i < CHUNK_SLOTS; i++) {
      if (!read_slot(&chunk_at->slots[i], found)) continue;
      if (address >= found->low && address < found->high && (found->owner != NULL) == is_code) {
        return true;
      }
    }
  }
  return false;
}

bool brolga_find_code(uint64_t address, brolga_range *found) { return find(address, true, found); }

bool brolga_find_memory(uint64_t address, brolga_range *found) {
  return find(address, false, found);
}

intptr_t brolga_find_entry(const brolga_range *range, uint32_t offset, bool call_site) {
  const char *entries = range->entries;
  uint64_t low = 0, high = range->count;
  uint32_t at;
  while (low < high) {
    uint64_t middle = low + (high - low) / 2;
    memcpy(&at, entries + middle * 8, 4);
    if (at < offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  for (; low < range->count; low++) {
    memcpy(&at, entries + low * 8, 4);
    if (at != offset) break;
    if ((range->kinds[low] == 0) == call_site) return (intptr_t)low;
  }
  return -1;
}

// MARK: The processor

uint64_t brolga_cpu_features(void) {
  uint32_t a, b, c, d;
  uint64_t features = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  uint32_t leaf1 = c;
  // AVX and AVX-512 count only if the system saves their registers.
  bool has_avx = false, has_avx512 = false;
  if ((leaf1 & bit_OSXSAVE) && (leaf1 & bit_AVX)) {
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    has_avx = (low & 6) == 6;
    has_avx512 = (low & 0xE6) == 0xE6;
  }
  uint32_t leaf7 = 0, leaf7c = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    leaf7 = b;
    leaf7c = c;
  }
  uint32_t all512 = bit_AVX512F | bit_AVX512CD | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
  has_avx512 = has_avx512 && (leaf7 & all512) == all512;
  uint32_t extended = 0;
  if (__get_cpuid(0x80000001, &a, &b, &c, &d)) extended = c;
  if (leaf1 & bit_SSE4_1) features |= 1 << 0;
  if (leaf1 & bit_SSE4_2) features |= 1 << 1;
  if (leaf1 & bit_POPCNT) features |= 1 << 2;
  if (has_avx) features |= 1 << 3;
  if (has_avx && (leaf7 & bit_AVX2)) features |= 1 << 4;
  if (leaf7 & bit_BMI) features |= 1 << 5;
  if (leaf7 & bit_BMI2) features |= 1 << 6;
  if (extended & (1u << 5)) features |= 1 << 7; // LZCNT
  if (has_avx && (leaf1 & bit_FMA)) features |= 1 << 8;
  if (has_avx && (leaf1 & bit_F16C)) features |= 1 << 9;
  if (leaf1 & bit_MOVBE) features |= 1 << 10;
  if (has_avx512) features |= 1 << 11;
  if (has_avx512 && (leaf7c & bit_AVX512BITALG)) features |= 1 << 12;
  if (has_avx512 && (leaf7c & bit_AVX512VBMI)) features |= 1 << 13;
  return features;
}
