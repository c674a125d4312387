// SPDX-License-Identifier: Apache-2.0
// Selection of integer arithmetic, shifts and comparisons on vectors that are no single instruction.

import BrolgaWasm
import RegisterAllocation

extension Lowering where ISA == X64 {
  // MARK: Products and sums

  mutating func lowerVectorMultiplication(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    if let op = Self.operation(.vmul, x.lanes) {
      var (a, b) = (x.a, x.b)
      if !x.lanes.isFloat
        && (isAbsorbableLoad(a) && !isAbsorbableLoad(b) || vectorConstant(a) != nil)
      {
        swap(&a, &b)
      }
      return emitVector(op, d, register(a), vectorSource(b))
    }
    // low * low + (high * low + low * high) << 32
    if let factor = vectorConstant(x.b) { return multiply(d, x.a, by: factor) }
    let a = register(x.a)
    let b = register(x.b)
    let first = vector(.pmuludq, vector(.psrlq, a, by: 32), b)
    let second = vector(.pmuludq, vector(.psrlq, b, by: 32), a)
    let cross = vector(.psllq, vector(.paddq, first, second), by: 32)
    let low = vector(.pmuludq, a, b)
    emitVector(.paddq, d, low, cross)
  }

  /// The halves of a constant are constants.
  private mutating func multiply(_ d: VirtualRegister, _ a: UInt32, by factor: V128) {
    let a = register(a)
    let upper = V128(low: factor.low &>> 32, high: factor.high &>> 32)
    var cross = vector(.pmuludq, vector(.psrlq, a, by: 32), constantSource(factor))
    if upper != .zero {
      cross = vector(.paddq, cross, vector(.pmuludq, a, constantSource(upper)))
    }
    let low = vector(.pmuludq, a, constantSource(factor))
    emitVector(.paddq, d, low, vector(.psllq, cross, by: 32))
  }

  /// Products of the lower or upper lanes, twice as wide.
  mutating func lowerExtendedProduct(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    let isSigned = x.opcode == .extmulLowS || x.opcode == .extmulHighS
    let isLow = x.opcode == .extmulLowS || x.opcode == .extmulLowU
    switch x.lanes {
    case .i16x8:
      let extend: Opcode =
        switch (isLow, isSigned) {
        case (true, true): .extendLowS
        case (true, false): .extendLowU
        case (false, true): .extendHighS
        case (false, false): .extendHighU
        }
      let a = newVector()
      lowerVectorExtension(extend, .i16x8, a, x.a)
      if let factor = vectorConstant(x.b) {
        return emitVector(.pmullw, d, a, constantSource(factor.extended(extend, to: .i16x8)))
      }
      let b = newVector()
      lowerVectorExtension(extend, .i16x8, b, x.b)
      emitVector(.pmullw, d, a, b)
    case .i32x4:
      let a = register(x.a)
      let b = register(x.b)
      let low = vector(.pmullw, a, b)
      let high = vector(isSigned ? .pmulhw : .pmulhuw, a, b)
      emitVector(isLow ? .punpcklwd : .punpckhwd, d, low, high)
    default:
      // Each lane to the lower half of a wider one.
      let order: Int32 = isLow ? 0x50 : 0xFA
      let a = newVector()
      emitVector(.pshufd, a, vectorSource(x.a), order)
      let b = newVector()
      emitVector(.pshufd, b, vectorSource(x.b), order)
      emitVector(isSigned ? .pmuldq : .pmuludq, d, a, b)
    }
  }

  /// Sums of neighbouring lanes, twice as wide.
  mutating func lowerExtendedSum(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    let isSigned = x.opcode == .extaddS
    if x.lanes == .i16x8 {
      let one: UInt64 = 0x0101_0101_0101_0101
      // The first operand's bytes are unsigned, the second's signed.
      if isSigned {
        emitVector(.pmaddubsw, d, splatVector(one), vectorSource(x.a))
      } else {
        emitVector(.pmaddubsw, d, register(x.a), splatSource(one))
      }
      return
    }
    let a = register(x.a)
    if isSigned { return emitVector(.pmaddwd, d, a, splatSource(0x0001_0001_0001_0001)) }
    let odd = vector(.psrld, a, by: 16)
    let even = newVector()
    emitVector(.pblendw, even, a, X64Source(register: zeroVector()), 0xAA)
    emitVector(.paddd, d, odd, even)
  }

