// SPDX-License-Identifier: Apache-2.0
// How often each block and edge runs, as far as the shape of the function tells.

import BrolgaEntities

/// Iterations of a loop, as a guess: of what arrives at a block in one, a branch out of it takes the
/// reciprocal.
private let iterations: Float = 8
/// Loops in each other up to which that is compounded.
private let levels: UInt32 = 8
/// What a block gets at least, compared with the header of its loop. A guess of a half at each of
/// many conditions in a row says little about the last of them.
private let least: Float = 1.0 / 64

/// Estimates frequencies, of which the entry's is 1.
///
///     b0: branch v0 -> b1, b2          1
///     b1: jump -> b2                   0.5
///     b2 header: branch v1 -> b2, b3   8
///     b3: return                       1
///
/// Breaks: nothing.  Cost: near linear in blocks and edges.
/// Source: Wu and Larus, "Static branch frequency and program profile analysis", 1994, with two of
/// its heuristics.
func estimateFrequencies(in function: inout Function, _ scratch: inout PassScratch) {
  scratch.loops.compute(function)
  for e in function.edges.storage.indices { function.edges.storage[e].frequency = 0 }
  for b in function.blocks.storage.indices { function.blocks.storage[b].frequency = 0 }
  function.blocks[Block(0)].frequency = 1
  // All edges lead forward but those to headers, which count as if they were not.
  for b in 0..<function.blocks.count {
    let depth = scratch.loops.depth(b)
    let data = function.blocks[Block(b)]
    var scale: Float = 1
    for _ in 0..<min(depth, levels) { scale *= iterations }
    var frequency = data.frequency
    if scratch.loops.isHeader(b) && depth <= levels { frequency *= iterations }
    frequency = data.isCold ? coldFrequency : min(max(frequency, scale * least), scale)
    function.blocks[Block(b)].frequency = frequency
    scratch.passOn(frequency, depth, from: b, &function)
  }
}

extension PassScratch {
  /// Divides a block's frequency among its edges, and adds each part to what arrives at its target.
  fileprivate mutating func passOn(
    _ frequency: Float, _ depth: UInt32, from b: Int, _ function: inout Function
  ) {
    let end = Int(truncatingIfNeeded: function.blocks[Block(b)].instructionEnd)
    let terminator = function.instructions.storage[end &- 1]
    switch terminator.opcode {
    case .jump:
      add(frequency, to: terminator.a, from: b, &function)
    case .branch, .unwind:
      let first = share(of: terminator.b, depth, from: b, function)
      let second = share(of: terminator.c, depth, from: b, function)
      let unit = frequency / (first + second)
      add(unit * first, to: terminator.b, from: b, &function)
      add(unit * second, to: terminator.c, from: b, &function)
    case .branchTable:
      let unit = frequency / Float(terminator.c)
      for k in 0..<terminator.c {
        let edge = function.lists[Int(truncatingIfNeeded: terminator.b &+ k)]
        add(unit * share(of: edge, depth, from: b, function), to: edge, from: b, &function)
      }
    default: break
    }
  }

  /// How likely an edge of a branch is, beside one that stays in the loop.
  ///
  /// A loop is entered through its header only, so all loops around the target, but for its own if it
  /// is a header, are around the source as well: the difference in depth is what the edge leaves.
  private func share(
    of edge: UInt32, _ depth: UInt32, from b: Int, _ function: borrowing Function
  ) -> Float {
    let target = function.edges[Edge(raw: edge)].to.index
    if function.blocks[Block(target)].isCold { return coldFrequency }
    if target <= b { return 1 }
    let inside = loops.depthOutside(target)
    var share: Float = 1
    for _ in min(inside, depth)..<min(depth, inside &+ levels) { share /= iterations }
    // Of an edge out and one that stays, this makes the first one in so many iterations.
    return share == 1 ? 1 : share * iterations / (iterations - 1)
  }

  private func add(
    _ frequency: Float, to edge: UInt32, from b: Int, _ function: inout Function
  ) {
    let e = Int(truncatingIfNeeded: edge)
    function.edges.storage[e].frequency += frequency
    let target = function.edges.storage[e].to
    if target.index > b { function.blocks[target].frequency += frequency }
  }
}
