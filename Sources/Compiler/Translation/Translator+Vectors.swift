// SPDX-License-Identifier: Apache-2.0
// Translation of operators on vectors, and of arithmetic on pairs of i64.

import BrolgaWasm

extension Translator {
  /// False for operators on something else.
  mutating func translateVector(_ op: Operator, _ unit: CompilationUnit) -> Bool {
    guard let vector = VectorOperator.of(op.opcode) else {
      return translateVectorMemory(op, unit) || translateWide(op.opcode)
    }
    var i = Instruction(vector.opcode, vector.type)
    if let lanes = vector.lanes {
      i = Instruction(vector.opcode, vector.type, lanes: lanes, lane: op.lane)
    }
    switch vector.form {
    case .unary, .extract: i.a = pop()
    case .binary, .replace:
      i.b = pop()
      i.a = pop()
    case .swapped:
      i.a = pop()
      i.b = pop()
    case .ternary:
      i.c = pop()
      i.b = pop()
      i.a = pop()
    }
    let value = unit.relaxesDeterministically ? deterministic(i) : builder.emit(i)
    push(unit.canonicalizesNaNs ? canonical(value, vector) : value)
    return true
  }

  /// The instruction, or what gives the same on every machine.
  private mutating func deterministic(_ i: Instruction) -> Value {
    var i = i
    switch i.opcode {
    case .relaxedSwizzle: i.opcode = .vswizzle
    case .relaxedSelect:
      i.opcode = .bitselect
      i.aux = 0
    case .relaxedMin: i.opcode = .vfmin
    case .relaxedMax: i.opcode = .vfmax
    case .relaxedTruncS: i.opcode = .vtruncSatS
    case .relaxedTruncU: i.opcode = .vtruncSatU
    case .relaxedQ15mul: i.opcode = .q15mulSat
    case .relaxedDot: return dot(i)
    case .relaxedDotAdd:
      let sums = dotPairs(i)
      let even = shuffle(sums, V128 { k in UInt8(truncatingIfNeeded: k / 4 &* 8 &+ k % 4) })
      let odd = shuffle(sums, V128 { k in UInt8(truncatingIfNeeded: k / 4 &* 8 &+ 4 &+ k % 4) })
      let dots = builder.emit(Instruction(.vadd, lanes: .i32x4, a: even, b: odd))
      i = Instruction(.vadd, lanes: .i32x4, a: dots.raw, b: i.c)
    // Fused on every machine that this runs on.
    default: break
    }
    return builder.emit(i)
  }

  /// Products of signed bytes, in pairs, modulo 2^16: the lower half of each sum.
  private mutating func dot(_ i: Instruction) -> Value {
    let pattern = V128 { k in UInt8(truncatingIfNeeded: k / 2 &* 4 &+ k % 2) }
    return Value(raw: shuffle(dotPairs(i), pattern))
  }

  /// The sums of eight pairs of products of signed bytes, as i32.
  private mutating func dotPairs(_ i: Instruction) -> (low: UInt32, high: UInt32) {
    let low = builder.emit(Instruction(.extmulLowS, lanes: .i16x8, a: i.a, b: i.b))
    let lowSums = builder.emit(Instruction(.extaddS, lanes: .i32x4, a: low.raw))
    let high = builder.emit(Instruction(.extmulHighS, lanes: .i16x8, a: i.a, b: i.b))
    let highSums = builder.emit(Instruction(.extaddS, lanes: .i32x4, a: high.raw))
    return (lowSums.raw, highSums.raw)
  }

  private mutating func shuffle(
    _ vectors: (low: UInt32, high: UInt32), _ pattern: V128
  ) -> UInt32 {
    builder.emit(
      Instruction(
        .vshuffle, .v128, a: vectors.low, b: vectors.high, c: builder.vectorIndex(pattern))
    ).raw
  }

  // MARK: Constants and memory

