// SPDX-License-Identifier: Apache-2.0
// Values that have been found to stand for others.

import BrolgaEntities

/// What values stand for, while those that read them still name the old ones.
struct Aliases: ~Copyable {
  /// Per value: the one that it stands for, or `.max` for itself. Empty while nothing was replaced.
  private var targets = Vector<UInt32>()

  init() {}

  @inline(__always) var isEmpty: Bool { targets.isEmpty }

  mutating func removeAll() { targets.removeAll() }

  /// - Parameter count: how many values there are.
  mutating func replace(_ value: UInt32, by other: UInt32, count: Int) {
    grow(to: count)
    targets[Int(truncatingIfNeeded: value)] = other
  }

  /// Makes room for values that have come since.
  mutating func grow(to count: Int) {
    if targets.count < count { targets.append(repeating: .max, count: count &- targets.count) }
  }

  @inline(__always) func isReplaced(_ value: UInt32) -> Bool {
    !targets.isEmpty && targets[Int(truncatingIfNeeded: value)] != .max
  }

  /// The value that `value` stands for. Halves the path on its way: a row of values that each stand
  /// for the one before would otherwise be walked from every use.
  @inline(__always) mutating func resolve(_ value: UInt32) -> UInt32 {
    isReplaced(value) ? follow(value) : value
  }

  @inline(never) private mutating func follow(_ value: UInt32) -> UInt32 {
    var value = Int(truncatingIfNeeded: value)
    while true {
      let next = targets[value]
      if next == .max { return UInt32(truncatingIfNeeded: value) }
      let beyond = targets[Int(truncatingIfNeeded: next)]
      if beyond == .max { return next }
      targets[value] = beyond
      value = Int(truncatingIfNeeded: beyond)
    }
  }
}
