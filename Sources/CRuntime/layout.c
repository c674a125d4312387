// SPDX-License-Identifier: Apache-2.0
// Proof that C's structures lie as assembly takes them to lie.

#include "internal.h"

#define SAME(type, field, offset) \
  _Static_assert(offsetof(type, field) == (offset), #type "." #field " is elsewhere")

SAME(brolga_call, code, BROLGA_CALL_CODE);
SAME(brolga_call, context, BROLGA_CALL_CONTEXT);
SAME(brolga_call, ints, BROLGA_CALL_INTS);
SAME(brolga_call, floats, BROLGA_CALL_FLOATS);
SAME(brolga_call, stack_word_count, BROLGA_CALL_STACK_WORD_COUNT);
SAME(brolga_call, stack_words, BROLGA_CALL_STACK_WORDS);
SAME(brolga_call, int_results, BROLGA_CALL_INT_RESULTS);
SAME(brolga_call, float_results, BROLGA_CALL_FLOAT_RESULTS);

SAME(brolga_host_frame, ints, BROLGA_HOST_INTS);
SAME(brolga_host_frame, floats, BROLGA_HOST_FLOATS);
SAME(brolga_host_frame, stack_words, BROLGA_HOST_STACK_WORDS);
SAME(brolga_host_frame, context, BROLGA_HOST_CONTEXT);
SAME(brolga_host_frame, caller_context, BROLGA_HOST_CALLER_CONTEXT);
SAME(brolga_host_frame, saved_r10, BROLGA_HOST_SAVED_R10);
_Static_assert(
    sizeof(brolga_host_frame) == BROLGA_HOST_FRAME_BYTES, "a host frame has another size");

SAME(brolga_host_context, dispatch, BROLGA_CONTEXT_HEADER);
SAME(brolga_host_context, argument_bytes, BROLGA_CONTEXT_ARGUMENT_BYTES);

SAME(brolga_landing, rbx, BROLGA_LANDING_RBX);
SAME(brolga_landing, r10, BROLGA_LANDING_R10);
SAME(brolga_landing, r12, BROLGA_LANDING_R12);
SAME(brolga_landing, r13, BROLGA_LANDING_R13);
SAME(brolga_landing, rbp, BROLGA_LANDING_RBP);
SAME(brolga_landing, rsp, BROLGA_LANDING_RSP);
SAME(brolga_landing, context, BROLGA_LANDING_CONTEXT);
SAME(brolga_landing, exception, BROLGA_LANDING_EXCEPTION);
SAME(brolga_landing, target, BROLGA_LANDING_TARGET);
SAME(brolga_landing, activation, BROLGA_LANDING_ACTIVATION);
_Static_assert(sizeof(brolga_landing) == BROLGA_LANDING_BYTES, "a landing has another size");

SAME(brolga_exception, tag, BROLGA_EXCEPTION_TAG);
SAME(brolga_exception, is_shared, BROLGA_EXCEPTION_IS_SHARED);
SAME(brolga_exception, words, BROLGA_EXCEPTION_WORDS);

SAME(brolga_activation, stack_pointer, 0);
