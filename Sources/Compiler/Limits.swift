// SPDX-License-Identifier: Apache-2.0
// The compiler's limits and budgets, each with its unit and reason.

package enum Limits {
  /// Byte offsets of loads and stores below this need no check: the guard pages behind the 4 GiB
  /// that a 32-bit address reaches are 2 GiB and one page.
  package static let guardedOffset: UInt64 = 1 << 31

  /// Steps that SSA construction may take for a function: look-ups of locals, and joins at the ends
  /// of constructs. Real functions take below one step per byte of body; what takes more than this
  /// has nesting times locals of them.
  package static func localSteps(bodyBytes: Int) -> Int { 100_000 + 8 * bodyBytes }

  /// Bytes of function bodies that make a thread worth starting: some 200 microseconds of work.
  package static let bytesPerWorker = 4096
}