  /// The only product of fractions that overflows is -1 * -1.
  mutating func lowerFractionProduct(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    let product = vector(.pmulhrsw, register(x.a), vectorSource(x.b))
    let wrong = vector(.pcmpeqw, product, splatSource(0x8000_8000_8000_8000))
    emitVector(.pxor, d, product, wrong)
  }

  mutating func lowerVectorPopcount(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    let a = register(x.a)
    let nibble = splatVector(0x0f0f_0f0f_0f0f_0f0f)
    let table = constantVector(
      V128(low: 0x0302_0201_0201_0100, high: 0x0403_0302_0302_0201))
    let low = vector(.pand, a, nibble)
    let high = vector(.pand, vector(.psrlw, a, by: 4), nibble)
    emitVector(.paddb, d, vector(.pshufb, table, low), vector(.pshufb, table, high))
  }

  mutating func lowerVectorSign(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    let isNegation = x.opcode == .vneg
    switch x.lanes {
    case .f32x4:
      let mask: UInt64 = isNegation ? 0x8000_0000_8000_0000 : 0x7fff_ffff_7fff_ffff
      return emitVector(isNegation ? .xorps : .andps, d, register(x.a), splatSource(mask))
    case .f64x2:
      let mask: UInt64 = isNegation ? 0x8000_0000_0000_0000 : 0x7fff_ffff_ffff_ffff
      return emitVector(isNegation ? .xorpd : .andpd, d, register(x.a), splatSource(mask))
    default: break
    }
    if isNegation {
      return emitVector(instruction(.vsub, x.lanes), d, zeroVector(), vectorSource(x.a))
    }
    switch x.lanes {
    case .i8x16: emitVector(.pabsb, d, vectorSource(x.a))
    case .i16x8: emitVector(.pabsw, d, vectorSource(x.a))
    case .i32x4: emitVector(.pabsd, d, vectorSource(x.a))
    default:
      let a = register(x.a)
      let negative = vector(.pcmpgtq, zeroVector(), a)
      emitVector(.psubq, d, vector(.pxor, a, negative), negative)
    }
  }

  // MARK: Shifts

  mutating func lowerVectorShift(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    let bits = Int32(8) &<< Int32(truncatingIfNeeded: x.lanes.laneSize)
    if let amount = constant(x.b) {
      let count = Int32(truncatingIfNeeded: amount) & (bits &- 1)
      let a = register(x.a)
      if count == 0 { return emitMove(d, a) }
      return shift(d, a, x, by: count)
    }
    let a = register(x.a)
    if x.lanes == .i8x16 { return shiftBytes(d, a, x) }
    let count = shiftCount(x.b, bits)
    switch (x.opcode, x.lanes) {
    case (.vshl, .i16x8): emitVector(.psllw, d, a, count)
    case (.vshl, .i32x4): emitVector(.pslld, d, a, count)
    case (.vshl, _): emitVector(.psllq, d, a, count)
    case (.vshrU, .i16x8): emitVector(.psrlw, d, a, count)
    case (.vshrU, .i32x4): emitVector(.psrld, d, a, count)
    case (.vshrU, _): emitVector(.psrlq, d, a, count)
    case (_, .i16x8): emitVector(.psraw, d, a, count)
    case (_, .i32x4): emitVector(.psrad, d, a, count)
    case _ where options.features.contains(.avx512): emitVector(.psraq, d, a, count)
    default:
      // The sign bit is shifted like the rest, and then is what it weighs less than nothing.
      let sign = vector(.psrlq, splatVector(1 &<< 63), count)
      let shifted = vector(.psrlq, a, count)
      emitVector(.psubq, d, vector(.pxor, shifted, sign), sign)
    }
  }

  mutating func emitMove(_ d: VirtualRegister, _ a: VirtualRegister) {
    emitVector(.vmov, 0, X64Source(register: a))
    operands.append(.definition(d, .float))
    operands.append(.anyUse(a, .float))
  }

