// SPDX-License-Identifier: Apache-2.0
// Seventh stage: the moves between a bundle's locations, within blocks and along edges.

import Entities

extension Backtracking {
  /// Lists, in order, the moves of all bundles that have more than one location.
  ///
  /// A value that goes from registers to its slot more often than it is defined is stored once,
  /// after its definition.
  mutating func collectTransitions() {
    transitions.removeAll()
    blockEntries.fill(entryLow, entryHigh)
    useCursor.reset(count: view.valueCount, to: 0)
    for b in bundles.indices {
      let bundle = bundles[b]
      if bundle.flags.contains(.isSplit) {
        collectTransitions(of: b)
      } else if bundle.flags.contains(.isWhole) {
        if !bundle.flags.contains(.needsSlot) { continue }
        for r in ranges(of: b) {
          decideStore(Int(ranges[r].value))
        }
      } else if bundle.pieces == bundle.placedEnd {
        for r in ranges(of: b) {
          values[Int(ranges[r].value)].flags.insert(.slotIsValid)
        }
      } else if bundle.flags.contains(.needsSlot) {
        for r in ranges(of: b) {
          decideStore(Int(ranges[r].value))
        }
      }
      if steps > stepBudget { return }
    }
    sorting.sort(&transitions)
  }

  private mutating func collectTransitions(of b: Int) {
    let first = transitions.count
    for r in ranges(of: b) {
      followRange(b, ranges[r])
      followEdges(b, ranges[r])
    }
    for r in ranges(of: b) {
      decideStore(Int(truncatingIfNeeded: ranges[r].value))
    }
    var kept = first
    for k in first..<transitions.count {
      let move = transitions[k]
      if !move.to.isRegister && values[Int(move.value)].flags.contains(.slotIsValid) { continue }
      transitions[kept] = move
      kept &+= 1
    }
    transitions.truncate(to: kept)
  }

  /// Adds to what the value's stores at changes of location cost, for which the cursors serve now.
  @inline(__always) private mutating func addStoreCost(_ v: Int, _ cost: Float) {
    useCursor[v] = (Float(bitPattern: useCursor[v]) + cost).bitPattern
  }

  /// Whether the value is stored at its definition instead of where it leaves registers.
  private mutating func decideStore(_ v: Int) {
    let value = values[v]
    if value.flags.contains(.slotIsValid) || value.definingBlock == .max { return }
    if value.flags.contains(.definedInSlot) {
      values[v].flags.insert(.slotIsValid)
      return
    }
    if value.flags.contains(.definedByBranch) { return }
    let storeCost = Float(bitPattern: useCursor[v])
    let isCheaper = storeCost > 0 && storeCost >= frequency[Int(value.definingBlock)]
    if isCheaper || value.flags.contains(.hasStackUse) {
      values[v].flags.insert([.slotIsValid, .storedAtDefinition])
    }
  }

  /// The changes of location inside one range, but for those at the borders of blocks.
  private mutating func followRange(_ b: Int, _ range: LiveRange) {
    let bundle = bundles[b]
    let v = Int(truncatingIfNeeded: range.value)
    let home = bundle.home
    var k = firstPlaced(bundle, endingAfter: range.from)
    let end = Int(bundle.placedEnd)
    var point = range.from
    var before = Allocation.none
    // The location ahead of `before`, and where that ended: for stores within an instruction.
    var earlier = Allocation.none
    var changed: UInt32 = .max
    while point < range.to {
      steps &+= 1
      var here = home
      var until = range.to
      if k < end {
        if placed[k].from <= point {
          here = Allocation(packed: placed[k].register)
          until = min(until, placed[k].to)
          k &+= 1
        } else {
          until = min(until, placed[k].from)
        }
      }
      if before.isNone {
        let isAtDefinition =
          point == values[v].begin
          && !(values[v].flags.contains(.definedByBranch) && values[v].place != noRegister)
        if !here.isRegister && isAtDefinition { values[v].flags.insert(.slotIsValid) }
      } else if here != before {
        if point & 1 == 0 {
          leave(before, here, at: point, v)
        } else {
          assert(!here.isRegister, "a change of register within an instruction")
          let gap = point &- 1
          var source = before
          if gap == range.from && values[v].gap == gap && values[v].place != noRegister {
            source = Allocation(packed: values[v].place)
          } else if changed == gap {
            source = earlier
          }
          if source.isRegister { addStore(source, here, gap: gap, v) }
        }
        earlier = before
        changed = point
      }
      before = here
      point = until
    }
  }

  private mutating func firstPlaced(_ bundle: Bundle, endingAfter point: UInt32) -> Int {
    var low = Int(bundle.pieces)
    var high = Int(bundle.placedEnd)
    while low < high {
      let middle = (low &+ high) &>> 1
      if placed[middle].to <= point { low = middle &+ 1 } else { high = middle }
    }
    return low
  }

