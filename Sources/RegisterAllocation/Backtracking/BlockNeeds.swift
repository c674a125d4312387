// SPDX-License-Identifier: Apache-2.0
// In which blocks each value is needed, and until when there.

import BrolgaEntities

/// Until when a value is needed in one of its blocks, and its earlier ones.
struct BlockUse: BitwiseCopyable {
  var block: UInt32 = .max
  var until: UInt32 = 0
  /// Index of the record of the block before, or `.max`.
  var before: UInt32 = .max
}

/// Filled in the order of the program. Most values live in one block: their record is in place.
struct BlockNeeds: ~Copyable {
  /// Per value its last block; block `.max` if it is not used at all.
  private(set) var last = Vector<BlockUse>()
  /// The blocks before.
  private(set) var earlier = Vector<BlockUse>()

  init() {}

  mutating func reset(valueCount: Int) {
    last.reset(count: valueCount, to: BlockUse())
    earlier.removeAll()
  }

  /// Notes that value `v` is needed in block `b` until `until`.
  @inline(__always) mutating func note(_ v: Int, _ b: Int, until: UInt32) {
    if last[v].block == UInt32(truncatingIfNeeded: b) {
      last[v].until = max(last[v].until, until)
    } else {
      if last[v].block != .max { close(v) }
      last[v].block = UInt32(truncatingIfNeeded: b)
      last[v].until = until
    }
  }

  /// Enters the last block of a value among the earlier ones, so that all its blocks are a list.
  mutating func close(_ v: Int) {
    let index = UInt32(truncatingIfNeeded: earlier.count)
    earlier.append(last[v])
    last[v].before = index
  }

  /// Until when a value whose last block was closed is needed in block `b`, or 0. Called with
  /// falling blocks.
  @inline(__always) mutating func lastNeed(_ v: Int, _ b: Int) -> UInt32 {
    var use = last[v].before
    while use != .max {
      let record = earlier[Int(truncatingIfNeeded: use)]
      if Int(truncatingIfNeeded: record.block) <= b {
        last[v].before = use
        return Int(truncatingIfNeeded: record.block) == b ? record.until : 0
      }
      use = record.before
    }
    return 0
  }
}
