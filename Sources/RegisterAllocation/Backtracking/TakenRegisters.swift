// SPDX-License-Identifier: Apache-2.0
// Which registers are taken where, a bit per register and point.

import BrolgaEntities

/// The points at which each register is taken; by whom, `Occupancy` knows.
///
/// A word holds 64 points of one register; the words of all registers for the same points stand
/// together. Words come in groups of 64: a range that takes a whole group is noted there, not in
/// the words. So a look-up or a change touches at most 126 words, and a byte per 4,096 points.
struct TakenRegisters: ~Copyable {
  private var words = Vector<UInt64>()
  /// Per group and register: how many of its words are not empty, and whether it is taken as a whole.
  private var groups = Vector<UInt8>()
  /// Row of each packed register that can be allocated.
  private var rows = Vector<UInt8>()
  private var rowCount = 0

  private static var isWhole: UInt8 { 0x80 }

  init() {}

  /// Frees all points below `pointCount`.
  mutating func reset(_ registers: ClassWords, pointCount: Int) {
    rows.reset(count: 256, to: 0)
    rowCount = 0
    for c in 0..<3 {
      var rest = registers[c]
      while rest != 0 {
        rows[Int(ClassWords.lowest(rest, c))] = UInt8(truncatingIfNeeded: rowCount)
        rowCount &+= 1
        rest &= rest &- 1
      }
    }
    words.reset(count: (pointCount &>> 6 &+ 1) &* rowCount, to: 0)
    groups.reset(count: (pointCount &>> 12 &+ 1) &* rowCount, to: 0)
  }

  @inline(__always) private func row(_ register: UInt8) -> Int {
    Int(truncatingIfNeeded: rows[Int(truncatingIfNeeded: register)])
  }
  /// The bits of a word from point `from` on.
  @inline(__always) private static func bits(from point: Int) -> UInt64 {
    .max &<< UInt64(truncatingIfNeeded: point & 63)
  }
  /// The bits of a word up to point `last`.
  @inline(__always) private static func bits(to last: Int) -> UInt64 {
    .max &>> UInt64(truncatingIfNeeded: 63 &- last & 63)
  }

  // MARK: Search

  /// Whether `register` is free at all points of `from ..< to`.
  @inline(__always)
  mutating func isFree(_ register: UInt8, _ from: UInt32, _ to: UInt32) -> Bool {
    let row = row(register)
    let first = Int(truncatingIfNeeded: from)
    let last = Int(truncatingIfNeeded: to) &- 1
    let w = first &>> 6
    if w != last &>> 6 { return isFree(row, first, last) }
    return words[w &* rowCount &+ row] & Self.bits(from: first) & Self.bits(to: last) == 0
      && groups[w &>> 6 &* rowCount &+ row] < Self.isWhole
  }

  /// The same for points that lie in different words.
  private mutating func isFree(_ row: Int, _ first: Int, _ last: Int) -> Bool {
    var w = first &>> 6
    let end = last &>> 6
    if words[w &* rowCount &+ row] & Self.bits(from: first) != 0 { return false }
    if words[end &* rowCount &+ row] & Self.bits(to: last) != 0 { return false }
    if groups[w &>> 6 &* rowCount &+ row] >= Self.isWhole { return false }
    if groups[end &>> 6 &* rowCount &+ row] >= Self.isWhole { return false }
    w &+= 1
    while w < end {
      if w & 63 == 0 && w &+ 64 <= end {
        if groups[w &>> 6 &* rowCount &+ row] != 0 { return false }
        w &+= 64
      } else {
        if words[w &* rowCount &+ row] != 0 { return false }
        w &+= 1
      }
    }
    return true
  }

  // MARK: Change

  /// Takes `register` at `from ..< to`, where it is free.
  @inline(__always)
  mutating func insert(_ register: UInt8, _ from: UInt32, _ to: UInt32) {
    change(register, from, to, true)
  }

  /// Takes `register` at one point.
  @inline(__always) mutating func insert(_ register: UInt8, at point: UInt32) {
    let p = Int(truncatingIfNeeded: point)
    change(p &>> 6, row(register), 1 &<< UInt64(truncatingIfNeeded: p & 63), true)
  }

  /// Frees `register` at `from ..< to`, which was taken at once.
  mutating func remove(_ register: UInt8, _ from: UInt32, _ to: UInt32) {
    change(register, from, to, false)
  }

  @inline(__always) private mutating func change(
    _ register: UInt8, _ from: UInt32, _ to: UInt32, _ isTaken: Bool
  ) {
    let row = row(register)
    let first = Int(truncatingIfNeeded: from)
    let last = Int(truncatingIfNeeded: to) &- 1
    var w = first &>> 6
    let end = last &>> 6
    if w == end {
      change(w, row, Self.bits(from: first) & Self.bits(to: last), isTaken)
      return
    }
    change(w, row, Self.bits(from: first), isTaken)
    w &+= 1
    while w < end {
      if w & 63 == 0 && w &+ 64 <= end {
        groups[w &>> 6 &* rowCount &+ row] = isTaken ? Self.isWhole : 0
        w &+= 64
      } else {
        change(w, row, .max, isTaken)
        w &+= 1
      }
    }
    change(end, row, Self.bits(to: last), isTaken)
  }

  @inline(__always)
  private mutating func change(_ w: Int, _ row: Int, _ bits: UInt64, _ isTaken: Bool) {
    let before = words[w &* rowCount &+ row]
    let after = isTaken ? before | bits : before & ~bits
    words[w &* rowCount &+ row] = after
    if (before == 0) != (after == 0) {
      groups[w &>> 6 &* rowCount &+ row] &+= isTaken ? 1 : .max
    }
  }
}