  /// The amount modulo a lane's bits, and `added` more, as the lowest element of a vector.
  private mutating func shiftCount(
    _ amount: UInt32, _ bits: Int32, added: Int32 = 0
  ) -> VirtualRegister {
    var r = register(amount)
    if function.possibleBits(amount) > UInt64(truncatingIfNeeded: bits &- 1) {
      let masked = newRegister(.int)
      emitInPlace(.and, size: 2, masked, r, immediate: bits &- 1)
      r = masked
    }
    if added != 0 {
      let sum = newRegister(.int)
      emitInPlace(.add, size: 2, sum, r, immediate: added)
      r = sum
    }
    let count = newVector()
    emitUnary(.movToFloat, size: 2, count, .float, X64Source(register: r), .int)
    return count
  }

  /// By a constant that is not zero.
  private mutating func shift(
    _ d: VirtualRegister, _ a: VirtualRegister, _ x: Instruction, by count: Int32
  ) {
    switch (x.opcode, x.lanes) {
    case (.vshl, .i16x8): emitVector(.psllw, d, a, by: count)
    case (.vshl, .i32x4): emitVector(.pslld, d, a, by: count)
    case (.vshl, .i64x2): emitVector(.psllq, d, a, by: count)
    case (.vshrU, .i16x8): emitVector(.psrlw, d, a, by: count)
    case (.vshrU, .i32x4): emitVector(.psrld, d, a, by: count)
    case (.vshrU, .i64x2): emitVector(.psrlq, d, a, by: count)
    case (.vshrS, .i16x8): emitVector(.psraw, d, a, by: count)
    case (.vshrS, .i32x4): emitVector(.psrad, d, a, by: count)
    case (.vshrS, .i64x2): shiftSigned64(d, a, by: count)
    default: shiftBytes(d, a, x.opcode, by: count)
    }
  }

  /// The upper halves come from a shift of 32 bits.
  private mutating func shiftSigned64(
    _ d: VirtualRegister, _ a: VirtualRegister, by count: Int32
  ) {
    if options.features.contains(.avx512) { return emitVector(.psraq, d, a, by: count) }
    if count == 63 { return emitVector(.pcmpgtq, d, zeroVector(), a) }
    let high = vector(.psrad, a, by: min(count, 31))
    var low: VirtualRegister
    if count < 32 {
      low = vector(.psrlq, a, by: count)
    } else {
      low = newVector()
      let shifted = count == 32 ? a : vector(.psrad, a, by: count &- 32)
      emitVector(.pshufd, low, X64Source(register: shifted), 0xF5)
    }
    emitVector(.pblendd, d, low, X64Source(register: high), 0b1010)
  }

  /// As words, of which a mask takes away what came from the neighbour.
  private mutating func shiftBytes(
    _ d: VirtualRegister, _ a: VirtualRegister, _ opcode: Opcode, by count: Int32
  ) {
    let byte: UInt64 = 0x0101_0101_0101_0101
    let bits = UInt64(truncatingIfNeeded: count)
    if opcode == .vshl {
      if count == 1 { return emitVector(.paddb, d, a, a) }
      let shifted = vector(.psllw, a, by: count)
      return emitVector(.pand, d, shifted, splatSource(byte &* (0xff &<< bits & 0xff)))
    }
    if opcode == .vshrS && count == 7 { return emitVector(.pcmpgtb, d, zeroVector(), a) }
    let shifted = vector(.psrlw, a, by: count)
    let mask = splatSource(byte &* (0xff &>> bits))
    if opcode == .vshrU { return emitVector(.pand, d, shifted, mask) }
    let sign = splatVector(byte &* (0x80 &>> bits))
    emitVector(.psubb, d, vector(.pxor, vector(.pand, shifted, mask), sign), sign)
  }

  private mutating func shiftBytes(
    _ d: VirtualRegister, _ a: VirtualRegister, _ x: Instruction
  ) {
    if x.opcode == .vshrS {
      // Each byte in the upper half of a word.
      let count = shiftCount(x.b, 8, added: 8)
      let low = vector(.psraw, vector(.punpcklbw, a, a), count)
      let high = vector(.psraw, vector(.punpckhbw, a, a), count)
      return emitVector(.packsswb, d, low, high)
    }
    let count = shiftCount(x.b, 8)
    let isLeft = x.opcode == .vshl
    let shifted = vector(isLeft ? .psllw : .psrlw, a, count)
    var mask = vector(isLeft ? .psllw : .psrlw, onesVector(), count)
    // The byte that is as wanted: the lower one, or the upper one.
    if !isLeft { mask = vector(.psrlw, mask, by: 8) }
    let bytes = vector(.pbroadcastb, X64Source(register: mask))
    emitVector(.pand, d, shifted, bytes)
  }

