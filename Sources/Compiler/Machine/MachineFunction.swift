// SPDX-License-Identifier: Apache-2.0
// A function as machine instructions: what lowering makes, allocation places, and emission encodes.

import BrolgaEntities
import RegisterAllocation

/// One machine instruction. The target's opcode table says what the fields hold.
///
/// Its registers are the operands of the problem's instruction with the same number.
package struct MachineInstruction: BitwiseCopyable, Equatable, Sendable {
  /// Raw value of the target's opcode.
  package var opcode: UInt16
  /// Which of its sources is an operand, an immediate or in memory: raw value of the target's form.
  package var form: UInt8
  /// Raw value of the target's addressing mode, with the scale; 0 where there is no address.
  package var address: UInt8
  /// Width of the operation, as the log2 of its bytes.
  package var size: UInt8
  /// Raw value of the target's condition.
  package var condition: UInt8
  /// Per opcode.
  package var extra: UInt16
  /// An immediate, or per opcode.
  package var immediate: Int32
  /// Displacement of the address, or per addressing mode.
  package var displacement: Int32

  @inline(__always)
  package init(
    opcode: UInt16, form: UInt8 = 0, address: UInt8 = 0, size: UInt8 = 0, condition: UInt8 = 0,
    extra: UInt16 = 0, immediate: Int32 = 0, displacement: Int32 = 0
  ) {
    self.opcode = opcode
    self.form = form
    self.address = address
    self.size = size
    self.condition = condition
    self.extra = extra
    self.immediate = immediate
    self.displacement = displacement
  }
}

/// A function as machine instructions. Reused: lowering empties it first.
///
/// The problem's blocks stand in the order of their code; the number of a block is its label.
package struct MachineFunction: ~Copyable {
  /// The registers' part of it, sealed.
  package var problem = Problem()
  /// Parallel to `problem.instructions`, without its sentinel.
  package var instructions = Vector<MachineInstruction>()
  /// Where in the module each instruction comes from: parallel to `instructions`, a byte offset.
  package var origins = Vector<UInt32>()
  /// The constants that the code reads from memory, in words of 8 bytes; to be aligned to 16.
  package var constants = Vector<UInt64>()
  /// What makes each of the problem's `rematerializations`, in the same order: an instruction with
  /// its definition as the only operand.
  package var rematerializations = Vector<MachineInstruction>()
  /// The targets of jump tables, as block numbers of the problem.
  package var jumpTargets = Vector<UInt32>()

  /// The function's index in its module.
  package var index: UInt32 = 0
  /// Calls anything at all, so that the stack pointer must be aligned and the limit checked.
  package var makesCalls = false
  /// Calls through function records or has handlers, so that its context must be in the frame.
  package var keepsContext = false
  /// It calls helpers, which keep the registers of the system's convention only.
  package var callsHelpers = false
  /// Short loops are to be aligned.
  package var alignsLoops = false
  /// Bytes at the bottom of the frame for arguments and results of calls that travel in memory.
  package var outgoingBytes: Int32 = 0
  /// Bytes of the frame for frame variables.
  package var frameVariableBytes: Int32 = 0

  package init() {}

  /// Empties the function and keeps the memory.
  package mutating func clear() {
    problem.clear()
    instructions.removeAll()
    origins.removeAll()
    constants.removeAll()
    rematerializations.removeAll()
    jumpTargets.removeAll()
    index = 0
    makesCalls = false
    keepsContext = false
    callsHelpers = false
    alignsLoops = false
    outgoingBytes = 0
    frameVariableBytes = 0
  }
}
