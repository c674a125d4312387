// SPDX-License-Identifier: Apache-2.0
// Integer instructions of x86-64, appended to a code buffer.

/// The eight operations with the same set of forms; raw values are the instruction set's numbers.
package enum ArithmeticOp: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case add, or, adc, sbb, and, sub, xor, cmp
}

package enum ShiftOp: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case rol = 0
  case ror = 1
  case shl = 4
  case shr = 5
  case sar = 7
}

/// Shifts by any register, which neither read nor write the flags.
package enum FlaglessShiftOp: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  // Raw values are the mandatory prefix.
  case shlx = 1
  case sarx = 2
  case shrx = 3
}

/// Operations on one operand. Those from `mul` on take rax and write rdx:rax.
package enum UnaryOp: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case not = 2
  case neg = 3
  case mul = 4
  case imul = 5
  case div = 6
  case idiv = 7
}

package enum BitCountOp: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case popcnt = 0xB8
  case tzcnt = 0xBC
  case lzcnt = 0xBD
}

/// Operations on the lowest set bit.
package enum LowestBitOp: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case blsr = 1
  case blsmsk = 2
  case blsi = 3
}

/// When a conditional instruction takes effect; raw values are the instruction set's numbers.
package enum ConditionCode: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case overflow, noOverflow, below, aboveOrEqual, equal, notEqual, belowOrEqual, above
  case sign, noSign, parity, noParity, less, greaterOrEqual, lessOrEqual, greater

  @inline(__always) package var inverted: ConditionCode {
    ConditionCode(rawValue: rawValue ^ 1).unsafelyUnwrapped
  }
}

extension Assembler where ISA == X64 {
  // MARK: Arithmetic.

  /// `register = register op source`; `cmp` only sets the flags.
  package mutating func arithmetic(
    _ op: ArithmeticOp, _ width: Width, _ register: Gpr, _ source: RegisterOrMemory
  ) {
    legacy(.sized(op.rawValue &<< 3 | 3, width), register.number, source)
  }

  /// `destination = destination op register`.
  package mutating func arithmetic(
    _ op: ArithmeticOp, _ width: Width, _ destination: RegisterOrMemory, _ register: Gpr
  ) {
    legacy(.sized(op.rawValue &<< 3 | 1, width), register.number, destination)
  }

  /// `destination = destination op immediate`; the immediate is cut to the width.
  package mutating func arithmetic(
    _ op: ArithmeticOp, _ width: Width, _ destination: RegisterOrMemory, immediate: Int32
  ) {
    if width == .b8 {
      legacy(.sized(0x80, .b8), op.rawValue, destination, trailing: 1)
      code.put8(UInt8(truncatingIfNeeded: immediate))
    } else if fitsByte(immediate) {
      legacy(.sized(0x83, width), op.rawValue, destination, trailing: 1)
      code.put8(UInt8(truncatingIfNeeded: immediate))
    } else {
      legacy(.sized(0x81, width), op.rawValue, destination, trailing: width == .b16 ? 2 : 4)
      putImmediate(width, immediate)
    }
  }

  package mutating func test(_ width: Width, _ a: RegisterOrMemory, _ b: Gpr) {
    legacy(.sized(0x85, width), b.number, a)
  }

  package mutating func test(_ width: Width, _ a: RegisterOrMemory, immediate: Int32) {
    let trailing: UInt8 = width == .b8 ? 1 : width == .b16 ? 2 : 4
    legacy(.sized(0xF7, width), 0, a, trailing: trailing)
    putImmediate(width, immediate)
  }

  package mutating func unary(_ op: UnaryOp, _ width: Width, _ operand: RegisterOrMemory) {
    legacy(.sized(0xF7, width), op.rawValue, operand)
  }

  package mutating func increment(_ width: Width, _ operand: RegisterOrMemory) {
    legacy(.sized(0xFF, width), 0, operand)
  }

  package mutating func decrement(_ width: Width, _ operand: RegisterOrMemory) {
    legacy(.sized(0xFF, width), 1, operand)
  }

  /// `register = register * source`, not for bytes.
  package mutating func multiply(_ width: Width, _ register: Gpr, _ source: RegisterOrMemory) {
    assert(width != .b8, "no such form")
    legacy(.sized(0xAF, width, .x0F), register.number, source)
  }

  /// `register = source * immediate`, not for bytes.
  package mutating func multiply(
    _ width: Width, _ register: Gpr, _ source: RegisterOrMemory, immediate: Int32
  ) {
    assert(width != .b8, "no such form")
    if fitsByte(immediate) {
      legacy(.sized(0x6B, width), register.number, source, trailing: 1)
      code.put8(UInt8(truncatingIfNeeded: immediate))
    } else {
      legacy(.sized(0x69, width), register.number, source, trailing: width == .b16 ? 2 : 4)
      putImmediate(width, immediate)
    }
  }

