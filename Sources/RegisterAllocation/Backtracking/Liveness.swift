// SPDX-License-Identifier: Apache-2.0
// Second stage: the live ranges of each value.

import Entities

/// Which of up to 64 values are live where a block begins and ends, and which it defines.
struct BlockWords: BitwiseCopyable {
  var liveIn: UInt64 = 0
  var liveOut: UInt64 = 0
  var defined: UInt64 = 0
}

extension Backtracking {
  /// What a block and an edge count when values are followed up. Where each of many values lives in
  /// most of many blocks, this is all that the time goes to; there the budget must end it early.
  private static var stepsPerVisit: Int { 8 }

  /// Fills `ranges`: each value's stand together, in rising order.
  ///
  /// Most values live in one block, which is known from their uses. The others are followed 64 at a
  /// time from their uses up to their definitions. Cost: per 64 values, the edges into blocks where
  /// one of them is live, as often as the set of those that are live there grows.
  mutating func computeRanges() -> Bool {
    ranges.removeAll()
    ranges.reserve(view.valueCount)
    crossingValues.removeAll()
    for v in 0..<view.valueCount {
      let value = values[v]
      let isUsed = value.lastBlock != .max
      if isUsed && (value.earlierBlocks != .max || value.lastBlock != value.definingBlock) {
        crossingValues.append(UInt32(truncatingIfNeeded: v))
        continue
      }
      values[v].bundle = .max
      values[v].rangeStart = UInt32(truncatingIfNeeded: ranges.count)
      if isUsed && value.lastUntil > value.begin {
        ranges.append(
          LiveRange(
            from: value.begin, to: value.lastUntil, value: UInt32(truncatingIfNeeded: v)))
      }
      values[v].rangeEnd = UInt32(truncatingIfNeeded: ranges.count)
    }
    if crossingValues.isEmpty { return true }
    blockWords.reset(count: view.blockCount, to: BlockWords())
    rangeEnds.reset(count: 64, to: 0)
    liveBlocks.reset(bound: view.blockCount)
    pendingBlocks.reset(bound: view.blockCount)
    var first = 0
    while first < crossingValues.count {
      let end = min(first &+ 64, crossingValues.count)
      if !followUp(first, end) { return false }
      collectRanges(first, end)
      first = end
    }
    return true
  }

