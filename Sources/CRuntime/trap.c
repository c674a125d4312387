// SPDX-License-Identifier: Apache-2.0
// Running compiled code and stopping it: activations, signals, backtraces.

#define _GNU_SOURCE
#include "internal.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

_Thread_local brolga_thread brolga_this_thread __attribute__((tls_model("initial-exec")));

// MARK: Activations

uint32_t brolga_enter(brolga_call *call) {
  brolga_thread *thread = &brolga_this_thread;
  if (!thread->is_ready) brolga_prepare_thread();
  brolga_activation activation = {.previous = thread->current};
  thread->current = &activation;
  uint32_t kind = brolga_enter_asm(&activation, call);
  thread->current = activation.previous;
  return kind;
}

const brolga_trap *brolga_last_trap(void) { return &brolga_this_thread.trap; }

void brolga_set_error(void *error) { brolga_this_thread.error = error; }

void *brolga_take_error(void) {
  void *error = brolga_this_thread.error;
  brolga_this_thread.error = NULL;
  return error;
}

// Called by brolga_host_entry.
uint32_t brolga_host_call(brolga_host_frame *frame, uint64_t frame_pointer) {
  // A host function may enter a guest again; a backtrace from there continues here.
  brolga_this_thread.current->host_frame = frame_pointer;
  return frame->context->dispatch(frame->context, frame);
}

// MARK: Backtraces

static void add_frame(brolga_trap *trap, uint64_t address) {
  if (address == (uint64_t)&brolga_tail_return) return;
  if (trap->frame_count < BROLGA_BACKTRACE_FRAMES) {
    trap->addresses[trap->frame_count++] = address;
  }
  trap->total_frames++;
}

// Adds the return addresses between `frame` and the entry of `activation`. Every frame must lie
// above the one before it and below the entry, so that a broken chain ends the walk.
static void walk(brolga_trap *trap, const brolga_activation *activation, uint64_t frame) {
  uint64_t entry = activation->stack_pointer + BROLGA_ENTRY_FRAME;
  uint64_t low = brolga_this_thread.stack_low;
  while (frame > low && frame < entry && (frame & 7) == 0) {
    uint64_t next = ((const uint64_t *)frame)[0];
    if (next == entry || next <= frame) return;
    add_frame(trap, ((const uint64_t *)frame)[1]);
    low = frame;
    frame = next;
  }
}

// Runs inside the signal handler as well: calls nothing but the functions above.
void brolga_capture(
    uint32_t kind, uint64_t address, uint64_t frame, bool exact, uint64_t fault_address) {
  brolga_thread *thread = &brolga_this_thread;
  brolga_trap *trap = &thread->trap;
  brolga_begin_trap(kind);
  trap->first_is_exact = exact;
  trap->fault_address = fault_address;
  add_frame(trap, address);
  walk(trap, thread->current, frame);
  brolga_add_outer_frames();
}

void brolga_begin_trap(uint32_t kind) {
  brolga_trap *trap = &brolga_this_thread.trap;
  trap->kind = kind;
  trap->frame_count = 0;
  trap->total_frames = 0;
  trap->first_is_exact = false;
  trap->fault_address = 0;
}

void brolga_add_frame(uint64_t address) { add_frame(&brolga_this_thread.trap, address); }

void brolga_add_outer_frames(void) {
  brolga_trap *trap = &brolga_this_thread.trap;
  const brolga_activation *activation = brolga_this_thread.current->previous;
  for (; activation; activation = activation->previous) {
    uint64_t host = activation->host_frame;
    if (host == 0) continue;
    add_frame(trap, ((const uint64_t *)host)[1]);
    walk(trap, activation, ((const uint64_t *)host)[0]);
  }
}

typedef struct landing {
  brolga_activation *activation;
  uint64_t kind;
} landing;

// Called by brolga_raise and brolga_host_entry; the pair comes back in rax and rdx.
landing brolga_capture_raise(uint32_t kind, uint64_t return_address, uint64_t frame) {
  brolga_capture(kind, return_address, frame, false, 0);
  return (landing){brolga_this_thread.current, kind};
}

// MARK: Signals

static const int handled_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
#define HANDLED_SIGNALS 4
static struct sigaction previous_actions[HANDLED_SIGNALS];

// Lets the signal end the process once its handler has returned.
static void end_by_default(int signal, const siginfo_t *info) {
  // The instruction runs again after return, and its signal then ends the process.
  struct sigaction by_default = {.sa_handler = SIG_DFL};
  sigaction(signal, &by_default, NULL);
  // A signal sent by kill(2) does not come again by itself.
  if (info->si_code <= 0) raise(signal);
}

static void chain(int signal, siginfo_t *info, void *context) {
  int index = 0;
  while (handled_signals[index] != signal) index++;
  const struct sigaction *previous = &previous_actions[index];
  if (previous->sa_flags & SA_SIGINFO) {
    previous->sa_sigaction(signal, info, context);
  } else if (previous->sa_handler == SIG_DFL || previous->sa_handler == SIG_IGN) {
    end_by_default(signal, info);
  } else {
    previous->sa_handler(signal);
  }
}

