// SPDX-License-Identifier: Apache-2.0
// Where blocks start and end, how often they run, and from where they are entered.

import BrolgaEntities

/// The blocks of a problem by number. For points see `LiveRange`.
struct Blocks: ~Copyable {
  /// The point at which each block starts, and the end of the last.
  private(set) var start = Vector<UInt32>()
  /// How often each block runs; never zero.
  private(set) var frequency = Vector<Float>()
  private(set) var highestFrequency: Float = 0
  /// The first and the last of the points at which each block's predecessors end.
  private(set) var entryLow = Vector<UInt32>()
  private(set) var entryHigh = Vector<UInt32>()
  /// Per stretch of points the block that holds the first.
  private var index = Vector<UInt32>()
  private static var indexShift: Int { 4 }
  private(set) var count = 0

  init() {}

  mutating func measure(_ view: ProblemView) {
    count = view.blockCount
    start.reset(count: count &+ 1, to: 0)
    frequency.reset(count: count, to: 0)
    for b in 0...count {
      start[b] = (view.blocks[b].instructionStart &+ UInt32(truncatingIfNeeded: b)) &<< 1
    }
    let end = Int(truncatingIfNeeded: start[count])
    index.reset(count: end &>> Self.indexShift &+ 1, to: 0)
    entryLow.reset(count: count, to: .max)
    entryHigh.reset(count: count, to: 0)
    var filled = 0
    highestFrequency = 0
    for b in 0..<count {
      let stated = max(view.blocks[b].frequency, SearchLimits.leastFrequency)
      frequency[b] = view.blocks[b].isCold ? min(stated, SearchLimits.coldFrequency) : stated
      highestFrequency = max(highestFrequency, frequency[b])
      for k in view.predecessorRange(b) {
        let end = start[Int(truncatingIfNeeded: view.predecessors[k].raw) &+ 1] &- 1
        entryLow[b] = min(entryLow[b], end)
        entryHigh[b] = max(entryHigh[b], end)
      }
      // The block that holds the first point of each stretch.
      let next = Int(truncatingIfNeeded: start[b &+ 1])
      while filled &<< Self.indexShift < next {
        index[filled] = UInt32(truncatingIfNeeded: b)
        filled &+= 1
      }
    }
  }

  /// The point behind all blocks.
  @inline(__always) var end: UInt32 { start[count] }

  /// The early point of instruction `i`, which is in block `b`.
  @inline(__always) static func point(_ i: Int, _ b: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: (i &+ b &+ 1) &<< 1)
  }

  /// The block that holds `point`.
  @inline(__always) mutating func block(at point: UInt32) -> Int {
    var b = Int(
      truncatingIfNeeded: index[Int(truncatingIfNeeded: point) &>> Self.indexShift])
    while start[b &+ 1] <= point && b &+ 1 < count { b &+= 1 }
    return b
  }

  /// The first block that starts at `point` or later.
  mutating func firstBlock(from point: UInt32) -> Int {
    if point >= end { return count }
    let b = block(at: point)
    return start[b] < point ? b &+ 1 : b
  }
}