  /// Finds the blocks where the crossing values `first ..< end` are live.
  private mutating func followUp(_ first: Int, _ end: Int) -> Bool {
    var top = 0
    for k in first..<end {
      let v = Int(truncatingIfNeeded: crossingValues[k])
      let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: k &- first)
      let home = values[v].definingBlock
      if home != .max {
        blockWords[Int(truncatingIfNeeded: home)].defined |= bit
        liveBlocks.insert(Int(truncatingIfNeeded: home))
      }
      closeBlock(of: v)
      values[v].bundle = .max
      values[v].rangeEnd = 0
      var use = values[v].earlierBlocks
      while use != .max {
        let record = blockUses[Int(truncatingIfNeeded: use)]
        use = record.before
        if record.block == home { continue }
        let b = Int(truncatingIfNeeded: record.block)
        blockWords[b].liveIn |= bit
        pendingBlocks.insert(b)
        top = max(top, b)
      }
    }
    // From the last block up, so that most blocks are met once.
    while true {
      let b = pendingBlocks.removeLast(notAbove: top)
      if b < 0 { return true }
      top = b
      liveBlocks.insert(b)
      if b == 0 { return giveUp(.unsolvable) }
      let live = blockWords[b].liveIn
      let predecessors = view.predecessorRange(b)
      steps &+= (predecessors.count &+ 1) &* Self.stepsPerVisit
      for k in predecessors {
        let p = Int(truncatingIfNeeded: view.predecessors[k].raw)
        let words = blockWords[p]
        blockWords[p].liveOut = words.liveOut | live
        let more = live & ~(words.defined | words.liveIn)
        if more != 0 {
          blockWords[p].liveIn = words.liveIn | more
          pendingBlocks.insert(p)
          top = max(top, p)
        }
      }
      if steps > stepBudget { return false }
    }
  }

  /// Makes the ranges of the crossing values `first ..< end`, from the last block up, and leaves
  /// the words of all blocks empty.
  private mutating func collectRanges(_ first: Int, _ end: Int) {
    foundRanges.removeAll()
    // Live where the block below begins.
    var open: UInt64 = 0
    var below = view.blockCount
    while true {
      let b = liveBlocks.removeLast(notAbove: below &- 1)
      if b < 0 { break }
      let words = blockWords[b]
      blockWords[b] = BlockWords()
      let continued = b &+ 1 == below ? open & words.liveOut : 0
      start(open & ~continued, first, at: below)
      var leaving = words.liveOut & ~continued
      while leaving != 0 {
        rangeEnds[leaving.trailingZeroBitCount] = blockStart[b &+ 1]
        leaving &= leaving &- 1
      }
      var inside = (words.liveIn | words.defined) & ~words.liveOut
      while inside != 0 {
        let bit = inside.trailingZeroBitCount
        rangeEnds[bit] = lastNeed(first &+ bit, b)
        inside &= inside &- 1
      }
      var defined = words.defined
      while defined != 0 {
        let bit = defined.trailingZeroBitCount
        let v = Int(truncatingIfNeeded: crossingValues[first &+ bit])
        append(bit, from: values[v].begin)
        defined &= defined &- 1
      }
      open = words.liveIn
      below = b
    }
    start(open, first, at: below)
    placeRanges(first, end)
  }

  /// Ends the way up for values that are live into block `b` and not out of the one above.
  @inline(__always)
  private mutating func start(_ bits: UInt64, _ first: Int, at b: Int) {
    var rest = bits
    while rest != 0 {
      append(rest.trailingZeroBitCount, from: blockStart[b])
      rest &= rest &- 1
    }
  }

  @inline(__always) private mutating func append(_ bit: Int, from: UInt32) {
    if rangeEnds[bit] <= from { return }
    foundRanges.append(
      LiveRange(from: from, to: rangeEnds[bit], value: UInt32(truncatingIfNeeded: bit)))
  }

  /// Until when a crossing value is needed in block `b`; called with falling blocks.
  @inline(__always) private mutating func lastNeed(_ index: Int, _ b: Int) -> UInt32 {
    let v = Int(truncatingIfNeeded: crossingValues[index])
    var use = values[v].earlierBlocks
    while use != .max {
      let record = blockUses[Int(truncatingIfNeeded: use)]
      if Int(truncatingIfNeeded: record.block) <= b {
        values[v].earlierBlocks = use
        return Int(truncatingIfNeeded: record.block) == b ? record.until : 0
      }
      use = record.before
    }
    return 0
  }

  /// Moves the ranges found to the pool, value by value.
  private mutating func placeRanges(_ first: Int, _ end: Int) {
    let base = ranges.count
    for k in foundRanges.indices {
      let v = Int(crossingValues[first &+ Int(truncatingIfNeeded: foundRanges[k].value)])
      values[v].rangeEnd &+= 1
    }
    var total = UInt32(truncatingIfNeeded: base)
    for k in first..<end {
      let v = Int(truncatingIfNeeded: crossingValues[k])
      values[v].rangeStart = total
      total &+= values[v].rangeEnd
      values[v].rangeEnd = values[v].rangeStart
    }
    ranges.append(
      repeating: LiveRange(from: 0, to: 0, value: 0), count: Int(total) &- base)
    var k = foundRanges.count
    while k > 0 {
      k &-= 1
      let range = foundRanges[k]
      let v = crossingValues[first &+ Int(truncatingIfNeeded: range.value)]
      let place = values[Int(truncatingIfNeeded: v)].rangeEnd
      ranges[Int(truncatingIfNeeded: place)] = LiveRange(from: range.from, to: range.to, value: v)
      values[Int(truncatingIfNeeded: v)].rangeEnd = place &+ 1
    }
  }
}
