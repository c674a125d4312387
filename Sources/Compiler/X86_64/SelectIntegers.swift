// SPDX-License-Identifier: Apache-2.0
// Selection of integer arithmetic.

import BrolgaArtefact
import BrolgaEntities
import RegisterAllocation

extension Lowering where ISA == X64 {
  // MARK: Addition and subtraction

  /// An addition whose left operand is needed afterwards becomes a `lea`, which needs no copy.
  mutating func lowerAdd(_ i: Int, _ x: Instruction) {
    let size = Self.size(x.type)
    let d = register(defining: i)
    let setsFlags = i == selection.flagProducer
    if let c = immediate(x.b) {
      lowerAddImmediate(d, narrowed(x.a, size), c, size, setsFlags: setsFlags)
      return
    }
    if setsFlags {
      lowerCommutative(.add, d, x.a, x.b, size)
      return
    }
    if lowerCarry(.adc, d, x.a, x.b, size) || lowerCarry(.adc, d, x.b, x.a, size) { return }
    if lowerDoubleShift(d, x, size) { return }
    if lowerShiftAdd(d, x.a, x.b, size) || lowerShiftAdd(d, x.b, x.a, size) { return }
    let a = narrowed(x.a, size)
    let b = narrowed(x.b, size)
    if isLiveAfter(a) && isLiveAfter(b) {
      let first = register(a)
      emitAddress(size: size, d, X64Source(.baseIndex, first: first, second: register(b)))
      return
    }
    lowerCommutative(.add, d, x.a, x.b, size)
  }

  /// A sum or difference of which one term is a comparison of unsigned integers: those leave in the
  /// carry what it is.
  private mutating func lowerCarry(
    _ opcode: X64Opcode, _ d: VirtualRegister, _ a: UInt32, _ b: UInt32, _ size: UInt8
  ) -> Bool {
    if !options.countsUses || !isUsedOnce(b) || isLiveAfter(b) { return false }
    var carry = instruction(b)
    if carry.opcode == .extendU {
      if !isUsedOnce(carry.a) || isLiveAfter(carry.a) { return false }
      carry = instruction(carry.a)
    }
    guard carry.opcode == .ltU || carry.opcode == .gtU else { return false }
    let width = Self.size(type(carry.a))
    let (lesser, greater) =
      carry.opcode == .ltU ? (carry.a, carry.b) : (carry.b, carry.a)
    if instruction(lesser).opcode == .iconst { return false }
    // Two terms and the carry.
    var first = a
    var second = X64Source(immediate: 0)
    let sum = instruction(a)
    if sum.opcode == (opcode == .adc ? .add : .sub) && isUsedOnce(a) && !isLiveAfter(a) {
      first = sum.a
      second = sourceOrImmediate(sum.b, size: size, absorbing: false)
    }
    let r = register(narrowed(first, size))
    let compared = register(narrowed(lesser, width))
    let bound = sourceOrImmediate(greater, size: width, absorbing: false)
    emitFlags(.cmp, size: width, compared, bound, .int)
    emitTwoAddress(opcode, size: size, d, r, second)
    return true
  }

  private mutating func lowerAddImmediate(
    _ d: VirtualRegister, _ a: UInt32, _ c: Int32, _ size: UInt8, setsFlags: Bool
  ) {
    if isLiveAfter(a) && !setsFlags {
      emitAddress(size: size, d, X64Source(.base, displacement: c, first: register(a)))
    } else {
      emitTwoAddress(.add, size: size, d, register(a), X64Source(immediate: c))
    }
  }

  /// `a + (b << k)` for the shifts that addresses have.
  private mutating func lowerShiftAdd(
    _ d: VirtualRegister, _ a: UInt32, _ b: UInt32, _ size: UInt8
  ) -> Bool {
    let shift = instruction(b)
    guard shift.opcode == .shl, isUsedOnce(b), !isLiveAfter(b), let k = constant(shift.b), k >= 1,
      k <= 3
    else { return false }
    let base = register(narrowed(a, size))
    let index = register(narrowed(shift.a, size))
    let scale = UInt8(truncatingIfNeeded: k)
    emitAddress(size: size, d, X64Source(.baseIndex, scale: scale, first: base, second: index))
    return true
  }

