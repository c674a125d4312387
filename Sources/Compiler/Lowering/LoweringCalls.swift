// SPDX-License-Identifier: Apache-2.0
// Where the arguments and results of calls travel, as operands and as words in memory.

import BrolgaArtefact
import BrolgaEntities
import RegisterAllocation

/// How many results of a call travel in registers, and how many words the others take.
struct ResultCounts: BitwiseCopyable {
  var integers = 0
  var floats = 0
  var words: UInt16 = 0
}

extension Lowering {
  /// Stores or leaves in `pending` the arguments of a call; the words that they take on the stack.
  mutating func passArguments(
    _ x: Instruction, _ unit: LoweringUnit, _ signature: LoweringUnit.Signature
  ) -> UInt16 {
    var places = CallPlaces()
    pending.removeAll()
    for k in 0..<Int(truncatingIfNeeded: signature.parameterCount) {
      let value = function.lists[Int(truncatingIfNeeded: x.b) &+ 1 &+ k]
      let place = places.nextParameter(unit.type(signature, k).kind)
      passValue(value, place, isReturned: false)
    }
    return places.argumentWords
  }

  /// Puts a value where a call or return wants it: a store now, or an operand later.
  mutating func passValue(_ value: UInt32, _ place: ValuePlace, isReturned: Bool) {
    switch place {
    case .integerRegister(let k):
      let r = register(value)
      let physical =
        isReturned ? ISA.result(integer: k) : ISA.argument(integer: k)
      pending.append(.fixedUse(r, physical))
    case .floatRegister(let k):
      pending.append(.fixedUse(register(value), ISA.float(k)))
    case .stackWord(let k):
      ISA.store(value, word: k, of: isReturned ? .incoming : .outgoing, &self)
    }
  }

