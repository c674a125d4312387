// SPDX-License-Identifier: Apache-2.0
// Selection of extensions and conversions of vectors, and of minima and maxima of floats.

import RegisterAllocation

extension Lowering where ISA == X64 {
  // MARK: Integers to wider ones

  /// The lower half of a vector as a source: what is loaded into it is read from memory. A load of a
  /// whole vector stays: it may trap where half does not.
  mutating func halfSource(_ value: UInt32) -> X64Source {
    let x = instruction(value)
    if x.opcode == .vscalar && x.lanes == .i64x2 && isUsedOnce(value) && !isLiveAfter(value)
      && isAbsorbableLoad(x.a)
    {
      return absorb(x.a)
    }
    return vectorSource(value, absorbing: x.opcode != .load)
  }

  mutating func lowerVectorExtension(
    _ opcode: Opcode, _ lanes: LaneShape, _ d: VirtualRegister, _ value: UInt32
  ) {
    let size = lanes.laneSize
    switch opcode {
    case .extendLowS:
      let op: VectorUnary = size == 1 ? .pmovsxbw : size == 2 ? .pmovsxwd : .pmovsxdq
      emitVector(op, d, halfSource(value))
    case .extendLowU:
      let op: VectorUnary = size == 1 ? .pmovzxbw : size == 2 ? .pmovzxwd : .pmovzxdq
      emitVector(op, d, halfSource(value))
    case .extendHighU:
      let op: VectorBinary = size == 1 ? .punpckhbw : size == 2 ? .punpckhwd : .punpckhdq
      emitVector(op, d, register(value), zeroVector())
    default:
      let a = register(value)
      if size == 3 {
        let high = newVector()
        emitVector(.pshufd, high, X64Source(register: a), 0xEE)
        return emitVector(.pmovsxdq, d, X64Source(register: high))
      }
      let doubled = vector(size == 1 ? .punpckhbw : .punpckhwd, a, a)
      emitVector(size == 1 ? .psraw : .psrad, d, doubled, by: size == 1 ? 8 : 16)
    }
  }

  // MARK: Floats to integers

  mutating func lowerVectorTruncation(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    let isSingle = x.lanes == .f32x4
    switch x.opcode {
    case .relaxedTruncS: emitVector(isSingle ? .cvttps2dq : .cvttpd2dq, d, vectorSource(x.a))
    case .vtruncSatS: isSingle ? truncateSigned(d, x) : truncateSigned64(d, x)
    default: isSingle ? truncateUnsigned(d, x) : truncateUnsigned64(d, x)
    }
  }

  /// What is too large or no number becomes the least integer: NaNs are made zero before, and what is
  /// too large is inverted after.
  private mutating func truncateSigned(_ d: VirtualRegister, _ x: Instruction) {
    let a = register(x.a)
    let isNumber = newVector()
    emitVector(.cmpps, isNumber, a, X64Source(register: a), 0)
    let number = vector(.andps, isNumber, a)
    let isLarge = newVector()
    // Not less than 2^31.
    emitVector(.cmpps, isLarge, number, splatSource(0x4f00_0000_4f00_0000), 5)
    let converted = vector(.cvttps2dq, X64Source(register: number))
    emitVector(.pxor, d, converted, isLarge)
  }

  /// What reaches 2^31 is converted in two parts.
  private mutating func truncateUnsigned(_ d: VirtualRegister, _ x: Instruction) {
    let a = register(x.a)
    let zero = zeroVector()
    // The second operand for NaNs.
    let positive = vector(.maxps, a, zero)
    let limit = splatVector(0x4f00_0000_4f00_0000)
    let low = vector(.cvttps2dq, X64Source(register: positive))
    let rest = vector(.subps, positive, limit)
    let isTooLarge = newVector()
    emitVector(.cmpps, isTooLarge, limit, X64Source(register: rest), 2)
    let converted = vector(.cvttps2dq, X64Source(register: rest))
    let high = vector(.pmaxsd, vector(.pxor, converted, isTooLarge), zero)
    emitVector(.paddd, d, low, high)
  }

  /// The largest integer as a float, or zero for NaNs, is the minimum's second operand.
  private mutating func truncateSigned64(_ d: VirtualRegister, _ x: Instruction) {
    let a = register(x.a)
    let isNumber = newVector()
    emitVector(.cmppd, isNumber, a, X64Source(register: a), 0)
    let limit = vector(.andpd, isNumber, splatSource(0x41df_ffff_ffc0_0000))
    let bounded = vector(.minpd, a, limit)
    emitVector(.cvttpd2dq, d, X64Source(register: bounded))
  }

  /// Added to 2^52, an integer stands in the lower half.
  private mutating func truncateUnsigned64(_ d: VirtualRegister, _ x: Instruction) {
    let a = register(x.a)
    let zero = zeroVector()
    let positive = vector(.maxpd, a, zero)
    let bounded = vector(.minpd, positive, splatSource(0x41ef_ffff_ffe0_0000))
    let whole = newVector()
    emitVector(.roundpd, whole, X64Source(register: bounded), 11)
    let sum = vector(.addpd, whole, splatSource(0x4330_0000_0000_0000))
    emitVector(.shufps, d, sum, X64Source(register: zero), 0x88)
  }

  // MARK: Integers to floats

  mutating func lowerVectorConversion(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    switch (x.opcode, x.lanes) {
    case (.vconvertS, .f32x4): emitVector(.cvtdq2ps, d, vectorSource(x.a))
    case (.vconvertS, _): emitVector(.cvtdq2pd, d, halfSource(x.a))
    case (_, .f32x4):
      // The halves as parts of 2^23 and of 2^39: exact, but for the last sum.
      let a = register(x.a)
      let low = newVector()
      emitVector(.pblendw, low, a, splatSource(0x4b00_0000_4b00_0000), 0xAA)
      let upper = vector(.psrld, a, by: 16)
      let high = newVector()
      emitVector(.pblendw, high, upper, splatSource(0x5300_0000_5300_0000), 0xAA)
      let difference = vector(.subps, high, splatSource(0x5300_0080_5300_0080))
      emitVector(.addps, d, difference, low)
    default:
      // As the lower half of 2^52.
      let a = register(x.a)
      let wide = vector(.unpcklps, a, splatSource(0x4330_0000_4330_0000))
      emitVector(.subpd, d, wide, splatSource(0x4330_0000_0000_0000))
    }
  }

  // MARK: Minima and maxima

  /// As for scalars, see `lowerMinMax`.
  mutating func lowerVectorExtremum(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    let a = register(x.a)
    let b = register(x.b)
    let isMinimum = x.opcode == .vfmin
    let isSingle = x.lanes == .f32x4
    let op: VectorBinary =
      isMinimum ? (isSingle ? .minps : .minpd) : (isSingle ? .maxps : .maxpd)
    let one = vector(op, a, b)
    let other = vector(op, b, a)
    let both = vector(isMinimum ? .orps : .andps, one, other)
    let sum = vector(isSingle ? .addps : .addpd, a, b)
    let isNaN = newVector()
    emitVector(isSingle ? .cmpps : .cmppd, isNaN, a, X64Source(register: b), 3)
    emitVector(
      isSingle ? .blendvps : .blendvpd, d, both, mask: isNaN, X64Source(register: sum))
  }
}
