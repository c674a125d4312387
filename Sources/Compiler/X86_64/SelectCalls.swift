// SPDX-License-Identifier: Apache-2.0
// Selection of calls, returns, and the entry.

import BrolgaArtefact
import BrolgaEntities
import RegisterAllocation

extension Lowering where ISA == X64 {
  // MARK: Calls of functions

  mutating func lowerCall(_ i: Int, _ x: Instruction) {
    let unit = self.unit.unsafelyUnwrapped
    let signature = unit.signature(function.lists[Int(truncatingIfNeeded: x.b)])
    let parameterCount = Int(truncatingIfNeeded: signature.parameterCount)
    let resultCount = Int(truncatingIfNeeded: signature.resultCount)
    let argumentWords = passArguments(x, unit, signature)
    let record = functionRecord(x, unit)
    let isReference = !record.isNone
    var machine = MachineInstruction(
      isReference ? .callReference : .call,
      immediate: isReference ? 0 : Int32(truncatingIfNeeded: x.a))
    machine.displacement = Int32(truncatingIfNeeded: argumentWords) &* 8
    let unwinds = unwindingValue != Self.noRegister
    output.makesCalls = true
    if isReference || unwinds { output.keepsContext = true }
    collectResults(i, resultCount)
    let counts = registerResults(unit, signature, parameterCount, resultCount)
    machine.extra = unwinds ? 1 : 0
    emit(
      machine, role: unwinds ? .branch : .ordinary,
      clobbers: clobberMask(counts.integers, counts.floats, unwinds: unwinds))
    if isReference { operands.append(.use(record, .int)) }
    if unwinds {
      let exception = register(defining: Int(truncatingIfNeeded: unwindingValue))
      operands.append(.fixedDefinition(exception, X64.exception))
      unwindingValue = Self.noRegister
    }
    receiveResults(
      unit, signature, parameterCount, resultCount, argumentWords: argumentWords,
      unwinds: unwinds)
    let bytes = Int32(truncatingIfNeeded: argumentWords &+ counts.words) &* 8
    output.outgoingBytes = max(output.outgoingBytes, bytes)
  }

  /// A call whose results are returned as they are.
  mutating func lowerTailCall(_ x: Instruction) {
    let unit = self.unit.unsafelyUnwrapped
    let signature = unit.signature(function.lists[Int(truncatingIfNeeded: x.b)])
    let passedWords = passArguments(x, unit, signature)
    let record = functionRecord(x, unit)
    let counts = registerResults(
      unit, signature, Int(truncatingIfNeeded: signature.parameterCount),
      Int(truncatingIfNeeded: signature.resultCount))
    if passedWords > 0 {
      // They are laid out in the frame before they take its place.
      output.makesCalls = true
      let bytes = Int32(truncatingIfNeeded: passedWords) &* 8
      output.outgoingBytes = max(output.outgoingBytes, bytes)
    }
    var machine = MachineInstruction(
      record.isNone ? .tailCall : .tailCallReference, extra: argumentWords,
      immediate: record.isNone
        ? Int32(truncatingIfNeeded: x.a) : Int32(truncatingIfNeeded: counts.words))
    machine.displacement = Int32(truncatingIfNeeded: passedWords)
    emit(machine, role: .exit)
    // Neither an argument's register nor one that is restored before the jump.
    if !record.isNone { operands.append(.fixedUse(record, X64Register.rax)) }
    for o in pending.indices { operands.append(pending[o]) }
  }

  /// A register with the address of the called function's record; none for a function of the own
  /// module.
  private mutating func functionRecord(
    _ x: Instruction, _ unit: LoweringUnit
  ) -> VirtualRegister {
    if x.opcode == .callReference || x.opcode == .tailCallReference { return register(x.a) }
    guard x.a < unit.importedFunctionCount else { return .none }
    let record = newRegister(.int)
    let offset = unit.importedFunctions &+ Int32(truncatingIfNeeded: x.a) &* 8
    emitUnary(.mov, size: 3, record, .int, X64Source(.context, displacement: offset), .int)
    return record
  }

  // MARK: Arguments and results in memory

  mutating func loadWord(_ k: UInt16, of area: CallArea, _ value: Int) {
    let type = function.instructions.storage[value].type
    let d = register(defining: value)
    let opcode: X64Opcode = type.isFloat ? .fmov : type == .v128 ? .vmov : .mov
    emitUnary(
      opcode, size: Self.size(type), d, Self.registerClass(type), X64Source(word: k, of: area), .int
    )
  }

  mutating func storeWord(_ k: UInt16, of area: CallArea, _ value: UInt32) {
    var s = X64Source(word: k, of: area)
    let type = type(value)
    if type == .v128 {
      storeRegister(.vstore, register(value), .float, 4, s)
    } else if type.isFloat {
      storeRegister(.fstore, register(value), .float, Self.size(type), s)
    } else if let c = immediate(value), c >= 0 || type == .i64 {
      s.form = .immediateToMemory
      emit(.store, size: 3, s, immediate: c)
    } else {
      // All 8 bytes, as the convention has zeros above 32-bit integers.
      storeRegister(.store, register(value), .int, 3, s)
    }
  }

  // MARK: Calls of helpers

  mutating func lowerHelperCall(_ i: Int, _ x: Instruction) {
    guard let helper = Helper(rawValue: UInt8(truncatingIfNeeded: x.a)) else {
      fatalError("no helper has number \(x.a)")
    }
    output.makesCalls = true
    output.callsHelpers = true
    pending.removeAll()
    for k in 0..<x.c {
      let value = function.lists[Int(truncatingIfNeeded: x.b &+ 1 &+ k)]
      // The context is the first argument.
      let physical = X64.argument(integer: UInt8(truncatingIfNeeded: k &+ 1))
      pending.append(.fixedUse(register(value), physical))
    }
    let hasResult = helper.result == .status || helper.result == .value
    emit(
      MachineInstruction(.callHelper, immediate: helper.offset),
      clobbers: clobberMask(hasResult ? 1 : 0, 0, ofHelper: true))
    let result = helper.result == .value ? register(defining: i) : newRegister(.int)
    if hasResult { operands.append(.fixedDefinition(result, X64Register.rax)) }
    for o in pending.indices { operands.append(pending[o]) }
    if helper.result == .status {
      emit(MachineInstruction(.raiseIf, size: 2))
      operands.append(.use(result, .int))
    }
  }

  // MARK: Entry and return

  mutating func lowerReturn(_ x: Instruction) {
    // Results lie behind the stack arguments.
    var places = CallPlaces(argumentWords: argumentWords)
    pending.removeAll()
    for k in 0..<x.c {
      let value = function.lists[Int(truncatingIfNeeded: x.b &+ k)]
      passValue(value, places.nextResult(type(value).kind), isReturned: true)
    }
    emit(
      MachineInstruction(.ret, immediate: Int32(truncatingIfNeeded: argumentWords) &* 8),
      role: .exit)
    for o in pending.indices { operands.append(pending[o]) }
  }
}

extension X64Source {
  fileprivate init(word k: UInt16, of area: CallArea) {
    self.init(
      area == .incoming ? .incoming : .outgoing, displacement: Int32(truncatingIfNeeded: k) &* 8)
  }
}
