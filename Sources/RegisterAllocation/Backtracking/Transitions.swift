// SPDX-License-Identifier: Apache-2.0
// The moves between a bundle's locations, within blocks and along edges.

import BrolgaEntities

/// A move between two locations of a value.
struct Transition: BitwiseCopyable {
  /// `2 * gap + kind`, gap being the even point of the instruction that follows.
  var key: UInt32
  var from: Allocation
  var to: Allocation
  var value: UInt32

  // Kinds of move groups of one gap, in their order.
  static var edgeIn: UInt32 { 0 }
  static var regular: UInt32 { 1 }
  static var edgeOut: UInt32 { 2 }
}

/// The moves of all bundles that have more than one location, in order.
struct Transitions: ~Copyable {
  private(set) var list = Vector<Transition>()
  /// What each value's stores at changes of location would cost.
  private var storeCosts = Vector<Float>()
  private var blockEntries = BlockEntries()
  private var sorting = TransitionSort()

  init() {}

  /// Fills the list, as far as the budget goes.
  ///
  /// A value that goes from registers to its slot more often than it is defined is stored once,
  /// after its definition.
  mutating func run(_ facts: inout Facts, _ placements: inout Placements, _ steps: inout StepBudget)
  {
    list.removeAll()
    blockEntries.fill(facts.blocks.entryLow, facts.blocks.entryHigh)
    storeCosts.reset(count: facts.view.valueCount, to: 0)
    for b in placements.bundles.indices {
      let bundle = placements.bundles[b]
      if bundle.flags.contains(.isSplit) {
        collectTransitions(of: b, &facts, &placements, &steps)
      } else if bundle.isInMemory {
        for r in bundle.ranges {
          facts.values[Int(facts.ranges[r].value)].flags.insert(.slotIsValid)
        }
      } else if bundle.flags.contains(.needsSlot) {
        for r in bundle.ranges {
          decideStore(Int(facts.ranges[r].value), &facts)
        }
      }
      if steps.isSpent { return }
    }
    sorting.sort(&list)
  }

  private mutating func collectTransitions(
    of b: Int, _ facts: inout Facts, _ placements: inout Placements, _ steps: inout StepBudget
  ) {
    let first = list.count
    let all = placements.bundles[b].ranges
    for r in all {
      followRange(b, facts.ranges[r], &facts, &placements, &steps)
      followEdges(b, facts.ranges[r], &facts, &placements, &steps)
    }
    for r in all {
      decideStore(Int(truncatingIfNeeded: facts.ranges[r].value), &facts)
    }
    var kept = first
    for k in first..<list.count {
      let move = list[k]
      if !move.to.isRegister && facts.values[Int(move.value)].flags.contains(.slotIsValid) {
        continue
      }
      list[kept] = move
      kept &+= 1
    }
    list.truncate(to: kept)
  }

  /// Whether the value is stored at its definition instead of where it leaves registers.
  private mutating func decideStore(_ v: Int, _ facts: inout Facts) {
    let value = facts.values[v]
    if value.flags.contains(.slotIsValid) || value.definingBlock == .max { return }
    if value.flags.contains(.definedInSlot) {
      facts.values[v].flags.insert(.slotIsValid)
      return
    }
    if value.flags.contains(.definedByBranch) { return }
    let isCheaper =
      storeCosts[v] > 0 && storeCosts[v] >= facts.blocks.frequency[Int(value.definingBlock)]
    if isCheaper || value.flags.contains(.hasStackUse) {
      facts.values[v].flags.insert([.slotIsValid, .storedAtDefinition])
    }
  }

  /// The changes of location inside one range, but for those at the borders of blocks.
  private mutating func followRange(
    _ b: Int, _ range: LiveRange, _ facts: inout Facts, _ placements: inout Placements,
    _ steps: inout StepBudget
  ) {
    let bundle = placements.bundles[b]
    let v = Int(truncatingIfNeeded: range.value)
    let home = bundle.home
    var k = placements.firstPlaced(bundle, endingAfter: range.from)
    let end = Int(bundle.end)
    var point = range.from
    var before = Allocation.none
    // The location ahead of `before`, and where that ended: for stores within an instruction.
    var earlier = Allocation.none
    var changed: UInt32 = .max
    while point < range.to {
      steps.used &+= 1
      var here = home
      var until = range.to
      if k < end {
        if placements.placed[k].from <= point {
          here = Allocation(packed: placements.placed[k].register)
          until = min(until, placements.placed[k].to)
          k &+= 1
        } else {
          until = min(until, placements.placed[k].from)
        }
      }
      if before.isNone {
        let isAtDefinition =
          point == facts.values[v].begin
          && !(facts.values[v].flags.contains(.definedByBranch)
            && facts.values[v].place != noRegister)
        if !here.isRegister && isAtDefinition { facts.values[v].flags.insert(.slotIsValid) }
      } else if here != before {
        if point & 1 == 0 {
          leave(before, here, at: point, v, &facts)
        } else {
          assert(!here.isRegister, "a change of register within an instruction")
          let gap = point &- 1
          var source = before
          if gap == range.from && facts.values[v].gap == gap && facts.values[v].place != noRegister
          {
            source = Allocation(packed: facts.values[v].place)
          } else if changed == gap {
            source = earlier
          }
          if source.isRegister { addStore(source, here, gap: gap, v, &facts) }
        }
        earlier = before
        changed = point
      }
      before = here
      point = until
    }
  }

