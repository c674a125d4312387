// SPDX-License-Identifier: Apache-2.0
// The value of a vector.

/// 128 bits that operators read as lanes of one width or another, lane 0 in the lowest bits.
@frozen public struct V128: BitwiseCopyable, Hashable, Sendable {
  /// The first eight bytes in memory.
  public var low: UInt64
  public var high: UInt64

  @inlinable public init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }

  /// Reads 16 bytes, as memory and the binary format hold them.
  package init(_ bytes: UnsafeRawPointer) {
    low = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    high = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
  }

  /// The bits of a lane.
  ///
  /// - Parameter bits: the width of a lane: 8, 16, 32 or 64.
  public func lane(_ index: Int, bits: Int) -> UInt64 {
    precondition(index >= 0 && index &* bits < 128, "there is no lane \(index) of \(bits) bits")
    let half = index &* bits < 64 ? low : high
    return half &>> UInt64(index &* bits & 63) & UInt64.max &>> UInt64(64 &- bits)
  }

  /// Replaces the bits of a lane by the low bits of `value`.
  public mutating func setLane(_ index: Int, bits: Int, to value: UInt64) {
    precondition(index >= 0 && index &* bits < 128, "there is no lane \(index) of \(bits) bits")
    let shift = UInt64(index &* bits & 63)
    let mask = (UInt64.max &>> UInt64(64 &- bits)) &<< shift
    if index &* bits < 64 {
      low = low & ~mask | value &<< shift & mask
    } else {
      high = high & ~mask | value &<< shift & mask
    }
  }
}

extension V128: CustomStringConvertible {
  /// As the text format writes it.
  public var description: String {
    var text = "i32x4"
    for i in 0..<4 {
      let digits = String(lane(i, bits: 32), radix: 16)
      text += " 0x" + String(repeating: "0", count: 8 - digits.utf8.count) + digits
    }
    return text
  }
}
