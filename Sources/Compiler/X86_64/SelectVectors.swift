// SPDX-License-Identifier: Apache-2.0
// Selection of operations on vectors: the vocabulary, and which rule selects which.

import BrolgaWasm
import RegisterAllocation

extension Lowering where ISA == X64 {
  // MARK: Registers and sources

  mutating func newVector() -> VirtualRegister { newRegister(for: .v128) }

  /// A vector as a register, a spill slot, or 16 bytes of memory.
  mutating func vectorSource(_ value: UInt32, absorbing: Bool = true) -> X64Source {
    let x = instruction(value)
    if x.opcode == .vconst {
      let bits = function.vectors[Int(truncatingIfNeeded: x.b)]
      // Made without memory, and often there already.
      if bits == .zero || bits == .ones { return X64Source(register: register(value)) }
      return constantSource(bits)
    }
    if absorbing && isAbsorbableLoad(value) { return absorb(value) }
    return X64Source(register: register(value))
  }

  mutating func constantSource(_ bits: V128) -> X64Source {
    X64Source(.constant, displacement: constantIndex(bits.low, bits.high))
  }

  /// The same 64 bits in both halves.
  mutating func splatSource(_ bits: UInt64) -> X64Source {
    constantSource(V128(low: bits, high: bits))
  }

  func vectorConstant(_ value: UInt32) -> V128? {
    let x = instruction(value)
    return x.opcode == .vconst ? function.vectors[Int(truncatingIfNeeded: x.b)] : nil
  }

  mutating func constantVector(_ bits: V128) -> VirtualRegister {
    if bits == .zero { return zeroVector() }
    if bits == .ones { return made(by: MachineInstruction(.vones, size: 4), .v128) }
    let source = constantSource(bits)
    var instruction = MachineInstruction(.vmov, source.form, size: 4)
    instruction.address = source.address
    instruction.displacement = source.displacement
    return made(by: instruction, .v128)
  }

  mutating func zeroVector() -> VirtualRegister {
    made(by: MachineInstruction(.fzero, size: 4), .v128)
  }

  mutating func onesVector() -> VirtualRegister { constantVector(.ones) }

  mutating func splatVector(_ bits: UInt64) -> VirtualRegister {
    constantVector(V128(low: bits, high: bits))
  }

  // MARK: Instructions

  mutating func emitVector(
    _ opcode: X64Opcode, _ operation: UInt16, _ s: X64Source, size: UInt8 = 4,
    immediate: Int32 = 0
  ) {
    var x = MachineInstruction(opcode, s.form, size: size, extra: operation, immediate: immediate)
    x.address = s.address
    x.displacement = s.displacement
    emit(x)
  }

  /// `d := a op s`
  mutating func emitVector(
    _ op: VectorBinary, _ d: VirtualRegister, _ a: VirtualRegister, _ s: X64Source
  ) {
    emitVector(.vbinary, op.rawValue, s)
    operands.append(.definition(d, .float))
    operands.append(.use(a, .float))
    appendSource(s, .float)
  }

  mutating func emitVector(
    _ op: VectorBinary, _ d: VirtualRegister, _ a: VirtualRegister, _ b: VirtualRegister
  ) {
    emitVector(op, d, a, X64Source(register: b))
  }

  /// `a op s`, in a new register.
  mutating func vector(
    _ op: VectorBinary, _ a: VirtualRegister, _ s: X64Source
  ) -> VirtualRegister {
    let d = newVector()
    emitVector(op, d, a, s)
    return d
  }

  mutating func vector(
    _ op: VectorBinary, _ a: VirtualRegister, _ b: VirtualRegister
  ) -> VirtualRegister {
    vector(op, a, X64Source(register: b))
  }

  mutating func emitVector(
    _ op: VectorBinaryByte, _ d: VirtualRegister, _ a: VirtualRegister, _ s: X64Source,
    _ immediate: Int32
  ) {
    emitVector(.vbinaryByte, op.rawValue, s, immediate: immediate)
    operands.append(.definition(d, .float))
    operands.append(.use(a, .float))
    appendSource(s, .float)
  }

  /// `d := op s`. The source is a vector, or a scalar if a size below 4 says so.
  mutating func emitVector(
    _ op: VectorUnary, _ d: VirtualRegister, _ s: X64Source, size: UInt8 = 4
  ) {
    emitVector(.vunary, op.rawValue, s, size: size)
    operands.append(.definition(d, .float))
    appendSource(s, .float)
  }