  mutating func lowerSub(_ i: Int, _ x: Instruction) {
    let size = Self.size(x.type)
    let d = register(defining: i)
    if let c = immediate(x.b), c != .min {
      lowerAddImmediate(
        d, narrowed(x.a, size), 0 &- c, size, setsFlags: i == selection.flagProducer)
    } else if i != selection.flagProducer, lowerCarry(.sbb, d, x.a, x.b, size) {
      return
    } else if constant(x.a) == 0 {
      emitInPlace(.neg, size: size, d, register(narrowed(x.b, size)))
    } else {
      let a = register(narrowed(x.a, size))
      emitTwoAddress(.sub, size: size, d, a, sourceOrImmediate(x.b, size: size))
    }
  }

  // MARK: Bits

  mutating func lowerTwoAddress(_ opcode: X64Opcode, _ i: Int, _ x: Instruction) {
    lowerCommutative(opcode, register(defining: i), x.a, x.b, Self.size(x.type))
  }

  /// Puts that operand first which is not needed afterwards, or cannot be in memory.
  private mutating func lowerCommutative(
    _ opcode: X64Opcode, _ d: VirtualRegister, _ a: UInt32, _ b: UInt32, _ size: UInt8
  ) {
    var first = a
    var second = b
    if shouldSwap(a, b, size) { swap(&first, &second) }
    let r = register(narrowed(first, size))
    emitTwoAddress(opcode, size: size, d, r, sourceOrImmediate(second, size: size))
  }

  private mutating func shouldSwap(_ a: UInt32, _ b: UInt32, _ size: UInt8) -> Bool {
    if instruction(b).opcode == .iconst { return false }
    if instruction(a).opcode == .iconst || isAbsorbableLoad(a) { return true }
    if isAbsorbableLoad(b) { return false }
    return isLiveAfter(narrowed(a, size)) && !isLiveAfter(narrowed(b, size))
  }

  mutating func lowerAnd(_ i: Int, _ x: Instruction) {
    let size = Self.size(x.type)
    let d = register(defining: i)
    if i != selection.flagProducer, let c = constant(x.b) {
      let a = low(x.a)
      switch c {
      case 0xff:
        emitUnary(.movzx8, size: 2, d, .int, X64Source(register: register(a)), .int)
        return
      case 0xffff:
        emitUnary(.movzx16, size: 2, d, .int, X64Source(register: register(a)), .int)
        return
      case 0xffff_ffff:
        emitUnary(.mov, size: 2, d, .int, X64Source(register: register(a)), .int)
        return
      default: break
      }
    }
    if lowerAndNot(d, x.a, x.b, size) || lowerAndNot(d, x.b, x.a, size) { return }
    if lowerLowestBit(d, x.a, x.b, size) || lowerLowestBit(d, x.b, x.a, size) { return }
    lowerCommutative(.and, d, x.a, x.b, size)
  }

  /// `a & (a - 1)` and `a & -a`
  private mutating func lowerLowestBit(
    _ d: VirtualRegister, _ a: UInt32, _ b: UInt32, _ size: UInt8
  ) -> Bool {
    let other = instruction(b)
    if !isUsedOnce(b) || isLiveAfter(b) { return false }
    let opcode: X64Opcode
    if other.opcode == .add && other.a == a && constant(other.b) == -1
      || other.opcode == .sub && other.a == a && constant(other.b) == 1
    {
      opcode = .blsr
    } else if other.opcode == .sub && other.b == a && constant(other.a) == 0 {
      opcode = .blsi
    } else {
      return false
    }
    let r = register(narrowed(a, size))
    emitUnary(opcode, size: size, d, .int, X64Source(register: r), .int)
    return true
  }

  /// `~a & b`
  private mutating func lowerAndNot(
    _ d: VirtualRegister, _ a: UInt32, _ b: UInt32, _ size: UInt8
  ) -> Bool {
    let not = instruction(a)
    if not.opcode != .xor || !isUsedOnce(a) || isLiveAfter(a) || constant(not.b) != -1 {
      return false
    }
    let inverted = register(narrowed(not.a, size))
    let s = source(b, size: size)
    emit(.andn, size: size, s)
    operands.append(.definition(d, .int))
    operands.append(.use(inverted, .int))
    appendSource(s, .int)
    return true
  }

