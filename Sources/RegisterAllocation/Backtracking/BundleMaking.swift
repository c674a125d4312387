// SPDX-License-Identifier: Apache-2.0
// Makes bundles of the sets of values, and their uses where somebody asks for them.

import BrolgaEntities

extension Search {
  /// Makes a bundle of each set, and the piece that is all of it; short values stay by themselves.
  mutating func makeBundles(
    _ facts: inout Facts, _ coalescing: inout Coalescing, _ affinities: borrowing Vector<Affinity>,
    _ budget: inout StepBudget
  ) {
    steps = budget
    bundles.removeAll()
    bundles.reserve(facts.view.valueCount)
    pieces.removeAll()
    pieces.reserve(facts.view.valueCount)
    shortValues.removeAll()
    enteredShortValues = 0
    nextUse.reset(count: facts.view.valueCount, to: 0)
    for k in 0..<facts.view.hintCount {
      facts.values[Int(facts.view.hints[k].value.raw)].flags.insert(.hasPreference)
    }
    for v in 0..<facts.view.valueCount {
      if isShort(v, &facts) {
        shortValues.append(ShortValue(value: UInt32(truncatingIfNeeded: v)))
        continue
      }
      let root = Int(truncatingIfNeeded: coalescing.root(of: UInt32(truncatingIfNeeded: v)))
      if facts.values[root].rangeStart == facts.values[root].rangeEnd { continue }
      if root == v && coalescing.isAlone(v) {
        makeBundle(
          v, facts.values[v].rangeStart, facts.values[v].rangeEnd, hasScatteredUses: false, &facts)
      } else {
        if facts.values[root].bundle == .max {
          let run = coalescing.ranges(ofSet: root, &facts, &steps)
          makeBundle(root, run.start, run.end, hasScatteredUses: true, &facts)
        }
        facts.values[v].bundle = facts.values[root].bundle
        nextUse[v] = facts.useStart[v]
      }
      let b = Int(truncatingIfNeeded: facts.values[v].bundle)
      pieces[b].cost += facts.values[v].cost
      pieces[b].limit = min(pieces[b].limit, facts.values[v].limit)
      if facts.values[v].flags.contains(.hasFixedUse) { pieces[b].hasFixedUses = true }
    }
    for b in bundles.indices { pieces[b].weight = weight(of: pieces[b]) }
    findPartners(&facts, coalescing.order, affinities)
    statistics.bundles = bundles.count &+ shortValues.count
    budget = steps
  }

  /// Makes the bundle of value `v`, and perhaps others.
  @inline(__always) mutating func makeBundle(
    _ v: Int, _ rangeStart: UInt32, _ rangeEnd: UInt32, hasScatteredUses: Bool, _ facts: inout Facts
  ) {
    let b = bundles.count
    let registerClass = facts.view.classes[v].rawValue
    facts.values[v].bundle = UInt32(truncatingIfNeeded: b)
    bundles.append(
      Bundle(whole: pieces.count, registerClass, hasScatteredUses: hasScatteredUses))
    if facts.values[v].flags.contains(.isRematerialized) {
      bundles[b].remade = Allocation(
        rematerialized: VirtualRegister(raw: UInt32(truncatingIfNeeded: v)))
    }
    var piece = Piece(
      of: b, registerClass, .whole, from: facts.ranges[Int(truncatingIfNeeded: rangeStart)].from,
      to: facts.ranges[Int(truncatingIfNeeded: rangeEnd) &- 1].to, rangeStart: rangeStart,
      rangeEnd: rangeEnd, useStart: facts.useStart[v], useEnd: facts.useStart[v &+ 1])
    measure(&piece, until: rangeEnd, &facts)
    pieces.append(piece)
  }

  /// Notes for each value the one that its most frequent remaining move connects it with.
  private mutating func findPartners(
    _ facts: inout Facts, _ order: borrowing Vector<UInt32>,
    _ affinities: borrowing Vector<Affinity>
  ) {
    partners.reset(count: facts.view.valueCount, to: .max)
    for k in order.indices {
      let affinity = affinities[Int(truncatingIfNeeded: order[k])]
      let a = Int(truncatingIfNeeded: affinity.first)
      let b = Int(truncatingIfNeeded: affinity.second)
      if facts.values[a].bundle == facts.values[b].bundle { continue }
      if partners[a] == .max { partners[a] = affinity.second }
      if partners[b] == .max { partners[b] = affinity.first }
    }
  }

  /// Has the uses of a bundle in order. Most bundles of several values find a register without a look
  /// at their uses.
  @inline(__always) mutating func ensureUses(of b: Int, _ facts: inout Facts) {
    if bundles[b].hasScatteredUses { gatherUses(of: b, &facts) }
  }

  /// Appends the uses of a bundle of several values, in order, behind all others.
  private mutating func gatherUses(of b: Int, _ facts: inout Facts) {
    bundles[b].hasScatteredUses = false
    let whole = Int(truncatingIfNeeded: bundles[b].whole)
    let start = facts.uses.count
    var isInOrder = true
    for r in ranges(of: b) {
      let range = facts.ranges[r]
      let v = Int(truncatingIfNeeded: range.value)
      let end = facts.useStart[v &+ 1]
      while nextUse[v] < end && facts.uses[Int(nextUse[v])].point <= range.to {
        if !append(facts.uses[Int(nextUse[v])], after: start, &facts) { isInOrder = false }
        nextUse[v] &+= 1
      }
    }
    let count = facts.uses.count &- start
    steps.used &+= count
    if !isInOrder {
      var gathered = UnsafeMutableBufferPointer(rebasing: facts.uses.buffer[start...])
      gathered.sort { $0.point < $1.point }
      steps.used &+= count &* (Int.bitWidth &- count.leadingZeroBitCount)
    }
    pieces[whole].useStart = UInt32(truncatingIfNeeded: start)
    pieces[whole].useEnd = UInt32(truncatingIfNeeded: facts.uses.count)
  }

  /// The ranges of a bundle.
  @inline(__always) func ranges(of b: Int) -> Range<Int> {
    let whole = Int(truncatingIfNeeded: bundles[b].whole)
    return Range(
      uncheckedBounds: (
        Int(truncatingIfNeeded: pieces[whole].rangeStart),
        Int(truncatingIfNeeded: pieces[whole].rangeEnd)
      ))
  }

  /// Appends a use; neighbouring ranges may put two of one gap in the wrong order. False if it belongs
  /// further ahead: what a branch defines is used there, and its ranges begin where the branch leads.
  private mutating func append(_ use: UseRecord, after start: Int, _ facts: inout Facts) -> Bool {
    facts.uses.append(use)
    var place = facts.uses.count &- 1
    let first = max(start, place &- 4)
    while place > first && facts.uses[place &- 1].point > use.point {
      facts.uses[place] = facts.uses[place &- 1]
      place &-= 1
      steps.used &+= 1
    }
    facts.uses[place] = use
    return place == start || facts.uses[place &- 1].point <= use.point
  }
}
