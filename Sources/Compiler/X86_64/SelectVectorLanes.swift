// SPDX-License-Identifier: Apache-2.0
// Selection of what moves lanes: between vectors and scalars, and within vectors.

import BrolgaWasm
import RegisterAllocation

extension Lowering where ISA == X64 {
  // MARK: Scalars to vectors

  /// The memory that a scalar is loaded from, if a lane of its size may be read there instead.
  private mutating func laneSource(_ value: UInt32, _ lanes: LaneShape) -> X64Source? {
    let isWhole: Bool
    switch instruction(value).opcode {
    case .load8U, .load8S: isWhole = lanes.laneSize == 0
    case .load16U, .load16S: isWhole = lanes.laneSize == 1
    case .load: isWhole = lanes.laneSize >= 2
    default: isWhole = false
    }
    return isWhole && canAbsorb(value) ? absorb(value) : nil
  }

  mutating func lowerSplat(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    let op: VectorUnary =
      switch x.lanes {
      case .i8x16: .pbroadcastb
      case .i16x8: .pbroadcastw
      case .i32x4: .pbroadcastd
      case .i64x2: .pbroadcastq
      case .f32x4: .broadcastss
      case .f64x2: .movddup
      }
    if let memory = laneSource(x.a, x.lanes) { return emitVector(op, d, memory) }
    if x.lanes.isFloat {
      return emitVector(op, d, X64Source(register: register(x.a)), size: x.lanes.laneSize)
    }
    let low = newVector()
    emitUnary(
      .movToFloat, size: x.lanes == .i64x2 ? 3 : 2, low, .float,
      X64Source(register: register(x.a)), .int)
    emitVector(op, d, X64Source(register: low))
  }

  mutating func lowerScalarVector(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    let size: UInt8 = x.lanes.laneSize == 3 ? 3 : 2
    if x.lanes.laneSize >= 2, let memory = laneSource(x.a, x.lanes) {
      return emitUnary(.fmov, size: size, d, .float, memory, .int)
    }
    let a = register(x.a)
    if x.lanes.isFloat {
      return emitVector(
        size == 2 ? .movss : .movsd, d, zeroVector(), inRegister: a)
    }
    var source = a
    if x.lanes.laneSize < 2 {
      source = newRegister(.int)
      emitUnary(
        x.lanes == .i8x16 ? .movzx8 : .movzx16, size: 2, source, .int, X64Source(register: a), .int)
    }
    emitUnary(.movToFloat, size: size, d, .float, X64Source(register: source), .int)
  }

  /// A second operand of which not all 16 bytes may be read from memory.
  private mutating func emitVector(
    _ op: VectorBinary, _ d: VirtualRegister, _ a: VirtualRegister, inRegister b: VirtualRegister
  ) {
    emitVector(.vbinary, op.rawValue, X64Source(register: b))
    operands.append(.definition(d, .float))
    operands.append(.use(a, .float))
    operands.append(.use(b, .float))
  }

  mutating func lowerReplacement(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    let a = register(x.a)
    let lane = Int32(truncatingIfNeeded: x.lane)
    switch x.lanes {
    case .f32x4:
      let memory = laneSource(x.b, x.lanes)
      let s = memory ?? X64Source(register: register(x.b))
      emitVector(.vbinaryByte, VectorBinaryByte.insertps.rawValue, s, immediate: lane &<< 4)
      operands.append(.definition(d, .float))
      operands.append(.use(a, .float))
      if memory == nil { operands.append(.use(s.first, .float)) } else { appendAddress(s) }
    case .f64x2:
      emitVector(lane == 0 ? .movsd : .unpcklpd, d, a, inRegister: register(x.b))
    default:
      let op: VectorInsert =
        switch x.lanes {
        case .i8x16: .pinsrb
        case .i16x8: .pinsrw
        case .i32x4: .pinsrd
        default: .pinsrq
        }
      let s = laneSource(x.b, x.lanes) ?? X64Source(register: register(x.b))
      emitVector(.vinsert, op.rawValue, s, size: 3, immediate: lane)
      operands.append(.definition(d, .float))
      operands.append(.use(a, .float))
      appendSource(s, .int)
    }
  }

  // MARK: Vectors to scalars

  mutating func lowerExtraction(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    let a = register(x.a)
    let lane = Int32(truncatingIfNeeded: x.lane)
    switch x.lanes {
    case .f32x4, .f64x2:
      if lane == 0 {
        emit(MachineInstruction(.fmov, size: x.lanes.laneSize))
        operands.append(.definition(d, .float))
        operands.append(.use(a, .float))
      } else if x.lanes == .f32x4 {
        emitVector(.pshufd, d, X64Source(register: a), lane)
      } else {
        emitVector(.unpckhpd, d, a, a)
      }
    case .i32x4 where lane == 0, .i64x2 where lane == 0:
      emit(MachineInstruction(.movToInteger, size: x.lanes.laneSize))
      operands.append(.definition(d, .int))
      operands.append(.use(a, .float))
    case .i32x4, .i64x2: extract(x.lanes == .i32x4 ? .pextrd : .pextrq, d, a, lane)
    case .i8x16, .i16x8:
      let op: VectorExtract = x.lanes == .i8x16 ? .pextrb : .pextrw
      if x.opcode == .extractLane { return extract(op, d, a, lane) }
      let unsigned = newRegister(.int)
      extract(op, unsigned, a, lane)
      emitUnary(
        x.lanes == .i8x16 ? .movsx8 : .movsx16, size: 2, d, .int, X64Source(register: unsigned),
        .int)
    }
  }

  private mutating func extract(
    _ op: VectorExtract, _ d: VirtualRegister, _ a: VirtualRegister, _ lane: Int32
  ) {
    emit(MachineInstruction(.vextract, size: 4, extra: op.rawValue, immediate: lane))
    operands.append(.definition(d, .int))
    operands.append(.use(a, .float))
  }

  /// Stores a lane without a way through a scalar's register; false where the value is none, or is
  /// needed otherwise.
  mutating func lowerLaneStore(_ x: Instruction, _ value: UInt32, _ size: UInt8) -> Bool {
    let lane = instruction(value)
    guard lane.opcode == .extractLane || lane.opcode == .extractLaneS,
      lane.lanes.laneSize == size, isUsedOnce(value), !isLiveAfter(value)
    else { return false }
    let a = register(lane.a)
    var s = address(of: x)
    s.form = .registerToMemory
    if size >= 2 && lane.lane == 0 {
      storeRegister(.fstore, a, .float, size, s)
      return true
    }
    let op: VectorExtract =
      switch size {
      case 0: .pextrb
      case 1: .pextrw
      case 2: .pextrd
      default: .pextrq
      }
    emitVector(.vextract, op.rawValue, s, immediate: Int32(truncatingIfNeeded: lane.lane))
    operands.append(.use(a, .float))
    appendAddress(s)
    return true
  }

  // MARK: Bytes by index

  /// Indices from 16 on give zero: they are raised until their highest bit is set.
  mutating func lowerSwizzle(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    let a = register(x.a)
    if let indices = vectorConstant(x.b) {
      let known = V128 { k in indices[byte: k] < 16 ? indices[byte: k] : 0x80 }
      return emitVector(.pshufb, d, a, constantSource(known))
    }
    let raised = vector(.paddusb, register(x.b), splatSource(0x7070_7070_7070_7070))
    emitVector(.pshufb, d, a, raised)
  }
}
