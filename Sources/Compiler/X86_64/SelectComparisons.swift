// SPDX-License-Identifier: Apache-2.0
// Selection of comparisons, and of what reads their flags.

import BrolgaArtefact
import BrolgaEntities
import RegisterAllocation

extension Lowering where ISA == X64 {
  // MARK: Conditions

  /// Sets the flags for "the value is not zero", and says which condition that is.
  ///
  /// The reader must follow directly: whatever else it needs in registers it asks for before,
  /// as making a constant may write the flags.
  mutating func lowerCondition(_ value: UInt32) -> X64Condition {
    let root = conditionRoot(value)
    let v = root.value
    let condition: X64Condition
    // What has a register already is tested there: the operands need not live on.
    if isComparison(v) && !(isLiveAfter(v) && !isUsedOnce(v)) {
      condition = compare(instruction(v), absorbing: root.isUsedOnce)
    } else {
      condition = compareWithZero(v, .ne, 2, absorbing: root.isUsedOnce && v == value)
    }
    return root.isInverted ? condition.inverted : condition
  }

  /// The condition for "the value is not zero" in the flags that arithmetic just before
  /// instruction `i` leaves, if what is compared with zero is computed there and needed anyway.
  mutating func flagsBefore(_ i: Int, _ value: UInt32) -> X64Condition? {
    if !options.countsUses { return nil }
    let root = conditionRoot(value)
    var condition = X64Condition.notEqual
    var producer = root.value
    if isComparison(producer) {
      let x = instruction(producer)
      if x.opcode == .anyTrue || x.opcode == .allTrue || constant(x.b) != 0 { return nil }
      switch x.opcode {
      case .eq: condition = .equal
      case .ne: condition = .notEqual
      case .ltS: condition = .sign
      case .geS: condition = .noSign
      default: return nil
      }
      producer = x.a
    }
    let operation = instruction(producer)
    if !leavesFlags(operation) { return nil }
    // A sum or an `and` of which only this is read has a comparison of its own.
    let isLive = isLiveAfter(producer)
    if !isLive && operation.opcode != .or && operation.opcode != .xor { return nil }
    // Nothing may come between but what emits nothing.
    let p = Int(truncatingIfNeeded: producer)
    var k = i &- 1
    while k > p && i &- k < 8 {
      if !isSilent(k) { return nil }
      k &-= 1
    }
    if k != p { return nil }
    selection.flagProducer = p
    _ = register(defining: p)
    return root.isInverted ? condition.inverted : condition
  }

  private mutating func leavesFlags(_ x: Instruction) -> Bool {
    switch x.opcode {
    case .add, .sub, .and, .or: true
    case .xor: constant(x.b) != -1
    default: false
    }
  }

  /// Whether the instruction emits nothing, given what has been asked for.
  private func isSilent(_ i: Int) -> Bool {
    if facts[i] & 4 != 0 { return true }
    let opcode = function.instructions.storage[i].opcode
    switch opcode {
    case .nop, .param, .iconst, .fconst, .vconst, .extendU: return true
    default: return opcode.info.effects == .none && opcode != .result && !isRequested(i)
    }
  }

  private struct ConditionRoot: BitwiseCopyable {
    var value: UInt32
    var isInverted = false
    /// The value and all that was looked through.
    var isUsedOnce: Bool
  }

  /// Looks through comparisons of a comparison with zero. Only a few levels: each of a chain of
  /// them may be a condition.
  private mutating func conditionRoot(_ value: UInt32) -> ConditionRoot {
    var root = ConditionRoot(value: value, isUsedOnce: isUsedOnce(value))
    for _ in 0..<4 {
      guard let test = function.zeroTest(root.value), isComparison(test.tested) else { break }
      if test.isInverted { root.isInverted.toggle() }
      root.value = test.tested
      root.isUsedOnce = root.isUsedOnce && isUsedOnce(test.tested)
    }
    return root
  }

  private mutating func isComparison(_ value: UInt32) -> Bool {
    switch instruction(value).opcode {
    case .eq, .ne, .ltS, .ltU, .leS, .leU, .gtS, .gtU, .geS, .geU, .feq, .fne, .flt, .fle, .fgt,
      .fge, .anyTrue, .allTrue:
      true
    default: false
    }
  }

