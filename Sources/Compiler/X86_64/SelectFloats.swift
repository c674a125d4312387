// SPDX-License-Identifier: Apache-2.0
// Selection of floating-point arithmetic and conversions.

import BrolgaArtefact
import BrolgaEntities
import RegisterAllocation

extension Lowering where ISA == X64 {
  // MARK: Arithmetic

  mutating func lowerFloatBinary(_ opcode: X64Opcode, _ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    let a = register(x.a)
    emitFloat(opcode, size: Self.size(x.type), d, a, source(x.b))
  }

  mutating func lowerFloatUnary(
    _ opcode: X64Opcode, _ i: Int, _ x: Instruction, mode: Int32 = 0
  ) {
    let d = register(defining: i)
    let size = Self.size(opcode == .fpromote || opcode == .fdemote ? type(x.a) : x.type)
    emitUnary(opcode, size: size, d, .float, source(x.a), .float, immediate: mode)
  }

  /// The machine's minimum is its second operand for zeros of both signs and for NaNs. In both
  /// orders, the results differ only there: their union is the negative zero, their intersection
  /// (for maxima) the positive one; and for NaNs the sum has the NaN, made quiet.
  mutating func lowerMinMax(_ i: Int, _ x: Instruction) {
    let size = Self.size(x.type)
    let d = register(defining: i)
    let a = register(x.a)
    let b = register(x.b)
    let opcode: X64Opcode = x.opcode == .fmin ? .fmin : .fmax
    let one = newRegister(.float)
    emitFloat(opcode, size: size, one, a, X64Source(register: b))
    let other = newRegister(.float)
    emitFloat(opcode, size: size, other, b, X64Source(register: a))
    let both = newRegister(.float)
    emitFloat(
      x.opcode == .fmin ? .vor : .vand, size: size, both, one, X64Source(register: other))
    let sum = newRegister(.float)
    emitFloat(.fadd, size: size, sum, a, X64Source(register: b))
    let mask = newRegister(.float)
    emitFloat(.fcmp, size: size, mask, a, X64Source(register: b), immediate: 3)
    emitBlend(d, both, sum, mask, size)
  }

  private static func signBit(_ size: UInt8) -> UInt64 { size == 3 ? 1 &<< 63 : 1 &<< 31 }

  private static func otherBits(_ size: UInt8) -> UInt64 {
    size == 3 ? 0x7fff_ffff_ffff_ffff : 0x7fff_ffff
  }

  /// Negation and absolute value.
  mutating func lowerFloatMask(_ opcode: X64Opcode, _ i: Int, _ x: Instruction) {
    let size = Self.size(x.type)
    let d = register(defining: i)
    let a = register(x.a)
    let mask = opcode == .vxor ? Self.signBit(size) : Self.otherBits(size)
    emitFloat(opcode, size: size, d, a, maskSource(mask))
  }

  mutating func lowerCopysign(_ i: Int, _ x: Instruction) {
    let size = Self.size(x.type)
    let d = register(defining: i)
    let a = register(x.a)
    let sign = instruction(x.b)
    if sign.opcode == .fconst {
      let isNegative = sign.bits & Self.signBit(size) != 0
      let mask = isNegative ? Self.signBit(size) : Self.otherBits(size)
      emitFloat(isNegative ? .vor : .vand, size: size, d, a, maskSource(mask))
      return
    }
    let b = register(x.b)
    let magnitude = newRegister(.float)
    emitFloat(.vand, size: size, magnitude, a, maskSource(Self.otherBits(size)))
    let bit = newRegister(.float)
    emitFloat(.vand, size: size, bit, b, maskSource(Self.signBit(size)))
    emitFloat(.vor, size: size, d, magnitude, X64Source(register: bit))
  }

  // MARK: Conversions

  mutating func lowerReinterpretation(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    let size = Self.size(x.type)
    let s = source(x.a)
    if x.type.isFloat {
      emitUnary(s.form == .memory ? .fmov : .movToFloat, size: size, d, .float, s, .int)
    } else {
      emitUnary(s.form == .memory ? .mov : .movToInteger, size: size, d, .int, s, .float)
    }
  }

