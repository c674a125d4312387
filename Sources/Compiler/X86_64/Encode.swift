// SPDX-License-Identifier: Apache-2.0
// The encoding of each machine instruction that is not control flow.

import RegisterAllocation

/// One instruction with the places of its operands: what the encoders below read.
struct PlacedInstruction {
  let instruction: MachineInstruction
  let places: UnsafePointer<Allocation>

  @inline(__always) var immediate: Int32 { instruction.immediate }
  @inline(__always) var width: Width {
    Width(rawValue: instruction.size & 3).unsafelyUnwrapped
  }
  @inline(__always) var floatWidth: FloatWidth { instruction.size == 2 ? .f32 : .f64 }
  @inline(__always) var extraFloatWidth: FloatWidth { instruction.extra == 2 ? .f32 : .f64 }

  @inline(__always) func number(_ operand: Int) -> UInt8 {
    assert(places[operand].isRegister, "an operand that must be in a register")
    return UInt8(truncatingIfNeeded: places[operand].raw) & 15
  }
  @inline(__always) func gpr(_ operand: Int) -> Gpr { Gpr(number(operand)) }
  @inline(__always) func xmm(_ operand: Int) -> Xmm { Xmm(number(operand)) }
}

extension Emitter where ISA == X64 {
  /// The source that starts at `operand`: a register, a spill slot, or memory.
  @inline(__always)
  func source(_ p: PlacedInstruction, _ operand: Int) -> RegisterOrMemory {
    if p.instruction.form == X64Form.register.rawValue {
      return frame.place(p.places[operand], units: p.instruction.size == 4 ? 2 : 1)
    }
    assert(p.instruction.x64Form == .memory, "a form that the instruction does not have")
    return address(p, operand)
  }

  /// The memory operand whose registers start at `operand`.
  func address(_ p: PlacedInstruction, _ operand: Int) -> RegisterOrMemory {
    let displacement = p.instruction.displacement
    let scale = X64Address.scale(p.instruction.address)
    switch p.instruction.x64AddressMode {
    case .none, .base: return .memory(p.gpr(operand), displacement)
    case .baseIndex:
      return .memory(p.gpr(operand), index: p.gpr(operand + 1), scale: scale, displacement)
    case .index: return .memory(index: p.gpr(operand), scale: scale, displacement)
    case .memory: return .memory(.r14, displacement)
    case .memoryIndex: return .memory(.r14, index: p.gpr(operand), scale: scale, displacement)
    case .context: return .memory(.r15, displacement)
    case .incoming: return .memory(.rbp, displacement &+ 16)
    case .outgoing: return .memory(.rsp, displacement)
    case .frameVariable: return .memory(.rbp, displacement &- frame.variablesBelow)
    case .constant: return .constant(UInt32(truncatingIfNeeded: displacement))
    }
  }

  /// Encodes an instruction of `block`; `next` is the block whose code comes next.
  @inline(__always)
  mutating func encode(
    _ instruction: MachineInstruction, _ places: UnsafePointer<Allocation>, _ origin: UInt32,
    block: Int, next: Int, _ machine: inout MachineFunction
  ) {
    if instruction.opcode >= X64Opcode.firstControl.rawValue {
      encodeControl(instruction, places, origin, block: block, next: next, &machine)
    } else if instruction.opcode == X64Opcode.movWide.rawValue {
      encodeConstant(instruction, in: places[0], &machine)
    } else {
      encode(instruction, places, origin)
    }
  }

  mutating func encode(
    _ instruction: MachineInstruction, _ places: UnsafePointer<Allocation>, _ origin: UInt32
  ) {
    let p = PlacedInstruction(instruction: instruction, places: places)
    let opcode = instruction.x64Opcode
    if opcode.rawValue >= X64Opcode.vmov.rawValue {
      encodeVector(opcode, p)
    } else if opcode.rawValue >= X64Opcode.fmov.rawValue {
      encodeFloat(opcode, p)
    } else {
      encodeInteger(opcode, p, origin)
    }
  }

