// SPDX-License-Identifier: Apache-2.0
// Simplification, continued: comparisons, conversions, floats, select, memory, conditions.

extension Builder {
  // MARK: Comparisons

  /// An integer comparison of `a`, not a constant, with the constant `bits`.
  mutating func simplifyComparison(
    _ i: inout Instruction, _ a: Instruction, _ bits: UInt64
  ) -> Value {
    switch i.opcode {
    case .eq, .ne: return simplifyEquality(&i, a, bits)
    case .ltU, .leU, .gtU, .geU: return simplifyUnsignedBound(&i, a.type, bits)
    default: return simplifySignedBound(&i, a.type, bits)
    }
  }

  private mutating func simplifyEquality(
    _ i: inout Instruction, _ a: Instruction, _ bits: UInt64
  ) -> Value {
    let isEq = i.opcode == .eq
    if a.opcode.isIntegerComparison || a.opcode.isFloatComparison {
      if bits > 1 { return replace(&i, by: isEq ? 0 : 1) }
      // ne 0 and eq 1 keep the comparison; eq 0 and ne 1 turn it round.
      return isEq == (bits == 1) ? Value(raw: i.a) : invert(&i, a)
    }
    switch a.opcode {
    case .extendU:
      if bits > 0xffff_ffff { return replace(&i, by: isEq ? 0 : 1) }
      return rewriteWithConstant(&i, i.opcode, a.a, bits)
    case .extendS:
      if UInt64(bitPattern: Type.i32.signed(bits)) != bits { return replace(&i, by: isEq ? 0 : 1) }
      return rewriteWithConstant(&i, i.opcode, a.a, bits)
    case .add where isOnlyUse(i.a):
      if let inner = constantBits(Value(raw: a.b)) {
        return rewriteWithConstant(&i, i.opcode, a.a, bits &- inner)
      }
    case .xor where isOnlyUse(i.a):
      if let inner = constantBits(Value(raw: a.b)) {
        return rewriteWithConstant(&i, i.opcode, a.a, bits ^ inner)
      }
      if bits == 0 { return rewrite(&i, i.opcode, a.a, a.b) }
    case .sub where isOnlyUse(i.a):
      if let inner = constantBits(Value(raw: a.a)) {
        return rewriteWithConstant(&i, i.opcode, a.b, inner &- bits)
      }
      if bits == 0 { return rewrite(&i, i.opcode, a.a, a.b) }
    default: break
    }
    if bits & ~possibleBits(i.a) != 0 { return replace(&i, by: isEq ? 0 : 1) }
    return .none
  }

  private mutating func simplifyUnsignedBound(
    _ i: inout Instruction, _ type: Type, _ bits: UInt64
  ) -> Value {
    let most = possibleBits(i.a)
    switch i.opcode {
    case .ltU:
      if bits == 0 { return replace(&i, by: 0) }
      if most < bits { return replace(&i, by: 1) }
      if bits == 1 { return rewriteWithConstant(&i, .eq, i.a, 0) }
      if bits == type.mask { return rewrite(&i, .ne, i.a, i.b) }
    case .geU:
      if bits == 0 { return replace(&i, by: 1) }
      if most < bits { return replace(&i, by: 0) }
      if bits == 1 { return rewriteWithConstant(&i, .ne, i.a, 0) }
      if bits == type.mask { return rewrite(&i, .eq, i.a, i.b) }
    case .gtU:
      if most <= bits { return replace(&i, by: 0) }
      if bits == 0 { return rewrite(&i, .ne, i.a, i.b) }
    default:
      if most <= bits { return replace(&i, by: 1) }
      if bits == 0 { return rewrite(&i, .eq, i.a, i.b) }
    }
    return .none
  }

  private mutating func simplifySignedBound(
    _ i: inout Instruction, _ type: Type, _ bits: UInt64
  ) -> Value {
    switch i.opcode {
    case .ltS: if bits == type.signBit { return replace(&i, by: 0) }
    case .geS: if bits == type.signBit { return replace(&i, by: 1) }
    case .gtS: if bits == type.mask &>> 1 { return replace(&i, by: 0) }
    default: if bits == type.mask &>> 1 { return replace(&i, by: 1) }
    }
    // What cannot be negative compares as unsigned.
    let sign = type.signBit
    if bits & sign == 0 && possibleBits(i.a) & sign == 0 {
      let unsigned: Opcode =
        switch i.opcode {
        case .ltS: .ltU
        case .leS: .leU
        case .gtS: .gtU
        default: .geU
        }
      return rewrite(&i, unsigned, i.a, i.b)
    }
    return .none
  }

  /// Makes `i` the inverse of the comparison `a`, where there is one.
  mutating func invert(_ i: inout Instruction, _ a: Instruction) -> Value {
    let inverse = a.opcode.inverted
    if inverse == .nop { return .none }
    return rewrite(&i, inverse, a.a, a.b)
  }

  /// A mask of the bits that may be set in a value.
  ///
  /// Looks at a chain of four definitions at most.
  mutating func possibleBits(_ raw: UInt32) -> UInt64 {
    possibleBits(raw, depth: 3)
  }

