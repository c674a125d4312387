// SPDX-License-Identifier: Apache-2.0
// The tables of a problem as bare pointers, for the length of one run.

import BrolgaEntities

/// Where the tables of a problem are. Valid while the problem is borrowed.
struct ProblemView {
  let instructions: UnsafeMutablePointer<InstructionRecord>
  let operands: UnsafeMutablePointer<Operand>
  let clobberMasks: UnsafeMutablePointer<RegisterSet>
  let blocks: UnsafeMutablePointer<BlockRecord>
  let successors: UnsafeMutablePointer<Block>
  let predecessors: UnsafeMutablePointer<Block>
  let parameters: UnsafeMutablePointer<VirtualRegister>
  let argumentStart: UnsafeMutablePointer<UInt32>
  let arguments: UnsafeMutablePointer<VirtualRegister>
  let classes: UnsafeMutablePointer<RegisterClass>
  let ownUnits: UnsafeMutablePointer<UInt8>
  let ownUnitsCount: Int
  /// A byte for each class.
  private let unitsOfClass: UInt32
  let hints: UnsafeMutablePointer<Hint>
  let hintCount: Int
  let rematerializations: UnsafeMutablePointer<Rematerialization>
  let rematerializationCount: Int
  let blockCount: Int
  let instructionCount: Int
  let operandCount: Int
  let valueCount: Int
  let clobberMaskCount: Int

  init(_ problem: borrowing Problem) {
    instructions = problem.instructions.storage.buffer.baseAddress.unsafelyUnwrapped
    operands = problem.operands.buffer.baseAddress.unsafelyUnwrapped
    clobberMasks = problem.clobberMasks.buffer.baseAddress.unsafelyUnwrapped
    blocks = problem.blocks.storage.buffer.baseAddress.unsafelyUnwrapped
    successors = problem.successors.buffer.baseAddress.unsafelyUnwrapped
    predecessors = problem.predecessors.buffer.baseAddress.unsafelyUnwrapped
    parameters = problem.parameters.buffer.baseAddress.unsafelyUnwrapped
    argumentStart = problem.argumentStart.buffer.baseAddress.unsafelyUnwrapped
    arguments = problem.arguments.buffer.baseAddress.unsafelyUnwrapped
    classes = problem.classes.storage.buffer.baseAddress.unsafelyUnwrapped
    ownUnits = problem.ownUnits.buffer.baseAddress.unsafelyUnwrapped
    ownUnitsCount = problem.ownUnits.count
    let units = problem.machine.unitsOfClass
    unitsOfClass = UInt32(units[0]) | UInt32(units[1]) &<< 8 | UInt32(units[2]) &<< 16
    hints = problem.hints.buffer.baseAddress.unsafelyUnwrapped
    hintCount = problem.hints.count
    rematerializations = problem.rematerializations.buffer.baseAddress.unsafelyUnwrapped
    rematerializationCount = problem.rematerializations.count
    blockCount = problem.blockCount
    instructionCount = problem.instructionCount
    operandCount = problem.operands.count
    valueCount = problem.classes.count
    clobberMaskCount = problem.clobberMasks.count
  }

  @inline(__always) func instructionRange(_ b: Int) -> Range<Int> {
    range(blocks[b].instructionStart, blocks[b &+ 1].instructionStart)
  }
  @inline(__always) func operandRange(_ i: Int) -> Range<Int> {
    range(instructions[i].operandStart, instructions[i &+ 1].operandStart)
  }
  @inline(__always) func successorRange(_ b: Int) -> Range<Int> {
    range(blocks[b].successorStart, blocks[b &+ 1].successorStart)
  }
  @inline(__always) func predecessorRange(_ b: Int) -> Range<Int> {
    range(blocks[b].predecessorStart, blocks[b &+ 1].predecessorStart)
  }
  @inline(__always) func parameterRange(_ b: Int) -> Range<Int> {
    range(blocks[b].parameterStart, blocks[b &+ 1].parameterStart)
  }
  @inline(__always) func argumentRange(_ edge: Int) -> Range<Int> {
    range(argumentStart[edge], argumentStart[edge &+ 1])
  }

  /// Units of the spill area that value `v` takes.
  @inline(__always) func units(of v: Int) -> UInt8 {
    if v < ownUnitsCount && ownUnits[v] != 0 { return ownUnits[v] }
    return UInt8(
      truncatingIfNeeded: unitsOfClass &>> (UInt32(truncatingIfNeeded: classes[v].rawValue) &<< 3))
  }

  /// What a move of value `v` must know.
  @inline(__always) func shape(of v: Int) -> ValueShape { ValueShape(classes[v], units(of: v)) }

  /// What it costs to make value `v` again, which is marked for that.
  func rematerializationCost(_ v: Int) -> Float {
    var low = 0
    var high = rematerializationCount
    while low < high {
      let middle = (low &+ high) &>> 1
      if Int(rematerializations[middle].value.raw) < v {
        low = middle &+ 1
      } else {
        high = middle
      }
    }
    return rematerializations[low].cost
  }

  // Positions number all definitions: the head of each block, for its parameters, and after it the
  // operands of its instructions.
  @inline(__always) func firstPosition(_ b: Int) -> Int {
    position(ofInstruction: Int(truncatingIfNeeded: blocks[b].instructionStart), b)
  }
  /// Before all definitions of the instruction, and after those of the one before.
  @inline(__always) func position(ofInstruction i: Int, _ b: Int) -> Int {
    Int(truncatingIfNeeded: instructions[i].operandStart) &+ b
  }

  @inline(__always) private func range(_ start: UInt32, _ end: UInt32) -> Range<Int> {
    Range(uncheckedBounds: (Int(truncatingIfNeeded: start), Int(truncatingIfNeeded: end)))
  }
}
