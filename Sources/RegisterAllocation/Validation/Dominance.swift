// SPDX-License-Identifier: Apache-2.0
// Which blocks of a problem lie on every path to which others.

import BrolgaEntities

/// The dominator tree, as intervals of a walk through it.
///
/// Semidominators by path compression, then nearest common ancestors (Georgiadis, "Linear-Time
/// Algorithms for Dominators and Related Problems", 2005, section 2.2). Nothing recurses. Cost:
/// near linear in blocks and edges.
struct Dominance: ~Copyable {
  private let unreachable = UInt32.max
  /// Blocks in the order of a depth-first walk, and each block's place there.
  private var order = Vector<UInt32>()
  private var number = Vector<UInt32>()
  // By place in `order`.
  private var parent = Vector<UInt32>()
  private var semi = Vector<UInt32>()
  private var label = Vector<UInt32>()
  private var ancestor = Vector<UInt32>()
  private var immediate = Vector<UInt32>()
  /// By place: the interval of the walk through the tree.
  private var enter = Vector<UInt32>()
  private var leave = Vector<UInt32>()
  private var stack = Vector<UInt32>()

  init() {}

  func isReachable(_ b: Int) -> Bool { number[b] != unreachable }

  /// True if every path from the entry to `b` passes `a`; both may be the same.
  func dominates(_ a: Int, _ b: Int) -> Bool {
    if number[a] == unreachable { return false }
    let x = Int(number[a])
    let y = Int(number[b])
    return enter[x] <= enter[y] && leave[y] <= leave[x]
  }

  mutating func compute(_ problem: borrowing Problem) {
    numberBlocks(problem)
    let n = order.count
    semi.removeAll()
    label.removeAll()
    for k in 0..<n {
      semi.append(UInt32(k))
      label.append(UInt32(k))
    }
    ancestor.reset(count: n, to: unreachable)
    var w = n - 1
    while w > 0 {
      for k in problem.predecessorRange(Int(order[w])) {
        let v = number[Int(problem.predecessors[k].raw)]
        if v == unreachable { continue }
        let best = evaluate(Int(v))
        if semi[Int(best)] < semi[w] { semi[w] = semi[Int(best)] }
      }
      ancestor[w] = parent[w]
      w -= 1
    }
    immediate.removeAll()
    immediate.append(0)
    for k in 1..<max(1, n) {
      var candidate = parent[k]
      while candidate > semi[k] { candidate = immediate[Int(candidate)] }
      immediate.append(candidate)
    }
    numberTree()
  }

  private mutating func numberBlocks(_ problem: borrowing Problem) {
    order.removeAll()
    parent.removeAll()
    number.reset(count: problem.blockCount, to: unreachable)
    // Per entry of the stack: a block and the edge to take next.
    stack.removeAll()
    var edges = Vector<UInt32>()
    number[0] = 0
    order.append(0)
    parent.append(0)
    stack.append(0)
    edges.append(UInt32(problem.successorRange(0).lowerBound))
    while !stack.isEmpty {
      let b = Int(stack.last)
      let edge = Int(edges.last)
      if edge == problem.successorRange(b).upperBound {
        stack.popLast()
        edges.popLast()
        continue
      }
      edges[edges.count - 1] += 1
      let target = Int(problem.successors[edge].raw)
      if number[target] != unreachable { continue }
      number[target] = UInt32(order.count)
      order.append(UInt32(target))
      parent.append(number[b])
      stack.append(UInt32(target))
      edges.append(UInt32(problem.successorRange(target).lowerBound))
    }
  }

  /// The place with the least semidominator on the linked path above `v`.
  private mutating func evaluate(_ v: Int) -> UInt32 {
    if ancestor[v] == unreachable { return label[v] }
    // Compresses the path from its top down.
    stack.removeAll()
    var top = v
    while ancestor[Int(ancestor[top])] != unreachable {
      stack.append(UInt32(top))
      top = Int(ancestor[top])
    }
    while !stack.isEmpty {
      let k = Int(stack.popLast())
      let above = Int(ancestor[k])
      if semi[Int(label[above])] < semi[Int(label[k])] { label[k] = label[above] }
      ancestor[k] = ancestor[above]
    }
    return label[v]
  }

  /// Numbers the tree by a walk through it, children after parents.
  private mutating func numberTree() {
    let n = order.count
    // Subtree sizes from the leaves up give every interval without a walk.
    var size = Vector<UInt32>()
    size.reset(count: n, to: 1)
    var k = n - 1
    while k > 0 {
      size[Int(immediate[k])] += size[k]
      k -= 1
    }
    enter.reset(count: n, to: 0)
    leave.reset(count: n, to: 0)
    // How much of each interval is given to children already.
    var given = Vector<UInt32>()
    given.reset(count: n, to: 1)
    if n > 0 { leave[0] = size[0] }
    for k in 1..<max(1, n) {
      let p = Int(immediate[k])
      enter[k] = enter[p] + given[p]
      given[p] += size[k]
      leave[k] = enter[k] + size[k]
    }
  }
}
