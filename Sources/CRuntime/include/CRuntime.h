// SPDX-License-Identifier: Apache-2.0
// What Swift needs from C: entering and leaving compiled code, signals, thread stacks, the CPU.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "BrolgaLayout.h"

// A call of compiled code: what goes in and what comes out.
// The register order is that of Artefact's CallingConvention, the results' order its result order.
typedef struct brolga_call {
  const void *code;
  void *context;
  uint64_t ints[6];
  // Whole registers: a vector fills one, a float its beginning.
  uint64_t floats[8][2];
  // Arguments and results that find no register; results are copied back.
  uint64_t stack_word_count;
  uint64_t *stack_words;
  uint64_t int_results[6];
  uint64_t float_results[8][2];
} brolga_call;

// What a host function sees of its call. It leaves register results in `ints` and `floats`,
// results on the stack in `stack_words`, behind the arguments.
typedef struct brolga_host_frame {
  uint64_t ints[6];
  uint64_t floats[8][2];
  uint64_t *stack_words;
  struct brolga_host_context *context;
  // Context of the calling instance.
  void *caller_context;
  // The caller's r10, which a host function keeps.
  uint64_t saved_r10;
} brolga_host_frame;

// The context of a host function: the 64-byte header that all contexts share, then its own part.
typedef struct brolga_host_context {
  uint64_t header[8];
  // Returns 0, or the raw value of a TrapKind. Must not unwind.
  uint32_t (*dispatch)(struct brolga_host_context *context, brolga_host_frame *frame);
  // Bytes of its arguments on the stack, which it removes.
  uint64_t argument_bytes;
} brolga_host_context;

// Runs compiled code. Returns 0, or the raw value of a TrapKind; then brolga_last_trap tells more.
uint32_t brolga_enter(brolga_call *call);

// Code of a host function's record, in Brolga's convention. Never called from C.
extern void brolga_host_entry(void);
// Helper `raise`, called by compiled code only.
extern void brolga_raise(void);
// Helper `tailCall`, jumped to by compiled code only.
extern void brolga_tail_call(void);

// What exceptions are told apart by: a tag's address is its identity.
typedef struct brolga_tag {
  struct brolga_exception_heap *heap;
  // Words of its exceptions' values: one each, of a vector two.
  uint64_t word_count;
  // Swift's own word: the tag's object.
  void *owner;
} brolga_tag;

typedef struct brolga_exception {
  brolga_tag *tag;
  // Among its heap's.
  uint32_t position;
  // A reference to it was made.
  uint16_t is_shared;
  // Of a collection.
  uint8_t is_marked;
  // Its way to a handler has begun, and the calls on it are in the thread's trap. What makes a
  // reference to it in compiled code ends that: it writes four bytes at `is_shared`.
  uint8_t is_under_way;
  // How often the host holds it.
  int64_t holds;
  uint64_t words[];
} brolga_exception;

// The exceptions of a store. Zeroed but for `mark_roots` and `owner` to begin with.
typedef struct brolga_exception_heap {
  brolga_exception **all;
  uint64_t count, capacity;
  // The number at which the next one is preceded by a collection.
  uint64_t limit;
  // Hands every word that the store's tables and globals of references hold to brolga_exception_mark.
  void (*mark_roots)(struct brolga_exception_heap *heap);
  void *owner;
  // Of a collection.
  uint64_t *set;
  unsigned set_shift;
  uint64_t set_mask, lowest, highest, words_seen;
  brolga_exception **marked;
  uint64_t marked_count;
} brolga_exception_heap;

// Helpers of compiled code. The first returns null when there is no memory.
brolga_exception *brolga_exception_new(void *context, brolga_tag *tag);
void brolga_exception_caught(void *context, brolga_exception *exception);
// Helpers `throw` and `resumeUnwinding`, called by compiled code only.
extern void brolga_throw(void);
extern void brolga_resume_unwinding(void);

void brolga_exception_mark(brolga_exception_heap *heap, uint64_t word);
// From any thread, as long as the heap lives.
void brolga_exception_hold(brolga_exception *exception, int64_t change);
void brolga_exceptions_free(brolga_exception_heap *heap);

