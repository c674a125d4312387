// SPDX-License-Identifier: Apache-2.0
// A fast 64-bit hash against damage, not against malice.

/// Hashes contiguous bytes at memory speed: four lanes of multiply and rotate, 32 bytes a step.
///
/// Own design, in the manner of xxHash64 (whose mixing constants and steps these are); any change
/// of it is a change of the artefact format. Every step is a bijection of a lane, so a single
/// changed byte always changes its lane, and goes unnoticed only by a collision at the end.
package enum ContentHash {
  private static let p1: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let p2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  private static let p3: UInt64 = 0x1656_67B1_9E37_79F9

  @inline(__always)
  private static func rotate(_ x: UInt64, _ n: UInt64) -> UInt64 { x &<< n | x &>> (64 &- n) }

  @inline(__always)
  private static func step(_ lane: UInt64, _ word: UInt64) -> UInt64 {
    rotate(lane &+ word &* p2, 31) &* p1
  }

  /// The hash of `bytes`; `seed` is the hash of what comes before them.
  package static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
    let count = bytes.count
    guard let base = bytes.baseAddress, count > 0 else { return finish(seed, length: 0) }
    var a = seed &+ p1 &+ p2
    var b = seed &+ p2
    var c = seed
    var d = seed &- p1
    var at = 0
    while at &+ 32 <= count {
      a = step(a, base.loadUnaligned(fromByteOffset: at, as: UInt64.self))
      b = step(b, base.loadUnaligned(fromByteOffset: at &+ 8, as: UInt64.self))
      c = step(c, base.loadUnaligned(fromByteOffset: at &+ 16, as: UInt64.self))
      d = step(d, base.loadUnaligned(fromByteOffset: at &+ 24, as: UInt64.self))
      at &+= 32
    }
    while at &+ 8 <= count {
      a = step(a, base.loadUnaligned(fromByteOffset: at, as: UInt64.self))
      at &+= 8
    }
    while at < count {
      b = step(b, UInt64(base.load(fromByteOffset: at, as: UInt8.self)) &+ p3)
      at &+= 1
    }
    var sum = rotate(a, 1) &+ rotate(b, 7)
    sum = sum &+ rotate(c, 12) &+ rotate(d, 18)
    return finish(sum, length: count)
  }

  private static func finish(_ value: UInt64, length: Int) -> UInt64 {
    var h = value &+ UInt64(truncatingIfNeeded: length) &* p3
    h = (h ^ h &>> 33) &* p2
    h = (h ^ h &>> 29) &* p3
    return h ^ h &>> 32
  }
}
