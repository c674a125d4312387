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

// Installs handlers once per process and an alternate signal stack once per thread.
void brolga_prepare_thread(void);
