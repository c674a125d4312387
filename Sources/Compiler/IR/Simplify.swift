// SPDX-License-Identifier: Apache-2.0
// Algebraic simplification of single instructions while they are built: dispatch and binary ones.

extension Builder {
  /// Answers of `simplify` beside a value: the instruction was rewritten and may simplify further,
  /// and: nothing needs to be appended.
  static var rewritten: Value { Value(raw: .max - 1) }
  static var nothing: Value { Value(raw: .max - 2) }

  @inline(__always)
  mutating func operand(_ raw: UInt32) -> Instruction { function.instructions[Value(raw: raw)] }

  /// One step of simplification.
  ///
  /// Returns an existing value that equals the instruction, or `none` when the instruction is in
  /// its final form, or one of the two answers above. Rules look at most two definitions deep
  /// (`possibleBits`: four), so a step takes constant time.
  @inline(__always)
  mutating func simplify(_ i: inout Instruction) -> Value {
    switch i.opcode {
    case .add, .sub, .mul, .divS, .divU, .remS, .remU, .and, .or, .xor,
      .shl, .shrS, .shrU, .rotl, .rotr,
      .eq, .ne, .ltS, .ltU, .leS, .leU, .gtS, .gtU, .geS, .geU:
      return simplifyBinary(&i)
    case .mulHighS, .mulHighU:
      return simplifyMulHigh(&i)
    case .clz, .ctz, .popcnt, .truncS, .truncU, .truncSatS, .truncSatU, .convertS, .convertU,
      .promote, .demote, .fsqrt, .fceil, .ffloor, .ftrunc, .fnearest:
      return foldUnary(&i)
    case .extend8S, .extend16S, .extend32S, .wrap, .extendS, .extendU:
      return simplifyConversion(&i)
    case .fneg, .fabs, .reinterpret:
      return simplifyFloatUnary(&i)
    case .fadd, .fsub, .fmul, .fdiv, .fmin, .fmax, .fcopysign,
      .feq, .fne, .flt, .fle, .fgt, .fge:
      return simplifyFloatBinary(&i)
    case .select:
      return simplifySelect(&i)
    case .load, .load8S, .load8U, .load16S, .load16U, .load32S, .load32U:
      return simplifyAddress(&i)
    case .store, .store8, .store16, .store32:
      return simplifyStore(&i)
    case .trapIf:
      return simplifyTrapIf(&i)
    case .vsplat, .vscalar, .extractLane, .extractLaneS, .replaceLane, .vnot, .vand, .vor, .vxor,
      .vandnot, .bitselect, .vshl, .vshrS, .vshrU, .extendLowS, .extendLowU, .extendHighS,
      .extendHighU, .vconvertS, .vconvertU, .vshuffle:
      return simplifyVector(&i)
    default:
      return .none
    }
  }

  // MARK: Integer operations of two operands

  @inline(__always)
  private mutating func simplifyBinary(_ i: inout Instruction) -> Value {
    let a = operand(i.a)
    let b = operand(i.b)
    if b.opcode == .iconst {
      if a.opcode == .iconst {
        if let bits = Fold.integer(i.opcode, a.type, a.bits, b.bits) {
          i = .constant(i.type, bits: bits)
        }
        return .none
      }
      return simplifyRightConstant(&i, a, b.bits)
    }
    if a.opcode == .iconst { return simplifyLeftConstant(&i, a.bits, b) }
    if i.a == i.b { return simplifyEqualOperands(&i) }
    return simplifyPlain(&i, a, b)
  }

  /// Both operands are one value, not a constant. Divisions stay: they trap on zero.
  private mutating func simplifyEqualOperands(_ i: inout Instruction) -> Value {
    switch i.opcode {
    case .and, .or: return Value(raw: i.a)
    case .sub, .xor, .ne, .ltS, .ltU, .gtS, .gtU: return replace(&i, by: 0)
    case .eq, .leS, .leU, .geS, .geU: return replace(&i, by: 1)
    default: return .none
    }
  }

