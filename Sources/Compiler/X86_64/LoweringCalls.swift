// SPDX-License-Identifier: Apache-2.0
// Selection of calls, returns, and the entry.

import Artefact
import Entities
import RegisterAllocation

extension Lowering {
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
    output.makesCalls = true
    if isReference { output.callsReferences = true }
    collectResults(i, resultCount)
    let counts = registerResults(unit, signature, parameterCount, resultCount)
    emit(machine, clobbers: clobberMask(counts.integers, counts.floats))
    if isReference { operands.append(.use(record, .int)) }
    receiveResults(
      unit, signature, parameterCount, resultCount, argumentWords: argumentWords)
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

  /// Stores or leaves in `pending` the arguments of a call; the words that they take on the stack.
  private mutating func passArguments(
    _ x: Instruction, _ unit: LoweringUnit, _ signature: LoweringUnit.Signature
  ) -> UInt16 {
    var places = CallPlaces()
    pending.removeAll()
    for k in 0..<Int(truncatingIfNeeded: signature.parameterCount) {
      let value = function.lists[Int(truncatingIfNeeded: x.b) &+ 1 &+ k]
      let place = places.nextParameter(isFloat: unit.type(signature, k).isFloat)
      passValue(value, place, isReturned: false)
    }
    return places.argumentWords
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
    emitUnary(.mov, size: 3, record, .int, Source(.context, displacement: offset), .int)
    return record
  }

  /// Puts a value where a call or return wants it: a store now, or an operand later.
  private mutating func passValue(_ value: UInt32, _ place: ValuePlace, isReturned: Bool) {
    switch place {
    case .integerRegister(let k):
      let r = register(value)
      let physical =
        isReturned ? X64Convention.result(integer: k) : X64Convention.argument(integer: k)
      pending.append(.fixedUse(r, physical))
    case .floatRegister(let k):
      pending.append(.fixedUse(register(value), X64Convention.float(k)))
    case .stackWord(let k):
      let mode: X64AddressMode = isReturned ? .incoming : .outgoing
      let s = Source(mode, displacement: Int32(truncatingIfNeeded: k) &* 8)
      let type = type(value)
      if type.isFloat {
        storeRegister(.fstore, register(value), .float, Self.size(type), s)
      } else if let c = immediate(value), c >= 0 || type == .i64 {
        var s = s
        s.form = .immediateToMemory
        emit(.store, size: 3, s, immediate: c)
      } else {
        // All 8 bytes, as the convention has zeros above 32-bit integers.
        storeRegister(.store, register(value), .int, 3, s)
      }
    }
  }

  /// The values that are the results of call `i`, by number.
  private mutating func collectResults(_ i: Int, _ count: Int) {
    resultValues.reset(count: count, to: Self.noRegister)
    if count > 0 { resultValues[0] = UInt32(truncatingIfNeeded: i) }
    if count < 2 { return }
    var k = i &+ 1
    while k < function.instructions.count {
      let x = function.instructions.storage[k]
      if x.opcode == .result && Int(truncatingIfNeeded: x.a) == i {
        resultValues[Int(truncatingIfNeeded: x.b)] = UInt32(truncatingIfNeeded: k)
      } else if x.opcode != .nop {
        return
      }
      k &+= 1
    }
  }

  private struct ResultCounts {
    var integers = 0
    var floats = 0
    var words: UInt16 = 0
  }

  private mutating func registerResults(
    _ unit: LoweringUnit, _ signature: LoweringUnit.Signature, _ first: Int, _ count: Int
  ) -> ResultCounts {
    var counts = ResultCounts()
    var places = CallPlaces()
    for k in 0..<count {
      switch places.nextResult(isFloat: unit.type(signature, first &+ k).isFloat) {
      case .integerRegister: counts.integers &+= 1
      case .floatRegister: counts.floats &+= 1
      case .stackWord: counts.words &+= 1
      }
    }
    return counts
  }

