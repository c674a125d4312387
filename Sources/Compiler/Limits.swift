// SPDX-License-Identifier: Apache-2.0
// The compiler's limits and budgets, each with its unit and reason.

package enum Limits {
  /// Steps that SSA construction may take for a function: look-ups of locals, and joins at the ends
  /// of constructs. Real functions take below one step per byte of body; what takes more than this
  /// has nesting times locals of them.
  package static func localSteps(bodyBytes: Int) -> Int { 100_000 + 8 * bodyBytes }

  /// Bytes of function bodies that make a thread worth starting: some 200 microseconds of work.
  package static let bytesPerWorker = 4096
}
