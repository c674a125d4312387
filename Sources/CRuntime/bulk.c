// SPDX-License-Identifier: Apache-2.0
// Copying and filling memories and tables, as helpers of compiled code: most lengths are short, so
// that what counts is the way there and back.

#include "internal.h"

#include <string.h>

static brolga_memory_record *memory_record(const char *context, uint32_t index) {
  const char *entry = context + BROLGA_CONTEXT_HEADER + (uint64_t)index * BROLGA_MEMORY_ENTRY;
  return *(brolga_memory_record *const *)entry;
}

static brolga_table_record *table_record(const char *context, uint32_t index) {
  return (*(brolga_table_record **const *)(context + BROLGA_CONTEXT_TABLES))[index];
}

// Whether `count` units at `start` lie within `length`; nothing wraps.
static bool contains(uint64_t length, uint64_t start, uint64_t count) {
  return start <= length && count <= length - start;
}

// Two loads, which may overlap, before two stores: so `to` and `from` may overlap as well.
#define MOVE_ENDS(type)                                   \
  do {                                                    \
    type first, last;                                     \
    memcpy(&first, from, sizeof(type));                   \
    memcpy(&last, from + count - sizeof(type), sizeof(type)); \
    memcpy(to, &first, sizeof(type));                     \
    memcpy(to + count - sizeof(type), &last, sizeof(type)); \
  } while (0)

typedef long long vector __attribute__((vector_size(16)));

static inline void move_bytes(char *to, const char *from, uint64_t count) {
  if (__builtin_expect(count > 32, false)) {
    if (count > 64) {
      memmove(to, from, count);
      return;
    }
    vector first, second, third, last;
    memcpy(&first, from, 16);
    memcpy(&second, from + 16, 16);
    memcpy(&third, from + count - 32, 16);
    memcpy(&last, from + count - 16, 16);
    memcpy(to, &first, 16);
    memcpy(to + 16, &second, 16);
    memcpy(to + count - 32, &third, 16);
    memcpy(to + count - 16, &last, 16);
  } else if (count >= 16) {
    MOVE_ENDS(vector);
  } else if (count >= 8) {
    MOVE_ENDS(uint64_t);
  } else if (count >= 4) {
    MOVE_ENDS(uint32_t);
  } else if (count >= 2) {
    MOVE_ENDS(uint16_t);
  } else if (count == 1) {
    *to = *from;
  }
}

uint64_t brolga_memory_copy(
    const char *context, uint64_t memories, uint64_t destination, uint64_t source,
    uint64_t count) {
  brolga_memory_record *to = memory_record(context, (uint32_t)memories);
  brolga_memory_record *from = memory_record(context, (uint32_t)(memories >> 32));
  if (!contains(to->byte_length, destination, count)
      || !contains(from->byte_length, source, count)) {
    return BROLGA_TRAP_MEMORY_OUT_OF_BOUNDS;
  }
  move_bytes(to->base + destination, from->base + source, count);
  return 0;
}

uint64_t brolga_memory_fill(
    const char *context, uint64_t memory, uint64_t destination, uint64_t value, uint64_t count) {
  brolga_memory_record *record = memory_record(context, (uint32_t)memory);
  if (!contains(record->byte_length, destination, count)) {
    return BROLGA_TRAP_MEMORY_OUT_OF_BOUNDS;
  }
  char *to = record->base + destination;
  uint64_t bytes = (value & 0xff) * 0x0101010101010101;
  if (count > 64) {
    memset(to, (int)(value & 0xff), count);
  } else if (count >= 16) {
    // Up to four vectors; the last ones may overlap those before.
    vector words = {(long long)bytes, (long long)bytes};
    memcpy(to, &words, 16);
    memcpy(to + count - 16, &words, 16);
    if (count > 32) {
      memcpy(to + 16, &words, 16);
      memcpy(to + count - 32, &words, 16);
    }
  } else if (count >= 8) {
    memcpy(to, &bytes, 8);
    memcpy(to + count - 8, &bytes, 8);
  } else if (count >= 4) {
    memcpy(to, &bytes, 4);
    memcpy(to + count - 4, &bytes, 4);
  } else if (count >= 1) {
    to[0] = to[count / 2] = to[count - 1] = (char)value;
  }
  return 0;
}

uint64_t brolga_table_copy(
    const char *context, uint64_t tables, uint64_t destination, uint64_t source, uint64_t count) {
  brolga_table_record *to = table_record(context, (uint32_t)tables);
  brolga_table_record *from = table_record(context, (uint32_t)(tables >> 32));
  if (!contains(to->length, destination, count) || !contains(from->length, source, count)) {
    return BROLGA_TRAP_TABLE_OUT_OF_BOUNDS;
  }
  move_bytes(
      (char *)(to->elements + destination), (const char *)(from->elements + source), count * 8);
  return 0;
}

uint64_t brolga_table_fill(
    const char *context, uint64_t table, uint64_t destination, uint64_t reference,
    uint64_t count) {
  brolga_table_record *record = table_record(context, (uint32_t)table);
  if (!contains(record->length, destination, count)) return BROLGA_TRAP_TABLE_OUT_OF_BOUNDS;
  uint64_t *to = record->elements + destination;
  for (uint64_t i = 0; i < count; i++) to[i] = reference;
  return 0;
}