  // MARK: Integers.

  private mutating func encodeInteger(_ opcode: X64Opcode, _ p: PlacedInstruction, _ origin: UInt32)
  {
    let width = p.width
    switch opcode {
    case .mov: encodeMove(p)
    case .movImmediate: encodeConstant(p)
    case .movzx8: assembler.loadZeroExtended(from: .b8, p.gpr(0), source(p, 1))
    case .movzx16: assembler.loadZeroExtended(from: .b16, p.gpr(0), source(p, 1))
    case .movsx8: assembler.loadSignExtended(from: .b8, to: width, p.gpr(0), source(p, 1))
    case .movsx16: assembler.loadSignExtended(from: .b16, to: width, p.gpr(0), source(p, 1))
    case .movsx32: assembler.loadSignExtended(from: .b32, to: width, p.gpr(0), source(p, 1))
    case .store:
      if p.instruction.x64Form == .immediateToMemory {
        assembler.store(width, address(p, 0), immediate: p.immediate)
      } else {
        assembler.store(width, address(p, 1), p.gpr(0))
      }
    case .lea: assembler.loadAddress(width, p.gpr(0), address(p, 1))
    case .cmov: assembler.moveIf(p.instruction.x64Condition.code, width, p.gpr(0), source(p, 2))
    case .set: encodeSet(p)
    case .add: encodeArithmetic(.add, p)
    case .sub: encodeArithmetic(.sub, p)
    case .and: encodeArithmetic(.and, p)
    case .or: encodeArithmetic(.or, p)
    case .xor: encodeArithmetic(.xor, p)
    case .adc: encodeArithmetic(.adc, p)
    case .sbb: encodeArithmetic(.sbb, p)
    case .imul:
      if p.instruction.x64Form == .immediate {
        assembler.multiply(width, p.gpr(0), frame.place(p.places[1]), immediate: p.immediate)
      } else {
        assembler.multiply(width, p.gpr(0), source(p, 2))
      }
    case .imulImmediate: assembler.multiply(width, p.gpr(0), source(p, 1), immediate: p.immediate)
    case .neg: assembler.unary(.neg, width, frame.place(p.places[0]))
    case .not: assembler.unary(.not, width, frame.place(p.places[0]))
    case .cmp: encodeCompare(p)
    case .test: encodeTest(p)
    case .shl: assembler.shift(.shl, width, frame.place(p.places[0]), by: immediateByte(p))
    case .shr: assembler.shift(.shr, width, frame.place(p.places[0]), by: immediateByte(p))
    case .sar: assembler.shift(.sar, width, frame.place(p.places[0]), by: immediateByte(p))
    case .shld: assembler.shiftDouble(left: true, width, p.gpr(0), p.gpr(2), by: immediateByte(p))
    case .shrd: assembler.shiftDouble(left: false, width, p.gpr(0), p.gpr(2), by: immediateByte(p))
    case .rol: assembler.shiftByCounter(.rol, width, frame.place(p.places[0]))
    case .ror: assembler.shiftByCounter(.ror, width, frame.place(p.places[0]))
    case .shlx: assembler.shift(.shlx, width, p.gpr(0), source(p, 2), by: p.gpr(1))
    case .shrx: assembler.shift(.shrx, width, p.gpr(0), source(p, 2), by: p.gpr(1))
    case .sarx: assembler.shift(.sarx, width, p.gpr(0), source(p, 2), by: p.gpr(1))
    case .rorx: assembler.rotateRight(width, p.gpr(0), source(p, 1), by: immediateByte(p))
    case .andn: assembler.andNot(width, p.gpr(0), p.gpr(1), source(p, 2))
    case .blsr: assembler.lowestBit(.blsr, width, p.gpr(0), source(p, 1))
    case .blsi: assembler.lowestBit(.blsi, width, p.gpr(0), source(p, 1))
    case .blsmsk: assembler.lowestBit(.blsmsk, width, p.gpr(0), source(p, 1))
    case .lzcnt: assembler.bitCount(.lzcnt, width, p.gpr(0), source(p, 1))
    case .tzcnt: assembler.bitCount(.tzcnt, width, p.gpr(0), source(p, 1))
    case .popcnt: assembler.bitCount(.popcnt, width, p.gpr(0), source(p, 1))
    case .bt: encodeBitTest(p)
    case .signExtendAccumulator: assembler.extendSignForDivision(width)
    case .div: assembler.unary(.div, width, source(p, 4))
    case .idiv:
      assembler.markSite(origin, kind: X64Trap.integerOverflow)
      assembler.unary(.idiv, width, source(p, 4))
    case .remainder: encodeRemainder(p)
    case .mul: assembler.unary(.mul, width, source(p, 3))
    case .imulWide: assembler.unary(.imul, width, source(p, 3))
    default: preconditionFailure("not an integer instruction")
    }
  }

