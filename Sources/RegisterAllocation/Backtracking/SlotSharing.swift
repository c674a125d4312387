// SPDX-License-Identifier: Apache-2.0
// Which bundles share a slot.

import Entities

/// Slots for bundles; those whose ranges do not overlap share one.
struct SlotSharing: ~Copyable {
  /// A slot and the ranges of the bundles in it.
  private struct SlotSet: BitwiseCopyable {
    var runs: Int32
    var unit: Int32
    var units: Int32
  }

  private var sets = Vector<SlotSet>()
  private var runs = RangeRuns()
  /// Units of a slot of each class.
  private var units = PerClass<Int>(repeating: 1)
  /// The spill area.
  var slots = SpillSlots()

  init() {}

  mutating func begin(_ machine: Machine) {
    units = PerClass(
      Int(machine.intSlotUnits), Int(machine.floatSlotUnits), Int(machine.vectorSlotUnits))
    slots.reset(for: machine)
  }

  /// How many slots there are.
  var count: Int { sets.count }

  /// Gives a slot to each bundle that needs one. A bundle tries a bounded number.
  mutating func run(
    _ facts: inout Facts, _ search: inout Search, _ placements: inout Placements,
    _ steps: inout StepBudget
  ) {
    runs.reset()
    sets.removeAll()
    var next = 0
    for b in placements.bundles.indices
    where placements.bundles[b].flags.contains(.needsSlot) {
      let c = Int(search.bundles[b].registerClass)
      let size = Int32(truncatingIfNeeded: units[c])
      let own = runs.makeSet(placements.bundles[b].rangeStart, placements.bundles[b].rangeEnd)
      var unit: Int32 = -1
      var tries = min(SearchLimits.slotTries, sets.count)
      while tries > 0 && !steps.isSpent {
        if next >= sets.count { next = 0 }
        let set = sets[next]
        if set.units == size && !runs.overlap(set.runs, own, &facts.ranges, &steps) {
          sets[next].runs = runs.unite(set.runs, own, &facts.ranges, &steps)
          unit = set.unit
          break
        }
        next &+= 1
        tries &-= 1
      }
      if unit < 0 {
        unit = slots.take(c, isLocal: false)
        sets.append(SlotSet(runs: own, unit: unit, units: size))
      }
      placements.bundles[b].home = Allocation(slot: Int(unit))
    }
  }
}
