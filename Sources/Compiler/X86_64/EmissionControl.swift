// SPDX-License-Identifier: Apache-2.0
// The encoding of jumps, calls, returns and traps.

import Artefact
import Entities
import RegisterAllocation

extension X64Opcode {
  /// This and all behind it are encoded by `emitControl`.
  @inline(__always) static var firstControl: X64Opcode { .copyBlock }
}

extension X64Condition {
  /// Not for the two conditions that take two flags.
  @inline(__always) var code: ConditionCode {
    assert(rawValue < 16, "no such condition code")
    return ConditionCode(rawValue: rawValue & 15).unsafelyUnwrapped
  }
}

/// Trap kinds as site marks.
enum X64Trap {
  @inline(__always) static var integerOverflow: UInt8 { TrapKind.integerOverflow.rawValue }
}

extension CodeBuffer {
  /// Encodes a control instruction of `block`; `next` is the block whose code comes next.
  mutating func emitControl(
    _ instruction: MachineInstruction, _ places: UnsafePointer<Allocation>, _ origin: UInt32,
    block: Int, next: Int, _ machine: inout MachineFunction
  ) {
    let p = PlacedInstruction(instruction: instruction, places: places)
    switch instruction.x64Opcode {
    case .copyBlock, .fillBlock: encodeBlock(p, origin)
    case .entry: break
    case .jump:
      let at = machine.problem.successorRange(block).lowerBound
      emitJump(to: resolved(machine.problem.successors[at].raw), next)
    case .branch:
      let at = machine.problem.successorRange(block).lowerBound
      emitBranch(
        instruction.x64Condition, resolved(machine.problem.successors[at].raw),
        resolved(machine.problem.successors[at &+ 1].raw), next)
    case .jumpTable: emitJumpTable(p, &machine)
    case .ret: emitEpilogue(removing: UInt16(truncatingIfNeeded: instruction.immediate))
    case .tailCall:
      emitLeave(for: instruction)
      jump(function: UInt32(bitPattern: instruction.immediate))
    case .tailCallReference: emitTailCallReference(instruction)
    case .call:
      call(function: UInt32(bitPattern: instruction.immediate))
      markSite(origin, kind: 0)
      restoreOutgoingArea(instruction.displacement)
    case .callReference: emitCallReference(p, origin)
    case .callHelper:
      move(.b64, .rdi, .r15)
      load(.b64, .r11, .memory(.r15, ContextLayout.helperTable))
      call(.memory(.r11, instruction.immediate))
      markSite(origin, kind: 0)
    case .trap: emitTrap(origin, UInt8(truncatingIfNeeded: instruction.immediate))
    case .trapIf: emitTrapIf(instruction, origin)
    case .trapIfInconvertible:
      let stub = makeStub(
        .inconvertible, origin: origin, register: p.number(0), width: p.floatWidth)
      jump(if: instruction.x64Condition.code, stub)
    case .raiseIf:
      let stub = makeStub(.raise, origin: origin, register: p.number(0))
      test(.b32, RegisterOrMemory(p.gpr(0)), p.gpr(0))
      jump(if: .notEqual, stub)
    default: preconditionFailure("not a control instruction")
    }
  }

  @inline(__always) private func resolved(_ block: UInt32) -> UInt32 {
    aliases[Int(truncatingIfNeeded: block)]
  }

  @inline(__always) private mutating func emitJump(to target: UInt32, _ next: Int) {
    if target != UInt32(truncatingIfNeeded: next) { jump(Label(raw: target)) }
  }

  private mutating func emitBranch(
    _ condition: X64Condition, _ taken: UInt32, _ other: UInt32, _ next: Int
  ) {
    if taken == other { return emitJump(to: taken, next) }
    let following = UInt32(truncatingIfNeeded: next)
    switch condition {
    case .orderedEqual: emitBranchIfEqual(taken, other, following)
    case .unorderedNotEqual: emitBranchIfEqual(other, taken, following)
    default:
      let code = condition.code
      if taken == following {
        jump(if: code.inverted, Label(raw: other))
      } else {
        jump(if: code, Label(raw: taken))
        emitJump(to: other, next)
      }
    }
  }

