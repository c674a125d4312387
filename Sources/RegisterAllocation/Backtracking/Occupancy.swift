// SPDX-License-Identifier: Apache-2.0
// Which piece holds which register when: flat buckets of 64 points per register.

import BrolgaEntities

/// The ranges that are assigned to each register.
///
/// Ranges of one register do not overlap, so a bucket of 64 points has at most 64 that start in it;
/// they are a sorted list. Two levels of bits find the next bucket that is not empty. All
/// operations but the walk over what they find are bounded by a constant (and, for functions of
/// more than 2^18 points, by a term of size / 2^18).
struct Occupancy: ~Copyable {
  struct Node: BitwiseCopyable {
    var from: UInt32
    var to: UInt32
    var piece: UInt32
    var next: Int32
  }

  var nodes = Vector<Node>()
  private var free: Int32 = -1
  private var heads = Vector<Int32>()
  private var words = Vector<UInt64>()
  private var summary = Vector<UInt64>()
  /// Row of each packed register, or -1.
  private var rows = Vector<Int32>()
  private var bucketCount = 0
  private var wordCount = 0
  private var summaryCount = 0

  init() {}

  /// Empties all registers. `pointCount` bounds the points.
  mutating func reset(_ registers: ClassWords, pointCount: Int) {
    nodes.removeAll()
    free = -1
    rows.reset(count: 256, to: -1)
    var count: Int32 = 0
    for c in 0..<3 {
      var rest = registers[c]
      while rest != 0 {
        rows[Int(ClassWords.lowest(rest, c))] = count
        count &+= 1
        rest &= rest &- 1
      }
    }
    bucketCount = pointCount &>> 6 &+ 1
    wordCount = bucketCount &>> 6 &+ 1
    summaryCount = wordCount &>> 6 &+ 1
    heads.reset(count: bucketCount &* Int(count), to: -1)
    words.reset(count: wordCount &* Int(count), to: 0)
    summary.reset(count: summaryCount &* Int(count), to: 0)
  }

  @inline(__always) private func row(_ register: UInt8) -> Int {
    Int(truncatingIfNeeded: rows[Int(truncatingIfNeeded: register)])
  }

  // MARK: Search

  /// The first range of `register` that overlaps `from ..< to`, or -1.
  @inline(__always)
  mutating func firstOverlap(_ register: UInt8, _ from: UInt32, _ to: UInt32) -> Int32 {
    let row = row(register)
    let bucket = Int(truncatingIfNeeded: from &>> 6)
    var node = heads[row &* bucketCount &+ bucket]
    if node < 0 || nodes[Int(node)].from > from {
      // One that started earlier may reach in.
      let before = lastNode(row, before: bucket)
      if before >= 0 && nodes[Int(before)].to > from { return before }
      if node < 0 {
        let next = nextBucket(row, from: bucket &+ 1)
        if next < 0 || UInt32(truncatingIfNeeded: next) &<< 6 >= to { return -1 }
        node = heads[row &* bucketCount &+ next]
      }
    }
    while node >= 0 && nodes[Int(node)].to <= from { node = next(node, row) }
    return node >= 0 && nodes[Int(node)].from < to ? node : -1
  }

  /// The range after `node` if it starts before `to`, or -1.
  @inline(__always)
  mutating func next(_ node: Int32, _ register: UInt8, before to: UInt32) -> Int32 {
    let following = next(node, row(register))
    return following >= 0 && nodes[Int(following)].from < to ? following : -1
  }

  /// The last range of `register` that starts before `point`, or -1.
  mutating func last(_ register: UInt8, before point: UInt32) -> Int32 {
    let row = row(register)
    let bucket = Int(truncatingIfNeeded: point &>> 6)
    var found: Int32 = -1
    var node = heads[row &* bucketCount &+ bucket]
    while node >= 0 && nodes[Int(node)].from < point {
      found = node
      node = nodes[Int(node)].next
    }
    return found >= 0 ? found : lastNode(row, before: bucket)
  }

  private mutating func next(_ node: Int32, _ row: Int) -> Int32 {
    let following = nodes[Int(node)].next
    if following >= 0 { return following }
    let bucket = nextBucket(row, from: Int(truncatingIfNeeded: nodes[Int(node)].from &>> 6) &+ 1)
    return bucket < 0 ? -1 : heads[row &* bucketCount &+ bucket]
  }

