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

  /// Makes a bundle of each set: its ranges and its uses in one sorted run each.
  mutating func makeBundles() {
    bundles.removeAll()
    pieces.removeAll()
    for v in 0..<view.valueCount {
      let root = Int(truncatingIfNeeded: find(UInt32(truncatingIfNeeded: v)))
      if values[root].rangeStart == values[root].rangeEnd { continue }
      if root == v && useCursor[v] == .max {
        values[v].bundle = UInt32(truncatingIfNeeded: bundles.count)
        bundles.append(
          Bundle(
            rangeStart: values[v].rangeStart, rangeEnd: values[v].rangeEnd,
            useStart: useStart[v], useEnd: useStart[v &+ 1],
            registerClass: view.classes[v].rawValue))
        if values[v].flags.contains(.isRematerialized) {
          bundles[bundles.count &- 1].flags.insert(.isRematerialized)
          bundles[bundles.count &- 1].slot = Int32(truncatingIfNeeded: v)
        }
        continue
      }
      if values[root].bundle == .max {
        let name = UInt32(truncatingIfNeeded: bundles.count)
        let run = runs.flatten(
          Int32(truncatingIfNeeded: useCursor[root]), &ranges, steps: &steps)
        bundles.append(
          Bundle(
            rangeStart: run.start, rangeEnd: run.end, useStart: 0, useEnd: 0,
            registerClass: view.classes[root].rawValue))
        values[root].bundle = name
      }
      values[v].bundle = values[root].bundle
    }
    gatherUses()
    findPartners()
    statistics.bundles = bundles.count
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

  /// Appends the uses of each bundle of several values, in order, behind those of the values.
  private mutating func gatherUses() {
    // From here on: per value, the next of its uses to be taken.
    for v in 0..<view.valueCount { useCursor[v] = useStart[v] }
    for k in bundles.indices where bundles[k].useEnd == 0 {
      let start = uses.count
      for r in Int(bundles[k].rangeStart)..<Int(bundles[k].rangeEnd) {
        let range = ranges[r]
        let v = Int(truncatingIfNeeded: range.value)
        let end = useStart[v &+ 1]
        while useCursor[v] < end && uses[Int(useCursor[v])].point <= range.to {
          append(uses[Int(useCursor[v])], after: start)
          useCursor[v] &+= 1
        }
      }
      steps &+= uses.count &- start
      bundles[k].useStart = UInt32(truncatingIfNeeded: start)
      bundles[k].useEnd = UInt32(truncatingIfNeeded: uses.count)
    }
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