  /// The comparison as a value: 1 or 0.
  mutating func lowerComparison(_ i: Int) {
    let x = function.instructions.storage[i]
    let d = register(defining: i)
    // `eq (lt a b) 0` is the inverse comparison.
    var condition: X64Condition
    if x.opcode == .eq, constant(x.b) == 0, isComparison(x.a), !isLiveAfter(x.a),
      isUsedOnce(x.a)
    {
      condition = lowerCondition(x.a).inverted
    } else {
      condition = compare(x, absorbing: true)
    }
    emit(MachineInstruction(.set, size: 2, condition: condition))
    operands.append(.definition(d, .int))
  }

  private mutating func compare(_ x: Instruction, absorbing: Bool) -> X64Condition {
    switch x.opcode {
    case .feq, .fne, .flt, .fle, .fgt, .fge: return compareFloats(x, absorbing: absorbing)
    case .anyTrue, .allTrue: return compareVector(x)
    default: break
    }
    let size = Self.size(type(x.a))
    if constant(x.b) == 0 {
      return compareWithZero(x.a, x.opcode, size, absorbing: absorbing)
    }
    var a = x.a
    var b = x.b
    var condition = Self.condition(x.opcode)
    if instruction(a).opcode == .iconst || absorbing && isAbsorbableLoad(a) && immediate(b) == nil {
      swap(&a, &b)
      condition = condition.swapped
    }
    if let c = immediate(b) {
      if absorbing && isByteComparison(a, c) { return compareByte(a, c, condition) }
      compareWithImmediate(.cmp, a, c, size, absorbing: absorbing)
      return condition
    }
    let r = register(narrowed(a, size))
    // A bound of 64 bits, in a loop: another load for each comparison would cost more than a
    // register that is free.
    let isShared = instruction(b).opcode == .iconst && isInLoop && canShareConstant
    let s =
      isShared
      ? X64Source(register: register(b)) : source(b, size: size, absorbing: absorbing)
    emitFlags(.cmp, size: size, r, s, .int)
    return condition
  }

  private static func condition(_ opcode: Opcode) -> X64Condition {
    switch opcode {
    case .eq: .equal
    case .ne: .notEqual
    case .ltS: .less
    case .ltU: .below
    case .leS: .lessOrEqual
    case .leU: .belowOrEqual
    case .gtS: .greater
    case .gtU: .above
    case .geS: .greaterOrEqual
    default: .aboveOrEqual
    }
  }

  private mutating func compareWithImmediate(
    _ opcode: X64Opcode, _ a: UInt32, _ c: Int32, _ size: UInt8, absorbing: Bool
  ) {
    if absorbing && isAbsorbableLoad(a) {
      var s = absorb(a)
      s.form = .immediateToMemory
      emit(opcode, size: size, s, immediate: c)
      appendAddress(s)
    } else {
      emitFlags(opcode, size: size, register(narrowed(a, size)), X64Source(immediate: c), .int)
    }
  }

  /// Compares with zero; an `and` becomes a `test`.
  private mutating func compareWithZero(
    _ a: UInt32, _ opcode: Opcode, _ size: UInt8, absorbing: Bool
  ) -> X64Condition {
    let condition = Self.condition(opcode)
    let v = narrowed(a, size)
    let x = instruction(v)
    // After a test, carry and overflow are clear as after a comparison with zero.
    if x.opcode == .and && v == a && !isLiveAfter(a) && options.countsUses {
      if let bit = testBit(x, a, opcode, size) { return bit }
      let absorbingBoth = absorbing && isUsedOnce(a)
      if let c = immediate(x.b) {
        if absorbingBoth && isByteComparison(x.a, c) && (opcode == .eq || opcode == .ne) {
          return compareByte(x.a, c, condition, .test)
        }
        compareWithImmediate(.test, x.a, c, size, absorbing: absorbingBoth)
      } else {
        var first = x.a
        var second = x.b
        if absorbingBoth && isAbsorbableLoad(first) { swap(&first, &second) }
        let r = register(narrowed(first, size))
        let s = source(second, size: size, absorbing: absorbingBoth)
        emitFlags(.test, size: size, r, s, .int)
      }
      return condition
    }
    if absorbing && isByteComparison(a, 0) { return compareByte(a, 0, condition) }
    compareWithImmediate(.cmp, a, 0, size, absorbing: absorbing)
    return condition
  }

  private mutating func isByteComparison(_ a: UInt32, _ c: Int32) -> Bool {
    c >= 0 && c <= 0xff && instruction(a).opcode == .load8U && canAbsorb(a)
  }

