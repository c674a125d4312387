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
  mov rsi, rsp
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
  leave
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

.section .note.GNU-stack, "", @progbits
#endif
