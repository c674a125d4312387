// SPDX-License-Identifier: Apache-2.0
// The x86-64 instruction format: registers, memory operands, prefixes, and the three encoders.

import BrolgaArtefact

/// A general register by hardware number: rax 0, rcx 1, rdx 2, rbx 3, rsp 4, rbp 5, rsi 6, rdi 7,
/// r8...r15.
package struct Gpr: BitwiseCopyable, Hashable, Sendable {
  package let number: UInt8
  @inline(__always) package init(_ number: UInt8) {
    assert(number < 16, "no such register")
    self.number = number
  }
  @inline(__always) package static var rax: Gpr { Gpr(0) }
  @inline(__always) package static var rcx: Gpr { Gpr(1) }
  @inline(__always) package static var rdx: Gpr { Gpr(2) }
  @inline(__always) package static var rbx: Gpr { Gpr(3) }
  @inline(__always) package static var rsp: Gpr { Gpr(4) }
  @inline(__always) package static var rbp: Gpr { Gpr(5) }
  @inline(__always) package static var rsi: Gpr { Gpr(6) }
  @inline(__always) package static var rdi: Gpr { Gpr(7) }
  @inline(__always) package static var r10: Gpr { Gpr(10) }
  @inline(__always) package static var r11: Gpr { Gpr(11) }
  @inline(__always) package static var r14: Gpr { Gpr(14) }
  @inline(__always) package static var r15: Gpr { Gpr(15) }
}

/// A vector register, xmm0...xmm15.
package struct Xmm: BitwiseCopyable, Hashable, Sendable {
  package let number: UInt8
  @inline(__always) package init(_ number: UInt8) {
    assert(number < 16, "no such register")
    self.number = number
  }
}

/// The width of an integer operation.
package enum Width: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case b8, b16, b32, b64
}

/// The second operand of most instructions: a register or a place in memory.
package struct RegisterOrMemory: BitwiseCopyable, Hashable, Sendable {
  package enum Form: UInt8, BitwiseCopyable, Sendable {
    case register
    case base
    case baseIndex
    /// No base: index and displacement.
    case index
    /// Relative to the instruction's end: `displacement` is the index of a label, a constant or a
    /// jump table.
    case label, constant, jumpTable
  }
  package var form: Form
  /// The register, or the base.
  package var base: UInt8
  package var indexRegister: UInt8
  /// log2 of what the index is multiplied by.
  package var scale: UInt8
  package var displacement: Int32

  @inline(__always)
  init(_ form: Form, base: UInt8 = 0, index: UInt8 = 0, scale: UInt8 = 0, displacement: Int32 = 0) {
    self.form = form
    self.base = base
    self.indexRegister = index
    self.scale = scale
    self.displacement = displacement
  }

  @inline(__always) package init(_ register: Gpr) { self.init(.register, base: register.number) }
  @inline(__always) package init(_ register: Xmm) { self.init(.register, base: register.number) }

  @inline(__always) package static func memory(_ base: Gpr, _ displacement: Int32 = 0) -> Self {
    Self(.base, base: base.number, displacement: displacement)
  }

  /// `[base + index * 2^scale + displacement]`. The stack pointer cannot be an index.
  @inline(__always)
  package static func memory(
    _ base: Gpr, index: Gpr, scale: UInt8 = 0, _ displacement: Int32 = 0
  ) -> Self {
    assert(index != .rsp, "rsp cannot be an index")
    return Self(
      .baseIndex, base: base.number, index: index.number, scale: scale, displacement: displacement)
  }

  /// `[index * 2^scale + displacement]`.
  @inline(__always)
  package static func memory(index: Gpr, scale: UInt8, _ displacement: Int32 = 0) -> Self {
    assert(index != .rsp, "rsp cannot be an index")
    return Self(.index, base: 5, index: index.number, scale: scale, displacement: displacement)
  }

  @inline(__always) package static func label(_ label: Label) -> Self {
    Self(.label, displacement: Int32(truncatingIfNeeded: label.raw))
  }
  @inline(__always) package static func constant(_ index: UInt32) -> Self {
    Self(.constant, displacement: Int32(truncatingIfNeeded: index))
  }
  @inline(__always) package static func jumpTable(_ index: UInt32) -> Self {
    Self(.jumpTable, displacement: Int32(truncatingIfNeeded: index))
  }

  @inline(__always) package var isRegister: Bool { form == .register }
}

