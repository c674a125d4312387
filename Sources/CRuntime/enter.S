// SPDX-License-Identifier: Apache-2.0
// The ways into compiled code and out of it (x86-64, System V to Brolga's convention). Compiled code
// asks for AVX; so does this, for on some processors mixing it with older instructions costs time.

#include "include/BrolgaLayout.h"

#if defined(__x86_64__)
.intel_syntax noprefix
.text

// uint32_t brolga_enter_asm(brolga_activation *rdi, brolga_call *rsi)
.globl brolga_enter_asm
.hidden brolga_enter_asm
.type brolga_enter_asm, @function
.p2align 4
brolga_enter_asm:
  .cfi_startproc
  push rbp
  .cfi_def_cfa_offset 16
  .cfi_offset rbp, -16
  mov rbp, rsp
  .cfi_def_cfa_register rbp
  push rbx
  push r12
  push r13
  push r14
  push r15
  push rsi
  mov [rdi], rsp                 // activation->stack_pointer = rbp - BROLGA_ENTRY_FRAME
  mov r10, rsi
  mov rcx, [r10 + BROLGA_CALL_STACK_WORD_COUNT]           // stack words, kept 16-aligned
  test rcx, rcx
  jz 1f
  lea rax, [rcx * 8 + 15]
  and rax, -16
  sub rsp, rax
  mov rdi, rsp
  mov rsi, [r10 + BROLGA_CALL_STACK_WORDS]
  rep movsq
1:
  mov rax, [r10 + BROLGA_CALL_CODE]
  mov r15, [r10 + BROLGA_CALL_CONTEXT]
  mov r14, [r15 + BROLGA_CONTEXT_MEMORY_BASE]
  vmovups xmm0, [r10 + BROLGA_CALL_FLOATS]
  vmovups xmm1, [r10 + BROLGA_CALL_FLOATS + 16]
  vmovups xmm2, [r10 + BROLGA_CALL_FLOATS + 32]
  vmovups xmm3, [r10 + BROLGA_CALL_FLOATS + 48]
  vmovups xmm4, [r10 + BROLGA_CALL_FLOATS + 64]
  vmovups xmm5, [r10 + BROLGA_CALL_FLOATS + 80]
  vmovups xmm6, [r10 + BROLGA_CALL_FLOATS + 96]
  vmovups xmm7, [r10 + BROLGA_CALL_FLOATS + 112]
  mov rdi, [r10 + BROLGA_CALL_INTS]
  mov rsi, [r10 + BROLGA_CALL_INTS + 8]
  mov rdx, [r10 + BROLGA_CALL_INTS + 16]
  mov rcx, [r10 + BROLGA_CALL_INTS + 24]
  mov r8, [r10 + BROLGA_CALL_INTS + 32]
  mov r9, [r10 + BROLGA_CALL_INTS + 40]
  mov rbx, rsp                   // the callee removes its arguments
  call rax
  mov r10, [rbp - BROLGA_ENTRY_FRAME]
  mov [r10 + BROLGA_CALL_INT_RESULTS], rax
  mov [r10 + BROLGA_CALL_INT_RESULTS + 8], rdx
  mov [r10 + BROLGA_CALL_INT_RESULTS + 16], rcx
  mov [r10 + BROLGA_CALL_INT_RESULTS + 24], rsi
  mov [r10 + BROLGA_CALL_INT_RESULTS + 32], rdi
  mov [r10 + BROLGA_CALL_INT_RESULTS + 40], r8
  vmovups [r10 + BROLGA_CALL_FLOAT_RESULTS], xmm0
  vmovups [r10 + BROLGA_CALL_FLOAT_RESULTS + 16], xmm1
  vmovups [r10 + BROLGA_CALL_FLOAT_RESULTS + 32], xmm2
  vmovups [r10 + BROLGA_CALL_FLOAT_RESULTS + 48], xmm3
  vmovups [r10 + BROLGA_CALL_FLOAT_RESULTS + 64], xmm4
  vmovups [r10 + BROLGA_CALL_FLOAT_RESULTS + 80], xmm5
  vmovups [r10 + BROLGA_CALL_FLOAT_RESULTS + 96], xmm6
  vmovups [r10 + BROLGA_CALL_FLOAT_RESULTS + 112], xmm7
  mov rcx, [r10 + BROLGA_CALL_STACK_WORD_COUNT]
  test rcx, rcx
  jz 2f
  mov rsi, rbx
  mov rdi, [r10 + BROLGA_CALL_STACK_WORDS]
  rep movsq
