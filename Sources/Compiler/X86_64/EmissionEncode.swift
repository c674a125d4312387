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

extension CodeBuffer {
  /// The source that starts at `operand`: a register, a spill slot, or memory.
  @inline(__always)
  func source(_ p: PlacedInstruction, _ operand: Int) -> RegisterOrMemory {
    if p.instruction.form == X64Form.register.rawValue { return frame.place(p.places[operand]) }
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

  mutating func encode(
    _ instruction: MachineInstruction, _ places: UnsafePointer<Allocation>, _ origin: UInt32
  ) {
    let p = PlacedInstruction(instruction: instruction, places: places)
    let opcode = instruction.x64Opcode
    if opcode.rawValue >= X64Opcode.fmov.rawValue {
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
    case .movzx8: loadZeroExtended(from: .b8, p.gpr(0), source(p, 1))
    case .movzx16: loadZeroExtended(from: .b16, p.gpr(0), source(p, 1))
    case .movsx8: loadSignExtended(from: .b8, to: width, p.gpr(0), source(p, 1))
    case .movsx16: loadSignExtended(from: .b16, to: width, p.gpr(0), source(p, 1))
    case .movsx32: loadSignExtended(from: .b32, to: width, p.gpr(0), source(p, 1))
    case .store:
      if p.instruction.x64Form == .immediateToMemory {
        store(width, address(p, 0), immediate: p.immediate)
      } else {
        store(width, address(p, 1), p.gpr(0))
      }
    case .lea: loadAddress(width, p.gpr(0), address(p, 1))
    case .cmov: moveIf(p.instruction.x64Condition.code, width, p.gpr(0), source(p, 2))
    case .set: encodeSet(p)
    case .add: encodeArithmetic(.add, p)
    case .sub: encodeArithmetic(.sub, p)
    case .and: encodeArithmetic(.and, p)
    case .or: encodeArithmetic(.or, p)
    case .xor: encodeArithmetic(.xor, p)
    case .imul:
      if p.instruction.x64Form == .immediate {
        multiply(width, p.gpr(0), frame.place(p.places[1]), immediate: p.immediate)
      } else {
        multiply(width, p.gpr(0), source(p, 2))
      }
    case .imulImmediate: multiply(width, p.gpr(0), source(p, 1), immediate: p.immediate)
    case .neg: unary(.neg, width, frame.place(p.places[0]))
    case .not: unary(.not, width, frame.place(p.places[0]))
    case .cmp: encodeCompare(p)
    case .test: encodeTest(p)
    case .shl: shift(.shl, width, frame.place(p.places[0]), by: immediateByte(p))
    case .shr: shift(.shr, width, frame.place(p.places[0]), by: immediateByte(p))
    case .sar: shift(.sar, width, frame.place(p.places[0]), by: immediateByte(p))
    case .shld: shiftDouble(left: true, width, p.gpr(0), p.gpr(2), by: immediateByte(p))
    case .shrd: shiftDouble(left: false, width, p.gpr(0), p.gpr(2), by: immediateByte(p))
    case .rol: shiftByCounter(.rol, width, frame.place(p.places[0]))
    case .ror: shiftByCounter(.ror, width, frame.place(p.places[0]))
    case .shlx: shift(.shlx, width, p.gpr(0), source(p, 2), by: p.gpr(1))
    case .shrx: shift(.shrx, width, p.gpr(0), source(p, 2), by: p.gpr(1))
    case .sarx: shift(.sarx, width, p.gpr(0), source(p, 2), by: p.gpr(1))
    case .rorx: rotateRight(width, p.gpr(0), source(p, 1), by: immediateByte(p))
    case .andn: andNot(width, p.gpr(0), p.gpr(1), source(p, 2))
    case .blsr: lowestBit(.blsr, width, p.gpr(0), source(p, 1))
    case .blsi: lowestBit(.blsi, width, p.gpr(0), source(p, 1))
    case .blsmsk: lowestBit(.blsmsk, width, p.gpr(0), source(p, 1))
    case .lzcnt: bitCount(.lzcnt, width, p.gpr(0), source(p, 1))
    case .tzcnt: bitCount(.tzcnt, width, p.gpr(0), source(p, 1))
    case .popcnt: bitCount(.popcnt, width, p.gpr(0), source(p, 1))
    case .bt: encodeBitTest(p)
    case .signExtendAccumulator: extendSignForDivision(width)
    case .div: unary(.div, width, source(p, 4))
    case .idiv:
      markSite(origin, kind: X64Trap.integerOverflow)
      unary(.idiv, width, source(p, 4))
    case .remainder: encodeRemainder(p)
    case .mul: unary(.mul, width, source(p, 3))
    case .imulWide: unary(.imul, width, source(p, 3))
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
    load(p.width, p.gpr(0), from)
  }

  private mutating func encodeConstant(_ p: PlacedInstruction) {
    if p.immediate == 0 {
      clear(p.gpr(0))
    } else if p.width == .b64 {
      moveConstant(p.gpr(0), UInt64(bitPattern: Int64(p.immediate)))
    } else {
      moveConstant(p.gpr(0), UInt64(truncatingIfNeeded: UInt32(bitPattern: p.immediate)))
    }
  }

  private mutating func encodeArithmetic(_ op: ArithmeticOp, _ p: PlacedInstruction) {
    switch p.instruction.x64Form {
    case .register, .memory: arithmetic(op, p.width, p.gpr(0), source(p, 2))
    case .immediate: arithmetic(op, p.width, frame.place(p.places[0]), immediate: p.immediate)
    case .registerToMemory: arithmetic(op, p.width, address(p, 1), p.gpr(0))
    case .immediateToMemory: arithmetic(op, p.width, address(p, 0), immediate: p.immediate)
    }
  }

  private mutating func encodeCompare(_ p: PlacedInstruction) {
    switch p.instruction.x64Form {
    case .register, .memory: arithmetic(.cmp, p.width, p.gpr(0), source(p, 1))
    case .immediate:
      let operand = frame.place(p.places[0])
      if p.immediate == 0 && operand.isRegister {
        // The same flags, but for the auxiliary carry, in fewer bytes.
        test(p.width, operand, Gpr(operand.base))
      } else {
        arithmetic(.cmp, p.width, operand, immediate: p.immediate)
      }
    case .registerToMemory: arithmetic(.cmp, p.width, address(p, 1), p.gpr(0))
    case .immediateToMemory: arithmetic(.cmp, p.width, address(p, 0), immediate: p.immediate)
    }
  }

  private mutating func encodeTest(_ p: PlacedInstruction) {
    let operand: RegisterOrMemory
    switch p.instruction.x64Form {
    case .register, .memory: return test(p.width, source(p, 1), p.gpr(0))
    case .registerToMemory: return test(p.width, address(p, 1), p.gpr(0))
    case .immediate: operand = frame.place(p.places[0])
    case .immediateToMemory: operand = address(p, 0)
    }
    // Below 128 the low byte alone gives the same flags.
    let isSmall = p.immediate >= 0 && p.immediate < 128
    test(isSmall ? .b8 : p.width, operand, immediate: p.immediate)
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
    set(code, RegisterOrMemory(target))
    loadZeroExtended(from: .b8, target, RegisterOrMemory(target))
    if condition != .orderedEqual && condition != .unorderedNotEqual { return }
    // Few floats are unordered, so the branch costs nothing.
    let end = makeLabel()
    jump(if: .noParity, end)
    moveConstant(target, condition == .orderedEqual ? 0 : 1)
    bind(end)
  }

  private mutating func encodeBitTest(_ p: PlacedInstruction) {
    if p.instruction.x64Form == .immediate {
      let mask: UInt8 = p.width == .b64 ? 63 : 31
      testBit(p.width, frame.place(p.places[0]), bit: immediateByte(p) & mask)
    } else {
      testBit(p.width, p.gpr(0), p.gpr(1))
    }
  }

  /// The remainder by -1 is 0, where the instruction would raise a signal for the smallest integer.
  private mutating func encodeRemainder(_ p: PlacedInstruction) {
    let over = makeLabel()
    let divisor = source(p, 4)
    arithmetic(.cmp, p.width, divisor, immediate: -1)
    jump(if: .equal, over)
    extendSignForDivision(p.width)
    unary(.idiv, p.width, divisor)
    bind(over)
  }
}

extension CodeBuffer {
  // MARK: Floating point.

  private mutating func encodeFloat(_ opcode: X64Opcode, _ p: PlacedInstruction) {
    let width = p.floatWidth
    switch opcode {
    case .fmov:
      let from = source(p, 1)
      if !from.isRegister {
        load(width, p.xmm(0), from)
      } else if from.base != p.number(0) {
        move(p.xmm(0), Xmm(from.base))
      }
    case .fzero: clear(p.xmm(0))
    case .fstore: store(width, address(p, 1), p.xmm(0))
    case .fadd: float(.add, width, p.xmm(0), p.xmm(1), source(p, 2))
    case .fsub: float(.sub, width, p.xmm(0), p.xmm(1), source(p, 2))
    case .fmul: float(.mul, width, p.xmm(0), p.xmm(1), source(p, 2))
    case .fdiv: float(.div, width, p.xmm(0), p.xmm(1), source(p, 2))
    case .fmin: float(.min, width, p.xmm(0), p.xmm(1), source(p, 2))
    case .fmax: float(.max, width, p.xmm(0), p.xmm(1), source(p, 2))
    case .vand: logic(.and, .f32, p.xmm(0), p.xmm(1), source(p, 2))
    case .vandn: logic(.andNot, .f32, p.xmm(0), p.xmm(1), source(p, 2))
    case .vor: logic(.or, .f32, p.xmm(0), p.xmm(1), source(p, 2))
    case .vxor: logic(.xor, .f32, p.xmm(0), p.xmm(1), source(p, 2))
    case .fsqrt:
      let (from, upper) = passThrough(p)
      squareRoot(width, p.xmm(0), upper: upper, from)
    case .fround:
      let (from, upper) = passThrough(p)
      let mode = RoundingMode(rawValue: UInt8(truncatingIfNeeded: p.immediate))
      round(mode.unsafelyUnwrapped, width, p.xmm(0), upper: upper, from)
    case .fpromote:
      let (from, upper) = passThrough(p)
      convert(from: .f32, p.xmm(0), upper: upper, from)
    case .fdemote:
      let (from, upper) = passThrough(p)
      convert(from: .f64, p.xmm(0), upper: upper, from)
    case .fucomi: compare(width, p.xmm(0), source(p, 1))
    case .fcmp:
      let predicate = FloatPredicate(rawValue: UInt8(truncatingIfNeeded: p.immediate))
      compareToMask(predicate.unsafelyUnwrapped, width, p.xmm(0), p.xmm(1), source(p, 2))
    case .fblend:
      blend(width, p.xmm(0), p.xmm(1), RegisterOrMemory(p.xmm(2)), mask: p.xmm(3))
    case .fcmov: encodeFloatMoveIf(p)
    case .cvtFromInteger:
      clear(p.xmm(0))
      convert(from: p.width, source(p, 1), to: p.extraFloatWidth, p.xmm(0), upper: p.xmm(0))
    case .cvtFromUnsigned64: encodeFromUnsigned(p)
    case .cvtToInteger: truncate(from: p.extraFloatWidth, source(p, 1), to: p.width, p.gpr(0))
    case .movToFloat: moveBits(p.width, p.xmm(0), source(p, 1))
    case .movToInteger:
      let from = source(p, 1)
      if from.isRegister {
        moveBits(p.width, RegisterOrMemory(p.gpr(0)), Xmm(from.base))
      } else {
        load(p.width, p.gpr(0), from)
      }
    default: preconditionFailure("not a floating-point instruction")
    }
  }

  /// Operand 1 is in the destination already.
  private mutating func encodeFloatMoveIf(_ p: PlacedInstruction) {
    let end = makeLabel()
    switch p.instruction.x64Condition {
    case .orderedEqual:
      jump(if: .notEqual, end)
      jump(if: .parity, end)
    case .unorderedNotEqual:
      let move = makeLabel()
      jump(if: .notEqual, move)
      jump(if: .noParity, end)
      bind(move)
    case let condition: jump(if: condition.code.inverted, end)
    }
    let from = source(p, 2)
    if from.isRegister {
      move(p.xmm(0), Xmm(from.base))
    } else {
      load(.f64, p.xmm(0), from)
    }
    bind(end)
  }

  /// The source, and what gives the bits above the result: the source's register, or the
  /// destination cleared, so that the result does not wait for its old value.
  private mutating func passThrough(
    _ p: PlacedInstruction
  ) -> (source: RegisterOrMemory, upper: Xmm) {
    let from = source(p, 1)
    if from.isRegister { return (from, Xmm(from.base)) }
    clear(p.xmm(0))
    return (from, p.xmm(0))
  }

  /// Above the signed range: half of the number, rounded to odd, is converted and doubled.
  private mutating func encodeFromUnsigned(_ p: PlacedInstruction) {
    let width = p.floatWidth
    let (result, number, half) = (p.xmm(0), p.gpr(1), p.gpr(2))
    let isLarge = makeLabel()
    let end = makeLabel()
    clear(result)
    test(.b64, RegisterOrMemory(number), number)
    jump(if: .sign, isLarge)
    convert(from: .b64, RegisterOrMemory(number), to: width, result, upper: result)
    jump(end)
    bind(isLarge)
    // The lowest bit goes out into the carry, and stays as a part of the next one.
    let isEven = makeLabel()
    move(.b64, half, number)
    shift(.shr, .b64, RegisterOrMemory(half), by: 1)
    jump(if: .aboveOrEqual, isEven)
    arithmetic(.or, .b64, RegisterOrMemory(half), immediate: 1)
    bind(isEven)
    convert(from: .b64, RegisterOrMemory(half), to: width, result, upper: result)
    float(.add, width, result, result, RegisterOrMemory(result))
    bind(end)
  }
}