  // MARK: Comparisons

  mutating func lowerVectorComparison(_ i: Int, _ x: Instruction) {
    if x.lanes.isFloat {
      let predicate: Int32 = x.opcode == .vne ? 4 : x.opcode == .vlt ? 1 : 2
      return lowerFloatComparison(i, x, predicate: predicate)
    }
    let d = register(defining: i)
    switch x.opcode {
    case .vne:
      let equal = vector(instruction(.veq, x.lanes), register(x.a), vectorSource(x.b))
      emitVector(.pxor, d, onesVector(), equal)
    case .vlt: emitVector(Self.greater(x.lanes), d, register(x.b), vectorSource(x.a))
    case .vle where x.lanes == .i64x2:
      let greater = vector(.pcmpgtq, register(x.a), vectorSource(x.b))
      emitVector(.pxor, d, onesVector(), greater)
    case .vle, .vleU: isExtremum(x.opcode == .vle ? .vminS : .vminU, x.lanes, x.a, x.b, d)
    default:
      // Not b <= a.
      let other = newVector()
      isExtremum(.vminU, x.lanes, x.b, x.a, other)
      emitVector(.pxor, d, onesVector(), other)
    }
  }

  /// `d := min(a, b) == a`
  private mutating func isExtremum(
    _ opcode: Opcode, _ lanes: LaneShape, _ a: UInt32, _ b: UInt32, _ d: VirtualRegister
  ) {
    let (op, equal) = (instruction(opcode, lanes), instruction(.veq, lanes))
    let r = register(a)
    emitVector(equal, d, vector(op, r, vectorSource(b)), r)
  }

  private static func greater(_ lanes: LaneShape) -> VectorBinary {
    switch lanes.laneSize {
    case 0: .pcmpgtb
    case 1: .pcmpgtw
    case 2: .pcmpgtd
    default: .pcmpgtq
    }
  }

  mutating func lowerFloatComparison(_ i: Int, _ x: Instruction, predicate: Int32) {
    let d = register(defining: i)
    let op: VectorBinaryByte = x.lanes == .f32x4 ? .cmpps : .cmppd
    emitVector(op, d, register(x.a), vectorSource(x.b), predicate)
  }

  // MARK: Tests

  /// Sets the flags for a test of all lanes.
  mutating func compareVector(_ x: Instruction) -> X64Condition {
    if x.opcode == .anyTrue {
      let tested = instruction(x.a)
      if tested.opcode == .vand && isUsedOnce(x.a) && !isLiveAfter(x.a) && options.countsUses {
        emitTest(register(tested.a), vectorSource(tested.b))
      } else {
        let r = register(x.a)
        emitTest(r, X64Source(register: r))
      }
      return .notEqual
    }
    if isMask(x.a) && instruction(x.a).lanes.laneSize == x.lanes.laneSize {
      // No bit that is not set.
      emitTest(register(x.a), X64Source(register: onesVector()))
      return .below
    }
    let isZero = vector(instruction(.veq, x.lanes), zeroVector(), vectorSource(x.a))
    emitTest(isZero, X64Source(register: isZero))
    return .equal
  }

  private mutating func emitTest(_ a: VirtualRegister, _ s: X64Source) {
    emitVector(.vtest, 0, s)
    operands.append(.use(a, .float))
    appendSource(s, .float)
  }

  mutating func lowerBitmask(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    let op: VectorMask
    var a = register(x.a)
    switch x.lanes.laneSize {
    case 0: op = .pmovmskb
    case 1:
      op = .pmovmskb
      a = vector(.packsswb, a, zeroVector())
    case 2: op = .movmskps
    default: op = .movmskpd
    }
    emit(MachineInstruction(.vmask, size: 4, extra: op.rawValue))
    operands.append(.definition(d, .int))
    operands.append(.use(a, .float))
  }
}
