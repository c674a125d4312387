// SPDX-License-Identifier: Apache-2.0
// Exceptions of guests: their memory, and unwinding from where one is thrown to its handler.

#define _GNU_SOURCE
#include "internal.h"

#include <stdlib.h>
#include <string.h>

// MARK: Memory
//
// An exception that no reference was ever made to ends with the handler that catches it. Of the
// others a collection finds those that something may still refer to: it marks from what the store
// names, from what the host holds, and from every word of this thread's stack up to the outermost
// activation that looks like an exception's address, and frees the rest. A word that only looks like
// one keeps an exception for a while, no more.

static bool grow(void **block, uint64_t *capacity, size_t element) {
  uint64_t wanted = *capacity ? *capacity * 2 : 64;
  void *moved = realloc(*block, wanted * element);
  if (moved == NULL) return false;
  *block = moved;
  *capacity = wanted;
  return true;
}

#define LEAST_LIMIT 1024

static void collect(brolga_exception_heap *heap);

brolga_exception *brolga_exception_new(void *context, brolga_tag *tag) {
  (void)context;
  brolga_exception_heap *heap = tag->heap;
  if (heap->count >= heap->limit) collect(heap);
  if (heap->count == heap->capacity
      && !grow((void **)&heap->all, &heap->capacity, sizeof *heap->all)) {
    return NULL;
  }
  brolga_exception *exception = malloc(sizeof *exception + tag->word_count * 8);
  if (exception == NULL) return NULL;
  // A collection may look at the words before they are filled in.
  memset(exception, 0, sizeof *exception + tag->word_count * 8);
  exception->tag = tag;
  exception->position = (uint32_t)heap->count;
  heap->all[heap->count++] = exception;
  return exception;
}

static void discard(brolga_exception_heap *heap, brolga_exception *exception) {
  brolga_exception *last = heap->all[--heap->count];
  heap->all[exception->position] = last;
  last->position = exception->position;
  free(exception);
}

void brolga_exception_caught(void *context, brolga_exception *exception) {
  (void)context;
  exception->is_under_way = 0;
  if (!exception->is_shared) discard(exception->tag->heap, exception);
}

void brolga_exception_hold(brolga_exception *exception, int64_t change) {
  exception->is_shared = 1;
  __atomic_fetch_add(&exception->holds, change, __ATOMIC_ACQ_REL);
}

void brolga_exceptions_free(brolga_exception_heap *heap) {
  for (uint64_t i = 0; i < heap->count; i++) free(heap->all[i]);
  free(heap->all);
  free(heap->set);
  free(heap->marked);
}

// MARK: Collection

static uint64_t set_slot(const brolga_exception_heap *heap, uint64_t word) {
  return (word * 0x9E3779B97F4A7C15u) >> heap->set_shift;
}

// The addresses of all exceptions, as a hash table with open addresses at most half full.
static bool fill_set(brolga_exception_heap *heap) {
  unsigned bits = 7;
  while ((1ull << bits) < heap->count * 2) bits++;
  uint64_t *set = realloc(heap->set, sizeof *set << bits);
  if (set == NULL) return false;
  memset(set, 0, sizeof *set << bits);
  heap->set = set;
  heap->set_shift = 64 - bits;
  heap->set_mask = (1ull << bits) - 1;
  heap->lowest = UINT64_MAX;
  heap->highest = 0;
  for (uint64_t i = 0; i < heap->count; i++) {
    uint64_t address = (uint64_t)heap->all[i];
    if (address < heap->lowest) heap->lowest = address;
    if (address > heap->highest) heap->highest = address;
    uint64_t at = set_slot(heap, address);
    while (set[at]) at = (at + 1) & heap->set_mask;
    set[at] = address;
  }
  return true;
}

void brolga_exception_mark(brolga_exception_heap *heap, uint64_t word) {
  heap->words_seen++;
  if (word < heap->lowest || word > heap->highest) return;
  uint64_t at = set_slot(heap, word);
  while (heap->set[at] != word) {
    if (heap->set[at] == 0) return;
    at = (at + 1) & heap->set_mask;
  }
  brolga_exception *exception = (brolga_exception *)word;
  if (exception->is_marked) return;
  exception->is_marked = 1;
  // There is room for all.
  heap->marked[heap->marked_count++] = exception;
}

// Every register that survives calls lies above the stack pointer or in `kept`.
__attribute__((noinline)) static void mark_stack(brolga_exception_heap *heap) {
  const brolga_activation *activation = brolga_this_thread.current;
  if (activation == NULL) return;
  while (activation->previous) activation = activation->previous;
  volatile uint64_t kept[5];
  __asm__ volatile(
      "movq %%rbx, 0(%0)\n\tmovq %%r12, 8(%0)\n\tmovq %%r13, 16(%0)\n\tmovq %%r14, 24(%0)\n\t"
      "movq %%r15, 32(%0)"
      :
      : "r"(kept)
      : "memory");
  const uint64_t *end = (const uint64_t *)(activation->stack_pointer + BROLGA_ENTRY_FRAME);
  for (const volatile uint64_t *word = kept; (const uint64_t *)word < end; word++) {
    brolga_exception_mark(heap, *word);
  }
}

