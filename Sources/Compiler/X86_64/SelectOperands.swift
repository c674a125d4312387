// SPDX-License-Identifier: Apache-2.0
// Selection's vocabulary: sources, and the instructions with their operands.

import BrolgaEntities
import RegisterAllocation

/// A source in the sense of `X64Form`, or an address.
struct X64Source: BitwiseCopyable {
  var form: X64Form
  var address: UInt8 = 0
  var immediate: Int32 = 0
  var displacement: Int32 = 0
  var first = VirtualRegister.none
  var second = VirtualRegister.none

  init(register: VirtualRegister) {
    form = .register
    first = register
  }
  init(immediate: Int32) {
    form = .immediate
    self.immediate = immediate
  }
  init(
    _ mode: X64AddressMode, scale: UInt8 = 0, displacement: Int32 = 0,
    first: VirtualRegister = .none, second: VirtualRegister = .none
  ) {
    form = .memory
    address = X64Address.packed(mode, scale: scale)
    self.displacement = displacement
    self.first = first
    self.second = second
  }
}

extension Lowering where ISA == X64 {
  // MARK: Sources

  /// Whether the value is a load of a whole `type` that may become a memory source.
  @inline(__always) func isAbsorbableLoad(_ value: UInt32) -> Bool {
    switch instruction(value).opcode {
    case .load, .contextLoad, .pointerLoad, .frameLoad: canAbsorb(value)
    default: false
    }
  }

  /// The load's address; the load vanishes.
  mutating func absorb(_ value: UInt32) -> X64Source {
    facts[Int(truncatingIfNeeded: value)] |= 4
    return address(of: instruction(value))
  }

  /// The value as a register, a spill slot or memory.
  @inline(__always)
  mutating func source(_ value: UInt32, absorbing: Bool = true) -> X64Source {
    if absorbing && isAbsorbableLoad(value) { return absorb(value) }
    let x = instruction(value)
    if x.opcode == .fconst && x.bits != 0 { return constantSource(x.bits) }
    return X64Source(register: register(value))
  }

  /// As `source`, for integers and readers of `size`.
  @inline(__always)
  mutating func source(_ value: UInt32, size: UInt8, absorbing: Bool = true) -> X64Source {
    // A wider load, of which the reader sees the low half, stays: it may trap where half does not.
    let v = narrowed(value, size)
    if v != value { return X64Source(register: register(v)) }
    if absorbing && isAbsorbableLoad(v) { return absorb(v) }
    let x = instruction(v)
    // What no immediate holds is read from memory: a register and ten bytes less.
    if x.opcode == .iconst && size == 3 && x.bits &+ 0x8000_0000 > 0xffff_ffff
      && options.countsUses
    {
      return constantSource(x.bits)
    }
    return X64Source(register: register(v))
  }

  /// As `source`, or an immediate.
  mutating func sourceOrImmediate(
    _ value: UInt32, size: UInt8, absorbing: Bool = true
  ) -> X64Source {
    if let c = immediate(value) { return X64Source(immediate: c) }
    return source(value, size: size, absorbing: absorbing)
  }

  // MARK: Emission

  @inline(__always)
  mutating func emit(_ opcode: X64Opcode, size: UInt8, _ s: X64Source, immediate: Int32 = 0) {
    var x = MachineInstruction(opcode, s.form, size: size)
    x.immediate = s.form == .immediate ? s.immediate : immediate
    x.address = s.address
    x.displacement = s.displacement
    emit(x)
  }

  @inline(__always)
  mutating func appendSource(_ s: X64Source, _ registerClass: RegisterClass) {
    if s.form == .register {
      operands.append(.anyUse(s.first, registerClass))
    } else {
      appendAddress(s)
    }
  }

  @inline(__always) mutating func appendAddress(_ s: X64Source) {
    if !s.first.isNone { operands.append(.use(s.first, .int)) }
    if !s.second.isNone { operands.append(.use(s.second, .int)) }
  }

  /// `D, source`.
  mutating func emitUnary(
    _ opcode: X64Opcode, size: UInt8, _ d: VirtualRegister, _ c: RegisterClass, _ s: X64Source,
    _ sourceClass: RegisterClass, immediate: Int32 = 0
  ) {
    emit(opcode, size: size, s, immediate: immediate)
    operands.append(.definition(d, c))
    appendSource(s, sourceClass)
  }

  /// `D=1, U, source`.
  mutating func emitTwoAddress(
    _ opcode: X64Opcode, size: UInt8, _ d: VirtualRegister, _ a: VirtualRegister, _ s: X64Source
  ) {
    emit(opcode, size: size, s)
    operands.append(.reuse(d, .int, of: 1))
    operands.append(.use(a, .int))
    appendSource(s, .int)
  }

  /// `D=1, U`, by an immediate where the opcode has one.
  mutating func emitInPlace(
    _ opcode: X64Opcode, size: UInt8, _ d: VirtualRegister, _ a: VirtualRegister,
    immediate: Int32 = 0
  ) {
    emit(MachineInstruction(opcode, .immediate, size: size, immediate: immediate))
    operands.append(.reuse(d, .int, of: 1))
    operands.append(.use(a, .int))
  }

  /// `D, U, source` of floats.
  mutating func emitFloat(
    _ opcode: X64Opcode, size: UInt8, _ d: VirtualRegister, _ a: VirtualRegister, _ s: X64Source,
    immediate: Int32 = 0
  ) {
    emit(opcode, size: size, s, immediate: immediate)
    operands.append(.definition(d, .float))
    operands.append(.use(a, .float))
    if s.form == .register && isWholeRegister(opcode) {
      operands.append(.use(s.first, .float))
    } else {
      appendSource(s, .float)
    }
  }

  /// Whether the instruction reads 16 bytes of a source, so that a spill slot will not do.
  private mutating func isWholeRegister(_ opcode: X64Opcode) -> Bool {
    switch opcode {
    case .vand, .vandn, .vor, .vxor: true
    default: false
    }
  }

  /// `U, source`, for the flags.
  mutating func emitFlags(
    _ opcode: X64Opcode, size: UInt8, _ a: VirtualRegister, _ s: X64Source, _ c: RegisterClass
  ) {
    emit(opcode, size: size, s)
    if s.form == .immediate {
      operands.append(.anyUse(a, c))
    } else {
      operands.append(.use(a, c))
      appendSource(s, c)
    }
  }

  /// `D, address`.
  mutating func emitAddress(size: UInt8, _ d: VirtualRegister, _ s: X64Source) {
    emit(.lea, size: size, s)
    operands.append(.definition(d, .int))
    appendAddress(s)
  }
}
