// SPDX-License-Identifier: Apache-2.0
// Third stage: values that a move would connect share a bundle, the most frequent moves first.

import Entities

/// Two values that a move connects, and how often it would run.
struct Affinity: BitwiseCopyable {
  var frequency: Float
  var first: UInt32
  var second: UInt32
}

extension Backtracking {
  /// Unites the sets of values that a move connects, where their ranges do not overlap.
  mutating func coalesce() {
    runs.reset()
    parent.removeAll()
    for v in 0..<view.valueCount { parent.append(UInt32(truncatingIfNeeded: v)) }
    // The head of each set's runs; -1 for a value's own ranges.
    useCursor.reset(count: view.valueCount, to: .max)
    sortCandidates()
    for k in candidateOrder.indices {
      if steps > stepBudget { return }
      let candidate = candidates[Int(truncatingIfNeeded: candidateOrder[k])]
      tryToUnite(candidate.first, candidate.second)
    }
  }

  /// Orders the candidates by falling binary exponent of the frequency; else in program order.
  private mutating func sortCandidates() {
    candidateOrder.reset(count: candidates.count, to: 0)
    if candidates.isEmpty { return }
    counts.reset(count: 256, to: 0)
    var first = 255
    var last = 0
    for k in candidates.indices {
      let place = bucket(k)
      counts[place] &+= 1
      first = min(first, place)
      last = max(last, place)
    }
    var total: UInt32 = 0
    for place in first...last {
      let count = counts[place]
      counts[place] = total
      total &+= count
    }
    for k in candidates.indices {
      let place = bucket(k)
      candidateOrder[Int(truncatingIfNeeded: counts[place])] = UInt32(truncatingIfNeeded: k)
      counts[place] &+= 1
    }
  }

  @inline(__always) private func bucket(_ k: Int) -> Int {
    255 &- Int(truncatingIfNeeded: candidates[k].frequency.bitPattern &>> 23 & 255)
  }

  mutating func find(_ v: UInt32) -> UInt32 {
    var x = v
    while parent[Int(x)] != x {
      parent[Int(x)] = parent[Int(parent[Int(x)])]
      x = parent[Int(x)]
    }
    return x
  }

  private mutating func set(of root: UInt32) -> Int32 {
    let r = Int(truncatingIfNeeded: root)
    if useCursor[r] == .max {
      let head = runs.makeSet(values[r].rangeStart, values[r].rangeEnd)
      useCursor[r] = UInt32(truncatingIfNeeded: head)
    }
    return Int32(truncatingIfNeeded: useCursor[r])
  }

  private mutating func tryToUnite(_ first: UInt32, _ second: UInt32) {
    let a = find(first)
    let b = find(second)
    if a == b { return }
    if view.classes[Int(a)] != view.classes[Int(b)] { return }
    values[Int(first)].flags.insert(.hasPreference)
    values[Int(second)].flags.insert(.hasPreference)
    // A slot shared with others would have to be written.
    let flags = values[Int(first)].flags.union(values[Int(second)].flags)
    if flags.contains(.isRematerialized) { return }
    let x = values[Int(a)]
    let y = values[Int(b)]
    // Values that live in fixed places only have nothing to share.
    if x.rangeStart == x.rangeEnd || y.rangeStart == y.rangeEnd { return }
    let left = set(of: a)
    let right = set(of: b)
    if runs.overlap(left, right, &ranges, steps: &steps) { return }
    let united = runs.unite(left, right, &ranges, steps: &steps)
    parent[Int(b)] = a
    useCursor[Int(a)] = UInt32(truncatingIfNeeded: united)
    statistics.coalesced &+= 1
  }

  // MARK: Bundles

