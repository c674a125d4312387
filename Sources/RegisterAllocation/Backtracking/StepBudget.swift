// SPDX-License-Identifier: Apache-2.0
// The bound on the work of the backtracking allocator.

/// The elementary steps taken so far, and how many may be.
///
/// Each stage counts its steps. Past the limit the allocator gives up, and the problem is for the
/// single pass.
struct StepBudget: BitwiseCopyable {
  var used = 0
  private(set) var limit = 0

  init() {}

  /// A budget that is near linear in the size of the problem.
  init(for view: ProblemView, _ options: AllocationOptions) {
    let size = view.instructionCount &+ view.operandCount &+ view.blockCount
    let logarithm = 64 &- (size | 1).leadingZeroBitCount
    limit = options.baseSteps &+ options.stepsPerUnit &* size &* logarithm
  }

  @inline(__always) var isSpent: Bool { used > limit }
}