// The trap that a signal at `address` stands for; 0 if it is none of the guest's.
static uint32_t trap_kind(int signal, uint64_t address, uint64_t fault_address) {
  brolga_range code;
  if (!brolga_find_code(address, &code)) return 0;
  intptr_t entry = brolga_find_entry(&code, (uint32_t)(address - code.low), false);
  if (entry >= 0) return code.kinds[entry];
  brolga_range memory;
  if (signal == SIGSEGV && brolga_find_memory(fault_address, &memory)) {
    return BROLGA_TRAP_MEMORY_OUT_OF_BOUNDS;
  }
  return 0;
}

static void handle(int signal, siginfo_t *info, void *context) {
  ucontext_t *machine = context;
  greg_t *registers = machine->uc_mcontext.gregs;
  brolga_activation *activation = brolga_this_thread.current;
  // si_code > 0: raised by the kernel for this instruction, not sent by a process.
  if (activation && info->si_code > 0) {
    uint64_t address = (uint64_t)registers[REG_RIP];
    uint64_t fault_address = signal == SIGSEGV ? (uint64_t)info->si_addr : 0;
    uint32_t kind = trap_kind(signal, address, fault_address);
    if (kind != 0) {
      brolga_capture(kind, address, (uint64_t)registers[REG_RBP], true, fault_address);
      registers[REG_RDI] = (greg_t)activation;
      registers[REG_RSI] = kind;
      registers[REG_RIP] = (greg_t)&brolga_land;
      // Returning restores the signal mask, which a long jump from here would not.
      return;
    }
  }
  chain(signal, info, context);
}

static void install_handlers(void) {
  struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < HANDLED_SIGNALS; i++) {
    sigaction(handled_signals[i], &action, &previous_actions[i]);
  }
}

// MARK: The command-line program's end

static void report_crash(int signal, siginfo_t *info, void *context) {
  (void)context;
  char text[] = "brolga: a fault of brolga itself, signal 00\n";
  text[sizeof text - 4] = (char)('0' + signal / 10);
  text[sizeof text - 3] = (char)('0' + signal % 10);
  ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
  (void)written;
  end_by_default(signal, info);
}

void brolga_end_by_signals(void) {
  // The Swift runtime's handlers stop all threads and start a program that prints where they are,
  // which has been seen to hang. Whoever asks for that program still gets it, but not when they
  // ask for the end.
  bool wants_backtrace = getenv("SWIFT_BACKTRACE") != NULL;
  static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT};
  struct sigaction report = {.sa_sigaction = report_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  struct sigaction present;
  for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) {
    sigaction(crashes[i], NULL, &present);
    if (wants_backtrace && present.sa_handler != SIG_DFL) continue;
    sigaction(crashes[i], &report, NULL);
  }
  sigaction(SIGQUIT, NULL, &present);
  if (present.sa_handler != SIG_IGN) signal(SIGQUIT, SIG_DFL);
}

// MARK: Threads

#define SIGNAL_STACK_BYTES (128 * 1024)
#define GUARD_BYTES 4096

static pthread_once_t handlers_once = PTHREAD_ONCE_INIT;
static pthread_key_t signal_stack_key;

static void free_signal_stack(void *stack) {
  stack_t off = {.ss_flags = SS_DISABLE};
  sigaltstack(&off, NULL);
  munmap(stack, SIGNAL_STACK_BYTES + GUARD_BYTES);
}

static void prepare_process(void) {
  pthread_key_create(&signal_stack_key, free_signal_stack);
  install_handlers();
}

static void give_signal_stack(void) {
  stack_t existing;
  if (sigaltstack(NULL, &existing) == 0 && !(existing.ss_flags & SS_DISABLE)
      && existing.ss_size >= SIGNAL_STACK_BYTES / 2) {
    return;
  }
  char *stack = mmap(
      NULL, SIGNAL_STACK_BYTES + GUARD_BYTES, PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  // Without one, a guest's trap still works as long as its stack is in order.
  if (stack == MAP_FAILED) return;
  mprotect(stack, GUARD_BYTES, PROT_NONE);
  stack_t own = {.ss_sp = stack + GUARD_BYTES, .ss_size = SIGNAL_STACK_BYTES};
  if (sigaltstack(&own, NULL) != 0) {
    munmap(stack, SIGNAL_STACK_BYTES + GUARD_BYTES);
    return;
  }
  pthread_setspecific(signal_stack_key, stack);
}

uint64_t brolga_stack_low(void) {
  brolga_thread *thread = &brolga_this_thread;
  if (thread->stack_low == 0) {
    pthread_attr_t attributes;
    void *low = NULL;
    size_t size = 0, guard = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
      pthread_attr_getstack(&attributes, &low, &size);
      pthread_attr_getguardsize(&attributes, &guard);
      pthread_attr_destroy(&attributes);
    }
    thread->stack_low = (uint64_t)low + guard;
  }
  return thread->stack_low;
}

uint64_t brolga_stack_pointer(void) { return (uint64_t)__builtin_frame_address(0); }

void brolga_prepare_thread(void) {
  pthread_once(&handlers_once, prepare_process);
  give_signal_stack();
  brolga_stack_low();
  brolga_this_thread.is_ready = true;
}

void brolga_keep_freed_memory(void) {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 1 << 20);
}
