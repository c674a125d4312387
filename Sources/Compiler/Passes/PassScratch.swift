// SPDX-License-Identifier: Apache-2.0
// Working memory of the passes, reused from function to function.

import BrolgaEntities

/// Working memory of the passes: one per worker. No pass leaves anything to the next but what its
/// comment says; memory is kept.
package struct PassScratch: ~Copyable {
  /// Where the function is built anew.
  var builder = Builder()
  var dominators = Dominators()
  var loops = LoopNest()
  var aliases = Aliases()
  /// Per value: whether something observable depends on it.
  var isLive = Vector<Bool>()
  var hasMoreUses = Vector<Bool>()
  var stack = Vector<UInt32>()
  var candidates = Vector<ParameterPlace>()
  var hoisting = HoistScratch()
  var rebuilding = RebuildScratch()

  package init() {}
}

/// A block parameter: its block and its position there.
package struct ParameterPlace: BitwiseCopyable, Sendable {
  var block: Block
  var position: UInt32
}