/// An operation's opcode byte with what stands around it, packed in 32 bits:
/// opcode (8 bits), mandatory prefix (2), map (2), W (1), L (1), byte registers (2), features (3).
package struct OpcodeBits: BitwiseCopyable, Hashable, Sendable {
  package var raw: UInt32

  package enum Prefix: UInt32, BitwiseCopyable, Sendable { case none, x66, xF3, xF2 }
  package enum Map: UInt32, BitwiseCopyable, Sendable { case one, x0F, x0F38, x0F3A }

  static var wideBit: UInt32 { 1 &<< 12 }
  static var longBit: UInt32 { 1 &<< 13 }
  /// The register operand is a byte: numbers 4 to 7 need a REX prefix to mean spl...dil.
  static var byteRegBit: UInt32 { 1 &<< 14 }
  static var byteRMBit: UInt32 { 1 &<< 15 }

  /// What an operation in the EVEX format needs: the bits of `CPUFeatures` from `avx512` on.
  static var featureBits: UInt32 { 7 &<< 16 }
  private static var featureShift: UInt32 { 5 }

  @inline(__always) init(raw: UInt32) { self.raw = raw }

  @inline(__always)
  init(_ opcode: UInt8, _ map: Map = .one, _ prefix: Prefix = .none, wide: Bool = false) {
    let place: UInt32 = prefix.rawValue &<< 8 | map.rawValue &<< 10
    let w: UInt32 = wide ? Self.wideBit : 0
    raw = UInt32(truncatingIfNeeded: opcode) | place | w
  }

  /// The form of `opcode` for a width, where the lowest opcode bit tells bytes from the rest.
  @inline(__always) static func sized(_ opcode: UInt8, _ width: Width, _ map: Map = .one) -> Self {
    var bits: UInt32 = UInt32(truncatingIfNeeded: opcode) | map.rawValue &<< 10
    switch width {
    case .b8: bits = (bits & ~1) | byteRegBit | byteRMBit
    case .b16: bits |= Prefix.x66.rawValue &<< 8
    case .b32: break
    case .b64: bits |= wideBit
    }
    return Self(raw: bits)
  }

  /// The operation in the EVEX format, on 128 bits.
  @inline(__always) func evex(_ more: CPUFeatures = []) -> Self {
    let features = UInt32(truncatingIfNeeded: more.union(.avx512).rawValue) &<< Self.featureShift
    assert(features & ~Self.featureBits == 0, "a feature without a bit")
    return Self(raw: raw | features)
  }

  /// What the processor must have beyond the baseline: nothing if the format is not EVEX.
  @inline(__always) var features: CPUFeatures {
    CPUFeatures(rawValue: UInt64(raw & Self.featureBits) &>> UInt64(Self.featureShift))
  }

  @inline(__always) var opcode: UInt8 { UInt8(truncatingIfNeeded: raw) }
  @inline(__always) var prefix: UInt32 { raw &>> 8 & 3 }
  @inline(__always) var map: UInt32 { raw &>> 10 & 3 }
  @inline(__always) var isWide: Bool { raw & Self.wideBit != 0 }
  /// The same operation on 256 bits.
  @inline(__always) var long: Self { Self(raw: raw | Self.longBit) }
}

extension Assembler where ISA == X64 {
  /// Appends prefixes, opcode and operands of an instruction in the legacy format. `trailing` bytes
  /// of immediate follow, which the caller appends without asking for room again.
  @inline(never)
  mutating func legacy(
    _ bits: OpcodeBits, _ reg: UInt8, _ rm: RegisterOrMemory, trailing: UInt8 = 0
  ) {
    code.makeRoom()
    switch bits.prefix {
    case 0: break
    case 1: code.put8(0x66)
    case 2: code.put8(0xF3)
    default: code.put8(0xF2)
    }
    var rex: UInt8 = (bits.isWide ? 8 : 0) | (reg &>> 1 & 4) | (rm.base &>> 3)
    rex |= rm.indexRegister &>> 2 & 2
    var isNeeded = rex != 0
    if bits.raw & OpcodeBits.byteRegBit != 0, reg &- 4 < 4 { isNeeded = true }
    if bits.raw & OpcodeBits.byteRMBit != 0, rm.form == .register, rm.base &- 4 < 4 {
      isNeeded = true
    }
    if isNeeded { code.put8(0x40 | rex) }
    switch bits.map {
    case 0: break
    case 1: code.put8(0x0F)
    case 2: code.put16(0x380F)
    default: code.put16(0x3A0F)
    }
    code.put8(bits.opcode)
    operands(reg, rm, trailing)
  }