  private mutating func lastNode(_ row: Int, before bucket: Int) -> Int32 {
    let place = previousBucket(row, before: bucket)
    if place < 0 { return -1 }
    var node = heads[row &* bucketCount &+ place]
    while nodes[Int(node)].next >= 0 { node = nodes[Int(node)].next }
    return node
  }

  /// The first bucket from `bucket` on that is not empty, or -1.
  private mutating func nextBucket(_ row: Int, from bucket: Int) -> Int {
    var w = bucket &>> 6
    if w >= wordCount { return -1 }
    let base = row &* wordCount
    var word = words[base &+ w] & (UInt64.max &<< UInt64(truncatingIfNeeded: bucket & 63))
    if word == 0 {
      w &+= 1
      var s = w &>> 6
      if s >= summaryCount { return -1 }
      let top = row &* summaryCount
      var bits = summary[top &+ s] & (UInt64.max &<< UInt64(truncatingIfNeeded: w & 63))
      while bits == 0 {
        s &+= 1
        if s >= summaryCount { return -1 }
        bits = summary[top &+ s]
      }
      w = s &<< 6 | bits.trailingZeroBitCount
      word = words[base &+ w]
    }
    return w &<< 6 | word.trailingZeroBitCount
  }

  /// The last bucket before `bucket` that is not empty, or -1.
  private mutating func previousBucket(_ row: Int, before bucket: Int) -> Int {
    var w = bucket &>> 6
    let base = row &* wordCount
    let below = ~(UInt64.max &<< UInt64(truncatingIfNeeded: bucket & 63))
    var word = words[base &+ w] & below
    if word == 0 {
      var s = w &>> 6
      let top = row &* summaryCount
      let under = ~(UInt64.max &<< UInt64(truncatingIfNeeded: w & 63))
      var bits = summary[top &+ s] & under
      while bits == 0 {
        s &-= 1
        if s < 0 { return -1 }
        bits = summary[top &+ s]
      }
      w = s &<< 6 | (63 &- bits.leadingZeroBitCount)
      word = words[base &+ w]
    }
    return w &<< 6 | (63 &- word.leadingZeroBitCount)
  }

  // MARK: Change

  /// Enters a range, which overlaps no other of the register.
  mutating func insert(_ register: UInt8, _ from: UInt32, _ to: UInt32, _ piece: UInt32) {
    let row = row(register)
    let bucket = Int(truncatingIfNeeded: from &>> 6)
    let place = row &* bucketCount &+ bucket
    var before: Int32 = -1
    var after = heads[place]
    while after >= 0 && nodes[Int(after)].from < from {
      before = after
      after = nodes[Int(after)].next
    }
    assert(from < to && (after < 0 || nodes[Int(after)].from >= to), "overlap")
    let node = take(Node(from: from, to: to, piece: piece, next: after))
    if before >= 0 {
      nodes[Int(before)].next = node
      return
    }
    heads[place] = node
    if after < 0 {
      words[row &* wordCount &+ bucket &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: bucket & 63)
      let w = bucket &>> 6
      summary[row &* summaryCount &+ w &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: w & 63)
    }
  }

  private mutating func take(_ node: Node) -> Int32 {
    if free >= 0 {
      let index = free
      free = nodes[Int(index)].next
      nodes[Int(index)] = node
      return index
    }
    nodes.append(node)
    return Int32(truncatingIfNeeded: nodes.count &- 1)
  }

  /// Removes the range that starts at `from`.
  mutating func remove(_ register: UInt8, _ from: UInt32) {
    let row = row(register)
    let bucket = Int(truncatingIfNeeded: from &>> 6)
    let place = row &* bucketCount &+ bucket
    var before: Int32 = -1
    var node = heads[place]
    while node >= 0 && nodes[Int(node)].from != from {
      before = node
      node = nodes[Int(node)].next
    }
    assert(node >= 0, "no such range")
    let after = nodes[Int(node)].next
    nodes[Int(node)].next = free
    free = node
    if before >= 0 {
      nodes[Int(before)].next = after
      return
    }
    heads[place] = after
    if after < 0 {
      let w = bucket &>> 6
      words[row &* wordCount &+ w] &= ~(1 &<< UInt64(truncatingIfNeeded: bucket & 63))
      if words[row &* wordCount &+ w] == 0 {
        summary[row &* summaryCount &+ w &>> 6] &= ~(1 &<< UInt64(truncatingIfNeeded: w & 63))
      }
    }
  }
}
