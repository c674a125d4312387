// SPDX-License-Identifier: Apache-2.0
// Dense bit sets: one set, and a table of sets of equal width.

/// A set of small integers, one bit each.
@frozen public struct BitSet: ~Copyable {
  @usableFromInline var words: Vector<UInt64>

  @inlinable public init() { words = Vector() }

  /// Empties the set and makes room for members below `bound`. O(bound / 64).
  @inlinable public mutating func reset(bound: Int) {
    words.reset(count: (bound &+ 63) &>> 6, to: 0)
  }

  @inlinable @inline(__always) public func contains(_ member: Int) -> Bool {
    words[member &>> 6] &>> UInt64(truncatingIfNeeded: member & 63) & 1 != 0
  }

  @inlinable @inline(__always) public mutating func insert(_ member: Int) {
    words[member &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: member & 63)
  }

  @inlinable @inline(__always) public mutating func remove(_ member: Int) {
    words[member &>> 6] &= ~(1 &<< UInt64(truncatingIfNeeded: member & 63))
  }

  /// Removes and returns the last member that is at most `bound`, or returns -1. No member is above
  /// `bound` by 64 or more. O(1 + distance / 64).
  @inlinable @inline(__always) public mutating func removeLast(notAbove bound: Int) -> Int {
    var w = bound &>> 6
    while w >= 0 {
      let word = words[w]
      if word != 0 {
        let bit = 63 &- word.leadingZeroBitCount
        words[w] = word & ~(1 &<< UInt64(truncatingIfNeeded: bit))
        return w &<< 6 | bit
      }
      w &-= 1
    }
    return -1
  }

  /// Calls `body` with each member, in rising order.
  @inlinable @inline(__always) public func forEach(_ body: (Int) -> Void) {
    for w in words.indices {
      var word = words[w]
      while word != 0 {
        body(w &* 64 &+ word.trailingZeroBitCount)
        word &= word &- 1
      }
    }
  }
}

/// A table of bit sets of one width, row after row in one block of memory.
@frozen public struct BitRows: ~Copyable {
  @usableFromInline var words: Vector<UInt64>
  @usableFromInline var wordsPerRow: Int

  @inlinable public init() {
    words = Vector()
    wordsPerRow = 0
  }

  /// Makes `rows` empty sets for members below `width`.
  @inlinable public mutating func reset(rows: Int, width: Int) {
    wordsPerRow = (width &+ 63) &>> 6
    words.reset(count: rows &* wordsPerRow, to: 0)
  }

  @inlinable @inline(__always) public func contains(row: Int, _ member: Int) -> Bool {
    words[row &* wordsPerRow &+ member &>> 6] &>> UInt64(truncatingIfNeeded: member & 63) & 1 != 0
  }

  @inlinable @inline(__always) public mutating func insert(row: Int, _ member: Int) {
    words[row &* wordsPerRow &+ member &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: member & 63)
  }

  /// Adds row `source` to row `target` and reports whether `target` grew.
  @inlinable public mutating func formUnion(of source: Int, into target: Int) -> Bool {
    var grew: UInt64 = 0
    for w in 0..<wordsPerRow {
      let old = words[target &* wordsPerRow &+ w]
      let new = old | words[source &* wordsPerRow &+ w]
      grew |= old ^ new
      words[target &* wordsPerRow &+ w] = new
    }
    return grew != 0
  }
}