  /// Appends a VEX instruction; `second` is the register in `vvvv`, 0 where there is none.
  @inline(never)
  mutating func vex(
    _ bits: OpcodeBits, _ reg: UInt8, _ second: UInt8, _ rm: RegisterOrMemory, trailing: UInt8 = 0
  ) {
    code.makeRoom()
    let notR: UInt8 = (reg & 8) == 0 ? 0x80 : 0
    let pp = UInt8(truncatingIfNeeded: bits.prefix)
    let l: UInt8 = bits.raw & OpcodeBits.longBit != 0 ? 4 : 0
    let low: UInt8 = (~second & 15) &<< 3 | l | pp
    if (rm.base | rm.indexRegister) & 8 == 0 && !bits.isWide && bits.map == 1 {
      code.put8(0xC5)
      code.put8(notR | low)
    } else {
      let notX: UInt8 = (rm.indexRegister & 8) == 0 ? 0x40 : 0
      let notB: UInt8 = (rm.base & 8) == 0 ? 0x20 : 0
      code.put8(0xC4)
      code.put8(notR | notX | notB | UInt8(truncatingIfNeeded: bits.map))
      code.put8(low | (bits.isWide ? 0x80 : 0))
    }
    code.put8(bits.opcode)
    operands(reg, rm, trailing)
  }

  /// Appends an EVEX instruction on 128 bits of which no lane is masked; memory is a whole vector.
  @inline(never)
  mutating func evex(
    _ bits: OpcodeBits, _ reg: UInt8, _ second: UInt8, _ rm: RegisterOrMemory, trailing: UInt8 = 0
  ) {
    code.makeRoom()
    code.features.formUnion(bits.features)
    // All register bits are inverted; those for numbers from 16 on are set.
    let notR: UInt8 = (reg & 8) == 0 ? 0x80 : 0
    let notX: UInt8 = (rm.indexRegister & 8) == 0 ? 0x40 : 0
    let notB: UInt8 = (rm.base & 8) == 0 ? 0x20 : 0
    code.put8(0x62)
    code.put8(notR | notX | notB | 0x10 | UInt8(truncatingIfNeeded: bits.map))
    let w: UInt8 = bits.isWide ? 0x80 : 0
    code.put8(w | (~second & 15) &<< 3 | 4 | UInt8(truncatingIfNeeded: bits.prefix))
    code.put8(0x08)
    code.put8(bits.opcode)
    operands(reg, rm, trailing, scale: 4)
  }

  /// Appends ModRM, SIB and displacement. A displacement of one byte counts units of `1 << scale` bytes.
  @inline(__always)
  private mutating func operands(
    _ reg: UInt8, _ rm: RegisterOrMemory, _ trailing: UInt8, scale: Int32 = 0
  ) {
    let middle: UInt8 = (reg & 7) &<< 3
    switch rm.form {
    case .register:
      code.put8(0xC0 | middle | (rm.base & 7))
    case .base:
      let base: UInt8 = rm.base & 7
      let mode = displacementMode(rm, scale)
      code.put8(mode | middle | base)
      // rsp and r12 in this place mean that a SIB byte follows; it says "no index".
      if base == 4 { code.put8(0x24) }
      displacement(mode, rm.displacement, scale)
    case .baseIndex:
      let mode = displacementMode(rm, scale)
      code.put8(mode | middle | 4)
      code.put8(rm.scale &<< 6 | (rm.indexRegister & 7) &<< 3 | (rm.base & 7))
      displacement(mode, rm.displacement, scale)
    case .index:
      code.put8(middle | 4)
      code.put8(rm.scale &<< 6 | (rm.indexRegister & 7) &<< 3 | 5)
      code.put32(rm.displacement)
    case .label: relative(.label, middle, rm, trailing)
    case .constant: relative(.constant, middle, rm, trailing)
    case .jumpTable: relative(.jumpTable, middle, rm, trailing)
    }
  }

  /// The mode bits for the shortest displacement. rbp and r13 as base have no form without one.
  @inline(__always)
  private func displacementMode(_ rm: RegisterOrMemory, _ scale: Int32) -> UInt8 {
    let d = rm.displacement
    if d == 0 && rm.base & 7 != 5 { return 0 }
    return Int32(Int8(truncatingIfNeeded: d &>> scale)) &<< scale == d ? 0x40 : 0x80
  }

  @inline(__always)
  private mutating func displacement(_ mode: UInt8, _ displacement: Int32, _ scale: Int32) {
    if mode == 0x40 {
      code.put8(UInt8(truncatingIfNeeded: displacement &>> scale))
    } else if mode == 0x80 {
      code.put32(displacement)
    }
  }

  private mutating func relative(
    _ target: FixupTarget, _ middle: UInt8, _ rm: RegisterOrMemory, _ trailing: UInt8
  ) {
    code.put8(middle | 5)
    code.fixups.append(
      Fixup(
        offset: UInt32(truncatingIfNeeded: code.offset),
        index: UInt32(truncatingIfNeeded: rm.displacement), target: target, trailing: trailing))
    code.put32(0)
  }
}
