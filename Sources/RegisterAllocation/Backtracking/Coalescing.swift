// SPDX-License-Identifier: Apache-2.0
// Values that a move would connect are to share a bundle, the most frequent moves first.

import BrolgaEntities

/// Two values that a move connects, and how often it would run.
struct Affinity: BitwiseCopyable {
  var frequency: Float
  var first: UInt32
  var second: UInt32
}

/// Sets of values that a move connects and whose ranges do not overlap.
struct Coalescing: ~Copyable {
  /// Per value the next towards the root of its set.
  private var parent = Vector<UInt32>()
  /// Per root the ranges of its set as runs, or -1 for a value's own ranges.
  private var setOfRoot = Vector<Int32>()
  private var runs = RangeRuns()
  /// The affinities by falling frequency, by their numbers.
  private(set) var order = Vector<UInt32>()
  /// Affinities per exponent of their frequency.
  private var counts = Vector<UInt32>()
  /// How often two sets were made one.
  private(set) var unions = 0

  init() {}

  /// Unites the sets of values that a move connects, as far as the budget goes.
  mutating func run(
    _ facts: inout Facts, _ affinities: borrowing Vector<Affinity>, _ steps: inout StepBudget
  ) {
    runs.reset()
    unions = 0
    parent.removeAll()
    for v in 0..<facts.view.valueCount { parent.append(UInt32(truncatingIfNeeded: v)) }
    setOfRoot.reset(count: facts.view.valueCount, to: -1)
    sort(affinities)
    for k in order.indices {
      if steps.isSpent { return }
      let affinity = affinities[Int(truncatingIfNeeded: order[k])]
      tryToUnite(affinity.first, affinity.second, &facts, &steps)
    }
  }

  /// Orders the affinities by falling binary exponent of the frequency; else in program order.
  private mutating func sort(_ affinities: borrowing Vector<Affinity>) {
    order.reset(count: affinities.count, to: 0)
    if affinities.isEmpty { return }
    counts.reset(count: 256, to: 0)
    var first = 255
    var last = 0
    for k in affinities.indices {
      let place = Self.bucket(affinities[k])
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
    for k in affinities.indices {
      let place = Self.bucket(affinities[k])
      order[Int(truncatingIfNeeded: counts[place])] = UInt32(truncatingIfNeeded: k)
      counts[place] &+= 1
    }
  }

  @inline(__always) private static func bucket(_ affinity: Affinity) -> Int {
    255 &- Int(truncatingIfNeeded: affinity.frequency.bitPattern &>> 23 & 255)
  }

  private mutating func set(of root: UInt32, _ facts: inout Facts) -> Int32 {
    let r = Int(truncatingIfNeeded: root)
    if setOfRoot[r] < 0 {
      setOfRoot[r] = runs.makeSet(facts.values[r].rangeStart, facts.values[r].rangeEnd)
    }
    return setOfRoot[r]
  }

  private mutating func tryToUnite(
    _ first: UInt32, _ second: UInt32, _ facts: inout Facts, _ steps: inout StepBudget
  ) {
    let a = root(of: first)
    let b = root(of: second)
    if a == b { return }
    // A bundle has one slot.
    if facts.view.shape(of: Int(a)) != facts.view.shape(of: Int(b)) { return }
    facts.values[Int(first)].flags.insert(.hasPreference)
    facts.values[Int(second)].flags.insert(.hasPreference)
    // A slot shared with others would have to be written.
    let flags = facts.values[Int(first)].flags.union(facts.values[Int(second)].flags)
    if flags.contains(.isRematerialized) { return }
    let x = facts.values[Int(a)]
    let y = facts.values[Int(b)]
    // Values that live in fixed places only have nothing to share.
    if x.rangeStart == x.rangeEnd || y.rangeStart == y.rangeEnd { return }
    let left = set(of: a, &facts)
    let right = set(of: b, &facts)
    if runs.overlap(left, right, &facts.ranges, &steps) { return }
    setOfRoot[Int(a)] = runs.unite(left, right, &facts.ranges, &steps)
    parent[Int(b)] = a
    unions &+= 1
  }

  // MARK: Sets

  /// The value that stands for the set of `v`.
  mutating func root(of v: UInt32) -> UInt32 {
    var x = v
    while parent[Int(x)] != x {
      parent[Int(x)] = parent[Int(parent[Int(x)])]
      x = parent[Int(x)]
    }
    return x
  }

  /// Whether nothing was tried with the ranges of `root`: they are where its value says.
  @inline(__always) func isAlone(_ root: Int) -> Bool { setOfRoot[root] < 0 }

  /// All ranges of a set that is not alone, in order.
  mutating func ranges(ofSet root: Int, _ facts: inout Facts, _ steps: inout StepBudget)
    -> (start: UInt32, end: UInt32)
  {
    runs.flatten(setOfRoot[root], &facts.ranges, &steps)
  }
}