  @inline(__always) private func immediateByte(_ p: PlacedInstruction) -> UInt8 {
    UInt8(truncatingIfNeeded: p.immediate)
  }

  private mutating func encodeMove(_ p: PlacedInstruction) {
    let from = source(p, 1)
    // Between equal registers the 32-bit move still clears the upper half.
    if p.width == .b64 && from.isRegister && from.base == p.number(0) { return }
    assembler.load(p.width, p.gpr(0), from)
  }

  private mutating func encodeConstant(_ p: PlacedInstruction) {
    if p.immediate == 0 {
      assembler.clear(p.gpr(0))
    } else if p.width == .b64 {
      assembler.moveConstant(p.gpr(0), UInt64(bitPattern: Int64(p.immediate)))
    } else {
      assembler.moveConstant(p.gpr(0), UInt64(truncatingIfNeeded: UInt32(bitPattern: p.immediate)))
    }
  }

  private mutating func encodeArithmetic(_ op: ArithmeticOp, _ p: PlacedInstruction) {
    switch p.instruction.x64Form {
    case .register, .memory: assembler.arithmetic(op, p.width, p.gpr(0), source(p, 2))
    case .immediate:
      assembler.arithmetic(op, p.width, frame.place(p.places[0]), immediate: p.immediate)
    case .registerToMemory: assembler.arithmetic(op, p.width, address(p, 1), p.gpr(0))
    case .immediateToMemory:
      assembler.arithmetic(op, p.width, address(p, 0), immediate: p.immediate)
    }
  }

  private mutating func encodeCompare(_ p: PlacedInstruction) {
    switch p.instruction.x64Form {
    case .register, .memory: assembler.arithmetic(.cmp, p.width, p.gpr(0), source(p, 1))
    case .immediate:
      let operand = frame.place(p.places[0])
      if p.immediate == 0 && operand.isRegister {
        // The same flags, but for the auxiliary carry, in fewer bytes.
        assembler.test(p.width, operand, Gpr(operand.base))
      } else {
        assembler.arithmetic(.cmp, p.width, operand, immediate: p.immediate)
      }
    case .registerToMemory: assembler.arithmetic(.cmp, p.width, address(p, 1), p.gpr(0))
    case .immediateToMemory:
      assembler.arithmetic(.cmp, p.width, address(p, 0), immediate: p.immediate)
    }
  }

  private mutating func encodeTest(_ p: PlacedInstruction) {
    let operand: RegisterOrMemory
    switch p.instruction.x64Form {
    case .register, .memory: return assembler.test(p.width, source(p, 1), p.gpr(0))
    case .registerToMemory: return assembler.test(p.width, address(p, 1), p.gpr(0))
    case .immediate: operand = frame.place(p.places[0])
    case .immediateToMemory: operand = address(p, 0)
    }
    // Below 128 the low byte alone gives the same flags.
    let isSmall = p.immediate >= 0 && p.immediate < 128
    assembler.test(isSmall ? .b8 : p.width, operand, immediate: p.immediate)
  }

