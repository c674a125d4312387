// SPDX-License-Identifier: Apache-2.0
// The order in which the single-pass allocator visits blocks.

import Entities

/// Blocks in postorder, so that every use of a value is met before its definition, whatever the
/// layout. Unreachable blocks come first. A branch's likelier successor comes directly before it.
struct WalkOrder: ~Copyable {
  struct Visit: BitwiseCopyable {
    var block: UInt32
    /// Successors already entered.
    var entered: UInt32
    /// Enter successors from the last to the first.
    var isReversed: Bool
  }

  /// Blocks in the order of the walk.
  private(set) var blocks = Vector<UInt32>()
  /// Position of each block in `blocks`.
  private(set) var position = Vector<UInt32>()
  private var stack = Vector<Visit>()

  init() {}

  /// Cost: linear in blocks and edges.
  mutating func compute(_ view: ProblemView) {
    let unvisited = UInt32.max
    let entered = UInt32.max &- 1
    blocks.removeAll()
    position.reset(count: view.blockCount, to: unvisited)
    stack.removeAll()
    push(0, view)
    position[0] = entered
    while !stack.isEmpty {
      let top = stack.count &- 1
      let b = Int(stack[top].block)
      let range = view.successorRange(b)
      let k = Int(stack[top].entered)
      if k == range.count {
        stack.popLast()
        position[b] = UInt32(truncatingIfNeeded: blocks.count)
        blocks.append(UInt32(truncatingIfNeeded: b))
        continue
      }
      stack[top].entered &+= 1
      let edge = stack[top].isReversed ? range.upperBound &- 1 &- k : range.lowerBound &+ k
      let s = Int(view.successors[edge].raw)
      if position[s] == unvisited {
        position[s] = entered
        push(s, view)
      }
    }
    if blocks.count < view.blockCount { addUnreachable(view, unvisited) }
  }

  private mutating func push(_ b: Int, _ view: ProblemView) {
    let range = view.successorRange(b)
    var isReversed = false
    if range.count == 2 {
      // The one entered last is finished last, directly before this block.
      let first = Int(view.successors[range.lowerBound].raw)
      let second = Int(view.successors[range.lowerBound &+ 1].raw)
      isReversed = view.blocks[first].frequency > view.blocks[second].frequency
    }
    stack.append(Visit(block: UInt32(truncatingIfNeeded: b), entered: 0, isReversed: isReversed))
  }

  /// Moves the reachable blocks up and puts the others before them, last to first.
  private mutating func addUnreachable(_ view: ProblemView, _ unvisited: UInt32) {
    let missing = view.blockCount &- blocks.count
    var to = view.blockCount
    var from = blocks.count
    blocks.append(repeating: 0, count: missing)
    while from > 0 {
      from &-= 1
      to &-= 1
      blocks[to] = blocks[from]
      position[Int(blocks[to])] = UInt32(truncatingIfNeeded: to)
    }
    var next = 0
    for b in (0..<view.blockCount).reversed() where position[b] == unvisited {
      blocks[next] = UInt32(truncatingIfNeeded: b)
      position[b] = UInt32(truncatingIfNeeded: next)
      next &+= 1
    }
  }
}