  /// Extends the sign of eax or rax into edx or rdx: `cdq`, `cqo`.
  package mutating func extendSignForDivision(_ width: Width) {
    assert(width == .b32 || width == .b64, "no such form")
    code.makeRoom()
    if width == .b64 { code.put8(0x48) }
    code.put8(0x99)
  }

  // MARK: Moves.

  package mutating func load(_ width: Width, _ register: Gpr, _ source: RegisterOrMemory) {
    legacy(.sized(0x8B, width), register.number, source)
  }

  package mutating func store(_ width: Width, _ destination: RegisterOrMemory, _ register: Gpr) {
    legacy(.sized(0x89, width), register.number, destination)
  }

  /// The immediate is cut to the width, and sign-extended for 64 bits.
  package mutating func store(
    _ width: Width, _ destination: RegisterOrMemory, immediate: Int32
  ) {
    let trailing: UInt8 = width == .b8 ? 1 : width == .b16 ? 2 : 4
    legacy(.sized(0xC7, width), 0, destination, trailing: trailing)
    putImmediate(width, immediate)
  }

  /// Register to register, in all 64 bits or in 32 (which clears the upper half).
  package mutating func move(_ width: Width, _ destination: Gpr, _ source: Gpr) {
    assert(width == .b32 || width == .b64, "a narrower move keeps upper bits")
    legacy(.sized(0x8B, width), destination.number, RegisterOrMemory(source))
  }

  /// The shortest instruction that makes the 64 bits of a constant and keeps the flags.
  package mutating func moveConstant(_ register: Gpr, _ bits: UInt64) {
    code.makeRoom()
    let high: UInt8 = register.number &>> 3
    let low: UInt8 = register.number & 7
    if bits &>> 32 == 0 {
      if high != 0 { code.put8(0x41) }
      code.put8(0xB8 | low)
      code.put32(Int32(truncatingIfNeeded: bits))
    } else if Int64(bitPattern: bits) == Int64(Int32(truncatingIfNeeded: bits)) {
      code.put8(0x48 | high)
      code.put8(0xC7)
      code.put8(0xC0 | low)
      code.put32(Int32(truncatingIfNeeded: bits))
    } else {
      code.put8(0x48 | high)
      code.put8(0xB8 | low)
      code.put64(bits)
    }
  }

  /// Clears a register, and changes the flags.
  package mutating func clear(_ register: Gpr) {
    arithmetic(.xor, .b32, register, RegisterOrMemory(register))
  }

  /// Zero-extends `from` bits to 64. From 32 bits it is a plain move.
  package mutating func loadZeroExtended(
    from: Width, _ register: Gpr, _ source: RegisterOrMemory
  ) {
    switch from {
    case .b8:
      var bits = OpcodeBits(0xB6, .x0F)
      bits.raw |= OpcodeBits.byteRMBit
      legacy(bits, register.number, source)
    case .b16: legacy(OpcodeBits(0xB7, .x0F), register.number, source)
    case .b32: load(.b32, register, source)
    case .b64: load(.b64, register, source)
    }
  }

  /// Sign-extends `from` bits to 32, which clears the upper half, or to 64.
  package mutating func loadSignExtended(
    from: Width, to: Width, _ register: Gpr, _ source: RegisterOrMemory
  ) {
    assert(to == .b32 || to == .b64, "no such form")
    switch from {
    case .b8:
      var bits = OpcodeBits(0xBE, .x0F, wide: to == .b64)
      bits.raw |= OpcodeBits.byteRMBit
      legacy(bits, register.number, source)
    case .b16: legacy(OpcodeBits(0xBF, .x0F, wide: to == .b64), register.number, source)
    case .b32:
      if to == .b64 {
        legacy(OpcodeBits(0x63, wide: true), register.number, source)
      } else {
        load(.b32, register, source)
      }
    case .b64: load(.b64, register, source)
    }
  }

  package mutating func loadAddress(_ width: Width, _ register: Gpr, _ place: RegisterOrMemory) {
    assert(!place.isRegister, "a register has no address")
    assert(width == .b32 || width == .b64, "no such form")
    legacy(OpcodeBits(0x8D, wide: width == .b64), register.number, place)
  }

  package mutating func exchange(_ width: Width, _ place: RegisterOrMemory, _ register: Gpr) {
    legacy(.sized(0x87, width), register.number, place)
  }

  package mutating func push(_ register: Gpr) {
    code.makeRoom()
    if register.number >= 8 { code.put8(0x41) }
    code.put8(0x50 | register.number & 7)
  }

  package mutating func pop(_ register: Gpr) {
    code.makeRoom()
    if register.number >= 8 { code.put8(0x41) }
    code.put8(0x58 | register.number & 7)
  }

  // MARK: Shifts and bits.

  package mutating func shift(
    _ op: ShiftOp, _ width: Width, _ operand: RegisterOrMemory, by count: UInt8
  ) {
    if count == 1 {
      legacy(.sized(0xD1, width), op.rawValue, operand)
    } else {
      legacy(.sized(0xC1, width), op.rawValue, operand, trailing: 1)
      code.put8(count)
    }
  }

