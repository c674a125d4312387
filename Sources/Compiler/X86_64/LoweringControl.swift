// SPDX-License-Identifier: Apache-2.0
// Selection of terminators, edges and traps.

import Artefact
import Entities
import RegisterAllocation

extension Lowering {
  // MARK: Edges

  /// Selects the blocks of the terminator's edges that have one.
  mutating func lowerEdgeBlocks(_ terminator: Int) {
    let x = function.instructions.storage[terminator]
    origin = function.origins[terminator]
    switch x.opcode {
    case .branch:
      lowerEdgeBlock(x.b)
      lowerEdgeBlock(x.c)
    case .branchTable:
      for k in 0..<x.c { lowerEdgeBlock(function.lists[Int(truncatingIfNeeded: x.b &+ k)]) }
    default: break
    }
  }

  private mutating func lowerEdgeBlock(_ edge: UInt32) {
    let e = Int(truncatingIfNeeded: edge)
    if edgeMarks[e] != 3 { return }
    edgeMarks[e] = 2
    let label = Int(truncatingIfNeeded: edgeLabels[e])
    beginMachineBlock(label)
    // Loads stay where they are: the colour of no instruction.
    colour = 0
    groups.append(UInt32(truncatingIfNeeded: code.count))
    lowerJump(edge, label: label)
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
    emit(MachineInstruction(.jump), role: .branch)
  }

  // MARK: Terminators

  mutating func lowerBranch(_ i: Int, _ x: Instruction) {
    if distinctEdgeCount(x) == 1 {
      lowerJump(x.b)
      return
    }
    let condition = flagsBefore(i, x.a) ?? lowerCondition(x.a)
    emit(MachineInstruction(.branch, condition: condition), role: .branch)
  }

  mutating func lowerBranchTable(_ x: Instruction) {
    if distinctEdgeCount(x) == 1 {
      lowerJump(onlyEdge(x))
      return
    }
    let index = register(x.a)
    if x.c == 2 {
      // The successors are in the order of the edges: the first is that of index 0.
      emitFlags(.cmp, size: 2, index, Source(immediate: 0), .int)
      emit(MachineInstruction(.branch, condition: .equal), role: .branch)
      return
    }
    var machine = MachineInstruction(
      .jumpTable, immediate: Int32(truncatingIfNeeded: output.jumpTargets.count))
    machine.displacement = Int32(truncatingIfNeeded: x.c) &- 1
    for k in 0..<x.c {
      let edge = function.lists[Int(truncatingIfNeeded: x.b &+ k)]
      output.jumpTargets.append(label(ofEdge: edge))
    }
    emit(machine, role: .branch)
    operands.append(.use(index, .int))
    for _ in 0..<2 { operands.append(.temporary(newRegister(.int), .int)) }
  }

  // MARK: Traps

  mutating func lowerTrapIf(_ i: Int, _ x: Instruction) {
    let condition = flagsBefore(i, x.a) ?? lowerCondition(x.a)
    emit(
      MachineInstruction(
        .trapIf, condition: condition, immediate: Int32(truncatingIfNeeded: x.aux)))
  }
}
