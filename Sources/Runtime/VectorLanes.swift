// SPDX-License-Identifier: Apache-2.0
// Vectors as Swift's own.

import BrolgaWasm

extension V128 {
  /// A vector of Swift's, lane by lane: `V128(SIMD4<Float>(1, 2, 3, 4))`.
  ///
  /// - Precondition: its lanes are 128 bits together.
  @inlinable public init<Lanes: SIMD & BitwiseCopyable>(_ lanes: Lanes) {
    V128.checkWidth(Lanes.self)
    self = unsafeBitCast(lanes, to: V128.self)
  }

  /// The vector as one of Swift's: `vector.lanes(as: SIMD16<UInt8>.self)`.
  ///
  /// - Precondition: its lanes are 128 bits together.
  @inlinable public func lanes<Lanes: SIMD & BitwiseCopyable>(as type: Lanes.Type) -> Lanes {
    V128.checkWidth(Lanes.self)
    return unsafeBitCast(self, to: Lanes.self)
  }

  /// Safe, then: both are 16 bytes in which every bit is the value's.
  @inlinable static func checkWidth<Lanes: SIMD>(_ type: Lanes.Type) {
    precondition(
      Lanes.scalarCount &* MemoryLayout<Lanes.Scalar>.size == 16
        && MemoryLayout<Lanes>.size == 16, "a v128 has 128 bits")
  }
}
