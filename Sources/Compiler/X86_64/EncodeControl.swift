// SPDX-License-Identifier: Apache-2.0
// The encoding of jumps, calls, returns and traps.

import BrolgaArtefact
import BrolgaEntities
import RegisterAllocation

extension X64Opcode {
  /// This and all behind it are encoded by `encodeControl`.
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

extension Emitter where ISA == X64 {
  /// Encodes a control instruction of `block`; `next` is the block whose code comes next.
  mutating func encodeControl(
    _ instruction: MachineInstruction, _ places: UnsafePointer<Allocation>, _ origin: UInt32,
    block: Int, next: Int, _ machine: inout MachineFunction
  ) {
    let p = PlacedInstruction(instruction: instruction, places: places)
    switch instruction.x64Opcode {
    case .copyBlock, .fillBlock: encodeBlock(p, origin)
    case .entry: break
    case .jump:
      let at = machine.problem.successorRange(block).lowerBound
      encodeJump(to: resolved(machine.problem.successors[at].raw), next)
    case .branch:
      let at = machine.problem.successorRange(block).lowerBound
      encodeBranch(
        instruction.x64Condition, resolved(machine.problem.successors[at].raw),
        resolved(machine.problem.successors[at &+ 1].raw), next)
    case .jumpTable: encodeJumpTable(p, &machine)
    case .ret: encodeEpilogue(removing: UInt16(truncatingIfNeeded: instruction.immediate))
    case .tailCall:
      encodeLeave(for: instruction)
      assembler.jump(function: UInt32(bitPattern: instruction.immediate))
    case .tailCallReference: encodeTailCallReference(instruction)
    case .call:
      assembler.call(function: UInt32(bitPattern: instruction.immediate))
      assembler.markSite(origin, kind: 0)
      if instruction.extra != 0 { noteHandler(block, &machine) }
      restoreOutgoingArea(instruction.displacement)
      if instruction.extra != 0 { encodeReturn(block, next, &machine) }
    case .callReference:
      encodeCallReference(p, origin, block, &machine)
      if instruction.extra != 0 { encodeReturn(block, next, &machine) }
    case .callHelper:
      assembler.move(.b64, .rdi, .r15)
      assembler.load(.b64, .r11, .memory(.r15, ContextLayout.helperTable))
      assembler.call(.memory(.r11, instruction.immediate))
      assembler.markSite(origin, kind: 0)
    case .trap: encodeTrap(origin, UInt8(truncatingIfNeeded: instruction.immediate))
    case .trapIf: encodeTrapIf(instruction, origin)
    case .trapIfInconvertible:
      let stub = makeStub(
        .inconvertible, origin: origin, register: p.number(0), width: p.floatWidth)
      assembler.jump(if: instruction.x64Condition.code, stub)
    case .raiseIf:
      let stub = makeStub(.raise, origin: origin, register: p.number(0))
      assembler.test(.b32, RegisterOrMemory(p.gpr(0)), p.gpr(0))
      assembler.jump(if: .notEqual, stub)
    default: preconditionFailure("not a control instruction")
    }
  }

  @inline(__always) private func resolved(_ block: UInt32) -> UInt32 {
    aliases[Int(truncatingIfNeeded: block)]
  }

  @inline(__always) private mutating func encodeJump(to target: UInt32, _ next: Int) {
    if target != UInt32(truncatingIfNeeded: next) { assembler.jump(Label(raw: target)) }
  }

  private mutating func encodeBranch(
    _ condition: X64Condition, _ taken: UInt32, _ other: UInt32, _ next: Int
  ) {
    if taken == other { return encodeJump(to: taken, next) }
    let following = UInt32(truncatingIfNeeded: next)
    switch condition {
    case .orderedEqual: encodeBranchIfEqual(taken, other, following)
    case .unorderedNotEqual: encodeBranchIfEqual(other, taken, following)
    default:
      let code = condition.code
      if taken == following {
        assembler.jump(if: code.inverted, Label(raw: other))
      } else {
        assembler.jump(if: code, Label(raw: taken))
        encodeJump(to: other, next)
      }
    }
  }

  /// Branches after a comparison of floats: to `equal` if ordered and equal.
  private mutating func encodeBranchIfEqual(_ equal: UInt32, _ other: UInt32, _ following: UInt32) {
    assembler.jump(if: .parity, Label(raw: other))
    if equal == following {
      assembler.jump(if: .notEqual, Label(raw: other))
    } else {
      assembler.jump(if: .equal, Label(raw: equal))
      if other != following { assembler.jump(Label(raw: other)) }
    }
  }