  mutating func lowerConversion(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    let floatSize = Self.size(x.type)
    let integerSize = Self.size(type(x.a))
    if x.opcode == .convertU && integerSize == 3 {
      let a = register(x.a)
      emit(MachineInstruction(.cvtFromUnsigned64, size: floatSize))
      operands.append(.definition(d, .float))
      operands.append(.use(a, .int))
      operands.append(.temporary(newRegister(.int), .int))
      return
    }
    // An unsigned 32-bit integer is a signed 64-bit one: its register has zeros above.
    let isSigned = x.opcode == .convertS
    let s = isSigned ? source(x.a, size: integerSize) : X64Source(register: register(x.a))
    var machine = MachineInstruction(
      .cvtFromInteger, s.form, size: isSigned ? integerSize : 3,
      extra: UInt16(truncatingIfNeeded: floatSize))
    machine.address = s.address
    machine.displacement = s.displacement
    emit(machine)
    operands.append(.definition(d, .float))
    appendSource(s, .int)
  }

  /// An integer of 64 bits from a float, rounded towards zero; the least integer if it has none.
  private mutating func converted(_ a: VirtualRegister, _ floatSize: UInt8) -> VirtualRegister {
    let d = newRegister(.int)
    convert(a, floatSize, to: d)
    return d
  }

  private mutating func convert(
    _ a: VirtualRegister, _ floatSize: UInt8, to d: VirtualRegister
  ) {
    emit(
      MachineInstruction(
        .cvtToInteger, size: 3, extra: UInt16(truncatingIfNeeded: floatSize)))
    operands.append(.definition(d, .int))
    operands.append(.use(a, .float))
  }

  /// Powers of two in either width.
  private enum Power {
    case minusTwo63, two63, two64, minusOne
    func bits(_ size: UInt8) -> UInt64 {
      switch self {
      case .minusTwo63: size == 3 ? 0xc3e0_0000_0000_0000 : 0xdf00_0000
      case .two63: size == 3 ? 0x43e0_0000_0000_0000 : 0x5f00_0000
      case .two64: size == 3 ? 0x43f0_0000_0000_0000 : 0x5f80_0000
      case .minusOne: size == 3 ? 0xbff0_0000_0000_0000 : 0xbf80_0000
      }
    }
  }

  private mutating func compare(_ a: VirtualRegister, _ size: UInt8, with power: Power) {
    emitFlags(.fucomi, size: size, a, constantSource(power.bits(size)), .float)
  }

  private mutating func trapIfInconvertible(
    _ condition: X64Condition, _ a: VirtualRegister, _ size: UInt8
  ) {
    emit(MachineInstruction(.trapIfInconvertible, size: size, condition: condition))
    operands.append(.use(a, .float))
  }

  mutating func lowerTruncation(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    let floatSize = Self.size(type(x.a))
    let a = register(x.a)
    if x.type == .i32 {
      // The 64-bit conversion has room for every valid result, and tells all others.
      let wide = converted(a, floatSize)
      if x.opcode == .truncS {
        let low = newRegister(.int)
        emitUnary(.movsx32, size: 3, low, .int, X64Source(register: wide), .int)
        emitFlags(.cmp, size: 3, wide, X64Source(register: low), .int)
        trapIfInconvertible(.notEqual, a, floatSize)
        emitUnary(.mov, size: 2, d, .int, X64Source(register: low), .int)
      } else {
        emitUnary(.mov, size: 2, d, .int, X64Source(register: wide), .int)
        emitFlags(.cmp, size: 3, wide, X64Source(register: d), .int)
        trapIfInconvertible(.notEqual, a, floatSize)
      }
      return
    }
    // Below and below-or-equal hold for NaNs too.
    if x.opcode == .truncS {
      compare(a, floatSize, with: .minusTwo63)
      trapIfInconvertible(.below, a, floatSize)
      compare(a, floatSize, with: .two63)
      trapIfInconvertible(.aboveOrEqual, a, floatSize)
      convert(a, floatSize, to: d)
    } else {
      compare(a, floatSize, with: .minusOne)
      trapIfInconvertible(.belowOrEqual, a, floatSize)
      compare(a, floatSize, with: .two64)
      trapIfInconvertible(.aboveOrEqual, a, floatSize)
      convertUnsigned(a, floatSize, to: d)
    }
  }