  mutating func lowerOr(_ i: Int, _ x: Instruction) {
    if i != selection.flagProducer, lowerDoubleShift(register(defining: i), x, Self.size(x.type)) {
      return
    }
    lowerTwoAddress(.or, i, x)
  }

  /// A row of bits from two values, `x << k` and `y >> (width - k)`.
  private mutating func lowerDoubleShift(
    _ d: VirtualRegister, _ x: Instruction, _ size: UInt8
  ) -> Bool {
    var (left, right) = (instruction(x.a), instruction(x.b))
    guard let amounts = function.oppositeShifts(left, right), isUsedOnce(x.a), isUsedOnce(x.b),
      !isLiveAfter(x.a), !isLiveAfter(x.b)
    else { return false }
    if left.opcode != .shl { swap(&left, &right) }
    let upper = narrowed(left.a, size)
    let lower = narrowed(right.a, size)
    let (first, second) = (register(upper), register(lower))
    // The one that is not needed any more is shifted in place.
    let isToLeft = !isLiveAfter(upper) || isLiveAfter(lower)
    let amount = Int32(truncatingIfNeeded: isToLeft ? amounts.left : amounts.right)
    emit(MachineInstruction(isToLeft ? .shld : .shrd, size: size, immediate: amount))
    operands.append(.reuse(d, .int, of: 1))
    operands.append(.use(isToLeft ? first : second, .int))
    operands.append(.use(isToLeft ? second : first, .int))
    return true
  }

  mutating func lowerXor(_ i: Int, _ x: Instruction) {
    if constant(x.b) == -1 {
      let size = Self.size(x.type)
      emitInPlace(.not, size: size, register(defining: i), register(narrowed(x.a, size)))
    } else if i == selection.flagProducer
      || !lowerDoubleShift(register(defining: i), x, Self.size(x.type))
    {
      lowerTwoAddress(.xor, i, x)
    }
  }

  // MARK: Multiplication

  mutating func lowerMul(_ i: Int, _ x: Instruction) {
    let size = Self.size(x.type)
    let d = register(defining: i)
    guard let c = immediate(x.b) else {
      lowerCommutative(.imul, d, x.a, x.b, size)
      return
    }
    let a = narrowed(x.a, size)
    switch c {
    case 3, 5, 9:
      let r = register(a)
      let scale = UInt8(truncatingIfNeeded: (c &- 1).trailingZeroBitCount)
      emitAddress(size: size, d, X64Source(.baseIndex, scale: scale, first: r, second: r))
    default:
      emitUnary(.imulImmediate, size: size, d, .int, source(x.a, size: size), .int, immediate: c)
    }
  }

  // MARK: Shifts

  mutating func lowerShift(_ i: Int, _ x: Instruction) {
    let size = Self.size(x.type)
    let d = register(defining: i)
    if let c = constant(x.b) {
      let count = Int32(truncatingIfNeeded: c) & (size == 3 ? 63 : 31)
      let a = register(narrowed(x.a, size))
      if x.opcode == .shl && count == 1 && isLiveAfter(x.a) {
        emitAddress(size: size, d, X64Source(.baseIndex, first: a, second: a))
        return
      }
      let opcode: X64Opcode = x.opcode == .shl ? .shl : x.opcode == .shrS ? .sar : .shr
      emitInPlace(opcode, size: size, d, a, immediate: count)
      return
    }
    let opcode: X64Opcode = x.opcode == .shl ? .shlx : x.opcode == .shrS ? .sarx : .shrx
    let count = register(shiftCount(x.b, size))
    let s = source(x.a, size: size)
    emit(opcode, size: size, s)
    operands.append(.definition(d, .int))
    operands.append(.use(count, .int))
    appendSource(s, .int)
  }

