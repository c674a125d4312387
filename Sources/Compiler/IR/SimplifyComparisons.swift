// SPDX-License-Identifier: Apache-2.0
// Simplification of comparisons, and of what depends on one: select and conditional traps.

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
    if bits & ~function.possibleBits(i.a) != 0 { return replace(&i, by: isEq ? 0 : 1) }
    return .none
  }

  private mutating func simplifyUnsignedBound(
    _ i: inout Instruction, _ type: Type, _ bits: UInt64
  ) -> Value {
    let most = function.possibleBits(i.a)
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
    if bits & sign == 0 && function.possibleBits(i.a) & sign == 0 {
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

  // MARK: Select

  mutating func simplifySelect(_ i: inout Instruction) -> Value {
    if i.b == i.c { return Value(raw: i.b) }
    let condition = operand(i.a)
    if condition.opcode == .iconst {
      return Value(raw: condition.bits != 0 ? i.b : i.c)
    }
    if let test = function.zeroTest(i.a) {
      i.a = test.tested
      if test.isInverted { swap(&i.b, &i.c) }
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

  // MARK: Conditions

  mutating func simplifyTrapIf(_ i: inout Instruction) -> Value {
    let condition = operand(i.a)
    if condition.opcode == .iconst { return condition.bits == 0 ? Self.nothing : .none }
    if let test = function.zeroTest(i.a), !test.isInverted {
      i.a = test.tested
      return Self.rewritten
    }
    return .none
  }
}
