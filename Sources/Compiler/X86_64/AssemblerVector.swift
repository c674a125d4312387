// SPDX-License-Identifier: Apache-2.0
// Vector instructions of x86-64, in the forms with three operands.

extension Assembler where ISA == X64 {
  /// In the format that the operation has.
  @inline(__always)
  private mutating func encode(
    _ bits: OpcodeBits, _ reg: UInt8, _ second: UInt8, _ rm: RegisterOrMemory, trailing: UInt8 = 0
  ) {
    if bits.features.isEmpty {
      vex(bits, reg, second, rm, trailing: trailing)
    } else {
      evex(bits, reg, second, rm, trailing: trailing)
    }
  }

  package mutating func vector(_ op: VectorBinary, _ d: Xmm, _ a: Xmm, _ source: RegisterOrMemory) {
    encode(op.bits, d.number, a.number, source)
  }

  package mutating func vector(
    _ op: VectorBinaryByte, _ d: Xmm, _ a: Xmm, _ source: RegisterOrMemory, immediate: UInt8
  ) {
    encode(op.bits, d.number, a.number, source, trailing: 1)
    code.put8(immediate)
  }

  package mutating func vector(_ op: VectorUnary, _ d: Xmm, _ source: RegisterOrMemory) {
    encode(op.bits, d.number, 0, source)
  }

  package mutating func vector(
    _ op: VectorUnaryByte, _ d: Xmm, _ source: RegisterOrMemory, immediate: UInt8
  ) {
    encode(op.bits, d.number, 0, source, trailing: 1)
    code.put8(immediate)
  }

  package mutating func vector(_ op: VectorShift, _ d: Xmm, _ a: Xmm, by count: UInt8) {
    encode(op.bits, op.digit, d.number, RegisterOrMemory(a), trailing: 1)
    code.put8(count)
  }

  package mutating func vector(
    _ op: VectorSelect, _ d: Xmm, _ a: Xmm, _ source: RegisterOrMemory, mask: Xmm
  ) {
    encode(op.bits, d.number, a.number, source, trailing: 1)
    code.put8(mask.number &<< 4)
  }

  package mutating func vector(_ op: VectorTernary, _ d: Xmm, _ a: Xmm, _ source: RegisterOrMemory)
  {
    encode(op.bits, d.number, a.number, source)
  }

  package mutating func vector(
    _ op: VectorTernaryByte, _ d: Xmm, _ a: Xmm, _ source: RegisterOrMemory, immediate: UInt8
  ) {
    encode(op.bits, d.number, a.number, source, trailing: 1)
    code.put8(immediate)
  }

  package mutating func vector(
    _ op: VectorInsert, _ d: Xmm, _ a: Xmm, _ source: RegisterOrMemory, lane: UInt8
  ) {
    encode(op.bits, d.number, a.number, source, trailing: 1)
    code.put8(lane)
  }

  package mutating func vector(
    _ op: VectorExtract, _ place: RegisterOrMemory, _ a: Xmm, lane: UInt8
  ) {
    encode(op.bits, a.number, 0, place, trailing: 1)
    code.put8(lane)
  }

  package mutating func vector(_ op: VectorMask, _ d: Gpr, _ a: Xmm) {
    encode(op.bits, d.number, 0, RegisterOrMemory(a))
  }

  /// Sets the zero flag if `a & source` is zero, and the carry if `~a & source` is.
  package mutating func testVector(_ a: Xmm, _ source: RegisterOrMemory) {
    vex(OpcodeBits(0x17, .x0F38, .x66), a.number, 0, source)
  }
}