  /// The machine looks at the low 5 or 6 bits of a count, as WebAssembly does.
  private mutating func shiftCount(_ value: UInt32, _ size: UInt8) -> UInt32 {
    var v = low(value)
    let x = instruction(v)
    if isLiveAfter(v) { return v }
    switch x.opcode {
    case .and:
      let mask: Int64 = size == 3 ? 63 : 31
      if let c = constant(x.b), c & mask == mask { v = low(x.a) }
    case .extendS: v = x.a
    default: break
    }
    return v
  }

  mutating func lowerRotation(_ i: Int, _ x: Instruction) {
    let size = Self.size(x.type)
    let d = register(defining: i)
    let bits: Int32 = size == 3 ? 64 : 32
    if let c = constant(x.b) {
      let count = Int32(truncatingIfNeeded: c)
      let right = (x.opcode == .rotl ? 0 &- count : count) & (bits &- 1)
      emitUnary(
        .rorx, size: size, d, .int, source(x.a, size: size), .int, immediate: right)
      return
    }
    let a = register(narrowed(x.a, size))
    let count = register(shiftCount(x.b, size))
    emit(MachineInstruction(x.opcode == .rotl ? .rol : .ror, size: size))
    operands.append(.reuse(d, .int, of: 1))
    operands.append(.use(a, .int))
    operands.append(.fixedUse(count, X64Register.rcx))
  }

  // MARK: One operand

  mutating func lowerIntegerUnary(_ opcode: X64Opcode, _ i: Int, _ x: Instruction) {
    let size = Self.size(x.type)
    let d = register(defining: i)
    emitUnary(opcode, size: size, d, .int, source(x.a, size: size), .int)
  }

  mutating func lowerExtension(_ opcode: X64Opcode, _ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    // A load would read more bytes than the instruction.
    let s =
      x.opcode == .extendS ? source(x.a, size: 2) : X64Source(register: register(low(x.a)))
    emitUnary(opcode, size: Self.size(x.type), d, .int, s, .int)
  }

  mutating func lowerWrap(_ i: Int, _ x: Instruction) {
    emitUnary(.mov, size: 2, register(defining: i), .int, X64Source(register: register(x.a)), .int)
  }

  // MARK: Division

  mutating func lowerDivision(_ i: Int, _ x: Instruction) {
    let size = Self.size(x.type)
    let isRemainder = x.opcode == .remS || x.opcode == .remU
    let isSigned = x.opcode == .divS || x.opcode == .remS
    let d = register(defining: i)
    let divisorConstant = constant(x.b)
    if let c = divisorConstant, c != 0, options.multipliesForDivision,
      lowerDivision(x, by: c, d, size)
    {
      return
    }
    let dividend = register(narrowed(x.a, size))
    let divisor = register(narrowed(x.b, size))
    if divisorConstant == nil || divisorConstant == 0 {
      emitFlags(.cmp, size: size, divisor, X64Source(immediate: 0), .int)
      emitTrap(.equal, .integerDivideByZero)
    }
    // The remainder by -1 is 0, but the machine's division may overflow.
    let isChecked = isSigned && isRemainder && (divisorConstant == nil || divisorConstant == -1)
    let high = newRegister(.int)
    if isSigned && !isChecked {
      emit(MachineInstruction(.signExtendAccumulator, size: size))
      operands.append(.fixedDefinition(high, X64Register.rdx))
      operands.append(.fixedUse(dividend, X64Register.rax))
    } else {
      emit(MachineInstruction(.movImmediate, size: 2))
      operands.append(.definition(high, .int))
    }
    let other = newRegister(.int)
    emit(MachineInstruction(isChecked ? .remainder : isSigned ? .idiv : .div, size: size))
    operands.append(.fixedDefinition(isRemainder ? other : d, X64Register.rax))
    operands.append(.fixedDefinition(isRemainder ? d : other, X64Register.rdx))
    operands.append(.fixedUse(dividend, X64Register.rax))
    operands.append(.fixedUse(high, X64Register.rdx))
    operands.append(isChecked ? .use(divisor, .int) : .anyUse(divisor, .int))
  }

  /// A trap of this kind if the condition holds.
  mutating func emitTrap(_ condition: X64Condition, _ kind: TrapKind) {
    emit(
      MachineInstruction(
        .trapIf, condition: condition, immediate: Int32(truncatingIfNeeded: kind.rawValue)))
  }
}