  /// Compares a byte in memory: both sides are unsigned bytes, so the condition becomes so too.
  private mutating func compareByte(
    _ a: UInt32, _ c: Int32, _ condition: X64Condition, _ machine: X64Opcode = .cmp
  ) -> X64Condition {
    var s = absorb(a)
    s.form = .immediateToMemory
    emit(machine, size: 0, s, immediate: Int32(Int8(truncatingIfNeeded: c)))
    appendAddress(s)
    switch condition {
    case .less: return .below
    case .lessOrEqual: return .belowOrEqual
    case .greater: return .above
    case .greaterOrEqual: return .aboveOrEqual
    default: return condition
    }
  }

  /// A test of bit `n`: `(a >> n) & 1` or `a & (1 << n)` against zero. The condition is the carry.
  private mutating func testBit(
    _ x: Instruction, _ and: UInt32, _ opcode: Opcode, _ size: UInt8
  ) -> X64Condition? {
    if opcode != .eq && opcode != .ne || !isUsedOnce(and) { return nil }
    var number: UInt32 = 0
    var tested: UInt32 = 0
    if constant(x.b) == 1, isShift(x.a, .shrU) {
      tested = instruction(x.a).a
      number = instruction(x.a).b
    } else if isShift(x.a, .shl), constant(instruction(x.a).a) == 1 {
      tested = x.b
      number = instruction(x.a).b
    } else if isShift(x.b, .shl), constant(instruction(x.b).a) == 1 {
      tested = x.a
      number = instruction(x.b).b
    } else {
      return nil
    }
    let s: X64Source
    if let c = constant(number) {
      s = X64Source(immediate: Int32(truncatingIfNeeded: c) & (size == 3 ? 63 : 31))
    } else {
      s = X64Source(register: register(narrowed(number, size)))
    }
    let r = register(narrowed(tested, size))
    emit(.bt, size: size, s)
    operands.append(.use(r, .int))
    if s.form == .register { operands.append(.use(s.first, .int)) }
    return opcode == .ne ? .below : .aboveOrEqual
  }

  private mutating func isShift(_ value: UInt32, _ opcode: Opcode) -> Bool {
    instruction(value).opcode == opcode && isUsedOnce(value) && !isLiveAfter(value)
  }

  private mutating func compareFloats(_ x: Instruction, absorbing: Bool) -> X64Condition {
    let size = Self.size(type(x.a))
    var a = x.a
    var b = x.b
    let condition: X64Condition
    switch x.opcode {
    case .feq: condition = .orderedEqual
    case .fne: condition = .unorderedNotEqual
    case .fgt: condition = .above
    case .fge: condition = .aboveOrEqual
    // Below holds for unordered operands too: compare the other way round.
    case .flt:
      condition = .above
      swap(&a, &b)
    default:
      condition = .aboveOrEqual
      swap(&a, &b)
    }
    let r = register(a)
    let s = source(b, absorbing: absorbing)
    emitFlags(.fucomi, size: size, r, s, .float)
    return condition
  }

  // MARK: Selection

  mutating func lowerSelect(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    if x.type == .v128 { return lowerVectorSelect(d, x) }
    if x.type.isFloat {
      lowerFloatSelect(d, x)
      return
    }
    let size = Self.size(x.type)
    if let c = constant(x.b), let e = constant(x.c), c == 1 && e == 0 || c == 0 && e == 1 {
      let condition = lowerCondition(x.a)
      emit(
        MachineInstruction(
          .set, size: 2, condition: c == 1 ? condition : condition.inverted))
      operands.append(.definition(d, .int))
      return
    }
    let isFloatEquality = readsParity(x.a)
    if isFloatEquality {
      lowerParitySelect(d, x, size)
      return
    }
    // Whichever value is not needed afterwards gives its register.
    let isSwapped =
      isLiveAfter(x.c) && !isLiveAfter(x.b) && instruction(x.b).opcode != .iconst
      || isAbsorbableLoad(x.c) && !isAbsorbableLoad(x.b)
    let kept = register(narrowed(isSwapped ? x.b : x.c, size))
    let taken = source(isSwapped ? x.c : x.b, size: size)
    let condition = lowerCondition(x.a)
    emitConditionalMove(
      isSwapped ? condition.inverted : condition, size, d, kept, taken)
  }

