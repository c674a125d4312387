// SPDX-License-Identifier: Apache-2.0
// Before selection: uses, colours, which edges get blocks of their own, and the order of blocks.

import BrolgaEntities
import RegisterAllocation

/// A block of the problem: a block of the function, or an edge of it.
struct LoweredBlock: BitwiseCopyable {
  /// Ranges of `groups` and start in `arguments`.
  var groupStart: UInt32 = 0
  var groupEnd: UInt32 = 0
  var argumentStart: UInt32 = 0
  /// Block or edge of the function.
  var source: UInt32 = 0
  var frequency: Float = 1
  var isEdge = false
  var isCold = false
}

extension Lowering {
  /// Decides everything that selection must know beforehand. Forward, linear.
  mutating func plan() {
    let blockCount = function.blocks.count
    reached.reset(count: blockCount, to: false)
    arrivals.reset(count: blockCount, to: 0)
    edgeMarks.reset(count: function.edges.count, to: 0)
    forkEdges.removeAll()
    edgeLabels.reset(count: function.edges.count, to: .max)
    // Where uses are not counted, every value counts as used often.
    facts.reset(count: function.instructions.count, to: options.countsUses ? 0 : 2)
    reached[0] = true
    var colour: UInt32 = 1
    for b in 0..<blockCount where reached[b] {
      let data = function.blocks.storage[b]
      if options.countsUses {
        colour = countUses(
          Int(truncatingIfNeeded: data.instructionStart),
          Int(truncatingIfNeeded: data.instructionEnd), colour)
      }
      visitEdges(Int(truncatingIfNeeded: data.instructionEnd) &- 1)
    }
    layOut()
  }

  /// Counts the uses in a block, and colours its instructions.
  ///
  /// Two instructions have one colour if and only if they are of one block and nothing between
  /// them writes memory or traps (but for loads, which all trap alike). What is pure but for
  /// reading may move down to an instruction of its colour.
  private mutating func countUses(_ start: Int, _ end: Int, _ first: UInt32) -> UInt32 {
    var colour = first &+ 1
    let counts = facts.buffer
    for i in start..<end {
      facts[i] |= colour &<< 3
      let x = function.instructions.storage[i]
      let traits = x.opcode.traits
      function.forEachOperand(x, traits) { Self.use($0, counts) }
      if traits.stopsReads { colour &+= 1 }
    }
    return colour
  }

  @inline(__always)
  private static func use(_ value: UInt32, _ facts: UnsafeMutableBufferPointer<UInt32>) {
    let i = Int(truncatingIfNeeded: value)
    let old = facts[i]
    if old & 3 < 2 { facts[i] = old &+ 1 }
  }

  /// Marks what the terminator leads to, counts arrivals, and counts the uses by arguments.
  private mutating func visitEdges(_ terminator: Int) {
    let x = function.instructions.storage[terminator]
    switch x.opcode {
    case .jump: visitEdge(x.a)
    case .branch:
      // The edge not taken first, so that its block can be fallen into.
      visitEdge(x.c)
      visitEdge(x.b)
      if x.b != x.c {
        forkEdges.append(x.c)
        forkEdges.append(x.b)
      }
    case .unwind:
      visitEdge(x.c)
      visitEdge(x.b)
      if hasResultsInMemory(terminator) { edgeMarks[Int(truncatingIfNeeded: x.c)] = 5 }
      forkEdges.append(x.c)
      forkEdges.append(x.b)
    case .branchTable:
      let isFork = distinctEdgeCount(x) > 1
      for k in 0..<x.c {
        let edge = function.lists[Int(truncatingIfNeeded: x.b &+ k)]
        if visitEdge(edge) && isFork { forkEdges.append(edge) }
      }
    default: break
    }
  }

  /// Whether the edge is seen for the first time.
  @discardableResult
  private mutating func visitEdge(_ edge: UInt32) -> Bool {
    let e = Int(truncatingIfNeeded: edge)
    if edgeMarks[e] != 0 { return false }
    edgeMarks[e] = 1
    let data = function.edges.storage[e]
    reached[data.to.index] = true
    arrivals[data.to.index] &+= 1
    if options.countsUses {
      for k in 0..<function.blocks[data.to].parameterCount {
        Self.use(function.lists[Int(truncatingIfNeeded: data.argumentStart &+ k)], facts.buffer)
      }
    }
    return true
  }

  /// The number in the problem of the block that an edge leads to: its own, or its target.
  @inline(__always) func label(ofEdge edge: UInt32) -> UInt32 {
    let label = edgeLabels[Int(truncatingIfNeeded: edge)]
    if label != .max { return label }
    return labels[function.edges.storage[Int(truncatingIfNeeded: edge)].to.index]
  }