static void collect(brolga_exception_heap *heap) {
  brolga_exception **marked = realloc(heap->marked, heap->count * sizeof *marked);
  if (marked == NULL) return;
  heap->marked = marked;
  if (!fill_set(heap)) return;
  heap->marked_count = 0;
  heap->words_seen = 0;
  mark_stack(heap);
  heap->mark_roots(heap);
  for (uint64_t i = 0; i < heap->count; i++) {
    brolga_exception *exception = heap->all[i];
    // One that nothing refers to yet is on its way to a handler.
    bool is_held = __atomic_load_n(&exception->holds, __ATOMIC_ACQUIRE) != 0;
    if (is_held || !exception->is_shared) brolga_exception_mark(heap, (uint64_t)exception);
  }
  while (heap->marked_count > 0) {
    brolga_exception *exception = heap->marked[--heap->marked_count];
    for (uint64_t i = 0; i < exception->tag->word_count; i++) {
      brolga_exception_mark(heap, exception->words[i]);
    }
  }
  for (uint64_t i = heap->count; i-- > 0;) {
    brolga_exception *exception = heap->all[i];
    if (exception->is_marked) {
      exception->is_marked = 0;
    } else {
      discard(heap, exception);
    }
  }
  // As many new ones as live, or as pay for the words looked at.
  uint64_t room = heap->count > LEAST_LIMIT ? heap->count : LEAST_LIMIT;
  if (heap->words_seen / 4 > room) room = heap->words_seen / 4;
  heap->limit = heap->count + room;
}

// MARK: Unwinding

// Entries of two words, sorted by the first: the index of the last one at or below `offset`, or -1.
static intptr_t last_at_or_below(const uint32_t *entries, uint64_t count, uint32_t offset) {
  uint64_t low = 0, high = count;
  while (low < high) {
    uint64_t middle = low + (high - low) / 2;
    if (entries[middle * 2] <= offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return (intptr_t)low - 1;
}

// Whether the call that returns to `address` has a handler, in the function whose frame this is; fills
// in where it goes on. If not, takes from the frame the registers that its function saved.
static bool unwind_frame(
    brolga_landing *landing, const brolga_range *code, uint64_t address, uint64_t frame) {
  uint32_t offset = (uint32_t)(address - code->low);
  intptr_t function = last_at_or_below(code->functions, code->function_count, offset - 1);
  if (function < 0) return false;
  uint32_t info = code->frames[function];
  const uint32_t *handlers = code->handlers;
  intptr_t handler = last_at_or_below(handlers, code->handler_count, offset);
  if (handler >= 0 && handlers[handler * 2] == offset) {
    landing->target = code->low + handlers[handler * 2 + 1];
    landing->rbp = frame;
    landing->rsp = frame - (uint64_t)(info >> 5) * 16;
    landing->context = ((const uint64_t *)frame)[-1];
    return true;
  }
  const uint64_t *saved = (const uint64_t *)frame - (info & BROLGA_FRAME_KEEPS_CONTEXT ? 2 : 1);
  if (info & 1) landing->rbx = *saved--;
  if (info & 2) landing->r10 = *saved--;
  if (info & 4) landing->r12 = *saved--;
  if (info & 8) landing->r13 = *saved--;
  return false;
}

// Finds where the thread goes on with `exception`, which the call that returns to `address` ended with;
// `frame` is its function's frame pointer. `resumes`: the handlers of that function have not caught it.
// Called by brolga_begin_unwind.
//
// Cost: two searches for each frame on the way, and one of the code ranges where the module changes.
void brolga_unwind(
    brolga_landing *landing, brolga_exception *exception, uint64_t address, uint64_t frame,
    bool resumes) {
  brolga_thread *thread = &brolga_this_thread;
  const brolga_activation *activation = thread->current;
  uint64_t entry = activation->stack_pointer + BROLGA_ENTRY_FRAME;
  uint64_t low = thread->stack_low;
  brolga_range code = {0};
  landing->exception = exception;
  landing->target = 0;
  // A throw in a scope of its own function comes here from the scope's landing.
  if (!exception->is_under_way) resumes = false;
  if (!resumes) brolga_begin_trap(BROLGA_TRAP_EXCEPTION);
  exception->is_under_way = 1;
  while (frame > low && frame < entry && (frame & 7) == 0) {
    if (address != (uint64_t)&brolga_tail_return) {
      // The frame whose handlers did not catch it was added on the way to them.
      if (!resumes) brolga_add_frame(address);
      resumes = false;
      if (address - 1 < code.low || address - 1 >= code.high) {
        if (!brolga_find_code(address - 1, &code)) break;
      }
      if (unwind_frame(landing, &code, address, frame)) return;
    }
    uint64_t next = ((const uint64_t *)frame)[0];
    if (next == entry || next <= frame) break;
    address = ((const uint64_t *)frame)[1];
    low = frame;
    frame = next;
  }
  // Nothing of this activation catches it: that ends, and the host gets the exception.
  brolga_add_outer_frames();
  thread->exception = exception;
  landing->activation = (uint64_t)activation;
}

brolga_exception *brolga_take_exception(void) {
  brolga_exception *exception = brolga_this_thread.exception;
  brolga_this_thread.exception = NULL;
  return exception;
}

void brolga_set_exception(brolga_exception *exception) {
  brolga_this_thread.exception = exception;
}
