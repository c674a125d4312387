// SPDX-License-Identifier: Apache-2.0
// Byte offsets and numbers that assembly, C and Swift share. Assembly and C use them from here; that
// C's structures agree is asserted in layout.c, that Swift's tables agree in RuntimeTests.
#pragma once

// brolga_call
#define BROLGA_CALL_CODE 0
#define BROLGA_CALL_CONTEXT 8
#define BROLGA_CALL_INTS 16
#define BROLGA_CALL_FLOATS 64
#define BROLGA_CALL_STACK_WORD_COUNT 192
#define BROLGA_CALL_STACK_WORDS 200
#define BROLGA_CALL_INT_RESULTS 208
#define BROLGA_CALL_FLOAT_RESULTS 256

// brolga_host_frame, and how many bytes it has
#define BROLGA_HOST_INTS 0
#define BROLGA_HOST_FLOATS 48
#define BROLGA_HOST_STACK_WORDS 176
#define BROLGA_HOST_CONTEXT 184
#define BROLGA_HOST_CALLER_CONTEXT 192
#define BROLGA_HOST_SAVED_R10 200
#define BROLGA_HOST_FRAME_BYTES 208

// brolga_landing, and how many bytes it has
#define BROLGA_LANDING_RBX 0
#define BROLGA_LANDING_R10 8
#define BROLGA_LANDING_R12 16
#define BROLGA_LANDING_R13 24
#define BROLGA_LANDING_RBP 32
#define BROLGA_LANDING_RSP 40
#define BROLGA_LANDING_CONTEXT 48
#define BROLGA_LANDING_EXCEPTION 56
#define BROLGA_LANDING_TARGET 64
#define BROLGA_LANDING_ACTIVATION 72
#define BROLGA_LANDING_BYTES 80

// brolga_exception
#define BROLGA_EXCEPTION_TAG 0
#define BROLGA_EXCEPTION_IS_SHARED 12
#define BROLGA_EXCEPTION_WORDS 24

// A bit of Artefact's FrameInfo
#define BROLGA_FRAME_KEEPS_CONTEXT 16

// brolga_activation: first comes the stack pointer, so far below the entry's frame pointer.
#define BROLGA_ENTRY_FRAME 48

// Instance contexts and those of host functions
#define BROLGA_CONTEXT_MEMORY_BASE 8
#define BROLGA_CONTEXT_TABLES 56
#define BROLGA_CONTEXT_HEADER 64
#define BROLGA_CONTEXT_ARGUMENT_BYTES 72
// In the array behind the header
#define BROLGA_MEMORY_ENTRY 16
// Below the frame pointer of a function that calls through function records: its own context
#define BROLGA_SAVED_CONTEXT 8

// Function records
#define BROLGA_RECORD_CODE 0
#define BROLGA_RECORD_CONTEXT 8

// TrapKind raw values
#define BROLGA_TRAP_MEMORY_OUT_OF_BOUNDS 2
#define BROLGA_TRAP_TABLE_OUT_OF_BOUNDS 3
#define BROLGA_TRAP_EXCEPTION 16
