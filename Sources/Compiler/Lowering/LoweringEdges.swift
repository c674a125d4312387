// SPDX-License-Identifier: Apache-2.0
// Edges: the blocks that stand on them, and the values that they pass.

import BrolgaEntities
import RegisterAllocation

extension Lowering {
  /// Selects the blocks of the terminator's edges that have one.
  mutating func lowerEdgeBlocks(_ terminator: Int) {
    let x = function.instructions.storage[terminator]
    origin = function.origins[terminator]
    switch x.opcode {
    case .branch:
      lowerEdgeBlock(x.b)
      lowerEdgeBlock(x.c)
    case .unwind:
      lowerEdgeBlock(x.b)
      lowerEdgeBlock(x.c, loading: callBefore(terminator))
    case .branchTable:
      for k in 0..<x.c { lowerEdgeBlock(function.lists[Int(truncatingIfNeeded: x.b &+ k)]) }
    default: break
    }
  }

  /// - Parameter call: the call that the edge comes from, if it is one that returned, whose results in
  ///   memory can only be read here.
  private mutating func lowerEdgeBlock(_ edge: UInt32, loading call: Int? = nil) {
    let e = Int(truncatingIfNeeded: edge)
    if edgeMarks[e] != 3 { return }
    edgeMarks[e] = 2
    let label = Int(truncatingIfNeeded: edgeLabels[e])
    beginMachineBlock(label)
    // Loads stay where they are: the colour of no instruction.
    colour = 0
    groups.append(UInt32(truncatingIfNeeded: code.count))
    lowerJump(edge, label: label)
    if let call {
      groups.append(UInt32(truncatingIfNeeded: code.count))
      loadResults(ofCall: call)
    }
    endMachineBlock(label)
  }

  /// The jump of a block with one successor.
  mutating func lowerJump(_ edge: UInt32) {
    let from = function.edges.storage[Int(truncatingIfNeeded: edge)].from
    lowerJump(edge, label: Int(truncatingIfNeeded: labels[from.index]))
  }

  private mutating func lowerJump(_ edge: UInt32, label: Int) {
    let data = function.edges.storage[Int(truncatingIfNeeded: edge)]
    machineBlocks[label].argumentStart = UInt32(truncatingIfNeeded: arguments.count)
    for k in 0..<function.blocks[data.to].parameterCount {
      let value = function.lists[Int(truncatingIfNeeded: data.argumentStart &+ k)]
      arguments.append(register(value).raw)
    }
    emit(ISA.jump, role: .branch)
  }
}
