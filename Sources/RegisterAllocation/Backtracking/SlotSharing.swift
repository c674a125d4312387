// SPDX-License-Identifier: Apache-2.0
// Which bundles share a slot.

import BrolgaEntities

/// Slots for bundles; those whose ranges do not overlap share one.
struct SlotSharing: ~Copyable {
  /// A slot and the ranges of the bundles in it.
  private struct SlotSet: BitwiseCopyable {
    var runs: Int32
    var unit: Int32
    var units: UInt8
  }

  private var sets = Vector<SlotSet>()
  private var runs = RangeRuns()
  /// The spill area.
  var slots = SpillSlots()

  init() {}

  mutating func begin(_ problem: borrowing Problem) {
    slots.reset(for: problem)
    sets.removeAll()
  }

  /// How many slots there are.
  var count: Int { sets.count }

  /// Gives a slot to each bundle that needs one. A bundle tries a bounded number.
  mutating func run(
    _ facts: inout Facts, _ placements: inout Placements, _ steps: inout StepBudget
  ) {
    runs.reset()
    var next = 0
    for b in placements.bundles.indices
    where placements.bundles[b].flags.contains(.needsSlot) {
      let v = facts.ranges[Int(placements.bundles[b].rangeStart)].value
      // The same for all values of the bundle.
      let units = facts.view.units(of: Int(truncatingIfNeeded: v))
      let own = runs.makeSet(placements.bundles[b].rangeStart, placements.bundles[b].rangeEnd)
      var unit: Int32 = -1
      var tries = min(SearchLimits.slotTries, sets.count)
      while tries > 0 && !steps.isSpent {
        if next >= sets.count { next = 0 }
        let set = sets[next]
        if set.units == units && !runs.overlap(set.runs, own, &facts.ranges, &steps) {
          sets[next].runs = runs.unite(set.runs, own, &facts.ranges, &steps)
          unit = set.unit
          break
        }
        next &+= 1
        tries &-= 1
      }
      if unit < 0 {
        unit = slots.take(units, isLocal: false)
        sets.append(SlotSet(runs: own, unit: unit, units: units))
      }
      placements.bundles[b].home = Allocation(slot: Int(unit))
    }
  }
}
