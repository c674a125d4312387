// SPDX-License-Identifier: Apache-2.0
// Every operation on vectors in every shape, and operands that are likely to hit an edge case.

import struct BrolgaWasm.V128

@testable import BrolgaCompiler

/// An operation on vectors, in the lanes that it has in WebAssembly.
struct VectorSignature {
  var opcode: Opcode
  /// As in an instruction: the lanes, and above them the number of one.
  var aux: UInt16
  var operands: [Type]
  var result: Type
  /// How operands are best divided; for some the result's lanes, twice as wide or half.
  var lanes: LaneShape
  /// The lanes in which NaNs of the result may be any.
  var resultFloats: LaneShape?

  private static func shapes(_ opcode: Opcode) -> [LaneShape] {
    switch opcode {
    case .vsplat, .vscalar, .extractLane, .replaceLane, .vadd, .vsub, .vneg, .vabs, .veq, .vne,
      .vlt, .vle:
      LaneShape.allCases
    case .vmul: [.i16x8, .i32x4, .i64x2, .f32x4, .f64x2]
    case .extractLaneS, .vaddSatS, .vaddSatU, .vsubSatS, .vsubSatU, .vavgU, .narrowS, .narrowU:
      [.i8x16, .i16x8]
    case .vminS, .vminU, .vmaxS, .vmaxU, .vltU, .vleU: [.i8x16, .i16x8, .i32x4]
    case .vpopcnt: [.i8x16]
    case .vshl, .vshrS, .vshrU, .allTrue, .bitmask, .relaxedSelect:
      [.i8x16, .i16x8, .i32x4, .i64x2]
    case .extendLowS, .extendLowU, .extendHighS, .extendHighU, .extmulLowS, .extmulLowU,
      .extmulHighS, .extmulHighU:
      [.i16x8, .i32x4, .i64x2]
    case .extaddS, .extaddU: [.i16x8, .i32x4]
    default: [.f32x4, .f64x2]
    }
  }

  /// Of operands, for operations whose shape is the result's, or that have none.
  private static func operandLanes(_ opcode: Opcode, _ lanes: LaneShape) -> LaneShape {
    switch opcode {
    case .narrowS, .narrowU: lanes == .i8x16 ? .i16x8 : .i32x4
    case .extendLowS, .extendLowU, .extendHighS, .extendHighU, .extmulLowS, .extmulLowU,
      .extmulHighS, .extmulHighU, .extaddS, .extaddU:
      [.i8x16, .i16x8, .i32x4][Int(lanes.rawValue) - 1]
    case .vdot, .q15mulSat, .relaxedQ15mul: .i16x8
    case .vconvertS, .vconvertU: .i32x4
    case .vdemote: .f64x2
    case .vpromote: .f32x4
    default: lanes
    }
  }

  private static func resultFloats(_ opcode: Opcode, _ lanes: LaneShape?) -> LaneShape? {
    switch opcode {
    case .vadd, .vsub, .vmul, .vdiv, .vsqrt, .vceil, .vfloor, .vtrunc, .vnearest, .vfmin, .vfmax,
      .relaxedMadd, .relaxedNmadd:
      lanes.flatMap { $0.isFloat ? $0 : nil }
    case .vdemote: .f32x4
    case .vpromote: .f64x2
    default: nil
    }
  }

  static let all: [VectorSignature] = Opcode.allCases.filter(\.isOfVectors).flatMap {
    opcode -> [VectorSignature] in
    let fields = opcode.info.shape.fields
    let hasLanes = fields.aux == .lanes || fields.aux == .lane
    let count = [fields.a, fields.b, fields.c].count { $0 == .value }
    return (hasLanes ? shapes(opcode) : [.i8x16]).flatMap { shape -> [VectorSignature] in
      var operands = Array(repeating: Type.v128, count: count)
      var result = Type.v128
      switch opcode.info.typing {
      case .fromLane: operands[0] = shape.scalar
      case .intoLane: operands[1] = shape.scalar
      case .vectorShift: operands[1] = .i32
      case .toLane: result = shape.scalar
      case .vectorTest: result = .i32
      default: break
      }
      let laneCount = fields.aux == .lane ? shape.laneCount : 1
      return (0..<laneCount).map { lane in
        VectorSignature(
          opcode: opcode, aux: hasLanes ? UInt16(shape.rawValue) | UInt16(lane) << 8 : 0,
          operands: operands, result: result, lanes: operandLanes(opcode, shape),
          resultFloats: resultFloats(opcode, hasLanes ? shape : nil))
      }
    }
  }

