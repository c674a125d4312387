// SPDX-License-Identifier: Apache-2.0
// Simplification of operations on vectors.

import BrolgaWasm

extension Builder {
  /// As `simplify`; where it makes a constant, that is the answer.
  mutating func simplifyVector(_ i: inout Instruction) -> Value {
    switch i.opcode {
    case .vsplat, .vscalar: return simplifyFromLane(i)
    case .extractLane, .extractLaneS: return simplifyExtraction(&i)
    case .replaceLane: return simplifyReplacement(i)
    case .vnot: return simplifyNot(i)
    case .vand, .vor, .vxor, .vandnot: return simplifyBits(&i)
    case .bitselect: return i.a == i.b ? Value(raw: i.a) : .none
    case .vshl, .vshrS, .vshrU: return simplifyShift(i)
    case .extendLowS, .extendLowU, .extendHighS, .extendHighU: return foldExtension(i)
    case .vconvertS, .vconvertU: return simplifyConversion(ofVector: &i)
    case .vshuffle: return simplifyShuffle(&i)
    default: return .none
    }
  }

  private mutating func vectorConstant(_ raw: UInt32) -> V128? {
    let x = operand(raw)
    return x.opcode == .vconst ? function.vectors[Int(truncatingIfNeeded: x.b)] : nil
  }

  // MARK: Lanes

  private mutating func simplifyFromLane(_ i: Instruction) -> Value {
    guard let bits = constantBits(Value(raw: i.a)) else { return .none }
    let width = 8 &<< Int(i.lanes.laneSize)
    var vector = V128.zero
    for k in 0..<(i.opcode == .vsplat ? i.lanes.laneCount : 1) {
      vector.setLane(k, bits: width, to: bits)
    }
    return constant(vector)
  }

  private mutating func simplifyExtraction(_ i: inout Instruction) -> Value {
    let width = 8 &<< Int(i.lanes.laneSize)
    if let vector = vectorConstant(i.a) {
      var bits = vector.lane(Int(i.lane), bits: width)
      if i.opcode == .extractLaneS {
        let shift = UInt64(truncatingIfNeeded: 64 &- width)
        let wide = Int64(bitPattern: bits &<< shift) &>> Int64(bitPattern: shift)
        bits = UInt64(UInt32(truncatingIfNeeded: wide))
      }
      return constant(i.type, bits: bits)
    }
    let a = operand(i.a)
    guard a.opcode == .vsplat || a.opcode == .replaceLane, a.lanes == i.lanes else { return .none }
    if a.opcode == .replaceLane && a.lane != i.lane {
      i.a = a.a
      return Self.rewritten
    }
    let scalar = a.opcode == .vsplat ? a.a : a.b
    if width >= 32 { return Value(raw: scalar) }
    if i.opcode == .extractLaneS {
      i = Instruction(width == 8 ? .extend8S : .extend16S, .i32, a: scalar)
    } else {
      let mask = constant(.i32, bits: width == 8 ? 0xff : 0xffff)
      i = Instruction(.and, .i32, a: scalar, b: mask.raw)
    }
    return Self.rewritten
  }

  private mutating func simplifyReplacement(_ i: Instruction) -> Value {
    guard var vector = vectorConstant(i.a), let bits = constantBits(Value(raw: i.b)) else {
      return .none
    }
    vector.setLane(Int(i.lane), bits: 8 &<< Int(i.lanes.laneSize), to: bits)
    return constant(vector)
  }

  // MARK: Bits

  private mutating func simplifyNot(_ i: Instruction) -> Value {
    if let vector = vectorConstant(i.a) {
      return constant(V128(low: ~vector.low, high: ~vector.high))
    }
    let a = operand(i.a)
    return a.opcode == .vnot ? Value(raw: a.a) : .none
  }

