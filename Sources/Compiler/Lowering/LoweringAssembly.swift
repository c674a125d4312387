// SPDX-License-Identifier: Apache-2.0
// After selection: groups and blocks into the order of the code, and the problem's tables.

import BrolgaEntities
import RegisterAllocation

/// Where the next instruction goes. The tables have their final sizes, so that nothing is
/// checked for each.
private struct AssemblyCursor {
  var instruction = 0
  var operand: UInt32 = 0
  let instructions: UnsafeMutablePointer<MachineInstruction>
  let origins: UnsafeMutablePointer<UInt32>
  let records: UnsafeMutablePointer<InstructionRecord>
  let operands: UnsafeMutablePointer<Operand>
}

extension Lowering {
  mutating func beginMachineBlock(_ label: Int) {
    machineBlocks[label].groupStart = UInt32(truncatingIfNeeded: groups.count)
  }

  mutating func endMachineBlock(_ label: Int) {
    machineBlocks[label].groupEnd = UInt32(truncatingIfNeeded: groups.count)
  }

  /// Fills the output's tables.
  mutating func assemble() {
    let count = code.count
    groups.append(UInt32(truncatingIfNeeded: count))
    let end = UInt32(truncatingIfNeeded: operands.count)
    code.append(
      SelectedInstruction(
        instruction: ISA.jump, record: InstructionRecord(operandStart: end),
        origin: 0))
    let none = Operand(raw: 0)
    output.instructions.reset(count: count, to: ISA.jump)
    output.origins.reset(count: count, to: 0)
    output.problem.instructions.reset(count: count, to: InstructionRecord(operandStart: 0))
    // One more, so that there is an address even where nothing has an operand.
    output.problem.operands.reset(count: operands.count &+ 1, to: none)
    var cursor = AssemblyCursor(
      instructions: output.instructions.buffer.baseAddress.unsafelyUnwrapped,
      origins: output.origins.buffer.baseAddress.unsafelyUnwrapped,
      records: output.problem.instructions.storage.buffer.baseAddress.unsafelyUnwrapped,
      operands: output.problem.operands.buffer.baseAddress.unsafelyUnwrapped)
    for b in machineBlocks.indices { assembleBlock(machineBlocks[b], &cursor) }
    precondition(cursor.instruction == count, "an instruction outside all blocks")
    output.problem.operands.truncate(to: operands.count)
    assemblePredecessors()
    output.problem.seal()
  }

  private mutating func assembleBlock(_ block: LoweredBlock, _ cursor: inout AssemblyCursor) {
    output.problem.blocks.append(
      BlockRecord(
        instructionStart: UInt32(truncatingIfNeeded: cursor.instruction),
        successorStart: UInt32(truncatingIfNeeded: output.problem.successors.count),
        predecessorStart: 0,
        parameterStart: UInt32(truncatingIfNeeded: output.problem.parameters.count),
        frequency: block.frequency, isCold: block.isCold))
    if block.isEdge {
      let edge = function.edges.storage[Int(truncatingIfNeeded: block.source)]
      appendSuccessor(labels[edge.to.index], arguments: block.argumentStart, of: edge)
    } else {
      assembleEnds(block)
    }
    var g = Int(truncatingIfNeeded: block.groupEnd)
    let first = Int(truncatingIfNeeded: block.groupStart)
    while g > first {
      g &-= 1
      let end = Int(truncatingIfNeeded: groups[g &+ 1])
      for i in Int(truncatingIfNeeded: groups[g])..<end {
        assembleInstruction(i, &cursor)
      }
    }
  }

  @inline(__always)
  private mutating func assembleInstruction(_ i: Int, _ cursor: inout AssemblyCursor) {
    let selected = code[i]
    var record = selected.record
    var source = Int(truncatingIfNeeded: record.operandStart)
    let end = Int(truncatingIfNeeded: code[i &+ 1].record.operandStart)
    record.operandStart = cursor.operand
    let at = cursor.instruction
    cursor.instructions[at] = selected.instruction
    cursor.origins[at] = selected.origin
    cursor.records[at] = record
    cursor.instruction = at &+ 1
    var target = Int(truncatingIfNeeded: cursor.operand)
    while source < end {
      cursor.operands[target] = operands[source]
      source &+= 1
      target &+= 1
    }
    cursor.operand = UInt32(truncatingIfNeeded: target)
  }