  /// Neither operand is a constant, and they differ.
  @inline(__always)
  private mutating func simplifyPlain(
    _ i: inout Instruction, _ a: Instruction, _ b: Instruction
  ) -> Value {
    switch i.opcode {
    case .add, .or, .xor:
      if a.opcode == .shl || a.opcode == .shrU, let rotated = rotation(a, b) {
        return rewriteWithConstant(&i, .rotl, a.a, rotated)
      }
    default: break
    }
    switch i.opcode {
    case .add:
      // (x - y) + y, and x + (0 - y).
      if a.opcode == .sub && a.b == i.b { return Value(raw: a.a) }
      if b.opcode == .sub {
        if b.b == i.a { return Value(raw: b.a) }
        if isZero(b.a) { return rewrite(&i, .sub, i.a, b.b) }
      }
      if (a.opcode == .shrU || b.opcode == .shrU) && i.type == .i64 {
        return simplifyUpperProduct(&i)
      }
    case .or:
      if (a.opcode == .shl || b.opcode == .shl) && i.type == .i64 {
        let found = simplifyLowerProduct(&i)
        if found != .none { return found }
      }
    case .sub:
      // (x + y) - y, (x + y) - x, and x - (0 - y).
      if a.opcode == .add {
        if a.b == i.b { return Value(raw: a.a) }
        if a.a == i.b { return Value(raw: a.b) }
      }
      if b.opcode == .sub && isZero(b.a) { return rewrite(&i, .add, i.a, b.b) }
      return .none
    case .xor:
      if a.opcode == .xor {
        if a.b == i.b { return Value(raw: a.a) }
        if a.a == i.b { return Value(raw: a.b) }
      }
      if b.opcode == .xor {
        if b.b == i.a { return Value(raw: b.a) }
        if b.a == i.a { return Value(raw: b.b) }
      }
    case .shl, .shrS, .shrU, .rotl, .rotr:
      // Only the low bits of the amount count.
      if b.opcode == .and, let bits = constantBits(Value(raw: b.b)) {
        let lowBits = i.type.bitCount &- 1
        if bits & lowBits == lowBits { return rewrite(&i, i.opcode, i.a, b.a) }
      }
      return .none
    case .mul, .and, .eq, .ne: break
    default: return .none
    }
    // What commutes stands in one order, so that equal ones are found.
    if i.a > i.b { swap(&i.a, &i.b) }
    return .none
  }

  /// By how much a value is rotated to the left, if `a` and `b` are its shifts to the left and right
  /// that together make its width: no bit is set in both.
  private mutating func rotation(_ a: Instruction, _ b: Instruction) -> UInt64? {
    guard a.a == b.a, let amounts = function.oppositeShifts(a, b) else { return nil }
    return amounts.left
  }

  /// Operand `a` is a constant, `b` is not.
  private mutating func simplifyLeftConstant(
    _ i: inout Instruction, _ bits: UInt64, _ b: Instruction
  ) -> Value {
    switch i.opcode {
    case .add, .mul, .and, .or, .xor: return rewrite(&i, i.opcode, i.b, i.a)
    case .eq, .ne, .ltS, .ltU, .leS, .leU, .gtS, .gtU, .geS, .geU:
      return rewrite(&i, i.opcode.swapped, i.b, i.a)
    case .sub:
      if b.opcode == .sub {
        // 0 - (x - y)
        if bits == 0 { return rewrite(&i, .sub, b.b, b.a) }
        // c - (d - x)
        if isOnlyUse(i.b), let other = constantBits(Value(raw: b.a)) {
          return rewriteWithConstant(&i, .add, b.b, bits &- other)
        }
      }
      // c - (x + d)
      if b.opcode == .add, isOnlyUse(i.b), let other = constantBits(Value(raw: b.b)) {
        let difference = constant(i.type, bits: (bits &- other) & i.type.mask)
        return rewrite(&i, .sub, difference.raw, b.a)
      }
      return .none
    case .shl, .shrU: return bits == 0 ? replace(&i, by: 0) : .none
    case .shrS, .rotl, .rotr:
      return bits == 0 || bits == i.type.mask ? Value(raw: i.a) : .none
    default: return .none
    }
  }

  /// Operand `b` is a constant, `a` is not.
  @inline(__always)
  private mutating func simplifyRightConstant(
    _ i: inout Instruction, _ a: Instruction, _ bits: UInt64
  ) -> Value {
    switch i.opcode {
    case .add: return simplifyAdd(&i, a, bits)
    case .sub: return rewriteWithConstant(&i, .add, i.a, 0 &- bits)
    case .mul: return simplifyMul(&i, a, bits)
    case .divS, .divU, .remS, .remU: return simplifyDivision(&i, bits)
    case .and: return simplifyAnd(&i, a, bits)
    case .or: return simplifyOr(&i, a, bits)
    case .xor: return simplifyXor(&i, a, bits)
    case .shl, .shrS, .shrU, .rotl, .rotr: return simplifyShift(&i, a, bits)
    default: return simplifyComparison(&i, a, bits)
    }
  }