  /// The values that are the results of call `i`, by number.
  mutating func collectResults(_ i: Int, _ count: Int) {
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

  mutating func registerResults(
    _ unit: LoweringUnit, _ signature: LoweringUnit.Signature, _ first: Int, _ count: Int
  ) -> ResultCounts {
    var counts = ResultCounts()
    var places = CallPlaces()
    for k in 0..<count {
      switch places.nextResult(unit.type(signature, first &+ k).kind) {
      case .integerRegister: counts.integers &+= 1
      case .floatRegister: counts.floats &+= 1
      case .stackWord:
        counts.words &+= unit.type(signature, first &+ k) == .v128 ? 2 : 1
      }
    }
    return counts
  }

  /// The call's remaining operands, then loads of the results that lie in memory.
  mutating func receiveResults(
    _ unit: LoweringUnit, _ signature: LoweringUnit.Signature, _ first: Int, _ count: Int,
    argumentWords: UInt16, unwinds: Bool
  ) {
    var places = CallPlaces(argumentWords: argumentWords)
    for k in 0..<count {
      let place = places.nextResult(unit.type(signature, first &+ k).kind)
      switch place {
      case .integerRegister(let n):
        operands.append(
          .fixedDefinition(resultRegister(k, .i64), ISA.result(integer: n)))
      case .floatRegister(let n):
        operands.append(
          .fixedDefinition(resultRegister(k, unit.type(signature, first &+ k)), ISA.float(n)))
      case .stackWord: break
      }
    }
    for o in pending.indices { operands.append(pending[o]) }
    // Of a call that ends its block, the block behind it loads them.
    if !unwinds { loadResults(unit, signature, first, count, argumentWords: argumentWords) }
  }

  private mutating func loadResults(
    _ unit: LoweringUnit, _ signature: LoweringUnit.Signature, _ first: Int, _ count: Int,
    argumentWords: UInt16
  ) {
    var places = CallPlaces(argumentWords: argumentWords)
    for k in 0..<count {
      let type = unit.type(signature, first &+ k)
      if case .stackWord(let word) = places.nextResult(type.kind) {
        let value = resultValues[k]
        if value == Self.noRegister || !isRequested(Int(truncatingIfNeeded: value)) { continue }
        ISA.load(Int(truncatingIfNeeded: value), word: word, of: .outgoing, &self)
      }
    }
  }

  // MARK: Calls that end their block

  /// The call that the `unwind` at `terminator` belongs to.
  func callBefore(_ terminator: Int) -> Int {
    var i = terminator &- 1
    while true {
      switch function.instructions.storage[i].opcode {
      case .call, .callReference: return i
      default: i &-= 1
      }
    }
  }

  func hasResultsInMemory(_ terminator: Int) -> Bool {
    let (unit, signature, first, count) = resultTypes(ofCall: callBefore(terminator))
    var places = CallPlaces()
    for k in 0..<count {
      if case .stackWord = places.nextResult(unit.type(signature, first &+ k).kind) { return true }
    }
    return false
  }

  private func resultTypes(
    ofCall i: Int
  ) -> (unit: LoweringUnit, LoweringUnit.Signature, first: Int, count: Int) {
    let unit = self.unit.unsafelyUnwrapped
    let type = function.lists[Int(truncatingIfNeeded: function.instructions.storage[i].b)]
    let signature = unit.signature(type)
    return (
      unit, signature, Int(truncatingIfNeeded: signature.parameterCount),
      Int(truncatingIfNeeded: signature.resultCount)
    )
  }

  /// Loads the results in memory of a call that has returned.
  mutating func loadResults(ofCall i: Int) {
    let (unit, signature, first, count) = resultTypes(ofCall: i)
    var places = CallPlaces()
    for k in 0..<first { _ = places.nextParameter(unit.type(signature, k).kind) }
    collectResults(i, count)
    loadResults(unit, signature, first, count, argumentWords: places.argumentWords)
  }

  private mutating func resultRegister(_ k: Int, _ type: Type) -> VirtualRegister {
    let value = resultValues[k]
    if value == Self.noRegister { return newRegister(for: type) }
    let known = registers[Int(truncatingIfNeeded: value)]
    return known == Self.noRegister ? newRegister(for: type) : VirtualRegister(raw: known)
  }

  /// The number of the mask of a call with so many results in registers: at most one of a helper's.
  mutating func clobberMask(
    _ integers: Int, _ floats: Int, ofHelper isHelper: Bool = false, unwinds: Bool = false
  ) -> UInt16 {
    let key = (isHelper ? 64 &+ integers : integers &* 9 &+ floats) &+ (unwinds ? 66 : 0)
    if callMasks[key] == 0 {
      callMasks[key] = UInt16(truncatingIfNeeded: output.problem.clobberMasks.count)
      var mask = ISA.clobbers(
        resultIntegers: integers, resultFloats: floats, ofHelper: isHelper)
      if unwinds { mask.remove(ISA.exception) }
      output.problem.clobberMasks.append(mask)
    }
    return callMasks[key]
  }

  /// The words of the caller's outgoing area that hold parameters.
  mutating func countArgumentWords() -> UInt16 {
    let data = function.blocks.storage[0]
    var places = CallPlaces()
    for k in 0..<data.parameterCount {
      let value = function.lists[Int(truncatingIfNeeded: data.parameterStart &+ k)]
      _ = places.nextParameter(type(value).kind)
    }
    return places.argumentWords
  }

  /// Defines the function's parameters, as far as something reads them.
  mutating func lowerEntry() {
    let data = function.blocks.storage[0]
    groups.append(UInt32(truncatingIfNeeded: code.count))
    origin = function.origins.isEmpty ? 0 : function.origins[0]
    emit(ISA.entry)
    var places = CallPlaces()
    for k in 0..<data.parameterCount {
      let value = Int(
        truncatingIfNeeded: function.lists[Int(truncatingIfNeeded: data.parameterStart &+ k)])
      let type = function.instructions.storage[value].type
      let place = places.nextParameter(type.kind)
      if !isRequested(value) { continue }
      switch place {
      case .integerRegister(let n):
        operands.append(
          .fixedDefinition(register(defining: value), ISA.argument(integer: n)))
      case .floatRegister(let n):
        operands.append(.fixedDefinition(register(defining: value), ISA.float(n)))
      case .stackWord: break
      }
    }
    places = CallPlaces()
    for k in 0..<data.parameterCount {
      let value = Int(
        truncatingIfNeeded: function.lists[Int(truncatingIfNeeded: data.parameterStart &+ k)])
      let type = function.instructions.storage[value].type
      if case .stackWord(let word) = places.nextParameter(type.kind),
        isRequested(value)
      {
        ISA.load(value, word: word, of: .incoming, &self)
      }
    }
  }
}

extension Type {
  /// The kind of place that a value of the type travels in.
  @inline(__always) var kind: ValueKind {
    isFloat ? .float : self == .v128 ? .vector : .integer
  }
}
