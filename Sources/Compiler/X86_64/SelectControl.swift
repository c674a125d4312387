// SPDX-License-Identifier: Apache-2.0
// Selection of terminators and traps.

import BrolgaArtefact
import BrolgaEntities
import RegisterAllocation

extension Lowering where ISA == X64 {
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
      emitFlags(.cmp, size: 2, index, X64Source(immediate: 0), .int)
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
