// SPDX-License-Identifier: Apache-2.0
// Finds the live ranges of each value.

import BrolgaEntities

/// Which of up to 64 values are live where a block begins and ends, and which it defines.
struct BlockWords: BitwiseCopyable {
  var liveIn: UInt64 = 0
  var liveOut: UInt64 = 0
  var defined: UInt64 = 0
}

/// Makes the live ranges of each value from the blocks in which it is needed.
///
/// Most values live in one block, which is known from their uses. The others are followed 64 at a
/// time from their uses up to their definitions. Cost: per 64 values, the edges into blocks where
/// one of them is live, as often as the set of those that are live there grows.
struct Liveness: ~Copyable {
  /// The values that live in more than one block.
  private var crossingValues = Vector<UInt32>()
  private var blockWords = Vector<BlockWords>()
  private var liveBlocks = BitSet()
  private var pendingBlocks = BitSet()
  /// Ranges with the number that their value has among the 64, from the last one up.
  private var foundRanges = Vector<LiveRange>()
  /// Per crossing value at hand where the range ends that is being followed up.
  private var rangeEnds = Vector<UInt32>()
  /// Per crossing value at hand how many ranges were found.
  private var rangeCounts = Vector<UInt32>()

  init() {}

  /// Fills `facts.ranges`: each value's stand together, in rising order.
  mutating func run(
    _ facts: inout Facts, _ needs: inout BlockNeeds, _ steps: inout StepBudget
  ) -> AllocationStatistics.Fallback {
    facts.ranges.removeAll()
    facts.ranges.reserve(facts.view.valueCount)
    crossingValues.removeAll()
    for v in 0..<facts.view.valueCount {
      let need = needs.last[v]
      let isUsed = need.block != .max
      if isUsed && (need.before != .max || need.block != facts.values[v].definingBlock) {
        crossingValues.append(UInt32(truncatingIfNeeded: v))
        continue
      }
      facts.values[v].rangeStart = UInt32(truncatingIfNeeded: facts.ranges.count)
      if isUsed && need.until > facts.values[v].begin {
        facts.ranges.append(
          LiveRange(
            from: facts.values[v].begin, to: need.until, value: UInt32(truncatingIfNeeded: v)))
      }
      facts.values[v].rangeEnd = UInt32(truncatingIfNeeded: facts.ranges.count)
    }
    if crossingValues.isEmpty { return .none }
    blockWords.reset(count: facts.view.blockCount, to: BlockWords())
    rangeEnds.reset(count: 64, to: 0)
    liveBlocks.reset(bound: facts.view.blockCount)
    pendingBlocks.reset(bound: facts.view.blockCount)
    var first = 0
    while first < crossingValues.count {
      let end = min(first &+ 64, crossingValues.count)
      let reason = followUp(first, end, &facts, &needs, &steps)
      if reason != .none { return reason }
      collectRanges(first, end, &facts, &needs)
      first = end
    }
    return .none
  }

  /// Finds the blocks where the crossing values `first ..< end` are live.
  private mutating func followUp(
    _ first: Int, _ end: Int, _ facts: inout Facts, _ needs: inout BlockNeeds,
    _ steps: inout StepBudget
  ) -> AllocationStatistics.Fallback {
    var top = 0
    for k in first..<end {
      let v = Int(truncatingIfNeeded: crossingValues[k])
      let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: k &- first)
      let home = facts.values[v].definingBlock
      if home != .max {
        blockWords[Int(truncatingIfNeeded: home)].defined |= bit
        liveBlocks.insert(Int(truncatingIfNeeded: home))
      }
      needs.close(v)
      var use = needs.last[v].before
      while use != .max {
        let record = needs.earlier[Int(truncatingIfNeeded: use)]
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
      if b < 0 { return .none }
      top = b
      liveBlocks.insert(b)
      // Live where no block is above.
      if b == 0 { return .unsolvable }
      let live = blockWords[b].liveIn
      let predecessors = facts.view.predecessorRange(b)
      steps.used &+= (predecessors.count &+ 1) &* SearchLimits.stepsPerVisit
      for k in predecessors {
        let p = Int(truncatingIfNeeded: facts.view.predecessors[k].raw)
        let words = blockWords[p]
        blockWords[p].liveOut = words.liveOut | live
        let more = live & ~(words.defined | words.liveIn)
        if more != 0 {
          blockWords[p].liveIn = words.liveIn | more
          pendingBlocks.insert(p)
          top = max(top, p)
        }
      }
      if steps.isSpent { return .budget }
    }
  }

