// SPDX-License-Identifier: Apache-2.0
// Finds the blocks that are entered from outside a window.

import BrolgaEntities

/// A binary tree over the blocks with, per subtree, the first and the last point at which a
/// predecessor of one of its blocks ends. A search costs a logarithm.
struct BlockEntries: ~Copyable {
  private var first = Vector<UInt32>()
  private var last = Vector<UInt32>()
  private var size = 0
  private var count = 0

  init() {}

  mutating func fill(_ low: borrowing Vector<UInt32>, _ high: borrowing Vector<UInt32>) {
    count = low.count
    size = 1
    while size < count { size &<<= 1 }
    first.reset(count: 2 &* size, to: .max)
    last.reset(count: 2 &* size, to: 0)
    for b in 0..<count {
      first[size &+ b] = low[b]
      last[size &+ b] = high[b]
    }
    var node = size &- 1
    while node > 0 {
      first[node] = min(first[2 &* node], first[2 &* node &+ 1])
      last[node] = max(last[2 &* node], last[2 &* node &+ 1])
      node &-= 1
    }
  }

  /// The first block from `b` on with a predecessor that does not end in `low ..< high`, or the
  /// number of blocks.
  mutating func next(from b: Int, outside low: UInt32, _ high: UInt32) -> Int {
    if b >= count { return count }
    var node = size &+ b
    while first[node] >= low && last[node] < high {
      // Up to where there is a subtree on the right.
      while node & 1 != 0 { node &>>= 1 }
      if node == 0 { return count }
      node &+= 1
    }
    while node < size {
      node &*= 2
      if first[node] >= low && last[node] < high { node &+= 1 }
    }
    return node &- size
  }
}