2:
  xor eax, eax
3:
  lea rsp, [rbp - 40]
  pop r15
  pop r14
  pop r13
  pop r12
  pop rbx
  pop rbp
  .cfi_def_cfa rsp, 8
  ret
  .cfi_endproc
.size brolga_enter_asm, . - brolga_enter_asm

// Ends an activation with a trap: rdi = activation, esi = kind. Jumped to from the signal
// handler's return, brolga_raise and brolga_host_entry; leaves brolga_enter_asm for good.
.globl brolga_land
.hidden brolga_land
.type brolga_land, @function
.p2align 4
brolga_land:
  cld
  mov eax, esi
  mov rsp, [rdi]
  lea rbp, [rsp + BROLGA_ENTRY_FRAME]
  jmp 3b
.size brolga_land, . - brolga_land

// Helper raise(context rdi, kind rsi), called by compiled code.
.globl brolga_raise
.type brolga_raise, @function
.p2align 4
brolga_raise:
  mov edi, esi
  mov rsi, [rsp]
  mov rdx, rbp
  and rsp, -16
  call brolga_capture_raise
  mov rdi, rax
  mov esi, edx
  jmp brolga_land
.size brolga_raise, . - brolga_raise

// Entry of every host function; r15 = its context. The frame is a brolga_host_frame.
.globl brolga_host_entry
.type brolga_host_entry, @function
.p2align 4
brolga_host_entry:
  push rbp
  mov rbp, rsp
  sub rsp, BROLGA_HOST_FRAME_BYTES
  and rsp, -16
  mov [rsp + BROLGA_HOST_INTS], rdi
  mov [rsp + BROLGA_HOST_INTS + 8], rsi
  mov [rsp + BROLGA_HOST_INTS + 16], rdx
  mov [rsp + BROLGA_HOST_INTS + 24], rcx
  mov [rsp + BROLGA_HOST_INTS + 32], r8
  mov [rsp + BROLGA_HOST_INTS + 40], r9
  vmovups [rsp + BROLGA_HOST_FLOATS], xmm0
  vmovups [rsp + BROLGA_HOST_FLOATS + 16], xmm1
  vmovups [rsp + BROLGA_HOST_FLOATS + 32], xmm2
  vmovups [rsp + BROLGA_HOST_FLOATS + 48], xmm3
  vmovups [rsp + BROLGA_HOST_FLOATS + 64], xmm4
  vmovups [rsp + BROLGA_HOST_FLOATS + 80], xmm5
  vmovups [rsp + BROLGA_HOST_FLOATS + 96], xmm6
  vmovups [rsp + BROLGA_HOST_FLOATS + 112], xmm7
  lea rax, [rbp + 16]
  mov [rsp + BROLGA_HOST_STACK_WORDS], rax
  mov [rsp + BROLGA_HOST_CONTEXT], r15
  mov rax, [rbp]                 // the caller's frame, which keeps its context
  mov rax, [rax - BROLGA_SAVED_CONTEXT]
  mov [rsp + BROLGA_HOST_CALLER_CONTEXT], rax
  mov [rsp + BROLGA_HOST_SAVED_R10], r10
  mov rdi, rsp
  mov rsi, rbp
  call brolga_host_call
  test eax, eax
  jnz 1f
  mov rax, [rsp + BROLGA_HOST_INTS]
  mov rdx, [rsp + BROLGA_HOST_INTS + 8]
  mov rcx, [rsp + BROLGA_HOST_INTS + 16]
  mov rsi, [rsp + BROLGA_HOST_INTS + 24]
  mov rdi, [rsp + BROLGA_HOST_INTS + 32]
  mov r8, [rsp + BROLGA_HOST_INTS + 40]
  vmovups xmm0, [rsp + BROLGA_HOST_FLOATS]
  vmovups xmm1, [rsp + BROLGA_HOST_FLOATS + 16]
  vmovups xmm2, [rsp + BROLGA_HOST_FLOATS + 32]
  vmovups xmm3, [rsp + BROLGA_HOST_FLOATS + 48]
  vmovups xmm4, [rsp + BROLGA_HOST_FLOATS + 64]
  vmovups xmm5, [rsp + BROLGA_HOST_FLOATS + 80]
  vmovups xmm6, [rsp + BROLGA_HOST_FLOATS + 96]
  vmovups xmm7, [rsp + BROLGA_HOST_FLOATS + 112]
  mov r10, [rsp + BROLGA_HOST_SAVED_R10]
  mov r11, [r15 + BROLGA_CONTEXT_ARGUMENT_BYTES] // bytes of arguments, to remove
  leave
  test r11, r11
  jnz 2f
  ret
