// SPDX-License-Identifier: Apache-2.0
// What a back end must provide. Read this first when you write one.

import BrolgaArtefact
import RegisterAllocation

/// An instruction set: an enumeration without cases that names its registers, selection rules,
/// encodings, frame and branch forms.
///
/// `Lowering`, `Assembler` and `Emitter` are generic over it, and the compiler specialises them, so
/// that nothing here is called through a table. The rules themselves stand in extensions such as
/// `extension Lowering where ISA == X64`; what is below is all that the common parts ask of them.
///
///     IR ─▶ Lowering<ISA> ─▶ MachineFunction ─▶ allocation ─▶ Emitter<ISA> ─▶ CodeBuffer
///             select, constant, …                               emit, emitMove, …
///
/// What an instruction's fields mean is the target's own affair: the common parts read an
/// instruction's operands, role and clobbers in the problem, and hand the rest on.
package protocol InstructionSet {
  // MARK: Registers

  /// The registers that allocation may use.
  static var machine: Machine { get }
  /// The registers of the k-th integer argument and result, and of the k-th float in both
  /// directions, see `CallPlaces`.
  static func argument(integer k: UInt8) -> PhysicalRegister
  static func result(integer k: UInt8) -> PhysicalRegister
  static func float(_ k: UInt8) -> PhysicalRegister
  /// Where the exception is when a call goes on in a handler: none of the results' registers.
  static var exception: PhysicalRegister { get }
  /// What a call destroys beside its results, of which so many are in registers.
  static func clobbers(resultIntegers: Int, resultFloats: Int, ofHelper: Bool) -> RegisterSet

  // MARK: Selection

  /// What selection keeps for itself from one instruction to the next above it.
  associatedtype Selection: TargetState
  /// Selects code for instruction `i`, which is `x`; all that reads its value is selected. A pure one
  /// that nobody asks for (`Lowering.isRequested`) becomes nothing.
  static func select(_ i: Int, _ x: Instruction, _ lowering: inout Lowering<Self>)
  /// A register with the constant `x`.
  static func constant(_ x: Instruction, _ lowering: inout Lowering<Self>) -> VirtualRegister
  /// Moves a value between its register and word `k` of a call's area in memory.
  static func load(
    _ value: Int, word k: UInt16, of area: CallArea, _ lowering: inout Lowering<Self>)
  static func store(
    _ value: UInt32, word k: UInt16, of area: CallArea, _ lowering: inout Lowering<Self>)
  /// The first instruction of the entry, which defines the arguments, and a block's only way on.
  static var entry: MachineInstruction { get }
  static var jump: MachineInstruction { get }
  /// Whether an instruction without uses reads what it defines from memory.
  static func readsMemory(_ instruction: MachineInstruction) -> Bool

  // MARK: Emission

  /// The layout of a function's frame.
  associatedtype Frame: TargetState
  /// Code at the function's end.
  associatedtype Stub: BitwiseCopyable
  static func frame(
    _ machine: inout MachineFunction, _ solution: inout Solution
  ) throws(EmissionError) -> Frame
  /// What the runtime needs to know of a frame to unwind it, see `FrameInfo`.
  static func frameInfo(_ frame: Frame) -> FrameInfo
  static func emitPrologue(_ origin: UInt32, _ emitter: inout Emitter<Self>)
  /// Encodes an instruction of `block`; `next` is the block whose code comes next.
  static func emit(
    _ instruction: MachineInstruction, _ places: UnsafePointer<Allocation>, _ origin: UInt32,
    block: Int, next: Int, _ machine: inout MachineFunction, _ emitter: inout Emitter<Self>)
  /// Encodes a move of the allocation, which must leave the flags alone, if there are any.
  static func emitMove(_ edit: Edit, _ emitter: inout Emitter<Self>)
  /// Makes a constant again in `place`; for flags the same holds.
  static func emitConstant(
    _ instruction: MachineInstruction, in place: Allocation, _ machine: inout MachineFunction,
    _ emitter: inout Emitter<Self>)
  static func emitStub(_ stub: Stub, _ emitter: inout Emitter<Self>)

  // MARK: Branches, see `Assembler.settleBranches`

  /// The bytes of a branch of `kind`, which is a number of the target's below `BranchRecord.padding`,
  /// while its distance is unknown, and where it is short.
  static func longBytes(ofBranch kind: UInt8) -> Int
  static var shortBranchBytes: Int { get }
  /// The distances from its end that a short branch spans.
  static var shortReach: ClosedRange<Int> { get }
  /// Appends a branch to what is `distance` bytes from its end.
  static func write(
    branch kind: UInt8, isShort: Bool, distance: Int, _ code: inout CodeBuffer)
  /// Appends so many bytes of instructions that do nothing.
  static func pad(_ count: Int, _ code: inout CodeBuffer)
  /// Fills in an instruction that refers to offset `target` of its function.
  static func resolve(_ fixup: Fixup, target: Int, _ code: inout CodeBuffer)
  /// Fills in a direct call in the text; `distance` counts from the place that was noted.
  static func resolve(call place: UnsafeMutableRawPointer, distance: Int)
  /// What stands between functions, so that a stray jump stops.
  static var filler: UInt8 { get }

  // MARK: Text

  static func name(_ register: PhysicalRegister) -> String
  static func mnemonic(_ instruction: MachineInstruction) -> String
  /// How many of the last operands are registers of the instruction's address; nil if it has none.
  static func addressOperandCount(_ instruction: MachineInstruction) -> Int?
  static func address(_ instruction: MachineInstruction, _ operands: [String]) -> String
  static func immediate(_ instruction: MachineInstruction) -> String?
  static func describe(_ stub: Stub) -> String
  static func describe(_ frame: Frame) -> String
}

/// What a target keeps per function; a new one is that of a function's start.
package protocol TargetState: BitwiseCopyable {
  init()
}

/// Where arguments and results of calls travel in memory.
package enum CallArea: UInt8, BitwiseCopyable {
  /// The own part of the caller's frame.
  case incoming
  /// The bottom of the own frame.
  case outgoing
}