  /// A change of location at an even point.
  private mutating func leave(
    _ from: Allocation, _ to: Allocation, at gap: UInt32, _ v: Int
  ) {
    // The definition's own moves go straight to the new place.
    if values[v].hasPlacedDefinition && values[v].gap == gap { return }
    let b = block(at: gap)
    if blockStart[b] == gap { return }
    if to.isSlot { addStoreCost(v, frequency[b]) }
    transitions.append(
      Transition(
        key: gap &<< 1 | Transition.regular, from: from, to: to,
        value: UInt32(truncatingIfNeeded: v)))
  }

  private mutating func addStore(
    _ from: Allocation, _ to: Allocation, gap: UInt32, _ v: Int
  ) {
    let b = block(at: gap)
    addStoreCost(v, frequency[b])
    transitions.append(
      Transition(
        key: gap &<< 1 | Transition.regular, from: from, to: to,
        value: UInt32(truncatingIfNeeded: v)))
  }

  /// The changes of location along the edges into the blocks at whose start the range is live.
  private mutating func followEdges(_ b: Int, _ range: LiveRange) {
    let v = Int(truncatingIfNeeded: range.value)
    var target = block(at: range.from)
    if blockStart[target] < range.from { target &+= 1 }
    if target >= view.blockCount || blockStart[target] >= range.to { return }
    let bundle = bundles[b]
    let end = Int(bundle.placedEnd)
    let isPlacedByBranch =
      values[v].hasPlacedDefinition && values[v].flags.contains(.definedByBranch)
    var k = firstPlaced(bundle, endingAfter: blockStart[target])
    var idle = 0
    while target < view.blockCount && blockStart[target] < range.to {
      let start = blockStart[target]
      while k < end && placed[k].to <= start { k &+= 1 }
      // The window around the block's start in which the location is the same.
      let isRegister = k < end && placed[k].from <= start
      let low = isRegister ? placed[k].from : k > Int(bundle.pieces) ? placed[k &- 1].to : 0
      let high = isRegister ? placed[k].to : k < end ? placed[k].from : .max
      let to =
        isRegister ? Allocation(packed: placed[k].register) : bundle.home
      let isDefined = values[v].begin == start && values[v].flags.contains(.parameter)
      if !isDefined && (entryLow[target] < low || entryHigh[target] >= high || isPlacedByBranch) {
        let predecessors = view.predecessorRange(target)
        for index in predecessors {
          let p = Int(truncatingIfNeeded: view.predecessors[index].raw)
          let last = blockStart[p &+ 1] &- 1
          if last >= low && last < high && !isPlacedByBranch { continue }
          addEdge(p, target, predecessors.count == 1, endLocation(v, b, p), to, v)
        }
        steps &+= predecessors.count
      } else if idle < 8 {
        idle &+= 1
      } else {
        // A long window: only entries from outside it matter, and the next window.
        let next = blockEntries.next(from: target &+ 1, outside: low, high)
        target = min(next, firstBlock(from: high))
        steps &+= 16
        continue
      }
      steps &+= 1
      target &+= 1
    }
  }

  /// The first block that starts at `point` or later.
  private mutating func firstBlock(from point: UInt32) -> Int {
    if point >= blockStart[view.blockCount] { return view.blockCount }
    let b = block(at: point)
    return blockStart[b] < point ? b &+ 1 : b
  }

  /// Where a value is at the end of block `p`.
  private mutating func endLocation(_ v: Int, _ b: Int, _ p: Int) -> Allocation {
    let value = values[v]
    if value.hasPlacedDefinition && value.gap == blockStart[p &+ 1]
      && Int(value.definingBlock) == p
    {
      return value.place != noRegister
        ? Allocation(packed: value.place) : Allocation(slot: Int(bundles[b].slot))
    }
    return location(b, blockStart[p &+ 1] &- 1)
  }

  private mutating func addEdge(
    _ source: Int, _ target: Int, _ isAtHead: Bool, _ from: Allocation, _ to: Allocation, _ v: Int
  ) {
    if from == to { return }
    let place = isAtHead ? target : source
    if to.isSlot { addStoreCost(v, frequency[place]) }
    // Block `place` starts at its entry point; its last instruction ends where the next starts.
    let gap = isAtHead ? blockStart[target] &+ 2 : blockStart[source &+ 1] &- 2
    transitions.append(
      Transition(
        key: gap &<< 1 | (isAtHead ? Transition.edgeIn : Transition.edgeOut), from: from, to: to,
        value: UInt32(truncatingIfNeeded: v)))
  }
}