  private mutating func simplifyBits(_ i: inout Instruction) -> Value {
    let first = vectorConstant(i.a)
    let second = vectorConstant(i.b)
    if let first, let second {
      switch i.opcode {
      case .vand: return constant(V128(low: first.low & second.low, high: first.high & second.high))
      case .vor: return constant(V128(low: first.low | second.low, high: first.high | second.high))
      case .vxor: return constant(V128(low: first.low ^ second.low, high: first.high ^ second.high))
      default:
        return constant(V128(low: first.low & ~second.low, high: first.high & ~second.high))
      }
    }
    if i.a == i.b {
      return i.opcode == .vand || i.opcode == .vor ? Value(raw: i.a) : constant(.zero)
    }
    if i.opcode == .vandnot {
      if second == .zero { return Value(raw: i.a) }
      if second == .ones || first == .zero { return constant(.zero) }
      let b = operand(i.b)
      if b.opcode != .vnot { return .none }
      i = Instruction(.vand, .v128, a: i.a, b: b.a)
      return Self.rewritten
    }
    for (known, other) in [(first, i.b), (second, i.a)] {
      switch (i.opcode, known) {
      case (.vand, V128.zero?): return constant(.zero)
      case (.vor, V128.ones?): return constant(.ones)
      case (.vand, V128.ones?), (.vor, V128.zero?), (.vxor, V128.zero?): return Value(raw: other)
      default: break
      }
    }
    if i.opcode == .vand {
      let (a, b) = (operand(i.a), operand(i.b))
      if b.opcode == .vnot || a.opcode == .vnot {
        i =
          b.opcode == .vnot
          ? Instruction(.vandnot, .v128, a: i.a, b: b.a)
          : Instruction(.vandnot, .v128, a: i.b, b: a.a)
        return Self.rewritten
      }
    }
    return .none
  }

  private mutating func simplifyShift(_ i: Instruction) -> Value {
    guard let bits = constantBits(Value(raw: i.b)) else { return .none }
    return bits & (8 &<< UInt64(i.lanes.laneSize) &- 1) == 0 ? Value(raw: i.a) : .none
  }

  // MARK: Conversions

  private mutating func foldExtension(_ i: Instruction) -> Value {
    guard let vector = vectorConstant(i.a) else { return .none }
    return constant(vector.extended(i.opcode, to: i.lanes))
  }

  /// What was extended with zeros is as a signed integer what it is as an unsigned one.
  private mutating func simplifyConversion(ofVector i: inout Instruction) -> Value {
    if i.opcode == .vconvertS { return .none }
    let a = operand(i.a)
    guard a.opcode == .extendLowU || a.opcode == .extendHighU, a.lanes == .i32x4 else {
      return .none
    }
    i.opcode = .vconvertS
    return Self.rewritten
  }

  // MARK: Shuffles

  private mutating func simplifyShuffle(_ i: inout Instruction) -> Value {
    let pattern = function.vectors[Int(truncatingIfNeeded: i.c)]
    if let first = vectorConstant(i.a), let second = vectorConstant(i.b) {
      return constant(
        V128 { k in
          let from = pattern[byte: k]
          return from < 16 ? first[byte: Int(from)] : second[byte: Int(from & 15)]
        })
    }
    var isFirst = true
    var isSecond = true
    for k in 0..<16 {
      let from = Int(pattern[byte: k])
      if from != k { isFirst = false }
      if from != k &+ 16 { isSecond = false }
    }
    if isFirst { return Value(raw: i.a) }
    if isSecond { return Value(raw: i.b) }
    return .none
  }
}

extension V128 {
  /// Half of the lanes, twice as wide.
  func extended(_ opcode: Opcode, to lanes: LaneShape) -> V128 {
    let isHigh = opcode == .extendHighS || opcode == .extendHighU
    let isSigned = opcode == .extendLowS || opcode == .extendHighS
    let width = 8 &<< Int(lanes.laneSize)
    let narrow = width / 2
    var result = V128.zero
    for k in 0..<lanes.laneCount {
      var bits = lane(isHigh ? k &+ lanes.laneCount : k, bits: narrow)
      if isSigned {
        let shift = UInt64(truncatingIfNeeded: 64 &- narrow)
        bits = UInt64(
          bitPattern: Int64(bitPattern: bits &<< shift) &>> Int64(bitPattern: shift))
      }
      result.setLane(k, bits: width, to: bits)
    }
    return result
  }
}
