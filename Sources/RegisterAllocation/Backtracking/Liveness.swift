// SPDX-License-Identifier: Apache-2.0
// Second stage: the live ranges of each value.

import Entities

extension Backtracking {
  /// Fills `ranges`, value after value, each value's in rising order.
  ///
  /// Most values live in one block. For the others the walk goes from their uses up to the
  /// definition: its cost is one step per edge into a block where the value is live.
  mutating func computeRanges() -> Bool {
    ranges.removeAll()
    liveIn.reset(count: view.blockCount, to: .max)
    liveOut.reset(count: view.blockCount, to: .max)
    for v in 0..<view.valueCount {
      values[v].rangeStart = UInt32(truncatingIfNeeded: ranges.count)
      if !computeRanges(of: v) { return false }
      values[v].rangeEnd = UInt32(truncatingIfNeeded: ranges.count)
    }
    return true
  }

  private mutating func computeRanges(of v: Int) -> Bool {
    let first = Int(truncatingIfNeeded: useStart[v])
    let end = Int(truncatingIfNeeded: useStart[v &+ 1])
    if first == end { return true }
    let name = UInt32(truncatingIfNeeded: v)
    let home = values[v].definingBlock
    if home != .max {
      let b = Int(truncatingIfNeeded: home)
      if uses[first].point >= blockStart[b] && uses[end &- 1].point < blockStart[b &+ 1] {
        var until: UInt32 = 0
        for k in first..<end { until = max(until, uses[k].neededUntil) }
        if until > values[v].begin {
          ranges.append(LiveRange(from: values[v].begin, to: until, value: name))
        }
        return true
      }
    }
    if !findLiveBlocks(v, first, end, home) { return false }
    appendRanges(v, first, end, home)
    return steps <= stepBudget
  }

  /// Marks the blocks into and out of which `v` is live, and lists the former in order.
  private mutating func findLiveBlocks(_ v: Int, _ first: Int, _ end: Int, _ home: UInt32) -> Bool {
    let name = UInt32(truncatingIfNeeded: v)
    liveBlocks.removeAll()
    pendingBlocks.removeAll()
    var k = first
    while k < end {
      let b = block(at: uses[k].point)
      if UInt32(truncatingIfNeeded: b) != home {
        liveIn[b] = name
        liveBlocks.append(UInt32(truncatingIfNeeded: b))
        pendingBlocks.append(UInt32(truncatingIfNeeded: b))
      }
      let next = blockStart[b &+ 1]
      while k < end && uses[k].point < next { k &+= 1 }
    }
    while !pendingBlocks.isEmpty {
      let b = Int(truncatingIfNeeded: pendingBlocks.popLast())
      if b == 0 { return giveUp(.unsolvable) }
      let predecessors = view.predecessorRange(b)
      steps &+= predecessors.count
      for k in predecessors {
        let p = view.predecessors[k].raw
        let index = Int(truncatingIfNeeded: p)
        liveOut[index] = name
        if p != home && liveIn[index] != name {
          liveIn[index] = name
          liveBlocks.append(p)
          pendingBlocks.append(p)
        }
      }
      if steps > stepBudget { return false }
    }
    if home != .max && liveIn[Int(home)] != name { liveBlocks.append(home) }
    sortLiveBlocks(name, home)
    return true
  }

  /// Puts the blocks in order: by looking at all between the first and the last if most are live.
  private mutating func sortLiveBlocks(_ name: UInt32, _ home: UInt32) {
    if liveBlocks.count <= 2 {
      if liveBlocks.count == 2 && liveBlocks[0] > liveBlocks[1] {
        let first = liveBlocks[0]
        liveBlocks[0] = liveBlocks[1]
        liveBlocks[1] = first
      }
      return
    }
    var low = UInt32.max
    var high: UInt32 = 0
    for k in liveBlocks.indices {
      low = min(low, liveBlocks[k])
      high = max(high, liveBlocks[k])
    }
    if Int(high &- low) > 4 &* liveBlocks.count {
      sorting.sort(&liveBlocks)
      return
    }
    liveBlocks.removeAll()
    var b = low
    while b <= high {
      if liveIn[Int(truncatingIfNeeded: b)] == name || b == home { liveBlocks.append(b) }
      b &+= 1
    }
  }

  private mutating func appendRanges(_ v: Int, _ first: Int, _ end: Int, _ home: UInt32) {
    let name = UInt32(truncatingIfNeeded: v)
    let start = ranges.count
    var k = first
    for index in liveBlocks.indices {
      let b = Int(truncatingIfNeeded: liveBlocks[index])
      let from = liveBlocks[index] == home ? values[v].begin : blockStart[b]
      let blockEnd = blockStart[b &+ 1]
      var to: UInt32 = 0
      while k < end && uses[k].point < blockEnd {
        to = max(to, uses[k].neededUntil)
        k &+= 1
      }
      if liveOut[b] == name { to = blockEnd }
      if to <= from { continue }
      if ranges.count > start && ranges.last.to == from {
        ranges.last.to = to
      } else {
        ranges.append(LiveRange(from: from, to: to, value: name))
      }
    }
    steps &+= liveBlocks.count
  }
}
