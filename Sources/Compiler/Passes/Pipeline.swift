// SPDX-License-Identifier: Apache-2.0
// The passes of -O2, in order.

/// Optimises a function as translation left it. `-O0` runs none of this.
///
/// Translation has folded, simplified and numbered already, as far as it could see: it does not
/// know which locals a loop leaves alone until the loop ends, nor all dominators.
package func optimize(_ function: inout Function, _ scratch: inout PassScratch) {
  // Translation makes a parameter for each local that may change: most never do. What they stand
  // for is in plain sight afterwards.
  removeRedundantParameters(in: &function, &scratch)
  // Before liveness, for the comparisons that it leaves without a use.
  straightenBranches(in: &function)
  // Exact now, where translation had to be careful.
  scratch.dominators.compute(function)
  // Before hoisting, so that nothing dead is hoisted; before rebuilding, which drops it.
  markLive(function, &scratch)
  // Only chooses; rebuilding moves.
  hoistInvariants(function, &scratch)
  // Folds, numbers and cleans up in one walk over what is left.
  rebuild(&function, &scratch)
}
