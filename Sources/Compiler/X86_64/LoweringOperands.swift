// SPDX-License-Identifier: Apache-2.0
// Selection's vocabulary: registers for values, sources, and the emission of instructions.

import Entities
import RegisterAllocation

extension Lowering {
  /// A source in the sense of `X64Form`, or an address.
  struct Source: BitwiseCopyable {
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

  // MARK: Registers

  @inline(__always) mutating func newRegister(_ registerClass: RegisterClass) -> VirtualRegister {
    output.problem.classes.append(registerClass)
  }

  @inline(__always) static func registerClass(_ type: Type) -> RegisterClass {
    type.isFloat ? .float : .int
  }

  /// The log2 of a type's bytes.
  @inline(__always) static func size(_ type: Type) -> UInt8 {
    type == .i32 || type == .f32 ? 2 : 3
  }

  @inline(__always) func type(_ value: UInt32) -> Type {
    function.instructions.storage[Int(truncatingIfNeeded: value)].type
  }

  @inline(__always) func instruction(_ value: UInt32) -> Instruction {
    function.instructions.storage[Int(truncatingIfNeeded: value)]
  }

  /// The register that instruction `i` defines: the one asked for, or one that nobody reads.
  @inline(__always) mutating func register(defining i: Int) -> VirtualRegister {
    if registers[i] == Self.noRegister {
      let type = function.instructions.storage[i].type
      registers[i] = newRegister(Self.registerClass(type)).raw
    }
    return VirtualRegister(raw: registers[i])
  }

  /// A register with the value, which it asks for. Constants are made here, each time.
  mutating func register(_ value: UInt32) -> VirtualRegister {
    var v = Int(truncatingIfNeeded: value)
    if registers[v] != Self.noRegister { return VirtualRegister(raw: registers[v]) }
    var x = function.instructions.storage[v]
    // Zero extension is a second name.
    while x.opcode == .extendU {
      v = Int(truncatingIfNeeded: x.a)
      if registers[v] != Self.noRegister { break }
      x = function.instructions.storage[v]
    }
    if x.opcode == .iconst { return constantRegister(x.bits) }
    if x.opcode == .fconst { return floatConstantRegister(x) }
    return register(defining: v)
  }

  /// A value with the same low 32 bits, for readers that see only these.
  @inline(__always) func low(_ value: UInt32) -> UInt32 {
    let v = Int(truncatingIfNeeded: value)
    let x = function.instructions.storage[v]
    return x.opcode == .wrap && registers[v] == Self.noRegister ? x.a : value
  }

  /// As `low` where the reader has 32 bits.
  @inline(__always) func narrowed(_ value: UInt32, _ size: UInt8) -> UInt32 {
    size < 3 ? low(value) : value
  }

  /// Whether the value stays in its register after the instruction being selected.
  @inline(__always) func isLiveAfter(_ value: UInt32) -> Bool {
    registers[Int(truncatingIfNeeded: value)] != Self.noRegister
  }

  // MARK: Constants

  /// The integer constant that the value is, sign-extended from its type; nil if it is not.
  @inline(__always) func constant(_ value: UInt32) -> Int64? {
    let x = instruction(value)
    if x.opcode != .iconst { return nil }
    return x.type == .i32
      ? Int64(Int32(truncatingIfNeeded: x.b)) : Int64(bitPattern: x.bits)
  }

  /// The integer constant that the value is, if it fits an immediate.
  @inline(__always) func immediate(_ value: UInt32) -> Int32? {
    guard let c = constant(value) else { return nil }
    let low = Int32(truncatingIfNeeded: c)
    return Int64(low) == c ? low : nil
  }

  // MARK: Sources

  /// Whether the load's only reader is the instruction being selected, which may execute it.
  @inline(__always) func canAbsorb(_ value: UInt32) -> Bool {
    let fact = facts[Int(truncatingIfNeeded: value)]
    // A comparison is made again by each branch that reads it, so that even what is used once may
    // have been asked for already.
    return fact & 7 == 1 && fact &>> 3 == colour && !isRequested(Int(truncatingIfNeeded: value))
  }

  @inline(__always) func isUsedOnce(_ value: UInt32) -> Bool {
    facts[Int(truncatingIfNeeded: value)] & 3 == 1
  }