  private mutating func simplifyAdd(
    _ i: inout Instruction, _ a: Instruction, _ bits: UInt64
  ) -> Value {
    if bits == 0 { return Value(raw: i.a) }
    if a.opcode == .add, isOnlyUse(i.a), let inner = constantBits(Value(raw: a.b)) {
      return rewriteWithConstant(&i, .add, a.a, inner &+ bits)
    }
    // (d - x) + c
    if a.opcode == .sub, isOnlyUse(i.a), let inner = constantBits(Value(raw: a.a)) {
      let sum = constant(i.type, bits: (inner &+ bits) & i.type.mask)
      return rewrite(&i, .sub, sum.raw, a.b)
    }
    return .none
  }

  private mutating func simplifyMul(
    _ i: inout Instruction, _ a: Instruction, _ bits: UInt64
  ) -> Value {
    if bits == 0 { return replace(&i, by: 0) }
    if bits == 1 { return Value(raw: i.a) }
    if bits == i.type.mask {
      let zero = constant(i.type, bits: 0)
      return rewrite(&i, .sub, zero.raw, i.a)
    }
    if bits & (bits &- 1) == 0 {
      return rewriteWithConstant(
        &i, .shl, i.a, UInt64(truncatingIfNeeded: bits.trailingZeroBitCount))
    }
    if a.opcode == .mul, isOnlyUse(i.a), let inner = constantBits(Value(raw: a.b)) {
      return rewriteWithConstant(&i, .mul, a.a, inner &* bits)
    }
    return .none
  }

  private mutating func simplifyDivision(_ i: inout Instruction, _ bits: UInt64) -> Value {
    // Division by zero traps. x / -1 stays, as it may overflow; x % -1 does not.
    if bits == 0 { return .none }
    let isPowerOfTwo = bits & (bits &- 1) == 0
    switch i.opcode {
    case .divU, .divS:
      if bits == 1 { return Value(raw: i.a) }
      if i.opcode == .divU && isPowerOfTwo {
        return rewriteWithConstant(
          &i, .shrU, i.a, UInt64(truncatingIfNeeded: bits.trailingZeroBitCount))
      }
    default:
      if bits == 1 || (i.opcode == .remS && bits == i.type.mask) { return replace(&i, by: 0) }
      if i.opcode == .remU && isPowerOfTwo {
        return rewriteWithConstant(&i, .and, i.a, bits &- 1)
      }
    }
    return .none
  }

  private mutating func simplifyAnd(
    _ i: inout Instruction, _ a: Instruction, _ bits: UInt64
  ) -> Value {
    if bits == 0 { return replace(&i, by: 0) }
    if bits == i.type.mask { return Value(raw: i.a) }
    if a.opcode == .and, isOnlyUse(i.a), let inner = constantBits(Value(raw: a.b)) {
      return rewriteWithConstant(&i, .and, a.a, inner & bits)
    }
    let possible = function.possibleBits(i.a)
    if possible & ~bits == 0 { return Value(raw: i.a) }
    if possible & bits == 0 { return replace(&i, by: 0) }
    return .none
  }

  private mutating func simplifyOr(
    _ i: inout Instruction, _ a: Instruction, _ bits: UInt64
  ) -> Value {
    if bits == 0 { return Value(raw: i.a) }
    if bits == i.type.mask { return replace(&i, by: bits) }
    if a.opcode == .or, isOnlyUse(i.a), let inner = constantBits(Value(raw: a.b)) {
      return rewriteWithConstant(&i, .or, a.a, inner | bits)
    }
    return .none
  }

  private mutating func simplifyXor(
    _ i: inout Instruction, _ a: Instruction, _ bits: UInt64
  ) -> Value {
    if bits == 0 { return Value(raw: i.a) }
    if a.opcode == .xor, isOnlyUse(i.a), let inner = constantBits(Value(raw: a.b)) {
      return rewriteWithConstant(&i, .xor, a.a, inner ^ bits)
    }
    if bits == 1 && i.type == .i32 { return invert(&i, a) }
    return .none
  }