2:
  mov r9, [rsp]
  add rsp, r11
  mov [rsp], r9
  ret
1:
  cmp eax, BROLGA_TRAP_EXCEPTION
  je 3f
  mov edi, eax
  mov rsi, [rbp + 8]
  mov rdx, [rbp]
  call brolga_capture_raise
  mov rdi, rax
  mov esi, edx
  jmp brolga_land
3:                               // an exception: unwinding begins at the caller
  mov r10, [rsp + BROLGA_HOST_SAVED_R10]
  mov [rsp], r10
  call brolga_take_exception
  mov r10, [rsp]
  mov rsi, rax
  mov rdx, [rbp + 8]
  mov rcx, [rbp]
  xor r8d, r8d
  jmp brolga_begin_unwind
.size brolga_host_entry, . - brolga_host_entry

// Helpers throw(context rdi, exception rsi) and resumeUnwinding, called by compiled code.
.globl brolga_throw
.type brolga_throw, @function
.p2align 4
brolga_throw:
  xor r8d, r8d
  mov rdx, [rsp]
  mov rcx, rbp
  jmp brolga_begin_unwind
.size brolga_throw, . - brolga_throw

.globl brolga_resume_unwinding
.type brolga_resume_unwinding, @function
.p2align 4
brolga_resume_unwinding:
  mov r8d, 1
  mov rdx, [rsp]
  mov rcx, rbp
  // Goes on below.
.size brolga_resume_unwinding, . - brolga_resume_unwinding

// Ends the function with frame rcx, in the call that returns to rdx, with the exception rsi; r8d is
// whether its handlers have not caught it. The registers that survive calls are as they were there.
.type brolga_begin_unwind, @function
brolga_begin_unwind:
  sub rsp, BROLGA_LANDING_BYTES
  and rsp, -16
  mov [rsp + BROLGA_LANDING_RBX], rbx
  mov [rsp + BROLGA_LANDING_R10], r10
  mov [rsp + BROLGA_LANDING_R12], r12
  mov [rsp + BROLGA_LANDING_R13], r13
  mov rdi, rsp
  call brolga_unwind
  mov rax, [rsp + BROLGA_LANDING_TARGET]
  test rax, rax
  jz 1f
  mov rbx, [rsp + BROLGA_LANDING_RBX]
  mov r10, [rsp + BROLGA_LANDING_R10]
  mov r12, [rsp + BROLGA_LANDING_R12]
  mov r13, [rsp + BROLGA_LANDING_R13]
  mov rbp, [rsp + BROLGA_LANDING_RBP]
  mov r15, [rsp + BROLGA_LANDING_CONTEXT]
  mov r11, [rsp + BROLGA_LANDING_EXCEPTION]
  mov rsp, [rsp + BROLGA_LANDING_RSP]
  mov r14, [r15 + BROLGA_CONTEXT_MEMORY_BASE]
  jmp rax
