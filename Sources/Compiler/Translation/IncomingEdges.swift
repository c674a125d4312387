// SPDX-License-Identifier: Apache-2.0
// The edges that arrive at each block while a function is being translated.

import BrolgaEntities

/// Edges by target. A target is first a label (the end of a construct, which has no block yet)
/// and then a block; its edges are a linked list in the order in which they were made.
struct IncomingEdges: ~Copyable {
  struct EdgeInfo: BitwiseCopyable {
    /// Where the branch stands.
    var point: LocalValues.Point
    /// The operands it carries, in `operands`: one per operand that the target takes.
    var operandStart: UInt32
    /// The next edge of the same target, or `.max`.
    var next: UInt32
  }

  struct List: BitwiseCopyable {
    var first: UInt32 = .max
    var last: UInt32 = .max
    var count: UInt32 = 0
  }

  /// Parallel to `Function.edges`.
  var edges = Vector<EdgeInfo>()
  /// One per block.
  var lists = Vector<List>()
  var operands = Vector<UInt32>()

  init() {}

  mutating func removeAll() {
    edges.removeAll()
    lists.removeAll()
    operands.removeAll()
  }

  /// Appends the newest edge to a target's list.
  mutating func append(_ edge: UInt32, to list: inout List) {
    if list.count == 0 {
      list.first = edge
    } else {
      edges[Int(truncatingIfNeeded: list.last)].next = edge
    }
    list.last = edge
    list.count &+= 1
  }

  /// Makes a label's list that of a block.
  mutating func attach(_ list: List, to block: Block) {
    while lists.count <= block.index { lists.append(List()) }
    lists[block.index] = list
  }

  mutating func append(_ edge: UInt32, toBlock block: Block) {
    var list = lists[block.index]
    append(edge, to: &list)
    lists[block.index] = list
  }
}