  private mutating func emitConditionalMove(
    _ condition: X64Condition, _ size: UInt8, _ d: VirtualRegister, _ a: VirtualRegister,
    _ s: X64Source
  ) {
    var x = MachineInstruction(.cmov, s.form, size: size, condition: condition)
    x.address = s.address
    x.displacement = s.displacement
    emit(x)
    operands.append(.reuse(d, .int, of: 1))
    operands.append(.use(a, .int))
    appendSource(s, .int)
  }

  /// Whether the condition may be one of the two that look at the parity flag beside.
  private mutating func readsParity(_ value: UInt32) -> Bool {
    let opcode = instruction(conditionRoot(value).value).opcode
    return opcode == .feq || opcode == .fne
  }

  /// Equality of floats is two conditions, so two moves.
  private mutating func lowerParitySelect(_ d: VirtualRegister, _ x: Instruction, _ size: UInt8) {
    let b = register(narrowed(x.b, size))
    let c = register(narrowed(x.c, size))
    let condition = lowerCondition(x.a)
    switch condition {
    case .orderedEqual, .unorderedNotEqual:
      // Starts from what equality gives; not equal, or unordered, gives the other.
      let equal = condition == .orderedEqual ? b : c
      let other = condition == .orderedEqual ? c : b
      let t = newRegister(.int)
      emitConditionalMove(.notEqual, size, t, equal, X64Source(register: other))
      emitConditionalMove(.parity, size, d, t, X64Source(register: other))
    default: emitConditionalMove(condition, size, d, c, X64Source(register: b))
    }
  }

  private mutating func lowerFloatSelect(_ d: VirtualRegister, _ x: Instruction) {
    let size = Self.size(x.type)
    let condition = instruction(x.a)
    if let predicate = Self.predicate(condition.opcode), isUsedOnce(x.a), !isLiveAfter(x.a),
      Self.size(type(condition.a)) == size
    {
      if lowerFloatExtremum(d, x, condition, size) { return }
      // Without branches: a mask, and a blend.
      let isSwapped = condition.opcode == .fgt || condition.opcode == .fge
      let first = register(isSwapped ? condition.b : condition.a)
      let s = source(isSwapped ? condition.a : condition.b)
      let mask = newRegister(.float)
      emitFloat(.fcmp, size: size, mask, first, s, immediate: predicate)
      let b = register(x.b)
      let c = register(x.c)
      emitBlend(d, c, b, mask, size)
      return
    }
    let b = register(x.b)
    let c = register(x.c)
    let flags = lowerCondition(x.a)
    emit(MachineInstruction(.fcmov, size: size, condition: flags))
    operands.append(.reuse(d, .float, of: 1))
    operands.append(.use(c, .float))
    operands.append(.use(b, .float))
  }

  private mutating func lowerVectorSelect(_ d: VirtualRegister, _ x: Instruction) {
    let b = register(x.b)
    let c = register(x.c)
    let flags = lowerCondition(x.a)
    emit(MachineInstruction(.fcmov, size: 4, condition: flags))
    operands.append(.reuse(d, .float, of: 1))
    operands.append(.use(c, .float))
    operands.append(.use(b, .float))
  }

  /// `a < b ? a : b`, or any of its mirror images, is what the machine's minimum or maximum is, to
  /// the zeros and NaNs.
  private mutating func lowerFloatExtremum(
    _ d: VirtualRegister, _ x: Instruction, _ condition: Instruction, _ size: UInt8
  ) -> Bool {
    if condition.opcode != .flt && condition.opcode != .fgt { return false }
    let isDirect = x.b == condition.a && x.c == condition.b
    if !isDirect && !(x.b == condition.b && x.c == condition.a) { return false }
    // With its operands exchanged, the comparison is the other one.
    let isLess = (condition.opcode == .flt) == isDirect
    let first = register(x.b)
    emitFloat(isLess ? .fmin : .fmax, size: size, d, first, source(x.c))
    return true
  }

  /// `d := mask ? b : a`
  mutating func emitBlend(
    _ d: VirtualRegister, _ a: VirtualRegister, _ b: VirtualRegister, _ mask: VirtualRegister,
    _ size: UInt8
  ) {
    emit(MachineInstruction(.fblend, size: size))
    operands.append(.definition(d, .float))
    operands.append(.use(a, .float))
    operands.append(.use(b, .float))
    operands.append(.use(mask, .float))
  }

  private static func predicate(_ opcode: Opcode) -> Int32? {
    switch opcode {
    case .feq: 0
    case .flt, .fgt: 1
    case .fle, .fge: 2
    case .fne: 4
    default: nil
    }
  }
}