  /// The parameters and successors of a block of the function.
  private mutating func assembleEnds(_ block: LoweredBlock) {
    let b = Int(truncatingIfNeeded: block.source)
    let data = function.blocks.storage[b]
    if b != 0 {
      for k in 0..<data.parameterCount {
        let value = function.lists[Int(truncatingIfNeeded: data.parameterStart &+ k)]
        output.problem.parameters.append(register(defining: Int(truncatingIfNeeded: value)))
      }
    }
    let x = function.instructions.storage[Int(truncatingIfNeeded: data.instructionEnd) &- 1]
    if distinctEdgeCount(x) == 1 {
      let e = onlyEdge(x)
      let edge = function.edges.storage[Int(truncatingIfNeeded: e)]
      appendSuccessor(labels[edge.to.index], arguments: block.argumentStart, of: edge)
      return
    }
    switch x.opcode {
    case .branch, .unwind:
      appendSuccessor(label(ofEdge: x.b))
      appendSuccessor(label(ofEdge: x.c))
    case .branchTable:
      for k in 0..<x.c {
        let edge = function.lists[Int(truncatingIfNeeded: x.b &+ k)]
        let e = Int(truncatingIfNeeded: edge)
        if edgeMarks[e] == 4 { continue }
        edgeMarks[e] = 4
        appendSuccessor(label(ofEdge: edge))
      }
    default: break
    }
  }

  /// The edge of a terminator that has one.
  mutating func onlyEdge(_ x: Instruction) -> UInt32 {
    switch x.opcode {
    case .jump: x.a
    case .branch: x.b
    default: function.lists[Int(truncatingIfNeeded: x.b)]
    }
  }

  private mutating func appendSuccessor(_ label: UInt32) {
    output.problem.successors.append(RegisterAllocation.Block(raw: label))
    output.problem.argumentStart.append(UInt32(truncatingIfNeeded: output.problem.arguments.count))
  }

  private mutating func appendSuccessor(
    _ label: UInt32, arguments start: UInt32, of edge: EdgeData
  ) {
    appendSuccessor(label)
    for k in 0..<function.blocks[edge.to].parameterCount {
      let register = arguments[Int(truncatingIfNeeded: start &+ k)]
      output.problem.arguments.append(VirtualRegister(raw: register))
    }
  }

  /// Turns the successor lists round: sorts edges by target, by counting.
  private mutating func assemblePredecessors() {
    let blockCount = output.problem.blocks.count
    edgesBefore.reset(count: blockCount &+ 1, to: 0)
    for s in output.problem.successors.indices {
      edgesBefore[output.problem.successors[s].index &+ 1] &+= 1
    }
    for b in 0..<blockCount {
      edgesBefore[b &+ 1] &+= edgesBefore[b]
      output.problem.blocks.storage[b].predecessorStart = edgesBefore[b]
    }
    output.problem.predecessors.reset(
      count: output.problem.successors.count, to: RegisterAllocation.Block(raw: 0))
    for b in 0..<blockCount {
      let start = Int(truncatingIfNeeded: output.problem.blocks.storage[b].successorStart)
      let end =
        b &+ 1 < blockCount
        ? Int(truncatingIfNeeded: output.problem.blocks.storage[b &+ 1].successorStart)
        : output.problem.successors.count
      for s in start..<end {
        let target = output.problem.successors[s].index
        output.problem.predecessors[Int(truncatingIfNeeded: edgesBefore[target])] =
          RegisterAllocation.Block(raw: UInt32(truncatingIfNeeded: b))
        edgesBefore[target] &+= 1
      }
    }
  }
}
