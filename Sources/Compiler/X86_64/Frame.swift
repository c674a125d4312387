// SPDX-License-Identifier: Apache-2.0
// The stack frame of a function on x86-64: its layout, prologue and epilogue.

import BrolgaArtefact
import BrolgaEntities
import RegisterAllocation

/// The layout of the current function's frame. From the top:
///
///     [rbp + 16 …]   the caller's outgoing area
///     [rbp + 8]      return address
///     [rbp]          the caller's rbp
///     [rbp - 8]      the context, if the function calls through function records or has handlers
///     …              callee-saved registers that it uses
///     …              spill slots, the first one highest
///     …              frame variables
///     [rsp …]        outgoing area
///
/// rsp is a multiple of 16 at calls.
package struct X64Frame: TargetState {
  /// Bytes between rbp and the spill slots.
  var savedBytes: Int32 = 0
  /// Distance from rbp down to the first byte of the frame variables.
  var variablesBelow: Int32 = 0
  /// Bytes below rbp that the function uses, in the red zone or not.
  var byteCount: Int32 = 0
  /// What the prologue subtracts from rsp beyond the pushes.
  var adjustment: Int32 = 0
  /// Callee-saved registers to restore, by hardware number.
  var savedRegisters: UInt32 = 0
  var keepsContext = false
  var checksStack = false

  /// Bytes below the stack pointer that nobody else touches, by the system's convention; signal
  /// handlers included.
  static let redZone = 128
  /// A function without calls and with a frame below this runs on in the room below the limit.
  static let uncheckedBytes = 256
  /// Frames up to this size are covered by the room that the runtime leaves below the limit, so
  /// that comparing the stack pointer itself will do.
  static let smallFrame = 4096
  static let largestFrame = 1 << 30

  /// The operand for a value's spill slot.
  @inline(__always) func slot(_ allocation: Allocation, units: Int32 = 1) -> RegisterOrMemory {
    let unit = Int32(truncatingIfNeeded: allocation.raw & 0x3fff_ffff)
    return .memory(.rbp, 0 &- savedBytes &- (unit &+ units) &* 8)
  }

  @inline(__always) func place(_ allocation: Allocation, units: Int32 = 1) -> RegisterOrMemory {
    if allocation.isRegister {
      return RegisterOrMemory(.register, base: UInt8(truncatingIfNeeded: allocation.raw) & 15)
    }
    assert(allocation.isSlot, "an operand without a place")
    return slot(allocation, units: units)
  }

  package init() {}

  init(
    _ machine: inout MachineFunction, _ solution: inout Solution
  ) throws(EmissionError) {
    keepsContext = machine.keepsContext
    var used = solution.usedRegisters.int
    if machine.callsHelpers { used |= X64.helpersDestroy }
    savedRegisters = UInt32(truncatingIfNeeded: used & X64.calleeSaved)
    let pushes = savedRegisters.nonzeroBitCount + (keepsContext ? 1 : 0)
    // Slots of two units are aligned to 16 bytes, as rbp is.
    let saved = pushes * 8
    let base = machine.problem.ownUnits.isEmpty ? saved : (saved + 15) & ~15
    let variables = base + solution.slotUnits * 8 + Int(machine.frameVariableBytes)
    let whole = (variables + Int(machine.outgoingBytes) + 15) & ~15
    guard whole <= Self.largestFrame else {
      throw EmissionError.codeTooLarge(function: machine.index)
    }
    savedBytes = Int32(base)
    variablesBelow = Int32(variables)
    byteCount = Int32(whole)
    let inRedZone = !machine.makesCalls && whole - saved <= Self.redZone
    adjustment = inRedZone ? 0 : Int32(whole - saved)
    checksStack = machine.makesCalls || whole >= Self.uncheckedBytes
  }
}

extension Emitter where ISA == X64 {
  mutating func encodePrologue(_ origin: UInt32) {
    assembler.push(.rbp)
    assembler.move(.b64, .rbp, .rsp)
    if frame.checksStack {
      let stub = makeStub(.trap, origin: origin, trap: TrapKind.stackOverflow.rawValue)
      let limit = RegisterOrMemory.memory(.r15, ContextLayout.stackLimit)
      if Int(frame.adjustment) <= X64Frame.smallFrame {
        assembler.arithmetic(.cmp, .b64, .rsp, limit)
      } else {
        // Below zero the subtraction itself says so: the difference would look like a high address.
        assembler.move(.b64, .r11, .rsp)
        assembler.arithmetic(.sub, .b64, RegisterOrMemory(Gpr.r11), immediate: frame.adjustment)
        assembler.jump(if: .below, stub)
        assembler.arithmetic(.cmp, .b64, .r11, limit)
      }
      assembler.jump(if: .below, stub)
    }
    if frame.keepsContext { assembler.push(.r15) }
    var left = frame.savedRegisters
    while left != 0 {
      assembler.push(Gpr(UInt8(truncatingIfNeeded: left.trailingZeroBitCount)))
      left &= left &- 1
    }
    if frame.adjustment != 0 {
      assembler.arithmetic(.sub, .b64, RegisterOrMemory(Gpr.rsp), immediate: frame.adjustment)
    }
  }

  /// Restores and returns.
  mutating func encodeEpilogue(removing argumentBytes: UInt16) {
    restoreSavedRegisters()
    leaveFrame()
    assembler.return(removing: argumentBytes)
  }

  /// Puts the stack as the callee of a tail call expects it, in place of the frame:
  ///
  ///     [rbp + 16 …]  own arguments        the results' place stays, the callee's arguments end
  ///     [rbp + 8]     return address   ->  there, and below them is the return address
  ///     [rsp …]       new arguments
  ///
  /// Uses r11, xmm14 and xmm15, which hold no argument; rax may hold the callee's record.
  mutating func encodeLeave(for call: MachineInstruction) {
    let own = Int32(truncatingIfNeeded: call.extra) &* 8
    let passed = call.displacement &* 8
    restoreSavedRegisters()
    let moves = own != passed
    let returnAddress = Xmm(14)
    if moves {
      assembler.load(.f64, returnAddress, .memory(.rbp, 8))
      assembler.load(.b64, .r11, .memory(.rbp, 0))
    }
    let below = own &- passed
    let scratch = Xmm(CallingConvention.scratchFloat)
    // Up, by more than two words: the last words first.
    var at = passed
    while at > 0 {
      at &-= 16
      assembler.loadVector(scratch, .memory(.rsp, at))
      assembler.storeVector(.memory(.rbp, 16 &+ below &+ at), scratch)
    }
    if moves {
      assembler.loadAddress(.b64, .rsp, .memory(.rbp, 8 &+ below))
      assembler.store(.f64, .memory(.rsp, 0), returnAddress)
      assembler.move(.b64, .rbp, .r11)
    } else {
      leaveFrame()
    }
  }

  private mutating func restoreSavedRegisters() {
    var below: Int32 = frame.keepsContext ? -16 : -8
    var left = frame.savedRegisters
    while left != 0 {
      let register = Gpr(UInt8(truncatingIfNeeded: left.trailingZeroBitCount))
      assembler.load(.b64, register, .memory(.rbp, below))
      below &-= 8
      left &= left &- 1
    }
  }

  private mutating func leaveFrame() {
    if frame.savedRegisters == 0 && frame.adjustment == 0 && !frame.keepsContext {
      assembler.pop(.rbp)
    } else {
      assembler.leave()
    }
  }
}