  private mutating func translateVectorMemory(_ op: Operator, _ unit: CompilationUnit) -> Bool {
    switch op.opcode {
    case .v128Const: push(builder.constant(unit.module.vector(at: op.immediate)))
    case .i8x16Shuffle:
      let b = pop()
      let a = pop()
      let pattern = builder.vectorIndex(unit.module.vector(at: op.immediate))
      push(builder.emit(Instruction(.vshuffle, .v128, a: a, b: b, c: pattern)))
    case .v128Load: push(Value(raw: load(op, .load, .v128)))
    case .v128Store: store(op, .store, pop())
    case .v128Load8x8S: extend(op, .extendLowS, .i16x8)
    case .v128Load8x8U: extend(op, .extendLowU, .i16x8)
    case .v128Load16x4S: extend(op, .extendLowS, .i32x4)
    case .v128Load16x4U: extend(op, .extendLowU, .i32x4)
    case .v128Load32x2S: extend(op, .extendLowS, .i64x2)
    case .v128Load32x2U: extend(op, .extendLowU, .i64x2)
    case .v128Load8Splat: spread(op, .vsplat, .i8x16)
    case .v128Load16Splat: spread(op, .vsplat, .i16x8)
    case .v128Load32Splat: spread(op, .vsplat, .i32x4)
    case .v128Load64Splat: spread(op, .vsplat, .i64x2)
    case .v128Load32Zero: spread(op, .vscalar, .i32x4)
    case .v128Load64Zero: spread(op, .vscalar, .i64x2)
    case .v128Load8Lane: loadLane(op, .i8x16)
    case .v128Load16Lane: loadLane(op, .i16x8)
    case .v128Load32Lane: loadLane(op, .i32x4)
    case .v128Load64Lane: loadLane(op, .i64x2)
    case .v128Store8Lane: storeLane(op, .i8x16)
    case .v128Store16Lane: storeLane(op, .i16x8)
    case .v128Store32Lane: storeLane(op, .i32x4)
    case .v128Store64Lane: storeLane(op, .i64x2)
    default: return false
    }
    return true
  }

  /// Loads from the address on the stack.
  private mutating func load(_ op: Operator, _ opcode: Opcode, _ type: Type) -> UInt32 {
    let (address, offset) = reachable(pop(), offset: op.immediate)
    return builder.append(
      Instruction(
        opcode, type, aux: UInt16(truncatingIfNeeded: op.index), a: address, b: offset)
    ).raw
  }

  private mutating func store(_ op: Operator, _ opcode: Opcode, _ value: UInt32) {
    let (address, offset) = reachable(pop(), offset: op.immediate)
    _ = builder.append(
      Instruction(
        opcode, .none, aux: UInt16(truncatingIfNeeded: op.index), a: address, b: offset, c: value))
  }

  /// A load of as many bytes as a lane has.
  private mutating func loadScalar(_ op: Operator, _ lanes: LaneShape) -> UInt32 {
    switch lanes {
    case .i8x16: load(op, .load8U, .i32)
    case .i16x8: load(op, .load16U, .i32)
    default: load(op, .load, lanes.scalar)
    }
  }

  private mutating func extend(_ op: Operator, _ opcode: Opcode, _ lanes: LaneShape) {
    let half = builder.emit(Instruction(.vscalar, lanes: .i64x2, a: loadScalar(op, .i64x2)))
    push(builder.emit(Instruction(opcode, lanes: lanes, a: half.raw)))
  }

  private mutating func spread(_ op: Operator, _ opcode: Opcode, _ lanes: LaneShape) {
    push(builder.emit(Instruction(opcode, lanes: lanes, a: loadScalar(op, lanes))))
  }

  private mutating func loadLane(_ op: Operator, _ lanes: LaneShape) {
    let vector = pop()
    let scalar = loadScalar(op, lanes)
    push(
      builder.emit(
        Instruction(.replaceLane, lanes: lanes, lane: op.lane, a: vector, b: scalar)))
  }

  private mutating func storeLane(_ op: Operator, _ lanes: LaneShape) {
    let scalar = builder.emit(
      Instruction(.extractLane, lanes.scalar, lanes: lanes, lane: op.lane, a: pop()))
    switch lanes {
    case .i8x16: store(op, .store8, scalar.raw)
    case .i16x8: store(op, .store16, scalar.raw)
    default: store(op, .store, scalar.raw)
    }
  }

  // MARK: Pairs of i64

  private mutating func translateWide(_ opcode: BrolgaWasm.Opcode) -> Bool {
    switch opcode {
    case .i64Add128, .i64Sub128: translateWideSum(isSum: opcode == .i64Add128)
    case .i64MulWideS, .i64MulWideU:
      let b = pop()
      let a = pop()
      push(builder.emit(Instruction(.mul, .i64, a: a, b: b)))
      push(
        builder.emit(
          Instruction(opcode == .i64MulWideS ? .mulHighS : .mulHighU, .i64, a: a, b: b)))
    default: return false
    }
    return true
  }

  /// A carry is a comparison: selection makes one of it again.
  private mutating func translateWideSum(isSum: Bool) {
    let (otherHigh, otherLow) = (pop(), pop())
    let (high, low) = (pop(), pop())
    let opcode: Opcode = isSum ? .add : .sub
    let lowest = builder.emit(Instruction(opcode, .i64, a: low, b: otherLow))
    let carry = builder.emit(
      Instruction(.ltU, .i32, a: isSum ? lowest.raw : low, b: otherLow))
    let wide = builder.emit(Instruction(.extendU, .i64, a: carry.raw))
    let sum = builder.emit(Instruction(opcode, .i64, a: high, b: otherHigh))
    push(lowest)
    push(builder.emit(Instruction(opcode, .i64, a: sum.raw, b: wide.raw)))
  }
}