  private mutating func possibleBits(_ raw: UInt32, depth: Int) -> UInt64 {
    let i = operand(raw)
    let mask = i.type.mask
    switch i.opcode {
    case .iconst: return i.bits
    case .load8U: return 0xff
    case .load16U: return 0xffff
    case .load32U: return 0xffff_ffff
    case .clz, .ctz, .popcnt: return 0x7f
    case .eq, .ne, .ltS, .ltU, .leS, .leU, .gtS, .gtU, .geS, .geU,
      .feq, .fne, .flt, .fle, .fgt, .fge:
      return 1
    case .extendU: return depth == 0 ? 0xffff_ffff : possibleBits(i.a, depth: depth &- 1)
    case .wrap: return depth == 0 ? mask : possibleBits(i.a, depth: depth &- 1) & mask
    case .and:
      guard let bits = constantBits(Value(raw: i.b)) else { return mask }
      return depth == 0 ? bits : bits & possibleBits(i.a, depth: depth &- 1)
    case .or, .xor:
      guard let bits = constantBits(Value(raw: i.b)), depth != 0 else { return mask }
      return bits | possibleBits(i.a, depth: depth &- 1)
    case .shl:
      guard let bits = constantBits(Value(raw: i.b)) else { return mask }
      let amount = bits & (i.type.bitCount &- 1)
      return ((depth == 0 ? mask : possibleBits(i.a, depth: depth &- 1)) &<< amount) & mask
    case .shrU:
      guard let bits = constantBits(Value(raw: i.b)) else { return mask }
      let amount = bits & (i.type.bitCount &- 1)
      return (depth == 0 ? mask : possibleBits(i.a, depth: depth &- 1)) &>> amount
    default: return mask
    }
  }

  // MARK: Conversions

  @inline(__always)
  mutating func foldUnary(_ i: inout Instruction) -> Value {
    let a = operand(i.a)
    if a.opcode.isConstant,
      let bits = Fold.unary(i.opcode, from: a.type, to: i.type, a.bits)
    {
      i = .constant(i.type, bits: bits)
    }
    return .none
  }

  mutating func simplifyConversion(_ i: inout Instruction) -> Value {
    let a = operand(i.a)
    if a.opcode == .iconst { return foldUnary(&i) }
    switch i.opcode {
    case .wrap: return simplifyWrap(&i, a)
    case .extendS:
      if a.opcode == .wrap { return rewrite(&i, .extend32S, a.a, 0) }
      if possibleBits(i.a) & 0x8000_0000 == 0 { return rewrite(&i, .extendU, i.a, 0) }
      return .none
    case .extendU:
      // Where the upper half is zero already, narrowing and widening cancel.
      if a.opcode == .wrap && possibleBits(a.a) <= 0xffff_ffff { return Value(raw: a.a) }
      return .none
    case .extend8S: return simplifySignExtension(&i, a, width: 8)
    case .extend16S: return simplifySignExtension(&i, a, width: 16)
    default:
      if a.opcode == .extendU || a.opcode == .extendS { return rewrite(&i, .extendS, a.a, 0) }
      return simplifySignExtension(&i, a, width: 32)
    }
  }

  private mutating func simplifyWrap(_ i: inout Instruction, _ a: Instruction) -> Value {
    switch a.opcode {
    case .extendS, .extendU: return Value(raw: a.a)
    case .extend32S: return rewrite(&i, .wrap, a.a, 0)
    case .and, .or, .xor, .add:
      // A constant that leaves the lower half as it is.
      guard let bits = constantBits(Value(raw: a.b)) else { return .none }
      let neutral: UInt64 = a.opcode == .and ? 0xffff_ffff : 0
      if bits & 0xffff_ffff == neutral { return rewrite(&i, .wrap, a.a, 0) }
      return .none
    default: return .none
    }
  }

  private mutating func simplifySignExtension(
    _ i: inout Instruction, _ a: Instruction, width: UInt64
  ) -> Value {
    let known: UInt64 =
      switch a.opcode {
      case .extend8S, .load8S: 8
      case .extend16S, .load16S: 16
      case .extend32S, .load32S: 32
      default: 64
      }
    if known <= width { return Value(raw: i.a) }
    // Bits above do not matter, nor does how they were filled before.
    let low: UInt64 = (1 &<< width) &- 1
    switch a.opcode {
    case .extend16S, .extend32S: return rewrite(&i, i.opcode, a.a, 0)
    case .and:
      if let bits = constantBits(Value(raw: a.b)), bits & low == low {
        return rewrite(&i, i.opcode, a.a, 0)
      }
    default: break
    }
    let sign: UInt64 = 1 &<< (width &- 1)
    return possibleBits(i.a) < sign ? Value(raw: i.a) : .none
  }

  // MARK: Floating point: only what is exact for every NaN

  mutating func simplifyFloatUnary(_ i: inout Instruction) -> Value {
    let a = operand(i.a)
    if a.opcode.isConstant { return foldUnary(&i) }
    switch (i.opcode, a.opcode) {
    case (.fneg, .fneg): return Value(raw: a.a)
    case (.fabs, .fabs): return Value(raw: i.a)
    case (.fabs, .fneg): return rewrite(&i, .fabs, a.a, 0)
    case (.reinterpret, .reinterpret): return Value(raw: a.a)
    default: return .none
    }
  }

