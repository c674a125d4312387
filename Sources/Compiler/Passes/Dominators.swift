// SPDX-License-Identifier: Apache-2.0
// The dominator tree, in one walk over the blocks.

import BrolgaEntities

/// Which blocks lie on every path to a block.
///
/// Blocks stand in an order in which all edges lead forward but those back to the header of a loop,
/// which dominates the loop; so a block's dominators are those that its predecessors *before it*
/// have in common, and all of these are known when a walk in that order comes to the block.
///
/// The nearest common ancestor is found by jump pointers (Myers, "An applicative random-access
/// stack", 1983): O(log n) a step, however deep the tree.
struct Dominators: ~Copyable {
  /// Per block: the immediate dominator; `.max` for an unreachable block, 0 for the entry.
  private(set) var parents = Vector<UInt32>()
  private var depths = Vector<UInt32>()
  /// An ancestor, chosen so that jumps and single steps reach any depth in O(log n).
  private var jumps = Vector<UInt32>()
  /// A block dominates those whose `starts` lie in `starts[b] ..< ends[b]`.
  private(set) var starts = Vector<UInt32>()
  private(set) var ends = Vector<UInt32>()

  init() {}

  @inline(__always) func isReachable(_ block: Int) -> Bool { parents[block] != .max }

  @inline(__always) func dominates(_ a: Int, _ b: Int) -> Bool {
    starts[a] <= starts[b] && starts[b] < ends[a]
  }

  /// Cost: O((blocks + edges) log blocks).
  mutating func compute(_ function: borrowing Function) {
    let count = function.blocks.count
    parents.reset(count: count, to: .max)
    depths.reset(count: count, to: 0)
    jumps.reset(count: count, to: 0)
    parents[0] = 0
    for b in 1..<max(1, count) {
      let data = function.blocks[Block(b)]
      let start = Int(truncatingIfNeeded: data.predecessorStart)
      var common: UInt32 = .max
      for k in start..<start &+ Int(truncatingIfNeeded: data.predecessorCount) {
        let from = function.edges[Edge(raw: function.lists[k])].from.raw
        if from >= UInt32(truncatingIfNeeded: b) { continue }
        if parents[Int(truncatingIfNeeded: from)] == .max { continue }
        common = common == .max ? from : commonAncestor(common, from)
      }
      if common != .max { attach(b, to: common) }
    }
    numberTree(count)
  }

  private mutating func attach(_ block: Int, to parent: UInt32) {
    let p = Int(truncatingIfNeeded: parent)
    parents[block] = parent
    depths[block] = depths[p] &+ 1
    let jump = Int(truncatingIfNeeded: jumps[p])
    let next = Int(truncatingIfNeeded: jumps[jump])
    // Two jumps of equal length become one of twice that.
    let isDouble = depths[p] &- depths[jump] == depths[jump] &- depths[next]
    jumps[block] = isDouble ? jumps[jump] : parent
  }

  private mutating func commonAncestor(_ x: UInt32, _ y: UInt32) -> UInt32 {
    var a = Int(truncatingIfNeeded: x)
    var b = Int(truncatingIfNeeded: y)
    if depths[a] > depths[b] { swap(&a, &b) }
    while depths[b] > depths[a] {
      let jump = Int(truncatingIfNeeded: jumps[b])
      b = depths[jump] >= depths[a] ? jump : Int(truncatingIfNeeded: parents[b])
    }
    while a != b {
      // At equal depth both jump equally far.
      if jumps[a] == jumps[b] {
        a = Int(truncatingIfNeeded: parents[a])
        b = Int(truncatingIfNeeded: parents[b])
      } else {
        a = Int(truncatingIfNeeded: jumps[a])
        b = Int(truncatingIfNeeded: jumps[b])
      }
    }
    return UInt32(truncatingIfNeeded: a)
  }

  /// Sizes from the leaves up, then places from the root down: a parent comes before its children.
  private mutating func numberTree(_ count: Int) {
    starts.reset(count: count, to: 0)
    ends.reset(count: count, to: 1)
    var b = count &- 1
    while b > 0 {
      if parents[b] != .max { ends[Int(truncatingIfNeeded: parents[b])] &+= ends[b] }
      b &-= 1
    }
    // `depths` is done with: from here on, where the next child starts.
    depths[0] = 1
    for b in 1..<max(1, count) {
      if parents[b] == .max {
        ends[b] = 0
        continue
      }
      let parent = Int(truncatingIfNeeded: parents[b])
      let start = depths[parent]
      starts[b] = start
      depths[parent] = start &+ ends[b]
      depths[b] = start &+ 1
      ends[b] &+= start
    }
  }
}
