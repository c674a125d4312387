// SPDX-License-Identifier: Apache-2.0
// The order in which pieces are tried: the longest first, then in program order.

import BrolgaEntities

/// A priority queue: what is known at the start is sorted once, the rest is in a heap.
struct PieceQueue: ~Copyable {
  struct Entry: BitwiseCopyable {
    var key: UInt64
    var piece: UInt32
  }

  private var initial = Vector<UInt32>()
  private var counts = Vector<UInt32>()
  private var cursor = 0
  private var heap = Vector<Entry>()

  init() {}

  static func key(size: UInt32, from: UInt32) -> UInt64 {
    UInt64(truncatingIfNeeded: level(size)) &<< 32 | UInt64(truncatingIfNeeded: ~from)
  }

  /// Lengths up to 63 by themselves, above in steps of an eighth.
  private static func level(_ size: UInt32) -> Int {
    if size < 64 { return Int(truncatingIfNeeded: size) }
    let exponent = 31 &- size.leadingZeroBitCount
    return 64 &+ (exponent &- 6) &* 8
      &+ Int(truncatingIfNeeded: size &>> UInt32(truncatingIfNeeded: exponent &- 3) & 7)
  }

  /// Takes all pieces of the vector, which are in program order or nearly so.
  mutating func start(_ pieces: inout Vector<Piece>) {
    heap.removeAll()
    cursor = 0
    counts.reset(count: 300, to: 0)
    var highest = 0
    for k in pieces.indices {
      let level = PieceQueue.level(pieces[k].size)
      counts[level] &+= 1
      highest = max(highest, level)
    }
    var total: UInt32 = 0
    var level = highest
    while level >= 0 {
      let count = counts[level]
      counts[level] = total
      total &+= count
      level &-= 1
    }
    initial.reset(count: pieces.count, to: 0)
    for k in pieces.indices {
      let level = PieceQueue.level(pieces[k].size)
      initial[Int(counts[level])] = UInt32(truncatingIfNeeded: k)
      counts[level] &+= 1
    }
  }

  mutating func push(_ piece: UInt32, _ key: UInt64) {
    heap.append(Entry(key: key, piece: piece))
    var k = heap.count &- 1
    let entry = heap[k]
    while k > 0 {
      let above = (k &- 1) &>> 1
      if heap[above].key >= entry.key { break }
      heap[k] = heap[above]
      k = above
    }
    heap[k] = entry
  }

  /// The next piece, or `.max` at the end.
  mutating func pop(_ pieces: inout Vector<Piece>) -> UInt32 {
    if cursor < initial.count {
      let first = initial[cursor]
      if heap.isEmpty {
        cursor &+= 1
        return first
      }
      let piece = pieces[Int(first)]
      if PieceQueue.key(size: piece.size, from: piece.from) >= heap[0].key {
        cursor &+= 1
        return first
      }
    }
    if heap.isEmpty { return .max }
    let top = heap[0].piece
    let last = heap.popLast()
    if heap.isEmpty { return top }
    var k = 0
    while true {
      var below = 2 &* k &+ 1
      if below >= heap.count { break }
      if below &+ 1 < heap.count && heap[below &+ 1].key > heap[below].key { below &+= 1 }
      if heap[below].key <= last.key { break }
      heap[k] = heap[below]
      k = below
    }
    heap[k] = last
    return top
  }
}