  /// Makes a bundle of each set, and the piece that is all of it; short values stay by themselves.
  mutating func makeBundles() {
    bundles.removeAll()
    bundles.reserve(view.valueCount)
    pieces.removeAll()
    pieces.reserve(view.valueCount)
    shortValues.removeAll()
    enteredShortValues = 0
    for k in 0..<view.hintCount {
      values[Int(view.hints[k].value.raw)].flags.insert(.hasPreference)
    }
    for v in 0..<view.valueCount {
      let value = values[v]
      if isShort(value) {
        shortValues.append(ShortValue(value: UInt32(truncatingIfNeeded: v)))
        continue
      }
      let root = Int(truncatingIfNeeded: find(UInt32(truncatingIfNeeded: v)))
      if values[root].rangeStart == values[root].rangeEnd { continue }
      if root == v && useCursor[v] == .max {
        makeBundle(v, value.rangeStart, value.rangeEnd, [])
      } else {
        if values[root].bundle == .max {
          let run = runs.flatten(
            Int32(truncatingIfNeeded: useCursor[root]), &ranges, steps: &steps)
          makeBundle(root, run.start, run.end, .hasScatteredUses)
        }
        values[v].bundle = values[root].bundle
        // From here on the next of its uses to be gathered.
        useCursor[v] = useStart[v]
      }
      let b = Int(truncatingIfNeeded: values[v].bundle)
      pieces[b].cost += value.cost
      pieces[b].limit = min(pieces[b].limit, value.limit)
      if value.flags.contains(.hasFixedUse) { pieces[b].hasFixedUses = true }
    }
    for b in bundles.indices { pieces[b].weight = weight(of: pieces[b]) }
    findPartners()
    statistics.bundles = bundles.count &+ shortValues.count
  }

  /// Makes the bundle of value `v`, and perhaps others.
  @inline(__always) mutating func makeBundle(
    _ v: Int, _ rangeStart: UInt32, _ rangeEnd: UInt32, _ flags: Bundle.Flags
  ) {
    let b = bundles.count
    let registerClass = view.classes[v].rawValue
    values[v].bundle = UInt32(truncatingIfNeeded: b)
    bundles.append(Bundle(whole: pieces.count, registerClass, flags))
    if values[v].flags.contains(.isRematerialized) {
      bundles[b].flags.insert(.isRematerialized)
      bundles[b].slot = Int32(truncatingIfNeeded: v)
    }
    var piece = Piece(
      of: b, registerClass, .whole, from: ranges[Int(truncatingIfNeeded: rangeStart)].from,
      to: ranges[Int(truncatingIfNeeded: rangeEnd) &- 1].to, rangeStart: rangeStart,
      rangeEnd: rangeEnd, useStart: useStart[v], useEnd: useStart[v &+ 1])
    measure(&piece, until: rangeEnd)
    pieces.append(piece)
  }

  /// Notes for each value the one that its most frequent remaining move connects it with.
  private mutating func findPartners() {
    parent.reset(count: view.valueCount, to: .max)
    for k in candidateOrder.indices {
      let candidate = candidates[Int(truncatingIfNeeded: candidateOrder[k])]
      let a = Int(truncatingIfNeeded: candidate.first)
      let b = Int(truncatingIfNeeded: candidate.second)
      if values[a].bundle == values[b].bundle { continue }
      if parent[a] == .max { parent[a] = candidate.second }
      if parent[b] == .max { parent[b] = candidate.first }
    }
  }

  /// Has the uses of a bundle in order. Most bundles of several values find a register without a look
  /// at their uses.
  @inline(__always) mutating func ensureUses(of b: Int) {
    if bundles[b].flags.contains(.hasScatteredUses) { gatherUses(of: b) }
  }

  /// Appends the uses of a bundle of several values, in order, behind all others.
  private mutating func gatherUses(of b: Int) {
    bundles[b].flags.remove(.hasScatteredUses)
    let whole = Int(truncatingIfNeeded: bundles[b].whole)
    let start = uses.count
    for r in ranges(of: b) {
      let range = ranges[r]
      let v = Int(truncatingIfNeeded: range.value)
      let end = useStart[v &+ 1]
      while useCursor[v] < end && uses[Int(useCursor[v])].point <= range.to {
        append(uses[Int(useCursor[v])], after: start)
        useCursor[v] &+= 1
      }
    }
    steps &+= uses.count &- start
    pieces[whole].useStart = UInt32(truncatingIfNeeded: start)
    pieces[whole].useEnd = UInt32(truncatingIfNeeded: uses.count)
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

  /// Appends a use; neighbouring ranges may put two of one gap in the wrong order.
  private mutating func append(_ use: UseRecord, after start: Int) {
    uses.append(use)
    var place = uses.count &- 1
    while place > start && uses[place &- 1].point > use.point {
      uses[place] = uses[place &- 1]
      place &-= 1
    }
    uses[place] = use
  }
}
