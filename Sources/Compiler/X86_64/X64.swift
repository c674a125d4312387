// SPDX-License-Identifier: Apache-2.0
// x86-64 as an instruction set: which rules answer what the common parts ask.

import BrolgaArtefact
import RegisterAllocation

/// x86-64 with AVX2, BMI2 and FMA, and for vectors of 16 bytes AVX-512 where the options say that the
/// processor has it. Registers are in Convention.swift, instructions in
/// Instructions.swift, rules of selection in Select*.swift, encodings in Encode*.swift and
/// Assembler*.swift.
package enum X64: InstructionSet {
  // MARK: Selection

  package struct Selection: TargetState {
    /// The instruction whose flags a branch reads: it must be one that writes them.
    var flagProducer = -1

    package init() {}
  }

  @inline(__always)
  package static func select(_ i: Int, _ x: Instruction, _ lowering: inout Lowering<X64>) {
    lowering.select(i, x)
  }

  package static func constant(
    _ x: Instruction, _ lowering: inout Lowering<X64>
  ) -> VirtualRegister {
    lowering.constantRegister(x)
  }

  package static func load(
    _ value: Int, word k: UInt16, of area: CallArea, _ lowering: inout Lowering<X64>
  ) {
    lowering.loadWord(k, of: area, value)
  }

  package static func store(
    _ value: UInt32, word k: UInt16, of area: CallArea, _ lowering: inout Lowering<X64>
  ) {
    lowering.storeWord(k, of: area, value)
  }

  package static var entry: MachineInstruction { MachineInstruction(.entry) }
  package static var jump: MachineInstruction { MachineInstruction(.jump) }

  package static func readsMemory(_ instruction: MachineInstruction) -> Bool {
    instruction.x64Form == .memory
  }

  // MARK: Emission

  package typealias Frame = X64Frame
  package typealias Stub = X64Stub

  package static func frame(
    _ machine: inout MachineFunction, _ solution: inout Solution
  ) throws(EmissionError) -> X64Frame {
    try X64Frame(&machine, &solution)
  }

  package static func frameInfo(_ frame: X64Frame) -> FrameInfo {
    FrameInfo(
      savedRegisters: frame.savedRegisters, keepsContext: frame.keepsContext,
      byteCount: frame.byteCount)
  }

  package static func emitPrologue(_ origin: UInt32, _ emitter: inout Emitter<X64>) {
    emitter.encodePrologue(origin)
  }

  @inline(__always)
  package static func emit(
    _ instruction: MachineInstruction, _ places: UnsafePointer<Allocation>, _ origin: UInt32,
    block: Int, next: Int, _ machine: inout MachineFunction, _ emitter: inout Emitter<X64>
  ) {
    emitter.encode(instruction, places, origin, block: block, next: next, &machine)
  }

  @inline(__always)
  package static func emitMove(_ edit: Edit, _ emitter: inout Emitter<X64>) {
    emitter.encodeMove(edit)
  }

  package static func emitConstant(
    _ instruction: MachineInstruction, in place: Allocation, _ machine: inout MachineFunction,
    _ emitter: inout Emitter<X64>
  ) {
    emitter.encodeConstant(instruction, in: place, &machine)
  }

  package static func emitStub(_ stub: X64Stub, _ emitter: inout Emitter<X64>) {
    emitter.encodeStub(stub)
  }
}