  /// Shifts by cl, modulo the width for 32 and 64 bits.
  package mutating func shiftByCounter(
    _ op: ShiftOp, _ width: Width, _ operand: RegisterOrMemory
  ) {
    legacy(.sized(0xD3, width), op.rawValue, operand)
  }

  package mutating func shift(
    _ op: FlaglessShiftOp, _ width: Width, _ register: Gpr, _ source: RegisterOrMemory,
    by count: Gpr
  ) {
    let prefix = OpcodeBits.Prefix(rawValue: UInt32(op.rawValue)).unsafelyUnwrapped
    vex(
      OpcodeBits(0xF7, .x0F38, prefix, wide: width == .b64), register.number, count.number, source)
  }

  package mutating func rotateRight(
    _ width: Width, _ register: Gpr, _ source: RegisterOrMemory, by count: UInt8
  ) {
    vex(
      OpcodeBits(0xF0, .x0F3A, .xF2, wide: width == .b64), register.number, 0, source, trailing: 1)
    code.put8(count)
  }

  /// Shifts a register; the bits that move in come from `source`.
  package mutating func shiftDouble(
    left: Bool, _ width: Width, _ register: Gpr, _ source: Gpr, by count: UInt8
  ) {
    legacy(
      OpcodeBits(left ? 0xA4 : 0xAC, .x0F, wide: width == .b64), source.number,
      RegisterOrMemory(register), trailing: 1)
    code.put8(count)
  }

  /// `register = ~inverted & source`.
  package mutating func andNot(
    _ width: Width, _ register: Gpr, _ inverted: Gpr, _ source: RegisterOrMemory
  ) {
    vex(
      OpcodeBits(0xF2, .x0F38, .none, wide: width == .b64), register.number, inverted.number,
      source)
  }

  package mutating func lowestBit(
    _ op: LowestBitOp, _ width: Width, _ register: Gpr, _ source: RegisterOrMemory
  ) {
    vex(OpcodeBits(0xF3, .x0F38, .none, wide: width == .b64), op.rawValue, register.number, source)
  }

  /// `high:low = rdx * source`, keeping the flags.
  package mutating func multiplyWide(
    _ width: Width, high: Gpr, low: Gpr, _ source: RegisterOrMemory
  ) {
    vex(OpcodeBits(0xF6, .x0F38, .xF2, wide: width == .b64), high.number, low.number, source)
  }

  package mutating func bitCount(
    _ op: BitCountOp, _ width: Width, _ register: Gpr, _ source: RegisterOrMemory
  ) {
    assert(width == .b32 || width == .b64, "no such form")
    legacy(OpcodeBits(op.rawValue, .x0F, .xF3, wide: width == .b64), register.number, source)
  }

  package mutating func swapBytes(_ width: Width, _ register: Gpr) {
    assert(width == .b32 || width == .b64, "no such form")
    code.makeRoom()
    let rex: UInt8 = (width == .b64 ? 8 : 0) | register.number &>> 3
    if rex != 0 { code.put8(0x40 | rex) }
    code.put8(0x0F)
    code.put8(0xC8 | register.number & 7)
  }

  /// Copies a bit into the carry flag. In memory, a register's bit number reaches beyond the
  /// operand; so only the forms that stay within it are here.
  package mutating func testBit(_ width: Width, _ value: Gpr, _ bit: Gpr) {
    legacy(.sized(0xA3, width, .x0F), bit.number, RegisterOrMemory(value))
  }

  package mutating func testBit(_ width: Width, _ operand: RegisterOrMemory, bit: UInt8) {
    var bits = OpcodeBits.sized(0xBB, width, .x0F)
    bits.raw &= ~1
    legacy(bits, 4, operand, trailing: 1)
    code.put8(bit)
  }

  // MARK: Conditions.

  /// Writes 1 or 0 to a byte.
  package mutating func set(_ condition: ConditionCode, _ destination: RegisterOrMemory) {
    var bits = OpcodeBits(0x90 | condition.rawValue, .x0F)
    bits.raw |= OpcodeBits.byteRMBit
    legacy(bits, 0, destination)
  }

  /// Memory is read whether or not the condition holds.
  package mutating func moveIf(
    _ condition: ConditionCode, _ width: Width, _ register: Gpr, _ source: RegisterOrMemory
  ) {
    assert(width != .b8, "no such form")
    var bits = OpcodeBits.sized(0x41, width, .x0F)
    bits.raw = bits.raw & ~15 | UInt32(condition.rawValue)
    legacy(bits, register.number, source)
  }

  // MARK: Immediates.

  @inline(__always) private func fitsByte(_ value: Int32) -> Bool {
    Int32(Int8(truncatingIfNeeded: value)) == value
  }

  @inline(__always) private mutating func putImmediate(_ width: Width, _ immediate: Int32) {
    switch width {
    case .b8: code.put8(UInt8(truncatingIfNeeded: immediate))
    case .b16: code.put16(UInt16(truncatingIfNeeded: immediate))
    case .b32, .b64: code.put32(immediate)
    }
  }
}
