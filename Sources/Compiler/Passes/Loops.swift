// SPDX-License-Identifier: Apache-2.0
// The nest of loops: which innermost loop each block is in.

import BrolgaEntities

/// The natural loops of a function, each named by its header.
struct LoopNest: ~Copyable {
  /// Per block: the header of the innermost loop around it, itself for a header; or `.max`.
  private(set) var innermost = Vector<UInt32>()
  /// Per block that is a header: the header of the loop around its loop, or `.max`.
  private(set) var parents = Vector<UInt32>()
  /// Per block that is a header: the number of loops it is in, its own among them.
  private var depths = Vector<UInt32>()
  /// Per block: what `outermost` has found, to be shortened.
  private var shortcuts = Vector<UInt32>()
  private var isReachable = Vector<Bool>()
  private var stack = Vector<UInt32>()
  private(set) var loopCount = 0

  init() {}

  /// Needs `isLoopHeader` and predecessors; every loop is entered through its header only.
  ///
  /// Cost: near-linear in blocks and edges. Headers are taken against the order of blocks, so that
  /// an inner loop is done before the loop around it and is passed over in one step.
  mutating func compute(_ function: borrowing Function, _ dominators: borrowing Dominators) {
    isReachable.removeAll()
    for b in 0..<function.blocks.count { isReachable.append(dominators.isReachable(b)) }
    collectAll(function)
  }

  /// The same, where blocks that cannot be reached may count.
  mutating func compute(_ function: borrowing Function) {
    isReachable.reset(count: function.blocks.count, to: true)
    collectAll(function)
  }

  private mutating func collectAll(_ function: borrowing Function) {
    let count = function.blocks.count
    innermost.reset(count: count, to: .max)
    parents.reset(count: count, to: .max)
    shortcuts.reset(count: count, to: .max)
    loopCount = 0
    var b = count &- 1
    while b > 0 {
      if function.blocks[Block(b)].isLoopHeader && isReachable[b] {
        collect(UInt32(truncatingIfNeeded: b), function)
      }
      b &-= 1
    }
    // The header of an outer loop stands before those of the loops in it.
    depths.reset(count: count, to: 0)
    for b in 0..<count where isHeader(b) { depths[b] = depthOutside(b) &+ 1 }
  }

  /// Whether a loop, and not only a mark, starts at the block.
  @inline(__always) func isHeader(_ block: Int) -> Bool {
    innermost[block] == UInt32(truncatingIfNeeded: block)
  }

  /// The number of loops around a block.
  @inline(__always) func depth(_ block: Int) -> UInt32 {
    let loop = innermost[block]
    return loop == .max ? 0 : depths[Int(truncatingIfNeeded: loop)]
  }

  /// The number of loops around a block, without the one that it is the header of.
  @inline(__always) func depthOutside(_ block: Int) -> UInt32 {
    if !isHeader(block) { return depth(block) }
    let outer = parents[block]
    return outer == .max ? 0 : depths[Int(truncatingIfNeeded: outer)]
  }

  private mutating func collect(_ header: UInt32, _ function: borrowing Function) {
    pushPredecessors(header, from: header, function)
    if stack.isEmpty { return }
    loopCount &+= 1
    innermost[Int(truncatingIfNeeded: header)] = header
    while !stack.isEmpty {
      let block = stack.popLast()
      if block == header { continue }
      let inner = innermost[Int(truncatingIfNeeded: block)]
      if inner == .max {
        innermost[Int(truncatingIfNeeded: block)] = header
        pushPredecessors(block, from: 0, function)
        continue
      }
      // Already in a loop: go on from the outermost around it that is known.
      let outer = outermost(inner)
      if outer == header { continue }
      parents[Int(truncatingIfNeeded: outer)] = header
      shortcuts[Int(truncatingIfNeeded: outer)] = header
      pushPredecessors(outer, from: 0, function)
    }
  }

  /// Pushes those that stand at `lowest` or later.
  private mutating func pushPredecessors(
    _ block: UInt32, from lowest: UInt32, _ function: borrowing Function
  ) {
    let data = function.blocks[Block(raw: block)]
    let start = Int(truncatingIfNeeded: data.predecessorStart)
    for k in start..<start &+ Int(truncatingIfNeeded: data.predecessorCount) {
      let from = function.edges[Edge(raw: function.lists[k])].from.raw
      if from >= lowest && isReachable[Int(truncatingIfNeeded: from)] {
        stack.append(from)
      }
    }
  }

  private mutating func outermost(_ header: UInt32) -> UInt32 {
    var h = header
    while true {
      let next = shortcuts[Int(truncatingIfNeeded: h)]
      if next == .max { return h }
      let beyond = shortcuts[Int(truncatingIfNeeded: next)]
      if beyond == .max { return next }
      shortcuts[Int(truncatingIfNeeded: h)] = beyond
      h = beyond
    }
  }
}
