// SPDX-License-Identifier: Apache-2.0
// What the C files of this target share.
#pragma once

#include "include/CRuntime.h"

// One run of compiled code: lives in brolga_enter's frame.
typedef struct brolga_activation {
  // Stack pointer of brolga_enter_asm once it has saved its registers: BROLGA_ENTRY_FRAME below its
  // frame pointer.
  uint64_t stack_pointer;
  struct brolga_activation *previous;
  // Frame pointer of brolga_host_entry while this run is inside a host function.
  uint64_t host_frame;
} brolga_activation;

typedef struct brolga_thread {
  brolga_activation *current;
  void *error;
  uint64_t stack_low;
  brolga_exception *exception;
  bool is_ready;
  brolga_trap trap;
} brolga_thread;

extern _Thread_local brolga_thread brolga_this_thread __attribute__((tls_model("initial-exec")));

uint32_t brolga_enter_asm(brolga_activation *activation, brolga_call *call);
extern void brolga_land(void);
// Where the callee of a tail call to another context returns to: no function of a guest's.
extern void brolga_tail_return(void);

// Fills in the thread's trap; `address` is the place, `frame` the frame pointer there.
void brolga_capture(
    uint32_t kind, uint64_t address, uint64_t frame, bool exact, uint64_t fault_address);

// The same in steps, of return addresses: begins, adds one, adds those of the activations around.
void brolga_begin_trap(uint32_t kind);
void brolga_add_frame(uint64_t address);
void brolga_add_outer_frames(void);

// Where a thread goes on with an exception, and with what in its registers.
typedef struct brolga_landing {
  uint64_t rbx, r10, r12, r13;
  uint64_t rbp, rsp, context;
  brolga_exception *exception;
  // Zero: `activation` ends.
  uint64_t target, activation;
} brolga_landing;

void brolga_unwind(
    brolga_landing *landing, brolga_exception *exception, uint64_t address, uint64_t frame,
    bool resumes);

// Installs handlers once per process and an alternate signal stack once per thread.
void brolga_prepare_thread(void);