1:
  mov rdi, [rsp + BROLGA_LANDING_ACTIVATION]
  mov esi, BROLGA_TRAP_EXCEPTION
  jmp brolga_land
.size brolga_begin_unwind, . - brolga_begin_unwind

// Helper tailCall: jumped to with rsp at the return address, below the arguments; xmm14 = function
// record of another context, eax = words of arguments on the stack | words of results << 16.
//
// The caller's caller may rely on r14 and r15 after the return. So the callee returns to
// brolga_tail_return, into a frame that restores them. One frame does for a whole chain of tail
// calls: it is there already if this function itself was to return to it.
//
//     [E …]      the results' place; E is a multiple of 16
//     [E - 8]    return address           [E - 16]  the caller's rbp; rbp points here
//     [E - 24]   the calling context, where host functions look for it
//     [E - 32]   the context to restore   [E - 40]  words of results
//     [E - 48 …] below: the results' place for the callee, its arguments, its return address
.globl brolga_tail_call
.type brolga_tail_call, @function
.p2align 4
brolga_tail_call:
  lea r11, [rip + brolga_tail_return]
  cmp [rsp], r11
  jne 1f
  mov [rbp - BROLGA_SAVED_CONTEXT], r15
  jmp 4f
1:
  vmovq xmm8, rbx
  vmovq xmm9, r12
  vmovq xmm10, r13
  movzx ebx, ax
  shr eax, 16
  mov r12, [rsp]
  lea r13, [rsp + rbx * 8 + 8]   // E
  lea r11, [rax + 1]
  and r11, -2
  shl r11, 3
  neg r11
  lea r11, [r13 + r11 - 48]      // end of the callee's arguments
  neg rbx
  lea rsp, [r11 + rbx * 8 - 8]
  jz 3f
2:                               // down by at least 48 bytes: the first word first
  vmovups xmm11, [r13 + rbx * 8]
  vmovups [r11 + rbx * 8], xmm11
  add rbx, 2
  jnz 2b
3:
  mov [r13 - 8], r12
  mov [r13 - 16], rbp
  lea rbp, [r13 - 16]
  mov [rbp - BROLGA_SAVED_CONTEXT], r15
  mov [rbp - 16], r15
  mov [rbp - 24], rax
  lea r11, [rip + brolga_tail_return]
  mov [rsp], r11
  vmovq rbx, xmm8
  vmovq r12, xmm9
  vmovq r13, xmm10
4:
  vmovq r11, xmm14
  mov r15, [r11 + BROLGA_RECORD_CONTEXT]
  mov r14, [r15 + BROLGA_CONTEXT_MEMORY_BASE]
  jmp [r11 + BROLGA_RECORD_CODE]
.size brolga_tail_call, . - brolga_tail_call

// Returns for a chain of tail calls; rsp = the results' place of the last callee.
.globl brolga_tail_return
.hidden brolga_tail_return
.type brolga_tail_return, @function
.p2align 4
brolga_tail_return:
  mov r15, [rbp - 16]
  mov r14, [r15 + BROLGA_CONTEXT_MEMORY_BASE]
  mov r11, [rbp - 24]
  test r11, r11
  jz 2f
1:
  mov r9, [rsp + r11 * 8 - 8]
  mov [rbp + r11 * 8 + 8], r9
  dec r11
  jnz 1b
2:
  leave
  ret
.size brolga_tail_return, . - brolga_tail_return

.section .note.GNU-stack, "", @progbits
#endif
