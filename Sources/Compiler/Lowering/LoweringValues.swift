// SPDX-License-Identifier: Apache-2.0
// What selection knows of values: their registers, constants, and who else reads them.

import BrolgaEntities
import RegisterAllocation

extension Lowering {
  // MARK: Registers

  @inline(__always) mutating func newRegister(_ registerClass: RegisterClass) -> VirtualRegister {
    output.problem.classes.append(registerClass)
  }

  /// A register for a value of the type.
  @inline(__always) mutating func newRegister(for type: Type) -> VirtualRegister {
    let register = newRegister(Self.registerClass(type))
    if type == .v128 { output.problem.setUnits(of: register, to: 2) }
    return register
  }

  @inline(__always) static func registerClass(_ type: Type) -> RegisterClass {
    type.isFloat || type == .v128 ? .float : .int
  }

  /// The log2 of a type's bytes.
  @inline(__always) static func size(_ type: Type) -> UInt8 {
    type == .i32 || type == .f32 ? 2 : type == .v128 ? 4 : 3
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
      registers[i] = newRegister(for: type).raw
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
    if x.opcode.isAnyConstant { return ISA.constant(x, &self) }
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

  // MARK: Readers

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

  // MARK: Instructions

  @inline(__always)
  mutating func emit(
    _ x: MachineInstruction, role: InstructionRecord.Role = .ordinary, clobbers: UInt16 = 0
  ) {
    let record = InstructionRecord(
      operandStart: UInt32(truncatingIfNeeded: operands.count), clobberMask: clobbers, role: role)
    code.append(SelectedInstruction(instruction: x, record: record, origin: origin))
  }
}