  /// The flags must survive, so a clearing `xor` cannot stand before.
  private mutating func encodeSet(_ p: PlacedInstruction) {
    let target = p.gpr(0)
    let condition = p.instruction.x64Condition
    let code: ConditionCode =
      switch condition {
      case .orderedEqual: .equal
      case .unorderedNotEqual: .notEqual
      default: condition.code
      }
    assembler.set(code, RegisterOrMemory(target))
    assembler.loadZeroExtended(from: .b8, target, RegisterOrMemory(target))
    if condition != .orderedEqual && condition != .unorderedNotEqual { return }
    // Few floats are unordered, so the branch costs nothing.
    let end = assembler.makeLabel()
    assembler.jump(if: .noParity, end)
    assembler.moveConstant(target, condition == .orderedEqual ? 0 : 1)
    assembler.bind(end)
  }

  private mutating func encodeBitTest(_ p: PlacedInstruction) {
    if p.instruction.x64Form == .immediate {
      let mask: UInt8 = p.width == .b64 ? 63 : 31
      assembler.testBit(p.width, frame.place(p.places[0]), bit: immediateByte(p) & mask)
    } else {
      assembler.testBit(p.width, p.gpr(0), p.gpr(1))
    }
  }

  /// The remainder by -1 is 0, where the instruction would raise a signal for the smallest integer.
  private mutating func encodeRemainder(_ p: PlacedInstruction) {
    let over = assembler.makeLabel()
    let divisor = source(p, 4)
    assembler.arithmetic(.cmp, p.width, divisor, immediate: -1)
    assembler.jump(if: .equal, over)
    assembler.extendSignForDivision(p.width)
    assembler.unary(.idiv, p.width, divisor)
    assembler.bind(over)
  }
}

extension Emitter where ISA == X64 {
  // MARK: Floating point.

  private mutating func encodeFloat(_ opcode: X64Opcode, _ p: PlacedInstruction) {
    let width = p.floatWidth
    switch opcode {
    case .fmov:
      let from = source(p, 1)
      if !from.isRegister {
        assembler.load(width, p.xmm(0), from)
      } else if from.base != p.number(0) {
        assembler.move(p.xmm(0), Xmm(from.base))
      }
    case .fzero: assembler.clear(p.xmm(0))
    case .fstore: assembler.store(width, address(p, 1), p.xmm(0))
    case .fadd: assembler.float(.add, width, p.xmm(0), p.xmm(1), source(p, 2))
    case .fsub: assembler.float(.sub, width, p.xmm(0), p.xmm(1), source(p, 2))
    case .fmul: assembler.float(.mul, width, p.xmm(0), p.xmm(1), source(p, 2))
    case .fdiv: assembler.float(.div, width, p.xmm(0), p.xmm(1), source(p, 2))
    case .fmin: assembler.float(.min, width, p.xmm(0), p.xmm(1), source(p, 2))
    case .fmax: assembler.float(.max, width, p.xmm(0), p.xmm(1), source(p, 2))
    case .vand: assembler.logic(.and, .f32, p.xmm(0), p.xmm(1), source(p, 2))
    case .vandn: assembler.logic(.andNot, .f32, p.xmm(0), p.xmm(1), source(p, 2))
    case .vor: assembler.logic(.or, .f32, p.xmm(0), p.xmm(1), source(p, 2))
    case .vxor: assembler.logic(.xor, .f32, p.xmm(0), p.xmm(1), source(p, 2))
    case .fsqrt:
      let (from, upper) = passThrough(p)
      assembler.squareRoot(width, p.xmm(0), upper: upper, from)
    case .fround:
      let (from, upper) = passThrough(p)
      let mode = RoundingMode(rawValue: UInt8(truncatingIfNeeded: p.immediate))
      assembler.round(mode.unsafelyUnwrapped, width, p.xmm(0), upper: upper, from)
    case .fpromote:
      let (from, upper) = passThrough(p)
      assembler.convert(from: .f32, p.xmm(0), upper: upper, from)
    case .fdemote:
      let (from, upper) = passThrough(p)
      assembler.convert(from: .f64, p.xmm(0), upper: upper, from)
    case .fucomi: assembler.compare(width, p.xmm(0), source(p, 1))
    case .fcmp:
      let predicate = FloatPredicate(rawValue: UInt8(truncatingIfNeeded: p.immediate))
      assembler.compareToMask(predicate.unsafelyUnwrapped, width, p.xmm(0), p.xmm(1), source(p, 2))
    case .fblend:
      assembler.blend(width, p.xmm(0), p.xmm(1), RegisterOrMemory(p.xmm(2)), mask: p.xmm(3))
    case .fcmov: encodeFloatMoveIf(p)
    case .cvtFromInteger:
      assembler.clear(p.xmm(0))
      assembler.convert(
        from: p.width, source(p, 1), to: p.extraFloatWidth, p.xmm(0), upper: p.xmm(0))
    case .cvtFromUnsigned64: encodeFromUnsigned(p)
    case .cvtToInteger:
      assembler.truncate(from: p.extraFloatWidth, source(p, 1), to: p.width, p.gpr(0))
    case .movToFloat: assembler.moveBits(p.width, p.xmm(0), source(p, 1))
    case .movToInteger:
      let from = source(p, 1)
      if from.isRegister {
        assembler.moveBits(p.width, RegisterOrMemory(p.gpr(0)), Xmm(from.base))
      } else {
        assembler.load(p.width, p.gpr(0), from)
      }
    default: preconditionFailure("not a floating-point instruction")
    }
  }

