// SPDX-License-Identifier: Apache-2.0
// How an operation divides vectors into lanes.

import BrolgaWasm

/// The lanes of a vector, or of an operation's result.
package enum LaneShape: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case i8x16, i16x8, i32x4, i64x2, f32x4, f64x2

  package var isFloat: Bool { self == .f32x4 || self == .f64x2 }
  /// The log2 of a lane's bytes.
  package var laneSize: UInt8 {
    switch self {
    case .i8x16: 0
    case .i16x8: 1
    case .i32x4, .f32x4: 2
    case .i64x2, .f64x2: 3
    }
  }
  package var laneCount: Int { 16 &>> Int(laneSize) }
  /// The type of a lane outside of a vector.
  package var scalar: Type {
    switch self {
    case .i8x16, .i16x8, .i32x4: .i32
    case .i64x2: .i64
    case .f32x4: .f32
    case .f64x2: .f64
    }
  }
}

extension Instruction {
  /// Of an operation on lanes: their shape, in `aux`.
  @inline(__always) package var lanes: LaneShape {
    LaneShape(rawValue: UInt8(truncatingIfNeeded: aux)).unsafelyUnwrapped
  }
  /// Of an operation on one lane: its number, in `aux` above the shape.
  @inline(__always) package var lane: UInt8 { UInt8(truncatingIfNeeded: aux &>> 8) }

  @inline(__always)
  package init(
    _ opcode: Opcode, _ type: Type = .v128, lanes: LaneShape, lane: UInt8 = 0, a: UInt32 = 0,
    b: UInt32 = 0, c: UInt32 = 0
  ) {
    let aux = UInt16(truncatingIfNeeded: lane) &<< 8 | UInt16(truncatingIfNeeded: lanes.rawValue)
    self.init(opcode, type, aux: aux, a: a, b: b, c: c)
  }
}

extension V128 {
  static var zero: V128 { V128(low: 0, high: 0) }
  static var ones: V128 { V128(low: .max, high: .max) }

  /// Byte `k` in memory.
  subscript(byte k: Int) -> UInt8 { UInt8(truncatingIfNeeded: lane(k, bits: 8)) }

  init(bytes: (Int) -> UInt8) {
    self = .zero
    for k in 0..<16 { setLane(k, bits: 8, to: UInt64(bytes(k))) }
  }
}
