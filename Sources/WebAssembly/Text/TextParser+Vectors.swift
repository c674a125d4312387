// SPDX-License-Identifier: Apache-2.0
// What follows the names of vector instructions: values lane by lane, and numbers of lanes.

import BrolgaEntities

/// How a value of type `v128` is written.
struct VectorShape: BitwiseCopyable {
  var laneCount: Int
  var isFloat: Bool

  var laneBits: Int { 128 / laneCount }

  init?(_ code: UInt32) {
    switch code {
    case Keyword.i8x16.code: self.init(16)
    case Keyword.i16x8.code: self.init(8)
    case Keyword.i32x4.code: self.init(4)
    case Keyword.i64x2.code: self.init(2)
    case Keyword.f32x4.code: self.init(4, isFloat: true)
    case Keyword.f64x2.code: self.init(2, isFloat: true)
    default: return nil
    }
  }

  private init(_ laneCount: Int, isFloat: Bool = false) {
    self.laneCount = laneCount
    self.isFloat = isFloat
  }
}

extension TextParser {
  /// Reads the shape of a value and its lanes.
  mutating func parseVector() throws(TextFailure) -> V128 {
    let shape = try parseVectorShape()
    var value = V128(low: 0, high: 0)
    for i in 0..<shape.laneCount {
      value.setLane(i, bits: shape.laneBits, to: try parseLaneValue(shape))
    }
    return value
  }

  /// Reads the shape of a value, which as many lanes must follow as it has, right or wrong.
  mutating func parseVectorShape() throws(TextFailure) -> VectorShape {
    guard token.kind == .word, let shape = VectorShape(token.value) else { throw unexpected() }
    position = position &+ 1
    let start = position
    for _ in 0..<shape.laneCount {
      switch token.kind {
      case .number: break
      case .word where token.value == Keywords.unknown: break
      case .reserved: throw unexpected()
      default: throw failure("wrong number of lane literals")
      }
      position = position &+ 1
    }
    if token.kind == .number { throw failure("wrong number of lane literals") }
    position = start
    return shape
  }

  mutating func parseLaneValue(_ shape: VectorShape) throws(TextFailure) -> UInt64 {
    shape.isFloat
      ? try parseFloat(isDouble: shape.laneBits == 64)
      : try parseInteger(bits: UInt64(shape.laneBits))
  }

  /// Reads the number of a lane. Whether there is such a lane is for validation to say.
  mutating func parseLane() throws(TextFailure) -> UInt8 {
    if token.kind == .word { throw failure("unexpected token \(text(of: token))") }
    guard token.kind == .number else { throw unexpected() }
    do throws(TextNumberError) {
      let lane = try TextNumber.integer(bytes(token), bits: 8, isSigned: false)
      position = position &+ 1
      return UInt8(truncatingIfNeeded: lane)
    } catch {
      throw error == .outOfRange ? failure("i8 constant out of range") : unexpected()
    }
  }

  mutating func parseShuffle() throws(TextFailure) {
    for _ in 0..<16 {
      let isUnknown = token.kind == .word && token.value == Keywords.unknown
      guard token.kind == .number || isUnknown else { throw failure("invalid lane length") }
      do throws(TextNumberError) {
        let lane = try TextNumber.integer(bytes(token), bits: 8, isSigned: false)
        pending.append(UInt8(truncatingIfNeeded: lane))
      } catch {
        throw failure("i8 constant out of range")
      }
      position = position &+ 1
    }
    guard token.kind != .number else { throw failure("invalid lane length") }
  }
}
