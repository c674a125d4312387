// SPDX-License-Identifier: Apache-2.0
// Constant folding: what an operation computes from known bits, exactly as WebAssembly defines it.

/// Evaluation of operations on constants.
///
/// Bits are as in `Instruction.bits`: 32-bit values zero-extended. `nil` means "not folded": the
/// operation would trap, or its result is a NaN whose bits are the machine's business.
package enum Fold {
  /// Integer operations of two operands; `type` is that of the operands.
  package static func integer(
    _ opcode: Opcode, _ type: Type, _ a: UInt64, _ b: UInt64
  ) -> UInt64? {
    let mask = type.mask
    switch opcode {
    case .add: return (a &+ b) & mask
    case .sub: return (a &- b) & mask
    case .mul: return (a &* b) & mask
    case .mulHighU: return a.multipliedFullWidth(by: b).high
    case .mulHighS:
      let (x, y) = (Int64(bitPattern: a), Int64(bitPattern: b))
      return UInt64(bitPattern: x.multipliedFullWidth(by: y).high)
    case .and: return a & b
    case .or: return a | b
    case .xor: return a ^ b
    case .divS, .divU, .remS, .remU: return division(opcode, type, a, b)
    case .shl, .shrS, .shrU, .rotl, .rotr: return shift(opcode, type, a, b)
    default: return comparison(opcode, type, a, b).map { $0 ? 1 : 0 }
    }
  }

  private static func division(
    _ opcode: Opcode, _ type: Type, _ a: UInt64, _ b: UInt64
  ) -> UInt64? {
    if b == 0 { return nil }
    let signedA = type.signed(a)
    let signedB = type.signed(b)
    switch opcode {
    case .divU: return a / b
    case .remU: return a % b
    case .divS:
      if signedB == -1 && a == type.signBit { return nil }
      return UInt64(bitPattern: signedA / signedB) & type.mask
    default:
      if signedB == -1 { return 0 }
      return UInt64(bitPattern: signedA % signedB) & type.mask
    }
  }

  private static func shift(
    _ opcode: Opcode, _ type: Type, _ a: UInt64, _ b: UInt64
  ) -> UInt64 {
    let width = type.bitCount
    let amount = b & (width &- 1)
    let mask = type.mask
    switch opcode {
    case .shl: return (a &<< amount) & mask
    case .shrU: return a &>> amount
    case .shrS: return UInt64(bitPattern: type.signed(a) &>> Int64(bitPattern: amount)) & mask
    default:
      if amount == 0 { return a }
      let left = opcode == .rotl ? amount : width &- amount
      return ((a &<< left) | (a &>> (width &- left))) & mask
    }
  }

  /// Integer comparisons.
  package static func comparison(
    _ opcode: Opcode, _ type: Type, _ a: UInt64, _ b: UInt64
  ) -> Bool? {
    switch opcode {
    case .eq: a == b
    case .ne: a != b
    case .ltU: a < b
    case .leU: a <= b
    case .gtU: a > b
    case .geU: a >= b
    case .ltS: type.signed(a) < type.signed(b)
    case .leS: type.signed(a) <= type.signed(b)
    case .gtS: type.signed(a) > type.signed(b)
    case .geS: type.signed(a) >= type.signed(b)
    default: nil
    }
  }

  /// Operations of one operand of type `from` that yield `to`.
  package static func unary(
    _ opcode: Opcode, from: Type, to: Type, _ a: UInt64
  ) -> UInt64? {
    switch opcode {
    case .clz:
      return UInt64(truncatingIfNeeded: a.leadingZeroBitCount) &- (64 &- from.bitCount)
    case .ctz:
      return a == 0 ? from.bitCount : UInt64(truncatingIfNeeded: a.trailingZeroBitCount)
    case .popcnt: return UInt64(truncatingIfNeeded: a.nonzeroBitCount)
    case .extend8S:
      return UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: a))) & to.mask
    case .extend16S:
      return UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: a))) & to.mask
    case .extend32S, .extendS:
      return UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: a)))
    case .extendU: return a
    case .wrap: return a & 0xffff_ffff
    case .reinterpret: return a
    case .convertS, .convertU: return convert(opcode, from: from, to: to, a)
    case .truncS, .truncU, .truncSatS, .truncSatU:
      return truncate(opcode, double(from, a), to: to)
    case .promote:
      let value = Float(bitPattern: UInt32(truncatingIfNeeded: a))
      return value.isNaN ? nil : Double(value).bitPattern
    case .demote:
      let value = Double(bitPattern: a)
      return value.isNaN ? nil : UInt64(truncatingIfNeeded: Float(value).bitPattern)
    default: return floatUnary(opcode, from, a)
    }
  }

  private static func convert(_ opcode: Opcode, from: Type, to: Type, _ a: UInt64) -> UInt64 {
    let signed = from.signed(a)
    if to == .f32 {
      let value = opcode == .convertS ? Float(signed) : Float(a)
      return UInt64(truncatingIfNeeded: value.bitPattern)
    }
    return (opcode == .convertS ? Double(signed) : Double(a)).bitPattern
  }

  /// An f32 becomes a double exactly, so one computation serves both.
  private static func double(_ type: Type, _ bits: UInt64) -> Double {
    type == .f32
      ? Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))) : Double(bitPattern: bits)
  }

  private static func truncate(_ opcode: Opcode, _ value: Double, to: Type) -> UInt64? {
    let isSigned = opcode == .truncS || opcode == .truncSatS
    let isSaturating = opcode == .truncSatS || opcode == .truncSatU
    if value.isNaN { return isSaturating ? 0 : nil }
    let whole = value.rounded(.towardZero)
    // The first value below and the first above that do not fit; powers of two, so exact.
    let halfRange: Double = to == .i32 ? 2_147_483_648.0 : 9_223_372_036_854_775_808.0
    let above: Double = isSigned ? halfRange : halfRange * 2.0
    if whole >= above {
      return isSaturating ? (isSigned ? to.mask &>> 1 : to.mask) : nil
    }
    if isSigned {
      if whole < -halfRange { return isSaturating ? to.signBit : nil }
      return UInt64(bitPattern: Int64(whole)) & to.mask
    }
    if whole < 0.0 { return isSaturating ? 0 : nil }
    return UInt64(whole)
  }

  private static func floatUnary(_ opcode: Opcode, _ type: Type, _ a: UInt64) -> UInt64? {
    switch opcode {
    // These two only touch the sign, of a NaN as well.
    case .fneg: return a ^ type.signBit
    case .fabs: return a & ~type.signBit
    default: break
    }
    if type == .f32 {
      let value = Float(bitPattern: UInt32(truncatingIfNeeded: a))
      return round(opcode, value).map { UInt64(truncatingIfNeeded: $0.bitPattern) }
    }
    return round(opcode, Double(bitPattern: a)).map { $0.bitPattern }
  }

  private static func round<F: BinaryFloatingPoint>(_ opcode: Opcode, _ value: F) -> F? {
    if value.isNaN { return nil }
    switch opcode {
    case .fsqrt:
      let root = value.squareRoot()
      return root.isNaN ? nil : root
    case .fceil: return value.rounded(.up)
    case .ffloor: return value.rounded(.down)
    case .ftrunc: return value.rounded(.towardZero)
    case .fnearest: return value.rounded(.toNearestOrEven)
    default: return nil
    }
  }

  /// Float operations of two operands of `type`, comparisons among them.
  package static func float(
    _ opcode: Opcode, _ type: Type, _ a: UInt64, _ b: UInt64
  ) -> UInt64? {
    if opcode == .fcopysign { return (a & ~type.signBit) | (b & type.signBit) }
    if type == .f32 {
      let x = Float(bitPattern: UInt32(truncatingIfNeeded: a))
      let y = Float(bitPattern: UInt32(truncatingIfNeeded: b))
      if let answer = floatComparison(opcode, x, y) { return answer ? 1 : 0 }
      return arithmetic(opcode, x, y).map { UInt64(truncatingIfNeeded: $0.bitPattern) }
    }
    let x = Double(bitPattern: a)
    let y = Double(bitPattern: b)
    if let answer = floatComparison(opcode, x, y) { return answer ? 1 : 0 }
    return arithmetic(opcode, x, y).map { $0.bitPattern }
  }

  private static func floatComparison<F: BinaryFloatingPoint>(
    _ opcode: Opcode, _ x: F, _ y: F
  ) -> Bool? {
    switch opcode {
    case .feq: x == y
    case .fne: x != y
    case .flt: x < y
    case .fle: x <= y
    case .fgt: x > y
    case .fge: x >= y
    default: nil
    }
  }

  private static func arithmetic<F: BinaryFloatingPoint>(
    _ opcode: Opcode, _ x: F, _ y: F
  ) -> F? {
    if x.isNaN || y.isNaN { return nil }
    let result: F
    switch opcode {
    case .fadd: result = x + y
    case .fsub: result = x - y
    case .fmul: result = x * y
    case .fdiv: result = x / y
    case .fmin: result = x < y || (x == y && x.sign == .minus) ? x : y
    case .fmax: result = x > y || (x == y && x.sign == .plus) ? x : y
    default: return nil
    }
    return result.isNaN ? nil : result
  }
}

extension Type {
  /// The bits that a value of this type has.
  @inline(__always) var mask: UInt64 { byteCount == 4 ? 0xffff_ffff : .max }
  @inline(__always) var signBit: UInt64 { byteCount == 4 ? 0x8000_0000 : 1 &<< 63 }
  @inline(__always) var bitCount: UInt64 { byteCount == 4 ? 32 : 64 }
  @inline(__always) func signed(_ bits: UInt64) -> Int64 {
    byteCount == 4 ? Int64(Int32(truncatingIfNeeded: bits)) : Int64(bitPattern: bits)
  }
}
