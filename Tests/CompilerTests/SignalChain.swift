// SPDX-License-Identifier: Apache-2.0
// Signal handlers of tests that run compiled code, beside those of the runtime's tests.

import Glibc

/// A handler of illegal instructions, arithmetic faults and accesses to what is protected that knows its
/// own code only.
///
/// All tests run in one process, the runtime's with its own handlers among them: whoever is
/// installed last must pass on what is not its own.
struct SignalChain: @unchecked Sendable {
  private var illegalInstruction = sigaction()
  private var arithmetic = sigaction()
  private var access = sigaction()

  /// Puts `handler` before the handlers that are there.
  init(
    _ handler:
      @convention(c) (Int32, UnsafeMutablePointer<siginfo_t>?, UnsafeMutableRawPointer?)
      -> Void
  ) {
    var action = sigaction()
    action.sa_flags = SA_SIGINFO | Int32(SA_ONSTACK) | Int32(SA_NODEFER)
    action.__sigaction_handler.sa_sigaction = handler
    sigaction(SIGILL, &action, &illegalInstruction)
    sigaction(SIGFPE, &action, &arithmetic)
    sigaction(SIGSEGV, &action, &access)
  }

  /// Hands a signal that is not the test's to the handler before.
  func passOn(
    _ number: Int32, _ info: UnsafeMutablePointer<siginfo_t>?, _ context: UnsafeMutableRawPointer?
  ) {
    let previous = [SIGILL: illegalInstruction, SIGSEGV: access][number] ?? arithmetic
    if previous.sa_flags & SA_SIGINFO != 0 {
      previous.__sigaction_handler.sa_sigaction(number, info, context)
    } else {
      signal(number, SIG_DFL)
    }
  }
}