  mutating func simplifyFloatBinary(_ i: inout Instruction) -> Value {
    let a = operand(i.a)
    let b = operand(i.b)
    if a.opcode == .fconst && b.opcode == .fconst {
      if let bits = Fold.float(i.opcode, a.type, a.bits, b.bits) {
        i = .constant(i.type, bits: bits)
      }
      return .none
    }
    if i.opcode == .fcopysign {
      if i.a == i.b { return Value(raw: i.a) }
      if b.opcode == .fconst {
        if b.bits & i.type.signBit == 0 { return rewrite(&i, .fabs, i.a, 0) }
        let magnitude = emit(Instruction(.fabs, i.type, a: i.a))
        return rewrite(&i, .fneg, magnitude.raw, 0)
      }
      // The first operand's sign is replaced.
      if a.opcode == .fneg || a.opcode == .fabs { return rewrite(&i, .fcopysign, a.a, i.b) }
      return .none
    }
    if (i.opcode == .feq || i.opcode == .fne) && i.a > i.b { swap(&i.a, &i.b) }
    return .none
  }

  // MARK: Select

  mutating func simplifySelect(_ i: inout Instruction) -> Value {
    if i.b == i.c { return Value(raw: i.b) }
    let condition = operand(i.a)
    if condition.opcode == .iconst {
      return Value(raw: condition.bits != 0 ? i.b : i.c)
    }
    if condition.opcode == .eq && isZero(condition.b)
      && type(Value(raw: condition.a)) == .i32
    {
      i.a = condition.a
      swap(&i.b, &i.c)
      return Self.rewritten
    }
    if condition.opcode == .ne && isZero(condition.b)
      && type(Value(raw: condition.a)) == .i32
    {
      i.a = condition.a
      return Self.rewritten
    }
    if let whenTrue = constantBits(Value(raw: i.b)), let whenFalse = constantBits(Value(raw: i.c)) {
      if whenTrue == whenFalse { return Value(raw: i.b) }
      if i.type == .i32 && whenTrue | whenFalse == 1 {
        let zero = constant(.i32, bits: 0)
        i.c = 0
        return rewrite(&i, whenTrue == 1 ? .ne : .eq, i.a, zero.raw)
      }
    }
    return .none
  }

  // MARK: Linear memory

  /// Moves a constant from the address to the offset, where the 32-bit sum cannot have wrapped.
  mutating func simplifyAddress(_ i: inout Instruction) -> Value {
    let address = operand(i.a)
    if address.opcode != .add { return .none }
    guard let bits = constantBits(Value(raw: address.b)) else { return .none }
    let offset = bits &+ UInt64(truncatingIfNeeded: i.b)
    if bits > 0x7fff_ffff || offset > 0x7fff_ffff { return .none }
    if possibleBits(address.a) > address.type.mask &- bits { return .none }
    i.a = address.a
    i.b = UInt32(truncatingIfNeeded: offset)
    return Self.rewritten
  }

  /// A narrow store drops the upper bits; so nothing need have cleared or filled them.
  mutating func simplifyStore(_ i: inout Instruction) -> Value {
    let low: UInt64
    switch i.opcode {
    case .store8: low = 0xff
    case .store16: low = 0xffff
    case .store32: low = 0xffff_ffff
    default: return simplifyAddress(&i)
    }
    let value = operand(i.c)
    var isDropped = false
    switch value.opcode {
    case .and:
      if let bits = constantBits(Value(raw: value.b)) { isDropped = bits & low == low }
    case .extend8S: isDropped = low == 0xff
    case .extend16S: isDropped = low <= 0xffff
    case .extend32S: isDropped = true
    default: break
    }
    if isDropped {
      i.c = value.a
      return Self.rewritten
    }
    return simplifyAddress(&i)
  }

  // MARK: Conditions

  mutating func simplifyTrapIf(_ i: inout Instruction) -> Value {
    let condition = operand(i.a)
    if condition.opcode == .iconst { return condition.bits == 0 ? Self.nothing : .none }
    if condition.opcode == .ne && isZero(condition.b)
      && type(Value(raw: condition.a)) == .i32
    {
      i.a = condition.a
      return Self.rewritten
    }
    return .none
  }

  /// The simplest value to branch on instead of `value`, and whether its sense is turned round.
  package mutating func branchCondition(_ value: Value) -> (value: Value, isInverted: Bool) {
    var value = value
    var isInverted = false
    // Simplification has left at most one test around a value that is not a comparison; the count
    // bounds what -O0 or a parsed function may hold.
    for _ in 0..<4 {
      let definition = function.instructions[value]
      if definition.opcode != .eq && definition.opcode != .ne { break }
      if !isZero(definition.b) || operand(definition.a).type != .i32 { break }
      if definition.opcode == .eq { isInverted.toggle() }
      value = Value(raw: definition.a)
    }
    return (value, isInverted)
  }
}
