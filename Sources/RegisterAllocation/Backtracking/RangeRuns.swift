// SPDX-License-Identifier: Apache-2.0
// Sets of disjoint live ranges that grow by union, with a fast test for overlap.

import BrolgaEntities

/// Disjoint range sets, each a list of sorted runs in a pool of ranges.
///
/// The runs of a set differ in length by factors, as in a binary counter: there are at most as many
/// as the logarithm of the set's size. Cost: a test is the shorter set times a logarithm; a union
/// is a logarithm per range, amortized.
struct RangeRuns: ~Copyable {
  struct Run: BitwiseCopyable {
    var start: UInt32
    var end: UInt32
    var next: Int32
    @inline(__always) var count: Int { Int(truncatingIfNeeded: end &- start) }
  }

  private var runs = Vector<Run>()

  init() {}

  mutating func reset() { runs.removeAll() }

  /// A set of one run.
  mutating func makeSet(_ start: UInt32, _ end: UInt32) -> Int32 {
    runs.append(Run(start: start, end: end, next: -1))
    return Int32(truncatingIfNeeded: runs.count &- 1)
  }

  /// Whether two sets have a point in common.
  mutating func overlap(
    _ a: Int32, _ b: Int32, _ ranges: inout Vector<LiveRange>, _ steps: inout StepBudget
  ) -> Bool {
    var x = a
    while x >= 0 {
      var y = b
      while y >= 0 {
        if overlap(runs[Int(x)], runs[Int(y)], &ranges, &steps) { return true }
        y = runs[Int(y)].next
      }
      x = runs[Int(x)].next
    }
    return false
  }

  private mutating func overlap(
    _ a: Run, _ b: Run, _ ranges: inout Vector<LiveRange>, _ steps: inout StepBudget
  ) -> Bool {
    if a.count == 0 || b.count == 0 { return false }
    if ranges[Int(a.end) &- 1].to <= ranges[Int(b.start)].from { return false }
    if ranges[Int(b.end) &- 1].to <= ranges[Int(a.start)].from { return false }
    let short = a.count <= b.count ? a : b
    let long = a.count <= b.count ? b : a
    var k = Int(short.start)
    var low = Int(long.start)
    let end = Int(long.end)
    while k < Int(short.end) {
      let range = ranges[k]
      // Gallop to the first range of the long run that ends behind this one's start.
      var step = 1
      var high = low
      while high < end && ranges[high].to <= range.from {
        low = high &+ 1
        high &+= step
        step &<<= 1
        steps.used &+= 1
      }
      high = min(high, end)
      while low < high {
        let middle = (low &+ high) &>> 1
        if ranges[middle].to <= range.from { low = middle &+ 1 } else { high = middle }
        steps.used &+= 1
      }
      if low == end { return false }
      if ranges[low].from < range.to { return true }
      steps.used &+= 1
      k &+= 1
    }
    return false
  }

  private mutating func size(_ set: Int32) -> Int {
    var total = 0
    var x = set
    while x >= 0 {
      total &+= runs[Int(x)].count
      x = runs[Int(x)].next
    }
    return total
  }

  /// The union of two sets without a common point. Neither is valid afterwards.
  mutating func unite(
    _ a: Int32, _ b: Int32, _ ranges: inout Vector<LiveRange>, _ steps: inout StepBudget
  ) -> Int32 {
    let isSwapped = size(a) < size(b)
    var set = isSwapped ? b : a
    var other = isSwapped ? a : b
    while other >= 0 {
      let next = runs[Int(other)].next
      set = insert(other, into: set, &ranges, &steps)
      other = next
    }
    return set
  }

  private mutating func insert(
    _ run: Int32, into set: Int32, _ ranges: inout Vector<LiveRange>, _ steps: inout StepBudget
  ) -> Int32 {
    var head = set
    var before: Int32 = -1
    var x = head
    while x >= 0 {
      let next = runs[Int(x)].next
      if append(run, to: x, &ranges, &steps) { return head }
      if runs[Int(x)].count <= 2 &* runs[Int(run)].count {
        if before < 0 { head = next } else { runs[Int(before)].next = next }
        merge(run, x, &ranges, &steps)
        // The run is longer now: others may be short enough.
        before = -1
        x = head
        continue
      }
      before = x
      x = next
    }
    runs[Int(run)].next = head
    return run
  }

  /// Appends a run to one that ends before it, if that stands at the end of the pool: the usual
  /// case, values being united in the order of the program.
  private mutating func append(
    _ run: Int32, to x: Int32, _ ranges: inout Vector<LiveRange>, _ steps: inout StepBudget
  ) -> Bool {
    let (from, to) = (runs[Int(run)], runs[Int(x)])
    if from.count == 0 || to.count < from.count || Int(to.end) != ranges.count
      || ranges[ranges.count &- 1].to > ranges[Int(from.start)].from
    {
      return false
    }
    steps.used &+= from.count
    for k in Int(from.start)..<Int(from.end) { ranges.append(ranges[k]) }
    runs[Int(x)].end = UInt32(truncatingIfNeeded: ranges.count)
    return true
  }

  /// Makes `a` the sorted union of `a` and `b`, at the end of the pool.
  private mutating func merge(
    _ a: Int32, _ b: Int32, _ ranges: inout Vector<LiveRange>, _ steps: inout StepBudget
  ) {
    let start = ranges.count
    var x = Int(runs[Int(a)].start)
    var y = Int(runs[Int(b)].start)
    let xEnd = Int(runs[Int(a)].end)
    let yEnd = Int(runs[Int(b)].end)
    steps.used &+= xEnd &- x &+ yEnd &- y
    ranges.reserve(start &+ xEnd &- x &+ yEnd &- y)
    while x < xEnd && y < yEnd {
      if ranges[x].from < ranges[y].from {
        ranges.append(ranges[x])
        x &+= 1
      } else {
        ranges.append(ranges[y])
        y &+= 1
      }
    }
    while x < xEnd {
      ranges.append(ranges[x])
      x &+= 1
    }
    while y < yEnd {
      ranges.append(ranges[y])
      y &+= 1
    }
    runs[Int(a)].start = UInt32(truncatingIfNeeded: start)
    runs[Int(a)].end = UInt32(truncatingIfNeeded: ranges.count)
  }

  /// All ranges of a set as one run; the set stays valid.
  mutating func flatten(
    _ set: Int32, _ ranges: inout Vector<LiveRange>, _ steps: inout StepBudget
  ) -> (start: UInt32, end: UInt32) {
    // Short runs stand first.
    var x = runs[Int(set)].next
    while x >= 0 {
      let next = runs[Int(x)].next
      merge(set, x, &ranges, &steps)
      x = next
    }
    runs[Int(set)].next = -1
    return (runs[Int(set)].start, runs[Int(set)].end)
  }
}
