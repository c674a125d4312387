// SPDX-License-Identifier: Apache-2.0
// The order in which the single-pass allocator visits blocks.

import BrolgaEntities

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
  /// Blocks in the order in which the search entered them, and each block's place there.
  private var preorder = Vector<UInt32>()
  private var entryTime = Vector<UInt32>()
  /// Targets of edges to a block that the search had not finished.
  private var heads = Vector<UInt32>()
  private var isHead = Vector<Bool>()

  // Loops; empty if there are none.
  /// Per block: the head of the innermost loop around it, itself if it is one, or `.max`.
  private(set) var loop = Vector<UInt32>()
  /// Per block: how many loops it is in.
  private(set) var depth = Vector<UInt32>()
  private var representative = Vector<UInt32>()
  private var worklist = Vector<UInt32>()

  init() {}

  @inline(__always) var hasLoops: Bool { !heads.isEmpty }

  /// True if `b`, a successor of `a`, is outside the innermost loop around `a`.
  @inline(__always) func leavesLoop(_ a: Int, _ b: Int) -> Bool {
    hasLoops && depth[b] <= depth[a] && loop[b] != loop[a]
  }

  /// Cost: linear in blocks and edges.
  mutating func compute(_ view: ProblemView) {
    let unvisited = UInt32.max
    let entered = UInt32.max &- 1
    blocks.removeAll()
    position.reset(count: view.blockCount, to: unvisited)
    stack.removeAll()
    preorder.removeAll()
    heads.removeAll()
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
      } else if position[s] == entered {
        heads.append(UInt32(truncatingIfNeeded: s))
      }
    }
    if blocks.count < view.blockCount { addUnreachable(view, unvisited) }
    if hasLoops { findLoops(view) }
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
    preorder.append(UInt32(truncatingIfNeeded: b))
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

  // MARK: Loops

  /// Finds the natural loops, inner ones first, by contracting each into its head (Tarjan,
  /// "Testing flow graph reducibility", 1974). Blocks that enter a loop beside its head are left
  /// out of it. Cost: near linear in blocks and edges.
  private mutating func findLoops(_ view: ProblemView) {
    let none = UInt32.max
    loop.reset(count: view.blockCount, to: none)
    depth.reset(count: view.blockCount, to: 0)
    isHead.reset(count: view.blockCount, to: false)
    entryTime.reset(count: view.blockCount, to: none)
    representative.removeAll()
    for b in 0..<view.blockCount { representative.append(UInt32(truncatingIfNeeded: b)) }
    for k in preorder.indices { entryTime[Int(preorder[k])] = UInt32(truncatingIfNeeded: k) }
    for k in heads.indices { isHead[Int(heads[k])] = true }
    var k = preorder.count
    while k > 0 {
      k &-= 1
      let head = Int(preorder[k])
      if isHead[head] { contractLoop(head, view) }
    }
    // `loop` now names, for a head, the loop around it. Parents come first in preorder.
    for k in preorder.indices {
      let b = Int(preorder[k])
      let around = loop[b]
      let outer = around == none ? 0 : depth[Int(around)]
      depth[b] = isHead[b] ? outer &+ 1 : outer
    }
    for k in heads.indices { loop[Int(heads[k])] = heads[k] }
  }

  private mutating func contractLoop(_ head: Int, _ view: ProblemView) {
    worklist.removeAll()
    gather(head, head, view)
    while !worklist.isEmpty {
      let b = Int(worklist.popLast())
      if loop[b] != .max || b == head { continue }
      loop[b] = UInt32(truncatingIfNeeded: head)
      representative[b] = UInt32(truncatingIfNeeded: head)
      gather(b, head, view)
    }
  }

  /// Adds the predecessors of `b` that the search reached from `head`.
  private mutating func gather(_ b: Int, _ head: Int, _ view: ProblemView) {
    for k in view.predecessorRange(b) {
      let p = Int(truncatingIfNeeded: view.predecessors[k].raw)
      // Entered after the head and finished before it.
      if entryTime[p] == .max || entryTime[p] < entryTime[head] || position[p] > position[head] {
        continue
      }
      worklist.append(find(UInt32(truncatingIfNeeded: p)))
    }
  }

  private mutating func find(_ b: UInt32) -> UInt32 {
    var top = b
    while representative[Int(top)] != top { top = representative[Int(top)] }
    var at = b
    while representative[Int(at)] != top {
      let next = representative[Int(at)]
      representative[Int(at)] = top
      at = next
    }
    return top
  }
}