  /// Makes the ranges of the crossing values `first ..< end`, from the last block up, and leaves
  /// the words of all blocks empty.
  private mutating func collectRanges(
    _ first: Int, _ end: Int, _ facts: inout Facts, _ needs: inout BlockNeeds
  ) {
    foundRanges.removeAll()
    // Live where the block below begins.
    var open: UInt64 = 0
    var below = facts.view.blockCount
    while true {
      let b = liveBlocks.removeLast(notAbove: below &- 1)
      if b < 0 { break }
      let words = blockWords[b]
      blockWords[b] = BlockWords()
      let continued = b &+ 1 == below ? open & words.liveOut : 0
      start(open & ~continued, at: below, &facts)
      var leaving = words.liveOut & ~continued
      while leaving != 0 {
        rangeEnds[leaving.trailingZeroBitCount] = facts.blocks.start[b &+ 1]
        leaving &= leaving &- 1
      }
      var inside = (words.liveIn | words.defined) & ~words.liveOut
      while inside != 0 {
        let bit = inside.trailingZeroBitCount
        rangeEnds[bit] = needs.lastNeed(
          Int(truncatingIfNeeded: crossingValues[first &+ bit]), b)
        inside &= inside &- 1
      }
      var defined = words.defined
      while defined != 0 {
        let bit = defined.trailingZeroBitCount
        let v = Int(truncatingIfNeeded: crossingValues[first &+ bit])
        append(bit, from: facts.values[v].begin)
        defined &= defined &- 1
      }
      open = words.liveIn
      below = b
    }
    start(open, at: below, &facts)
    placeRanges(first, end, &facts)
  }

  /// Ends the way up for values that are live into block `b` and not out of the one above.
  @inline(__always)
  private mutating func start(_ bits: UInt64, at b: Int, _ facts: inout Facts) {
    var rest = bits
    while rest != 0 {
      append(rest.trailingZeroBitCount, from: facts.blocks.start[b])
      rest &= rest &- 1
    }
  }

  @inline(__always) private mutating func append(_ bit: Int, from: UInt32) {
    if rangeEnds[bit] <= from { return }
    foundRanges.append(
      LiveRange(from: from, to: rangeEnds[bit], value: UInt32(truncatingIfNeeded: bit)))
  }

  /// Moves the ranges found to the pool, value by value.
  private mutating func placeRanges(_ first: Int, _ end: Int, _ facts: inout Facts) {
    rangeCounts.reset(count: 64, to: 0)
    for k in foundRanges.indices {
      rangeCounts[Int(truncatingIfNeeded: foundRanges[k].value)] &+= 1
    }
    var total = UInt32(truncatingIfNeeded: facts.ranges.count)
    for k in first..<end {
      let v = Int(truncatingIfNeeded: crossingValues[k])
      facts.values[v].rangeStart = total
      facts.values[v].rangeEnd = total
      total &+= rangeCounts[k &- first]
    }
    facts.ranges.append(
      repeating: LiveRange(from: 0, to: 0, value: 0), count: Int(total) &- facts.ranges.count)
    var k = foundRanges.count
    while k > 0 {
      k &-= 1
      let range = foundRanges[k]
      let v = crossingValues[first &+ Int(truncatingIfNeeded: range.value)]
      let place = facts.values[Int(truncatingIfNeeded: v)].rangeEnd
      facts.ranges[Int(truncatingIfNeeded: place)] = LiveRange(
        from: range.from, to: range.to, value: v)
      facts.values[Int(truncatingIfNeeded: v)].rangeEnd = place &+ 1
    }
  }
}