// The exception that ended the last activation, or that a host function's failed call goes on with.
brolga_exception *brolga_take_exception(void);
void brolga_set_exception(brolga_exception *exception);

// The beginnings of what a context's memories and tables point to.
typedef struct brolga_memory_record {
  char *base;
  uint64_t byte_length;
} brolga_memory_record;

typedef struct brolga_table_record {
  uint64_t *elements;
  uint64_t length;
} brolga_table_record;

// Helpers of compiled code: see Artefact's Helper for their arguments. Each returns 0, or the raw
// value of a TrapKind, and then has written nothing.
uint64_t brolga_memory_copy(
    const char *context, uint64_t memories, uint64_t destination, uint64_t source,
    uint64_t count);
uint64_t brolga_memory_fill(
    const char *context, uint64_t memory, uint64_t destination, uint64_t value, uint64_t count);
uint64_t brolga_table_copy(
    const char *context, uint64_t tables, uint64_t destination, uint64_t source, uint64_t count);
uint64_t brolga_table_fill(
    const char *context, uint64_t table, uint64_t destination, uint64_t reference,
    uint64_t count);

#define BROLGA_BACKTRACE_FRAMES 64

typedef struct brolga_trap {
  uint32_t kind;
  // Addresses kept; frames in all.
  uint32_t frame_count;
  uint32_t total_frames;
  // Whether the first address is the faulting instruction (by signal), not a return address.
  uint32_t first_is_exact;
  // The address whose access failed, for a memory fault.
  uint64_t fault_address;
  // Innermost first. All but the first are return addresses.
  uint64_t addresses[BROLGA_BACKTRACE_FRAMES];
} brolga_trap;

// The calling thread's last trap; valid until the next one.
const brolga_trap *brolga_last_trap(void);

// The error of the host function that last failed on this thread: a word that Swift owns.
void brolga_set_error(void *error);
void *brolga_take_error(void);

// Lowest usable address of the calling thread's stack.
uint64_t brolga_stack_low(void);
// Roughly the stack pointer of the caller.
uint64_t brolga_stack_pointer(void);

// What the signal handler must know about the process's guests.
typedef struct brolga_range {
  uint64_t low, high;
  // For code: `count` entries of {code offset, wasm offset}, sorted, and their kinds. For a
  // memory reservation: null.
  const void *entries;
  const uint8_t *kinds;
  uint64_t count;
  // `function_count` entries of {code offset, size}, sorted, and for each what Artefact's FrameInfo
  // says; `handler_count` entries of {return offset, handler's offset}, sorted.
  const void *functions;
  const uint32_t *frames;
  const void *handlers;
  uint64_t function_count, handler_count;
  // Swift's own word: the loaded module.
  void *owner;
} brolga_range;

// Publishes a range; returns its slot for brolga_remove_range, or -1 without memory.
intptr_t brolga_add_range(const brolga_range *range);
void brolga_remove_range(intptr_t slot);
// Finds the code range that holds `address`. The caller makes sure that the range stays.
bool brolga_find_code(uint64_t address, brolga_range *found);
// The same for memory reservations.
bool brolga_find_memory(uint64_t address, brolga_range *found);

// Index of an entry at `offset`, or -1. Prefers a call site (kind 0) or a trap, as asked.
intptr_t brolga_find_entry(const brolga_range *range, uint32_t offset, bool call_site);

// The processor's features, in the bit order of Artefact's CPUFeatures.
uint64_t brolga_cpu_features(void);

// Moves mapped pages, or enlarges them if `target` is null; their new address, or null at an error.
// What was mapped at `target` is gone.
void *brolga_move_pages(void *pages, size_t bytes, size_t new_bytes, void *target);

// For the command-line program, before any guest: a signal that asks for its end ends it, and after
// a crash of its own it says so and ends as well.
void brolga_end_by_signals(void);

// glibc settings against giving memory back with every large free; for the command-line program.
void brolga_keep_freed_memory(void);
