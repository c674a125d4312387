// SPDX-License-Identifier: Apache-2.0
// Floating-point instructions of x86-64 with AVX, appended to a code buffer.

/// The precision of a scalar operation.
package enum FloatWidth: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case f32, f64

  /// The mandatory prefix of scalar operations.
  @inline(__always) var scalar: OpcodeBits.Prefix { self == .f32 ? .xF3 : .xF2 }
  /// The mandatory prefix of packed operations.
  @inline(__always) var packed: OpcodeBits.Prefix { self == .f32 ? .none : .x66 }
}

/// Scalar operations on two operands.
package enum FloatOp: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case add = 0x58
  case mul = 0x59
  case sub = 0x5C
  case min = 0x5D
  case div = 0x5E
  case max = 0x5F
}

/// Bitwise operations on whole vector registers.
package enum FloatLogicOp: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case and = 0x54
  /// `~first & second`.
  case andNot = 0x55
  case or = 0x56
  case xor = 0x57
}

/// Raw values are the immediate of `vround`: the bit 8 asks for no inexact exception.
package enum RoundingMode: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case nearest = 8
  case down = 9
  case up = 10
  case truncate = 11
}

/// The predicates of `vcmp` that WebAssembly needs.
package enum FloatPredicate: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case equal = 0
  case less = 1
  case lessOrEqual = 2
  case unordered = 3
  case notEqual = 4
  case notLess = 5
  case notLessOrEqual = 6
  case ordered = 7
}

extension Assembler where ISA == X64 {
  // MARK: Arithmetic.

  package mutating func float(
    _ op: FloatOp, _ width: FloatWidth, _ register: Xmm, _ a: Xmm, _ b: RegisterOrMemory
  ) {
    vex(OpcodeBits(op.rawValue, .x0F, width.scalar), register.number, a.number, b)
  }

  /// `upper` gives the bits above the result; naming an input avoids a false dependency.
  package mutating func squareRoot(
    _ width: FloatWidth, _ register: Xmm, upper: Xmm, _ source: RegisterOrMemory
  ) {
    vex(OpcodeBits(0x51, .x0F, width.scalar), register.number, upper.number, source)
  }

  package mutating func round(
    _ mode: RoundingMode, _ width: FloatWidth, _ register: Xmm, upper: Xmm,
    _ source: RegisterOrMemory
  ) {
    let opcode: UInt8 = width == .f32 ? 0x0A : 0x0B
    vex(
      OpcodeBits(opcode, .x0F3A, .x66), register.number, upper.number, source, trailing: 1)
    code.put8(mode.rawValue)
  }

  /// Sets the flags as an unsigned comparison would; unordered sets zero, parity and carry.
  package mutating func compare(_ width: FloatWidth, _ a: Xmm, _ b: RegisterOrMemory) {
    vex(OpcodeBits(0x2E, .x0F, width.packed), a.number, 0, b)
  }

  /// All ones or all zeros.
  package mutating func compareToMask(
    _ predicate: FloatPredicate, _ width: FloatWidth, _ register: Xmm, _ a: Xmm,
    _ b: RegisterOrMemory
  ) {
    vex(OpcodeBits(0xC2, .x0F, width.scalar), register.number, a.number, b, trailing: 1)
    code.put8(predicate.rawValue)
  }

  package mutating func logic(
    _ op: FloatLogicOp, _ width: FloatWidth, _ register: Xmm, _ a: Xmm, _ b: RegisterOrMemory
  ) {
    vex(OpcodeBits(op.rawValue, .x0F, width.packed), register.number, a.number, b)
  }

  /// Clears a register; the operation recognised as free of dependencies.
  package mutating func clear(_ register: Xmm) {
    logic(.xor, .f32, register, register, RegisterOrMemory(register))
  }

  /// All bits of a register to one.
  package mutating func fillOnes(_ register: Xmm) {
    vex(
      OpcodeBits(0x76, .x0F, .x66), register.number, register.number, RegisterOrMemory(register))
  }

  /// Per lane, `b` where the sign of `mask` is set, and `a` elsewhere.
  package mutating func blend(
    _ width: FloatWidth, _ register: Xmm, _ a: Xmm, _ b: RegisterOrMemory, mask: Xmm
  ) {
    let opcode: UInt8 = width == .f32 ? 0x4A : 0x4B
    vex(OpcodeBits(opcode, .x0F3A, .x66), register.number, a.number, b, trailing: 1)
    code.put8(mask.number &<< 4)
  }