  /// The number of distinct edges of a terminator, 2 standing for more.
  mutating func distinctEdgeCount(_ x: Instruction) -> Int {
    switch x.opcode {
    case .jump: return 1
    case .branch: return x.b == x.c ? 1 : 2
    case .unwind: return 2
    case .branchTable:
      let first = function.lists[Int(truncatingIfNeeded: x.b)]
      for k in 1..<max(x.c, 1) where function.lists[Int(truncatingIfNeeded: x.b &+ k)] != first {
        return 2
      }
      return 1
    default: return 0
    }
  }

  /// Whether an edge from a block with several successors needs a block of its own.
  @inline(__always) private func needsBlock(_ edge: EdgeData) -> Bool {
    arrivals[edge.to.index] > 1 || function.blocks.storage[edge.to.index].parameterCount > 0
  }

  // MARK: Order

  /// Numbers the problem's blocks: hot ones in the function's order, then cold ones.
  ///
  /// An edge's block stands before its target, where it costs the least: the edges that have one
  /// are exits of loops and arms of conditionals, and their targets are seldom entered from
  /// above. Only a back edge's block stands behind its source.
  private mutating func layOut() {
    let blockCount = function.blocks.count
    edgesBefore.reset(count: blockCount, to: 0)
    edgesAfter.reset(count: blockCount, to: 0)
    var total = 0
    for b in 0..<blockCount where reached[b] { total &+= 1 }
    for k in forkEdges.indices where splits(forkEdges[k]) { total &+= 1 }
    machineBlocks.reset(count: total, to: LoweredBlock())
    labels.reset(count: blockCount, to: .max)
    var next: UInt32 = 0
    for cold in [false, true] {
      for b in 0..<blockCount where reached[b] {
        let data = function.blocks.storage[b]
        if (data.isCold && b != 0) != cold { continue }
        let before = next
        next &+= edgesBefore[b]
        labels[b] = next
        setMachineBlock(
          next, source: UInt32(truncatingIfNeeded: b), isEdge: false, depth: data.loopDepth,
          frequency: data.frequency, isCold: cold)
        next &+= 1
        let after = next
        next &+= edgesAfter[b]
        edgesBefore[b] = before
        edgesAfter[b] = after
      }
    }
    for k in forkEdges.indices { numberEdge(forkEdges[k]) }
  }

  private mutating func setMachineBlock(
    _ label: UInt32, source: UInt32, isEdge: Bool, depth: UInt16, frequency: Float, isCold: Bool
  ) {
    var block = LoweredBlock()
    block.source = source
    block.isEdge = isEdge
    block.isCold = isCold
    if isCold {
      block.frequency = coldFrequency
    } else if frequency > 0 {
      block.frequency = frequency
    } else {
      for _ in 0..<min(depth, 8) { block.frequency *= 8 }
    }
    machineBlocks[Int(truncatingIfNeeded: label)] = block
  }

  /// Whether the edge gets a block; counts it where that will stand.
  private mutating func splits(_ edge: UInt32) -> Bool {
    let e = Int(truncatingIfNeeded: edge)
    let data = function.edges.storage[e]
    if edgeMarks[e] != 5 && !needsBlock(data) { return false }
    edgeMarks[e] = 3
    if standsBehindSource(data) {
      edgesAfter[data.from.index] &+= 1
    } else {
      edgesBefore[data.to.index] &+= 1
    }
    return true
  }

  private mutating func standsBehindSource(_ edge: EdgeData) -> Bool {
    if edge.to.raw <= edge.from.raw { return true }
    // Not among hot blocks if it leads from a cold one.
    let from = function.blocks.storage[edge.from.index]
    let to = function.blocks.storage[edge.to.index]
    return from.isCold && !to.isCold
  }

  private mutating func numberEdge(_ edge: UInt32) {
    let e = Int(truncatingIfNeeded: edge)
    if edgeMarks[e] != 3 { return }
    let data = function.edges.storage[e]
    let from = function.blocks.storage[data.from.index]
    let to = function.blocks.storage[data.to.index]
    var label: UInt32
    if standsBehindSource(data) {
      label = edgesAfter[data.from.index]
      edgesAfter[data.from.index] = label &+ 1
    } else {
      label = edgesBefore[data.to.index]
      edgesBefore[data.to.index] = label &+ 1
    }
    edgeLabels[e] = label
    setMachineBlock(
      label, source: edge, isEdge: true, depth: min(from.loopDepth, to.loopDepth),
      frequency: data.frequency, isCold: from.isCold || to.isCold)
  }
}