  private mutating func encodeJumpTable(_ p: PlacedInstruction, _ machine: inout MachineFunction) {
    let index = p.gpr(0)
    let (offset, base) = (p.gpr(1), p.gpr(2))
    let count = UInt32(bitPattern: p.instruction.displacement)
    let first = UInt32(bitPattern: p.immediate)
    let last = resolved(machine.jumpTargets[Int(truncatingIfNeeded: first &+ count)])
    let table = UInt32(truncatingIfNeeded: assembler.code.jumpTables.count)
    assembler.code.jumpTables.append(JumpTableRecord(first: first, count: count))
    assembler.arithmetic(.cmp, .b32, RegisterOrMemory(index), immediate: p.instruction.displacement)
    assembler.jump(if: .aboveOrEqual, Label(raw: last))
    assembler.loadAddress(.b64, base, .jumpTable(table))
    assembler.loadSignExtended(
      from: .b32, to: .b64, offset, .memory(base, index: index, scale: 2))
    assembler.arithmetic(.add, .b64, offset, RegisterOrMemory(base))
    assembler.jump(RegisterOrMemory(offset))
  }

  /// The record is read before the context changes; the callee's r14 comes from its context.
  private mutating func encodeCallReference(
    _ p: PlacedInstruction, _ origin: UInt32, _ block: Int, _ machine: inout MachineFunction
  ) {
    let record = p.gpr(0)
    assembler.load(.b64, .r15, .memory(record, ContextLayout.FunctionRecord.context))
    assembler.load(.b64, .r14, .memory(.r15, ContextLayout.memoryBase))
    assembler.call(.memory(record, ContextLayout.FunctionRecord.code))
    assembler.markSite(origin, kind: 0)
    if p.instruction.extra != 0 { noteHandler(block, &machine) }
    restoreOutgoingArea(p.instruction.displacement)
    assembler.load(.b64, .r15, .memory(.rbp, CallingConvention.savedContextOffset))
    assembler.load(.b64, .r14, .memory(.r15, ContextLayout.memoryBase))
  }

  /// The first successor of a call that ends its block is where it goes on with an exception.
  private mutating func noteHandler(_ block: Int, _ machine: inout MachineFunction) {
    let at = machine.problem.successorRange(block).lowerBound
    assembler.code.noteHandler(Label(raw: resolved(machine.problem.successors[at].raw)))
  }

  /// The second is where it goes on when it has returned.
  private mutating func encodeReturn(
    _ block: Int, _ next: Int, _ machine: inout MachineFunction
  ) {
    let at = machine.problem.successorRange(block).lowerBound &+ 1
    encodeJump(to: resolved(machine.problem.successors[at].raw), next)
  }

  /// The callee has removed its arguments.
  private mutating func restoreOutgoingArea(_ argumentBytes: Int32) {
    if argumentBytes == 0 { return }
    assembler.arithmetic(.sub, .b64, RegisterOrMemory(Gpr.rsp), immediate: argumentBytes)
  }

  /// The context stays where the callee's is the same: nearly always.
  private mutating func encodeTailCallReference(_ instruction: MachineInstruction) {
    encodeLeave(for: instruction)
    let words = instruction.displacement | instruction.immediate &<< 16
    let stub = makeStub(.tailCall, origin: UInt32(bitPattern: words))
    assembler.arithmetic(.cmp, .b64, .r15, .memory(.rax, ContextLayout.FunctionRecord.context))
    assembler.jump(if: .notEqual, stub)
    assembler.jump(RegisterOrMemory.memory(.rax, ContextLayout.FunctionRecord.code))
  }

  private mutating func encodeTrapIf(_ instruction: MachineInstruction, _ origin: UInt32) {
    let kind = UInt8(truncatingIfNeeded: instruction.immediate)
    let stub = makeStub(.trap, origin: origin, trap: kind)
    switch instruction.x64Condition {
    case .orderedEqual:
      let over = assembler.makeLabel()
      assembler.jump(if: .parity, over)
      assembler.jump(if: .equal, stub)
      assembler.bind(over)
    case .unorderedNotEqual:
      assembler.jump(if: .notEqual, stub)
      assembler.jump(if: .parity, stub)
    case let condition: assembler.jump(if: condition.code, stub)
    }
  }
}