  /// The call's remaining operands, then loads of the results that lie in memory.
  private mutating func receiveResults(
    _ unit: LoweringUnit, _ signature: LoweringUnit.Signature, _ first: Int, _ count: Int,
    argumentWords: UInt16
  ) {
    var places = CallPlaces(argumentWords: argumentWords)
    for k in 0..<count {
      let place = places.nextResult(isFloat: unit.type(signature, first &+ k).isFloat)
      switch place {
      case .integerRegister(let n):
        operands.append(
          .fixedDefinition(resultRegister(k, .int), X64Convention.result(integer: n)))
      case .floatRegister(let n):
        operands.append(.fixedDefinition(resultRegister(k, .float), X64Convention.float(n)))
      case .stackWord: break
      }
    }
    for o in pending.indices { operands.append(pending[o]) }
    places = CallPlaces(argumentWords: argumentWords)
    for k in 0..<count {
      let type = unit.type(signature, first &+ k)
      if case .stackWord(let word) = places.nextResult(isFloat: type.isFloat) {
        let value = resultValues[k]
        if value == Self.noRegister || !isRequested(Int(truncatingIfNeeded: value)) { continue }
        let s = Source(.outgoing, displacement: Int32(truncatingIfNeeded: word) &* 8)
        loadWord(Int(truncatingIfNeeded: value), type, s)
      }
    }
  }

  private mutating func resultRegister(_ k: Int, _ c: RegisterClass) -> VirtualRegister {
    let value = resultValues[k]
    if value == Self.noRegister { return newRegister(c) }
    let known = registers[Int(truncatingIfNeeded: value)]
    return known == Self.noRegister ? newRegister(c) : VirtualRegister(raw: known)
  }

  private mutating func loadWord(_ value: Int, _ type: Type, _ s: Source) {
    let d = register(defining: value)
    let opcode: X64Opcode = type.isFloat ? .fmov : .mov
    emitUnary(opcode, size: Self.size(type), d, Self.registerClass(type), s, .int)
  }

  /// The number of the mask of a call with so many results in registers: at most one of a helper's.
  private mutating func clobberMask(
    _ integers: Int, _ floats: Int, ofHelper isHelper: Bool = false
  ) -> UInt16 {
    let key = isHelper ? 64 &+ integers : integers &* 9 &+ floats
    if callMasks[key] == 0 {
      callMasks[key] = UInt16(truncatingIfNeeded: output.problem.clobberMasks.count)
      output.problem.clobberMasks.append(
        X64Convention.clobbers(
          resultIntegers: integers, resultFloats: floats, ofHelper: isHelper))
    }
    return callMasks[key]
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
      let physical = X64Convention.argument(integer: UInt8(truncatingIfNeeded: k &+ 1))
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

  /// The words of the caller's outgoing area that hold parameters.
  mutating func countArgumentWords() -> UInt16 {
    let data = function.blocks.storage[0]
    var places = CallPlaces()
    for k in 0..<data.parameterCount {
      let value = function.lists[Int(truncatingIfNeeded: data.parameterStart &+ k)]
      _ = places.nextParameter(isFloat: type(value).isFloat)
    }
    return places.argumentWords
  }

  /// Defines the function's parameters, as far as something reads them.
  mutating func lowerEntry() {
    let data = function.blocks.storage[0]
    groups.append(UInt32(truncatingIfNeeded: code.count))
    origin = function.origins.isEmpty ? 0 : function.origins[0]
    emit(MachineInstruction(.entry))
    var places = CallPlaces()
    for k in 0..<data.parameterCount {
      let value = Int(
        truncatingIfNeeded: function.lists[Int(truncatingIfNeeded: data.parameterStart &+ k)])
      let type = function.instructions.storage[value].type
      let place = places.nextParameter(isFloat: type.isFloat)
      if !isRequested(value) { continue }
      switch place {
      case .integerRegister(let n):
        operands.append(
          .fixedDefinition(register(defining: value), X64Convention.argument(integer: n)))
      case .floatRegister(let n):
        operands.append(.fixedDefinition(register(defining: value), X64Convention.float(n)))
      case .stackWord: break
      }
    }
    places = CallPlaces()
    for k in 0..<data.parameterCount {
      let value = Int(
        truncatingIfNeeded: function.lists[Int(truncatingIfNeeded: data.parameterStart &+ k)])
      let type = function.instructions.storage[value].type
      if case .stackWord(let word) = places.nextParameter(isFloat: type.isFloat),
        isRequested(value)
      {
        loadWord(
          value, type, Source(.incoming, displacement: Int32(truncatingIfNeeded: word) &* 8))
      }
    }
  }

  mutating func lowerReturn(_ x: Instruction) {
    // Results lie behind the stack arguments.
    var places = CallPlaces(argumentWords: argumentWords)
    pending.removeAll()
    for k in 0..<x.c {
      let value = function.lists[Int(truncatingIfNeeded: x.b &+ k)]
      passValue(value, places.nextResult(isFloat: type(value).isFloat), isReturned: true)
    }
    emit(
      MachineInstruction(.ret, immediate: Int32(truncatingIfNeeded: argumentWords) &* 8),
      role: .exit)
    for o in pending.indices { operands.append(pending[o]) }
  }
}
