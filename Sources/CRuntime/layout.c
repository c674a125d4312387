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

SAME(brolga_activation, stack_pointer, 0);