  /// From 0 up to 2^64: below 2^63 directly; from there on the direct conversion yields the sign
  /// bit alone, and that of what exceeds 2^63 the rest.
  private mutating func convertUnsigned(
    _ a: VirtualRegister, _ size: UInt8, to d: VirtualRegister
  ) {
    let direct = converted(a, size)
    let excess = newRegister(.float)
    emitFloat(.fsub, size: size, excess, a, constantSource(Power.two63.bits(size)))
    let rest = converted(excess, size)
    let sign = newRegister(.int)
    emitInPlace(.sar, size: 3, sign, direct, immediate: 63)
    let selected = newRegister(.int)
    emitTwoAddress(.and, size: 3, selected, sign, X64Source(register: rest))
    emitTwoAddress(.or, size: 3, d, selected, X64Source(register: direct))
  }

  mutating func lowerSaturation(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    let size = Self.size(type(x.a))
    let a = register(x.a)
    switch (x.type, x.opcode) {
    case (.i32, _): saturate32(x.opcode == .truncSatS, a, size, d)
    case (_, .truncSatS):
      let direct = converted(a, size)
      // Overflow yields the least integer, which is right below; make it the greatest above.
      let greatest = constantRegister(0x7fff_ffff_ffff_ffff)
      let zero = constantRegister(0)
      compare(a, size, with: .two63)
      let bounded = newRegister(.int)
      emitMove(.aboveOrEqual, bounded, direct, greatest)
      emitFlags(.fucomi, size: size, a, X64Source(register: a), .float)
      emitMove(.parity, d, bounded, zero)
    default:
      // The second operand for NaNs: zero.
      let zero = newRegister(.float)
      emit(MachineInstruction(.fzero, size: size))
      operands.append(.definition(zero, .float))
      let positive = newRegister(.float)
      emitFloat(.fmax, size: size, positive, a, X64Source(register: zero))
      let r = newRegister(.int)
      convertUnsigned(positive, size, to: r)
      let greatest = constantRegister(.max)
      compare(positive, size, with: .two64)
      emitMove(.aboveOrEqual, d, r, greatest)
    }
  }

  private mutating func emitMove(
    _ condition: X64Condition, _ d: VirtualRegister, _ a: VirtualRegister, _ b: VirtualRegister
  ) {
    emit(MachineInstruction(.cmov, size: 3, condition: condition))
    operands.append(.reuse(d, .int, of: 1))
    operands.append(.use(a, .int))
    operands.append(.anyUse(b, .int))
  }

  /// Bounds the value as a double, which is exact, then converts it.
  private mutating func saturate32(
    _ isSigned: Bool, _ source: VirtualRegister, _ size: UInt8, _ d: VirtualRegister
  ) {
    var a = source
    if size == 2 {
      a = newRegister(.float)
      emitUnary(.fpromote, size: 2, a, .float, X64Source(register: source), .float)
    }
    let low = newRegister(.float)
    let high = newRegister(.float)
    if isSigned {
      // NaN becomes zero.
      let mask = newRegister(.float)
      emitFloat(.fcmp, size: 3, mask, a, X64Source(register: a), immediate: 7)
      let number = newRegister(.float)
      emitFloat(.vand, size: 3, number, a, X64Source(register: mask))
      emitFloat(.fmax, size: 3, low, number, constantSource(0xc1e0_0000_0000_0000))
      emitFloat(.fmin, size: 3, high, low, constantSource(0x41df_ffff_ffc0_0000))
    } else {
      let zero = newRegister(.float)
      emit(MachineInstruction(.fzero, size: 3))
      operands.append(.definition(zero, .float))
      emitFloat(.fmax, size: 3, low, a, X64Source(register: zero))
      emitFloat(.fmin, size: 3, high, low, constantSource(0x41ef_ffff_ffe0_0000))
    }
    let wide = converted(high, 3)
    emitUnary(.mov, size: 2, d, .int, X64Source(register: wide), .int)
  }
}