  private mutating func simplifyShift(
    _ i: inout Instruction, _ a: Instruction, _ bits: UInt64
  ) -> Value {
    let width = i.type.bitCount
    let amount = bits & (width &- 1)
    if amount == 0 { return Value(raw: i.a) }
    if amount != bits { return rewriteWithConstant(&i, i.opcode, i.a, amount) }
    switch a.opcode {
    case .shl, .shrS, .shrU, .rotl, .rotr: break
    default: return .none
    }
    guard isOnlyUse(i.a), let innerBits = constantBits(Value(raw: a.b)) else { return .none }
    let inner = innerBits & (width &- 1)
    let sum = inner &+ amount
    if a.opcode == i.opcode {
      switch i.opcode {
      case .shl, .shrU:
        return sum >= width ? replace(&i, by: 0) : rewriteWithConstant(&i, i.opcode, a.a, sum)
      case .shrS: return rewriteWithConstant(&i, .shrS, a.a, min(sum, width &- 1))
      default: return rewriteWithConstant(&i, i.opcode, a.a, sum & (width &- 1))
      }
    }
    if inner != amount { return .none }
    return simplifyShiftPair(&i, a, amount)
  }

  /// A shift to one side of a shift to the other, by the same amount.
  private mutating func simplifyShiftPair(
    _ i: inout Instruction, _ a: Instruction, _ amount: UInt64
  ) -> Value {
    let mask = i.type.mask
    switch (a.opcode, i.opcode) {
    case (.shl, .shrS):
      switch i.type.bitCount &- amount {
      case 8: return rewrite(&i, .extend8S, a.a, 0)
      case 16: return rewrite(&i, .extend16S, a.a, 0)
      case 32: return rewrite(&i, .extend32S, a.a, 0)
      default: return .none
      }
    // A mask of 64 bits pays where an instruction has room for it: 32 bits, sign-extended.
    case (.shl, .shrU):
      if i.type == .i64 && amount < 33 { return .none }
      return rewriteWithConstant(&i, .and, a.a, mask &>> amount)
    case (.shrU, .shl), (.shrS, .shl):
      if i.type == .i64 && amount > 31 { return .none }
      return rewriteWithConstant(&i, .and, a.a, mask &<< amount)
    case (.rotl, .rotr), (.rotr, .rotl): return Value(raw: a.a)
    default: return .none
    }
  }

  // MARK: Rewriting

  /// Whether the instruction being simplified is the only reader of an operand, which it may then
  /// see through. Where the operand lives on, reading what it was made of would keep one more value
  /// alive and save nothing: `x + 16` with `x = y - 32` stays as it is. Compilers that make
  /// WebAssembly have done what pays in their sight, so that most such pairs are there on purpose.
  /// Known while rebuilding only.
  @inline(__always)
  func isOnlyUse(_ raw: UInt32) -> Bool {
    usesTree && hasOneUse[Int(truncatingIfNeeded: raw)]
  }

  @inline(__always)
  mutating func isZero(_ raw: UInt32) -> Bool {
    let definition = operand(raw)
    return definition.opcode == .iconst && definition.bits == 0
  }

  @inline(__always)
  mutating func replace(_ i: inout Instruction, by bits: UInt64) -> Value {
    i = .constant(i.type, bits: bits)
    return .none
  }

  @inline(__always)
  mutating func rewrite(_ i: inout Instruction, _ opcode: Opcode, _ a: UInt32, _ b: UInt32) -> Value
  {
    i.opcode = opcode
    i.a = a
    i.b = b
    return Self.rewritten
  }

  /// `bits` may be wider than the type.
  @inline(__always)
  mutating func rewriteWithConstant(
    _ i: inout Instruction, _ opcode: Opcode, _ a: UInt32, _ bits: UInt64
  ) -> Value {
    let type = function.instructions[Value(raw: a)].type
    return rewrite(&i, opcode, a, constant(type, bits: bits & type.mask).raw)
  }
}

extension Opcode {
  /// The integer comparison with operands exchanged.
  var swapped: Opcode {
    switch self {
    case .ltS: .gtS
    case .ltU: .gtU
    case .leS: .geS
    case .leU: .geU
    case .gtS: .ltS
    case .gtU: .ltU
    case .geS: .leS
    case .geU: .leU
    default: self
    }
  }

  /// The comparison that is true when this one is false; `nop` where there is none, as for ordered
  /// float comparisons, which are both false of a NaN.
  package var inverted: Opcode {
    switch self {
    case .eq: .ne
    case .ne: .eq
    case .ltS: .geS
    case .ltU: .geU
    case .leS: .gtS
    case .leU: .gtU
    case .gtS: .leS
    case .gtU: .leU
    case .geS: .ltS
    case .geU: .ltU
    case .feq: .fne
    case .fne: .feq
    default: .nop
    }
  }
}
