// SPDX-License-Identifier: Apache-2.0
// Typed 32-bit indices into the compiler's dense tables.

/// A position in one of the compiler's dense tables.
///
/// Meaningful only together with the table that issued it. Asking the absent value for its
/// `index` is a programming error, caught in checked builds.
public protocol EntityID: BitwiseCopyable, Hashable, Comparable, Sendable, CustomStringConvertible {
  /// What the printed form starts with, such as `b` for `b7`.
  static var prefix: StaticString { get }
  var raw: UInt32 { get }
  init(raw: UInt32)
}

extension EntityID {
  @inlinable @inline(__always) public static var none: Self { Self(raw: .max) }
  @inlinable @inline(__always) public var isNone: Bool { raw == .max }

  @inlinable @inline(__always) public init(_ index: Int) {
    self.init(raw: UInt32(truncatingIfNeeded: index))
  }

  @inlinable @inline(__always) public var index: Int {
    assert(!isNone, "the absent id has no index")
    return Int(truncatingIfNeeded: raw)
  }

  @inlinable @inline(__always) public static func < (a: Self, b: Self) -> Bool { a.raw < b.raw }

  public var description: String { isNone ? "\(Self.prefix)-" : "\(Self.prefix)\(raw)" }
}
