// SPDX-License-Identifier: Apache-2.0
// The passes of -O2, in order.

import BrolgaEntities

/// Optimises a function as translation left it. `-O0` runs none of this.
///
/// Translation has folded, simplified and numbered already, as far as it could see: it does not
/// know which locals a loop leaves alone until the loop ends, nor all dominators.
///
/// - Parameter alwaysRebuilds: whether to take the last step without a reason to, as tests do.
package func optimize(
  _ function: inout Function, _ scratch: inout PassScratch, _ steps: OptimizationSteps = .all,
  alwaysRebuilds: Bool = false
) {
  // Translation makes a parameter for each local that may change: most never do. What they stand
  // for is in plain sight afterwards.
  let hasFewerParameters =
    steps.contains(.removeRedundantParameters)
    && removeRedundantParameters(in: &function, &scratch)
  // Before liveness, for the comparisons that it leaves without a use.
  if steps.contains(.straightenBranches) { straightenBranches(in: &function) }
  // Exact now, where translation had to be careful.
  scratch.dominators.compute(function)
  // Before hoisting, so that nothing dead is hoisted; before what drops the dead.
  markLive(function, &scratch)
  // Only chooses; rebuilding moves.
  scratch.hoisting.reset()
  if steps.contains(.hoistInvariants) { hoistInvariants(function, &scratch) }
  // Folds, numbers and cleans up in one walk over what is left. It costs twice what all the above
  // does, and changes under 1 % of code that an optimiser made: so it needs a reason.
  let hasReason = alwaysRebuilds || hasFewerParameters || scratch.hasReasonToRebuild(function)
  if hasReason && steps.contains(.rebuild) {
    rebuild(&function, &scratch)
  } else {
    removeDead(in: &function, &scratch)
  }
  // Last, for the blocks that are left.
  if steps.contains(.estimateFrequencies) { estimateFrequencies(in: &function, &scratch) }
}