  mutating func vector(_ op: VectorUnary, _ s: X64Source) -> VirtualRegister {
    let d = newVector()
    emitVector(op, d, s)
    return d
  }

  mutating func emitVector(
    _ op: VectorUnaryByte, _ d: VirtualRegister, _ s: X64Source, _ immediate: Int32
  ) {
    emitVector(.vunaryByte, op.rawValue, s, immediate: immediate)
    operands.append(.definition(d, .float))
    appendSource(s, .float)
  }

  mutating func emitVector(
    _ op: VectorShift, _ d: VirtualRegister, _ a: VirtualRegister, by count: Int32
  ) {
    emit(MachineInstruction(.vshift, size: 4, extra: op.rawValue, immediate: count))
    operands.append(.definition(d, .float))
    operands.append(.use(a, .float))
  }

  mutating func vector(
    _ op: VectorShift, _ a: VirtualRegister, by count: Int32
  ) -> VirtualRegister {
    let d = newVector()
    emitVector(op, d, a, by: count)
    return d
  }

  /// `d := mask ? s : a`
  mutating func emitVector(
    _ op: VectorSelect, _ d: VirtualRegister, _ a: VirtualRegister, mask: VirtualRegister,
    _ s: X64Source
  ) {
    emitVector(.vselect, op.rawValue, s)
    operands.append(.definition(d, .float))
    operands.append(.use(a, .float))
    operands.append(.use(mask, .float))
    appendSource(s, .float)
  }

  /// `d := op of first, a and s`, in the register of the first.
  mutating func emitVector(
    _ op: VectorTernary, _ d: VirtualRegister, _ first: VirtualRegister, _ a: VirtualRegister,
    _ s: X64Source
  ) {
    emitVector(.vternary, op.rawValue, s)
    appendTernary(d, first, a, s)
  }

  mutating func emitVector(
    _ op: VectorTernaryByte, _ d: VirtualRegister, _ first: VirtualRegister, _ a: VirtualRegister,
    _ s: X64Source, _ immediate: Int32
  ) {
    emitVector(.vternaryByte, op.rawValue, s, immediate: immediate)
    appendTernary(d, first, a, s)
  }

  private mutating func appendTernary(
    _ d: VirtualRegister, _ first: VirtualRegister, _ a: VirtualRegister, _ s: X64Source
  ) {
    operands.append(.reuse(d, .float, of: 1))
    operands.append(.use(first, .float))
    operands.append(.use(a, .float))
    appendSource(s, .float)
  }

  // MARK: Rules

  mutating func selectVector(_ i: Int, _ x: Instruction) {
    if options.features.contains(.avx512) && selectAVX512(i, x) { return }
    switch x.opcode {
    case .vadd, .vsub, .vaddSatS, .vaddSatU, .vsubSatS, .vsubSatU, .vminS, .vminU, .vmaxS, .vmaxU,
      .vavgU, .vdiv, .vdot, .relaxedQ15mul, .vand, .vor, .vxor, .veq, .narrowS, .narrowU,
      .relaxedMin,
      .relaxedMax:
      lowerVectorBinary(i, x)
    case .vmul: lowerVectorMultiplication(i, x)
    case .vandnot, .vpmin, .vpmax, .relaxedSwizzle: lowerVectorReversed(i, x)
    case .vnot: emitVector(.pxor, register(defining: i), onesVector(), vectorSource(x.a))
    case .bitselect: lowerBitselect(i, x)
    case .vneg, .vabs: lowerVectorSign(i, x)
    case .vpopcnt: lowerVectorPopcount(i, x)
    case .vshl, .vshrS, .vshrU: lowerVectorShift(i, x)
    case .vne, .vlt, .vltU, .vle, .vleU: lowerVectorComparison(i, x)
    case .anyTrue, .allTrue: lowerComparison(i)
    case .bitmask: lowerBitmask(i, x)
    case .extendLowS, .extendLowU, .extendHighS, .extendHighU:
      lowerVectorExtension(x.opcode, x.lanes, register(defining: i), x.a)
    case .extmulLowS, .extmulLowU, .extmulHighS, .extmulHighU: lowerExtendedProduct(i, x)
    case .extaddS, .extaddU: lowerExtendedSum(i, x)
    case .q15mulSat: lowerFractionProduct(i, x)
    case .vsqrt, .vceil, .vfloor, .vtrunc, .vnearest, .vdemote, .vpromote: lowerVectorUnary(i, x)
    case .vfmin, .vfmax: lowerVectorExtremum(i, x)
    case .vtruncSatS, .vtruncSatU, .relaxedTruncS, .relaxedTruncU: lowerVectorTruncation(i, x)
    case .vconvertS, .vconvertU: lowerVectorConversion(i, x)
    case .relaxedMadd, .relaxedNmadd: lowerFused(i, x)
    case .relaxedSelect: lowerRelaxedSelect(i, x)
    case .relaxedDot, .relaxedDotAdd: lowerRelaxedDot(i, x)
    case .vsplat: lowerSplat(i, x)
    case .vscalar: lowerScalarVector(i, x)
    case .extractLane, .extractLaneS: lowerExtraction(i, x)
    case .replaceLane: lowerReplacement(i, x)
    case .vshuffle: lowerShuffle(i, x)
    case .vswizzle: lowerSwizzle(i, x)
    default: fatalError("lower: function \(function.index): \(x.opcode.info.name) has no rule")
    }
  }

