// SPDX-License-Identifier: Apache-2.0
// How deep in loops each block is: for people, and for tools that draw an allocation.

import BrolgaEntities

extension Problem {
  /// Per block, the number of natural loops it is in. A block that enters a loop beside its head is
  /// not in it; one that cannot be reached is in none. Cost: near linear in blocks and edges.
  public func loopDepths() -> Vector<UInt32> {
    var depths = Vector<UInt32>()
    depths.reset(count: max(0, blockCount), to: 0)
    if depths.isEmpty { return depths }
    var order = WalkOrder()
    order.compute(ProblemView(self))
    if order.hasLoops {
      for b in depths.indices { depths[b] = order.depth[b] }
    }
    return depths
  }
}