  /// A change of location at an even point.
  private mutating func leave(
    _ from: Allocation, _ to: Allocation, at gap: UInt32, _ v: Int, _ facts: inout Facts
  ) {
    // The definition's own moves go straight to the new place.
    if facts.values[v].hasPlacedDefinition && facts.values[v].gap == gap { return }
    let b = facts.blocks.block(at: gap)
    if facts.blocks.start[b] == gap { return }
    if to.isSlot { storeCosts[v] += facts.blocks.frequency[b] }
    list.append(
      Transition(
        key: gap &<< 1 | Transition.regular, from: from, to: to,
        value: UInt32(truncatingIfNeeded: v)))
  }

  private mutating func addStore(
    _ from: Allocation, _ to: Allocation, gap: UInt32, _ v: Int, _ facts: inout Facts
  ) {
    let b = facts.blocks.block(at: gap)
    storeCosts[v] += facts.blocks.frequency[b]
    list.append(
      Transition(
        key: gap &<< 1 | Transition.regular, from: from, to: to,
        value: UInt32(truncatingIfNeeded: v)))
  }

  /// The changes of location along the edges into the blocks at whose start the range is live.
  private mutating func followEdges(
    _ b: Int, _ range: LiveRange, _ facts: inout Facts, _ placements: inout Placements,
    _ steps: inout StepBudget
  ) {
    let v = Int(truncatingIfNeeded: range.value)
    var target = facts.blocks.block(at: range.from)
    if facts.blocks.start[target] < range.from { target &+= 1 }
    if target >= facts.view.blockCount || facts.blocks.start[target] >= range.to { return }
    let bundle = placements.bundles[b]
    let end = Int(bundle.end)
    let isPlacedByBranch =
      facts.values[v].hasPlacedDefinition && facts.values[v].flags.contains(.definedByBranch)
    var k = placements.firstPlaced(bundle, endingAfter: facts.blocks.start[target])
    var idle = 0
    while target < facts.view.blockCount && facts.blocks.start[target] < range.to {
      let start = facts.blocks.start[target]
      while k < end && placements.placed[k].to <= start { k &+= 1 }
      // The window around the block's start in which the location is the same.
      let isRegister = k < end && placements.placed[k].from <= start
      let low =
        isRegister
        ? placements.placed[k].from : k > Int(bundle.start) ? placements.placed[k &- 1].to : 0
      let high = isRegister ? placements.placed[k].to : k < end ? placements.placed[k].from : .max
      let to =
        isRegister ? Allocation(packed: placements.placed[k].register) : bundle.home
      let isDefined = facts.values[v].begin == start && facts.values[v].flags.contains(.parameter)
      if !isDefined
        && (facts.blocks.entryLow[target] < low || facts.blocks.entryHigh[target] >= high
          || isPlacedByBranch)
      {
        let predecessors = facts.view.predecessorRange(target)
        for index in predecessors {
          let p = Int(truncatingIfNeeded: facts.view.predecessors[index].raw)
          let last = facts.blocks.start[p &+ 1] &- 1
          if last >= low && last < high && !isPlacedByBranch { continue }
          addEdge(
            p, target, predecessors.count == 1, endLocation(v, b, p, &facts, &placements), to, v,
            &facts)
        }
        steps.used &+= predecessors.count
      } else if idle < SearchLimits.idleBlocks {
        idle &+= 1
      } else {
        // A long window: only entries from outside it matter, and the next window.
        let next = blockEntries.next(from: target &+ 1, outside: low, high)
        target = min(next, facts.blocks.firstBlock(from: high))
        steps.used &+= SearchLimits.stepsPerSearch
        continue
      }
      steps.used &+= 1
      target &+= 1
    }
  }

  /// Where a value is at the end of block `p`.
  private mutating func endLocation(
    _ v: Int, _ b: Int, _ p: Int, _ facts: inout Facts, _ placements: inout Placements
  ) -> Allocation {
    let value = facts.values[v]
    if value.hasPlacedDefinition && value.gap == facts.blocks.start[p &+ 1]
      && Int(value.definingBlock) == p
    {
      return value.place != noRegister
        ? Allocation(packed: value.place) : placements.bundles[b].home
    }
    return placements.location(b, facts.blocks.start[p &+ 1] &- 1)
  }

  private mutating func addEdge(
    _ source: Int, _ target: Int, _ isAtHead: Bool, _ from: Allocation, _ to: Allocation, _ v: Int,
    _ facts: inout Facts
  ) {
    if from == to { return }
    let place = isAtHead ? target : source
    if to.isSlot { storeCosts[v] += facts.blocks.frequency[place] }
    // Block `place` starts at its entry point; its last instruction ends where the next starts.
    let gap = isAtHead ? facts.blocks.start[target] &+ 2 : facts.blocks.start[source &+ 1] &- 2
    list.append(
      Transition(
        key: gap &<< 1 | (isAtHead ? Transition.edgeIn : Transition.edgeOut), from: from, to: to,
        value: UInt32(truncatingIfNeeded: v)))
  }
}