  /// The one instruction that does an operation on lanes; there must be one.
  func instruction(_ opcode: Opcode, _ lanes: LaneShape) -> VectorBinary {
    guard let op = Self.operation(opcode, lanes) else {
      fatalError("lower: function \(function.index): \(opcode.info.name) of \(lanes)")
    }
    return op
  }

  /// What is one instruction on two vectors.
  private mutating func lowerVectorBinary(_ i: Int, _ x: Instruction) {
    if x.opcode == .veq && x.lanes.isFloat {
      return lowerFloatComparison(i, x, predicate: 0)
    }
    let op = instruction(x.opcode, x.lanes)
    let d = register(defining: i)
    var (a, b) = (x.a, x.b)
    // Which of two NaNs a sum has depends on the order.
    let commutes = x.opcode.info.isCommutative || x.opcode == .vadd && !x.lanes.isFloat
    if commutes && (isAbsorbableLoad(a) && !isAbsorbableLoad(b) || vectorConstant(a) != nil) {
      swap(&a, &b)
    }
    emitVector(op, d, register(a), vectorSource(b))
  }

  /// Operations whose operands the machine takes the other way round.
  private mutating func lowerVectorReversed(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    let op: VectorBinary
    switch x.opcode {
    // a & ~b
    case .vandnot: op = .pandn
    // The second operand, unless the first is less, or greater.
    case .vpmin: op = x.lanes == .f32x4 ? .minps : .minpd
    case .vpmax: op = x.lanes == .f32x4 ? .maxps : .maxpd
    default: return emitVector(.pshufb, d, register(x.a), vectorSource(x.b))
    }
    emitVector(op, d, register(x.b), vectorSource(x.a))
  }

  static func operation(_ opcode: Opcode, _ lanes: LaneShape) -> VectorBinary? {
    switch (opcode, lanes) {
    case (.vand, _): .pand
    case (.vor, _): .por
    case (.vxor, _): .pxor
    case (.vdot, _): .pmaddwd
    case (.relaxedQ15mul, _): .pmulhrsw
    case (.vadd, .i8x16): .paddb
    case (.vadd, .i16x8): .paddw
    case (.vadd, .i32x4): .paddd
    case (.vadd, .i64x2): .paddq
    case (.vadd, .f32x4): .addps
    case (.vadd, .f64x2): .addpd
    case (.vsub, .i8x16): .psubb
    case (.vsub, .i16x8): .psubw
    case (.vsub, .i32x4): .psubd
    case (.vsub, .i64x2): .psubq
    case (.vsub, .f32x4): .subps
    case (.vsub, .f64x2): .subpd
    case (.vmul, .i16x8): .pmullw
    case (.vmul, .i32x4): .pmulld
    case (.vmul, .f32x4): .mulps
    case (.vmul, .f64x2): .mulpd
    case (.vdiv, .f32x4): .divps
    case (.vdiv, .f64x2): .divpd
    case (.vaddSatS, .i8x16): .paddsb
    case (.vaddSatS, .i16x8): .paddsw
    case (.vaddSatU, .i8x16): .paddusb
    case (.vaddSatU, .i16x8): .paddusw
    case (.vsubSatS, .i8x16): .psubsb
    case (.vsubSatS, .i16x8): .psubsw
    case (.vsubSatU, .i8x16): .psubusb
    case (.vsubSatU, .i16x8): .psubusw
    case (.vminS, .i8x16): .pminsb
    case (.vminS, .i16x8): .pminsw
    case (.vminS, .i32x4): .pminsd
    case (.vminU, .i8x16): .pminub
    case (.vminU, .i16x8): .pminuw
    case (.vminU, .i32x4): .pminud
    case (.vmaxS, .i8x16): .pmaxsb
    case (.vmaxS, .i16x8): .pmaxsw
    case (.vmaxS, .i32x4): .pmaxsd
    case (.vmaxU, .i8x16): .pmaxub
    case (.vmaxU, .i16x8): .pmaxuw
    case (.vmaxU, .i32x4): .pmaxud
    case (.relaxedMin, .f32x4): .minps
    case (.relaxedMin, .f64x2): .minpd
    case (.relaxedMax, .f32x4): .maxps
    case (.relaxedMax, .f64x2): .maxpd
    case (.vavgU, .i8x16): .pavgb
    case (.vavgU, .i16x8): .pavgw
    case (.veq, .i8x16): .pcmpeqb
    case (.veq, .i16x8): .pcmpeqw
    case (.veq, .i32x4): .pcmpeqd
    case (.veq, .i64x2): .pcmpeqq
    case (.narrowS, .i8x16): .packsswb
    case (.narrowS, .i16x8): .packssdw
    case (.narrowU, .i8x16): .packuswb
    case (.narrowU, .i16x8): .packusdw
    default: nil
    }
  }