  /// Shifts each 32- or 64-bit lane.
  package mutating func shiftLanes(
    left: Bool, _ width: FloatWidth, _ register: Xmm, _ source: Xmm, by count: UInt8
  ) {
    let opcode: UInt8 = width == .f32 ? 0x72 : 0x73
    vex(
      OpcodeBits(opcode, .x0F, .x66), left ? 6 : 2, register.number, RegisterOrMemory(source),
      trailing: 1)
    code.put8(count)
  }

  /// The lowest byte to each of the sixteen, or of the 32.
  package mutating func broadcastByte(
    _ register: Xmm, _ source: RegisterOrMemory, isLong: Bool = false
  ) {
    let bits = OpcodeBits(0x78, .x0F38, .x66)
    vex(isLong ? bits.long : bits, register.number, 0, source)
  }

  /// Clears the upper halves of all 32-byte registers: what is left in them slows down code that
  /// was not made for AVX.
  package mutating func clearUpperHalves() {
    code.makeRoom()
    code.put8(0xC5)
    code.put8(0xF8)
    code.put8(0x77)
  }

  // MARK: Moves.

  package mutating func load(_ width: FloatWidth, _ register: Xmm, _ source: RegisterOrMemory) {
    assert(!source.isRegister, "a scalar move between registers merges; use move")
    vex(OpcodeBits(0x10, .x0F, width.scalar), register.number, 0, source)
  }

  package mutating func store(
    _ width: FloatWidth, _ destination: RegisterOrMemory, _ register: Xmm
  ) {
    assert(!destination.isRegister, "a scalar move between registers merges; use move")
    vex(OpcodeBits(0x11, .x0F, width.scalar), register.number, 0, destination)
  }

  /// The whole register. The form is chosen so that two bytes of prefix do wherever they can.
  package mutating func move(_ destination: Xmm, _ source: Xmm) {
    if source.number >= 8 && destination.number < 8 {
      vex(OpcodeBits(0x29, .x0F), source.number, 0, RegisterOrMemory(destination))
    } else {
      vex(OpcodeBits(0x28, .x0F), destination.number, 0, RegisterOrMemory(source))
    }
  }

  /// All 16 bytes, or 32; the memory need not be aligned.
  package mutating func loadVector(
    _ register: Xmm, _ source: RegisterOrMemory, isLong: Bool = false
  ) {
    let bits = OpcodeBits(0x10, .x0F)
    vex(isLong ? bits.long : bits, register.number, 0, source)
  }

  package mutating func storeVector(
    _ destination: RegisterOrMemory, _ register: Xmm, isLong: Bool = false
  ) {
    let bits = OpcodeBits(0x11, .x0F)
    vex(isLong ? bits.long : bits, register.number, 0, destination)
  }

  /// Bits of a general register, or of memory, to a vector register; the rest becomes zero.
  package mutating func moveBits(_ width: Width, _ destination: Xmm, _ source: RegisterOrMemory) {
    assert(width == .b32 || width == .b64, "no such form")
    vex(OpcodeBits(0x6E, .x0F, .x66, wide: width == .b64), destination.number, 0, source)
  }

  /// Bits of a vector register to a general register or memory.
  package mutating func moveBits(_ width: Width, _ destination: RegisterOrMemory, _ source: Xmm) {
    assert(width == .b32 || width == .b64, "no such form")
    vex(OpcodeBits(0x7E, .x0F, .x66, wide: width == .b64), source.number, 0, destination)
  }

  // MARK: Conversions.

  /// A signed integer to a floating-point number; `upper` gives the bits above the result.
  package mutating func convert(
    from: Width, _ source: RegisterOrMemory, to: FloatWidth, _ register: Xmm, upper: Xmm
  ) {
    assert(from == .b32 || from == .b64, "no such form")
    vex(
      OpcodeBits(0x2A, .x0F, to.scalar, wide: from == .b64), register.number, upper.number, source)
  }

  /// A floating-point number to a signed integer, towards zero; the smallest integer where it does
  /// not fit.
  package mutating func truncate(
    from: FloatWidth, _ source: RegisterOrMemory, to: Width, _ register: Gpr
  ) {
    assert(to == .b32 || to == .b64, "no such form")
    vex(OpcodeBits(0x2C, .x0F, from.scalar, wide: to == .b64), register.number, 0, source)
  }

  /// Between the two precisions.
  package mutating func convert(
    from: FloatWidth, _ register: Xmm, upper: Xmm, _ source: RegisterOrMemory
  ) {
    vex(OpcodeBits(0x5A, .x0F, from.scalar), register.number, upper.number, source)
  }
}