  func instruction(_ operands: [UInt32]) -> Instruction {
    let fields = operands + Array(repeating: 0, count: 3 - operands.count)
    return Instruction(opcode, result, aux: aux, a: fields[0], b: fields[1], c: fields[2])
  }

  /// Of operand `k`.
  func interestingOperand(_ k: Int, using random: inout SeededGenerator) -> V128 {
    if operands[k] != .v128 {
      return V128(scalar: interestingBits(operands[k], using: &random))
    }
    let isIndex = k == 1 && (opcode == .vswizzle || opcode == .relaxedSwizzle)
    if isIndex && Bool.random(using: &random) {
      return V128(byteList: (0..<16).map { _ in UInt8.random(in: 0..<20, using: &random) })
    }
    return interestingVector(lanes, using: &random)
  }
}

func interestingVector(_ lanes: LaneShape, using random: inout SeededGenerator) -> V128 {
  let size = lanes.scalar.byteCount == 8 ? 8 : 16 / lanes.laneCount
  func lane(_ random: inout SeededGenerator) -> [UInt8] {
    var bits = interestingBits(lanes.scalar, using: &random)
    if size < 4 && Bool.random(using: &random) {
      let edges: [UInt64] = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x8001, 0xff7f]
      bits = edges.randomElement(using: &random)!
    }
    return (0..<size).map { UInt8(truncatingIfNeeded: bits >> UInt64(8 * $0)) }
  }
  switch Int.random(in: 0..<10, using: &random) {
  case 0:
    let all = lane(&random)
    return V128(byteList: (0..<16).map { all[$0 % size] })
  case 1:
    // As a comparison leaves it.
    let flags = (0..<lanes.laneCount).map { _ in Bool.random(using: &random) }
    return V128(byteList: (0..<16).map { flags[$0 / size] ? 0xff : 0 })
  case 2: return V128(low: random.next(), high: random.next())
  case 3: return Bool.random(using: &random) ? V128(low: 0, high: 0) : V128(low: .max, high: .max)
  default: return V128(byteList: (0..<lanes.laneCount).flatMap { _ in lane(&random) })
  }
}

/// NaNs of a vector's floats made one.
func canonical(_ vector: V128, _ lanes: LaneShape?) -> V128 {
  var bytes = vector.byteList
  guard let lanes else { return vector }
  let size = 16 / lanes.laneCount
  for start in stride(from: 0, to: 16, by: size) {
    let bits = (0..<size).reduce(0) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
    let isNaN =
      size == 4 ? Float(bitPattern: UInt32(bits)).isNaN : Double(bitPattern: bits).isNaN
    if isNaN { for k in 0..<size { bytes[start + k] = 0xff } }
  }
  return V128(byteList: bytes)
}

/// A pattern of one of the kinds that selection knows, or of none.
func randomPattern(using random: inout SeededGenerator) -> V128 {
  let start = Int.random(in: 0..<32, using: &random)
  let size = [1, 2, 4, 8].randomElement(using: &random)!
  let flips = UInt8([0, 16].randomElement(using: &random)!)
  var bytes: [Int]
  switch Int.random(in: 0..<8, using: &random) {
  case 0:
    let half = Bool.random(using: &random) ? 0 : 8
    bytes = (0..<16).map { k in
      k / size % 2 * 16 + half + k / size / 2 * size + k % size
    }
  case 1: bytes = (0..<16).map { ($0 + start) % 32 }
  case 2:
    let flags = (0..<16).map { _ in Bool.random(using: &random) }
    bytes = (0..<16).map { $0 + (flags[$0 / size] ? 16 : 0) }
  case 3: bytes = (0..<16).map { start / size * size + $0 % size }
  case 4, 5:
    let limit = Bool.random(using: &random) ? 32 : 16
    let groups = (0..<16).map { _ in Int.random(in: 0..<limit / size, using: &random) }
    bytes = (0..<16).map { groups[$0 / size] * size + $0 % size }
  case 6: bytes = (0..<16).map { ($0 + start) % 16 }
  default: bytes = (0..<16).map { _ in Int.random(in: 0..<32, using: &random) }
  }
  if Int.random(in: 0..<10, using: &random) == 0 {
    // Nearly of a kind.
    bytes[Int.random(in: 0..<16, using: &random)] = start
  }
  return V128(byteList: bytes.map { UInt8($0) ^ flips })
}