  /// Branches after a comparison of floats: to `equal` if ordered and equal.
  private mutating func emitBranchIfEqual(_ equal: UInt32, _ other: UInt32, _ following: UInt32) {
    jump(if: .parity, Label(raw: other))
    if equal == following {
      jump(if: .notEqual, Label(raw: other))
    } else {
      jump(if: .equal, Label(raw: equal))
      if other != following { jump(Label(raw: other)) }
    }
  }

  private mutating func emitJumpTable(_ p: PlacedInstruction, _ machine: inout MachineFunction) {
    let index = p.gpr(0)
    let (offset, base) = (p.gpr(1), p.gpr(2))
    let count = UInt32(bitPattern: p.instruction.displacement)
    let first = UInt32(bitPattern: p.immediate)
    let last = resolved(machine.jumpTargets[Int(truncatingIfNeeded: first &+ count)])
    let table = UInt32(truncatingIfNeeded: jumpTables.count)
    jumpTables.append(JumpTableRecord(first: first, count: count))
    arithmetic(.cmp, .b32, RegisterOrMemory(index), immediate: p.instruction.displacement)
    jump(if: .aboveOrEqual, Label(raw: last))
    loadAddress(.b64, base, .jumpTable(table))
    loadSignExtended(
      from: .b32, to: .b64, offset, .memory(base, index: index, scale: 2))
    arithmetic(.add, .b64, offset, RegisterOrMemory(base))
    jump(RegisterOrMemory(offset))
  }

  /// The record is read before the context changes; the callee's r14 comes from its context.
  private mutating func emitCallReference(_ p: PlacedInstruction, _ origin: UInt32) {
    let record = p.gpr(0)
    load(.b64, .r15, .memory(record, ContextLayout.FunctionRecord.context))
    load(.b64, .r14, .memory(.r15, ContextLayout.memoryBase))
    call(.memory(record, ContextLayout.FunctionRecord.code))
    markSite(origin, kind: 0)
    restoreOutgoingArea(p.instruction.displacement)
    load(.b64, .r15, .memory(.rbp, CallingConvention.savedContextOffset))
    load(.b64, .r14, .memory(.r15, ContextLayout.memoryBase))
  }

  /// The callee has removed its arguments.
  private mutating func restoreOutgoingArea(_ argumentBytes: Int32) {
    if argumentBytes == 0 { return }
    arithmetic(.sub, .b64, RegisterOrMemory(Gpr.rsp), immediate: argumentBytes)
  }

  /// The context stays where the callee's is the same: nearly always.
  private mutating func emitTailCallReference(_ instruction: MachineInstruction) {
    emitLeave(for: instruction)
    let words = instruction.displacement | instruction.immediate &<< 16
    let stub = makeStub(.tailCall, origin: UInt32(bitPattern: words))
    arithmetic(.cmp, .b64, .r15, .memory(.rax, ContextLayout.FunctionRecord.context))
    jump(if: .notEqual, stub)
    jump(RegisterOrMemory.memory(.rax, ContextLayout.FunctionRecord.code))
  }

  private mutating func emitTrapIf(_ instruction: MachineInstruction, _ origin: UInt32) {
    let kind = UInt8(truncatingIfNeeded: instruction.immediate)
    let stub = makeStub(.trap, origin: origin, trap: kind)
    switch instruction.x64Condition {
    case .orderedEqual:
      let over = makeLabel()
      jump(if: .parity, over)
      jump(if: .equal, stub)
      bind(over)
    case .unorderedNotEqual:
      jump(if: .notEqual, stub)
      jump(if: .parity, stub)
    case let condition: jump(if: condition.code, stub)
    }
  }
}
