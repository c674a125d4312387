// SPDX-License-Identifier: Apache-2.0
// The ways into compiled code and out of it (x86-64, System V to Brolga's convention).

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
  mov [rdi], rsp                 // activation->stack_pointer = rbp - 48
  mov r10, rsi
  mov rcx, [r10 + 128]           // stack words, kept 16-aligned
  test rcx, rcx
  jz 1f
  lea rax, [rcx * 8 + 15]
  and rax, -16
  sub rsp, rax
  mov rdi, rsp
  mov rsi, [r10 + 136]
  rep movsq
1:
  mov rax, [r10]
  mov r15, [r10 + 8]
  mov r14, [r15 + 8]
  movsd xmm0, qword ptr [r10 + 64]
  movsd xmm1, qword ptr [r10 + 72]
  movsd xmm2, qword ptr [r10 + 80]
  movsd xmm3, qword ptr [r10 + 88]
  movsd xmm4, qword ptr [r10 + 96]
  movsd xmm5, qword ptr [r10 + 104]
  movsd xmm6, qword ptr [r10 + 112]
  movsd xmm7, qword ptr [r10 + 120]
  mov rdi, [r10 + 16]
  mov rsi, [r10 + 24]
  mov rdx, [r10 + 32]
  mov rcx, [r10 + 40]
  mov r8, [r10 + 48]
  mov r9, [r10 + 56]
  mov rbx, rsp                   // the callee removes its arguments
  call rax
  mov r10, [rbp - 48]
  mov [r10 + 144], rax
  mov [r10 + 152], rdx
  mov [r10 + 160], rcx
  mov [r10 + 168], rsi
  mov [r10 + 176], rdi
  mov [r10 + 184], r8
  movsd qword ptr [r10 + 192], xmm0
  movsd qword ptr [r10 + 200], xmm1
  movsd qword ptr [r10 + 208], xmm2
  movsd qword ptr [r10 + 216], xmm3
  movsd qword ptr [r10 + 224], xmm4
  movsd qword ptr [r10 + 232], xmm5
  movsd qword ptr [r10 + 240], xmm6
  movsd qword ptr [r10 + 248], xmm7
  mov rcx, [r10 + 128]
  test rcx, rcx
  jz 2f
  mov rsi, rbx
  mov rdi, [r10 + 136]
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
  lea rbp, [rsp + 48]
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
  sub rsp, 144
  and rsp, -16
  mov [rsp], rdi
  mov [rsp + 8], rsi
  mov [rsp + 16], rdx
  mov [rsp + 24], rcx
  mov [rsp + 32], r8
  mov [rsp + 40], r9
  movsd qword ptr [rsp + 48], xmm0
  movsd qword ptr [rsp + 56], xmm1
  movsd qword ptr [rsp + 64], xmm2
  movsd qword ptr [rsp + 72], xmm3
  movsd qword ptr [rsp + 80], xmm4
  movsd qword ptr [rsp + 88], xmm5
  movsd qword ptr [rsp + 96], xmm6
  movsd qword ptr [rsp + 104], xmm7
  lea rax, [rbp + 16]
  mov [rsp + 112], rax
  mov [rsp + 120], r15
  mov rax, [rbp]                 // the caller's frame; it keeps its own context at -8
  mov rax, [rax - 8]
  mov [rsp + 128], rax
  mov [rsp + 136], r10
  mov rdi, rsp
  mov rsi, rbp
  call brolga_host_call
  test eax, eax
  jnz 1f
  mov rax, [rsp]
  mov rdx, [rsp + 8]
  mov rcx, [rsp + 16]
  mov rsi, [rsp + 24]
  mov rdi, [rsp + 32]
  mov r8, [rsp + 40]
  movsd xmm0, qword ptr [rsp + 48]
  movsd xmm1, qword ptr [rsp + 56]
  movsd xmm2, qword ptr [rsp + 64]
  movsd xmm3, qword ptr [rsp + 72]
  movsd xmm4, qword ptr [rsp + 80]
  movsd xmm5, qword ptr [rsp + 88]
  movsd xmm6, qword ptr [rsp + 96]
  movsd xmm7, qword ptr [rsp + 104]
  mov r10, [rsp + 136]
  mov r11, [r15 + 72]            // bytes of arguments, to remove
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
  mov edi, eax
  mov rsi, [rbp + 8]
  mov rdx, [rbp]
  call brolga_capture_raise
  mov rdi, rax
  mov esi, edx
  jmp brolga_land
.size brolga_host_entry, . - brolga_host_entry

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
  mov [rbp - 8], r15
  jmp 4f
1:
  movq xmm8, rbx
  movq xmm9, r12
  movq xmm10, r13
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
  movups xmm11, [r13 + rbx * 8]
  movups [r11 + rbx * 8], xmm11
  add rbx, 2
  jnz 2b
3:
  mov [r13 - 8], r12
  mov [r13 - 16], rbp
  lea rbp, [r13 - 16]
  mov [rbp - 8], r15
  mov [rbp - 16], r15
  mov [rbp - 24], rax
  lea r11, [rip + brolga_tail_return]
  mov [rsp], r11
  movq rbx, xmm8
  movq r12, xmm9
  movq r13, xmm10
4:
  movq r11, xmm14
  mov r15, [r11 + 8]
  mov r14, [r15 + 8]
  jmp [r11]
.size brolga_tail_call, . - brolga_tail_call

// Returns for a chain of tail calls; rsp = the results' place of the last callee.
.globl brolga_tail_return
.hidden brolga_tail_return
.type brolga_tail_return, @function
.p2align 4
brolga_tail_return:
  mov r15, [rbp - 16]
  mov r14, [r15 + 8]
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