  /// Operand 1 is in the destination already.
  private mutating func encodeFloatMoveIf(_ p: PlacedInstruction) {
    let end = assembler.makeLabel()
    switch p.instruction.x64Condition {
    case .orderedEqual:
      assembler.jump(if: .notEqual, end)
      assembler.jump(if: .parity, end)
    case .unorderedNotEqual:
      let move = assembler.makeLabel()
      assembler.jump(if: .notEqual, move)
      assembler.jump(if: .noParity, end)
      assembler.bind(move)
    case let condition: assembler.jump(if: condition.code.inverted, end)
    }
    let from = source(p, 2)
    if from.isRegister {
      assembler.move(p.xmm(0), Xmm(from.base))
    } else {
      assembler.load(.f64, p.xmm(0), from)
    }
    assembler.bind(end)
  }

  /// The source, and what gives the bits above the result: the source's register, or the
  /// destination cleared, so that the result does not wait for its old value.
  private mutating func passThrough(
    _ p: PlacedInstruction
  ) -> (source: RegisterOrMemory, upper: Xmm) {
    let from = source(p, 1)
    if from.isRegister { return (from, Xmm(from.base)) }
    assembler.clear(p.xmm(0))
    return (from, p.xmm(0))
  }

  /// Above the signed range: half of the number, rounded to odd, is converted and doubled.
  private mutating func encodeFromUnsigned(_ p: PlacedInstruction) {
    let width = p.floatWidth
    let (result, number, half) = (p.xmm(0), p.gpr(1), p.gpr(2))
    let isLarge = assembler.makeLabel()
    let end = assembler.makeLabel()
    assembler.clear(result)
    assembler.test(.b64, RegisterOrMemory(number), number)
    assembler.jump(if: .sign, isLarge)
    assembler.convert(from: .b64, RegisterOrMemory(number), to: width, result, upper: result)
    assembler.jump(end)
    assembler.bind(isLarge)
    // The lowest bit goes out into the carry, and stays as a part of the next one.
    let isEven = assembler.makeLabel()
    assembler.move(.b64, half, number)
    assembler.shift(.shr, .b64, RegisterOrMemory(half), by: 1)
    assembler.jump(if: .aboveOrEqual, isEven)
    assembler.arithmetic(.or, .b64, RegisterOrMemory(half), immediate: 1)
    assembler.bind(isEven)
    assembler.convert(from: .b64, RegisterOrMemory(half), to: width, result, upper: result)
    assembler.float(.add, width, result, result, RegisterOrMemory(result))
    assembler.bind(end)
  }
}