  /// Whether the value is a load of a whole `type` that may become a memory source.
  @inline(__always) func isAbsorbableLoad(_ value: UInt32) -> Bool {
    switch instruction(value).opcode {
    case .load, .contextLoad, .pointerLoad, .frameLoad: canAbsorb(value)
    default: false
    }
  }

  /// The load's address; the load vanishes.
  mutating func absorb(_ value: UInt32) -> Source {
    facts[Int(truncatingIfNeeded: value)] |= 4
    return address(of: instruction(value))
  }

  /// The value as a register, a spill slot or memory.
  @inline(__always)
  mutating func source(_ value: UInt32, absorbing: Bool = true) -> Source {
    if absorbing && isAbsorbableLoad(value) { return absorb(value) }
    let x = instruction(value)
    if x.opcode == .fconst && x.bits != 0 { return constantSource(x.bits) }
    return Source(register: register(value))
  }

  /// As `source`, for integers and readers of `size`.
  @inline(__always)
  mutating func source(_ value: UInt32, size: UInt8, absorbing: Bool = true) -> Source {
    // A wider load, of which the reader sees the low half, stays: it may trap where half does not.
    let v = narrowed(value, size)
    if v != value { return Source(register: register(v)) }
    if absorbing && isAbsorbableLoad(v) { return absorb(v) }
    let x = instruction(v)
    // What no immediate holds is read from memory: a register and ten bytes less.
    if x.opcode == .iconst && size == 3 && x.bits &+ 0x8000_0000 > 0xffff_ffff
      && options.countsUses
    {
      return constantSource(x.bits)
    }
    return Source(register: register(v))
  }

  /// As `source`, or an immediate.
  mutating func sourceOrImmediate(
    _ value: UInt32, size: UInt8, absorbing: Bool = true
  ) -> Source {
    if let c = immediate(value) { return Source(immediate: c) }
    return source(value, size: size, absorbing: absorbing)
  }

  // MARK: Emission

  @inline(__always)
  mutating func emit(
    _ x: MachineInstruction, role: InstructionRecord.Role = .ordinary, clobbers: UInt16 = 0
  ) {
    let record = InstructionRecord(
      operandStart: UInt32(truncatingIfNeeded: operands.count), clobberMask: clobbers, role: role)
    code.append(Selected(instruction: x, record: record, origin: origin))
  }

  @inline(__always)
  mutating func emit(_ opcode: X64Opcode, size: UInt8, _ s: Source, immediate: Int32 = 0) {
    var x = MachineInstruction(opcode, s.form, size: size)
    x.immediate = s.form == .immediate ? s.immediate : immediate
    x.address = s.address
    x.displacement = s.displacement
    emit(x)
  }

  @inline(__always)
  mutating func appendSource(_ s: Source, _ registerClass: RegisterClass) {
    if s.form == .register {
      operands.append(.anyUse(s.first, registerClass))
    } else {
      appendAddress(s)
    }
  }

  @inline(__always) mutating func appendAddress(_ s: Source) {
    if !s.first.isNone { operands.append(.use(s.first, .int)) }
    if !s.second.isNone { operands.append(.use(s.second, .int)) }
  }

  /// `D, source`.
  mutating func emitUnary(
    _ opcode: X64Opcode, size: UInt8, _ d: VirtualRegister, _ c: RegisterClass, _ s: Source,
    _ sourceClass: RegisterClass, immediate: Int32 = 0
  ) {
    emit(opcode, size: size, s, immediate: immediate)
    operands.append(.definition(d, c))
    appendSource(s, sourceClass)
  }

  /// `D=1, U, source`.
  mutating func emitTwoAddress(
    _ opcode: X64Opcode, size: UInt8, _ d: VirtualRegister, _ a: VirtualRegister, _ s: Source
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
    _ opcode: X64Opcode, size: UInt8, _ d: VirtualRegister, _ a: VirtualRegister, _ s: Source,
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
    _ opcode: X64Opcode, size: UInt8, _ a: VirtualRegister, _ s: Source, _ c: RegisterClass
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
  mutating func emitAddress(size: UInt8, _ d: VirtualRegister, _ s: Source) {
    emit(.lea, size: size, s)
    operands.append(.definition(d, .int))
    appendAddress(s)
  }
}