  /// `b` where the mask is set, by whole lanes or by bits.
  private mutating func lowerBitselect(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    if isMask(x.c) {
      let base = register(x.b)
      let mask = register(x.c)
      return emitVector(.pblendvb, d, base, mask: mask, vectorSource(x.a))
    }
    let mask = register(x.c)
    let taken = vector(.pand, mask, vectorSource(x.a))
    let left = vector(.pandn, mask, vectorSource(x.b))
    emitVector(.por, d, taken, left)
  }

  /// Whether all bits of each byte are alike.
  func isMask(_ value: UInt32) -> Bool {
    switch instruction(value).opcode {
    case .veq, .vne, .vlt, .vltU, .vle, .vleU: true
    default: false
    }
  }

  private mutating func lowerRelaxedSelect(_ i: Int, _ x: Instruction) {
    let op: VectorSelect
    switch x.lanes.laneSize {
    case 2: op = .blendvps
    case 3: op = .blendvpd
    default: op = .pblendvb
    }
    let d = register(defining: i)
    let base = register(x.b)
    let mask = register(x.c)
    emitVector(op, d, base, mask: mask, vectorSource(x.a))
  }

  /// `a * b + c`, or `c - a * b`.
  private mutating func lowerFused(_ i: Int, _ x: Instruction) {
    let isNegated = x.opcode == .relaxedNmadd
    let op: VectorTernary =
      switch (x.lanes, isNegated) {
      case (.f32x4, false): .fmadd231ps
      case (.f32x4, true): .fnmadd231ps
      case (_, false): .fmadd231pd
      case (_, true): .fnmadd231pd
      }
    let d = register(defining: i)
    let sum = register(x.c)
    let a = register(x.a)
    let s = vectorSource(x.b)
    emitVector(op, d, sum, a, s)
  }

  /// Products of signed bytes and bytes of 7 bits, in neighbouring pairs; and pairs of those.
  private mutating func lowerRelaxedDot(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    let small = register(x.b)
    if x.opcode == .relaxedDot {
      return emitVector(.pmaddubsw, d, small, vectorSource(x.a))
    }
    let pairs = vector(.pmaddubsw, small, vectorSource(x.a))
    let sums = vector(.pmaddwd, pairs, splatSource(0x0001_0001_0001_0001))
    emitVector(.paddd, d, sums, vectorSource(x.c))
  }

  private mutating func lowerVectorUnary(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    let isSingle = x.lanes == .f32x4
    let mode: Int32
    switch x.opcode {
    case .vsqrt: return emitVector(isSingle ? .sqrtps : .sqrtpd, d, vectorSource(x.a))
    case .vdemote: return emitVector(.cvtpd2ps, d, vectorSource(x.a))
    case .vpromote: return emitVector(.cvtps2pd, d, halfSource(x.a))
    case .vnearest: mode = 8
    case .vfloor: mode = 9
    case .vceil: mode = 10
    default: mode = 11
    }
    emitVector(isSingle ? .roundps : .roundpd, d, vectorSource(x.a), mode)
  }
}
