// SPDX-License-Identifier: Apache-2.0
// Simplification of conversions between integers, and of floating point.

extension Builder {
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
      if function.possibleBits(i.a) & 0x8000_0000 == 0 { return rewrite(&i, .extendU, i.a, 0) }
      return .none
    case .extendU:
      // Where the upper half is zero already, narrowing and widening cancel.
      if a.opcode == .wrap && function.possibleBits(a.a) <= 0xffff_ffff { return Value(raw: a.a) }
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
    return function.possibleBits(i.a) < sign ? Value(raw: i.a) : .none
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
}
