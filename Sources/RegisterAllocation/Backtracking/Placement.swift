// SPDX-License-Identifier: Apache-2.0
// Sixth stage: where each bundle is at each point, and which bundles share a slot.

import Entities

/// A slot and the ranges of the bundles in it.
struct SlotSet: BitwiseCopyable {
  var runs: Int32
  var unit: Int32
  var units: Int32
}

extension Backtracking {
  /// Lists each bundle's registers in order, and marks the bundles that need a slot.
  mutating func placeBundles() {
    placed.removeAll()
    for b in bundles.indices {
      let start = placed.count
      var p = bundles[b].pieces
      let whole = Int(truncatingIfNeeded: bundles[b].whole)
      if Int(p) == whole && pieces[whole].register != noRegister {
        // The usual case: all of it in one register, which is kept in place of the list.
        bundles[b].pieces = UInt32(truncatingIfNeeded: pieces[whole].register)
        bundles[b].flags.insert(.isWhole)
        continue
      }
      while p != .max {
        let piece = pieces[Int(p)]
        if piece.register != noRegister {
          placed.append(Placed(from: piece.from, to: piece.to, register: piece.register))
        }
        p = piece.next
      }
      sortPlaced(from: start)
      stretchPlaced(of: b, from: start)
      bundles[b].pieces = UInt32(truncatingIfNeeded: start)
      bundles[b].placedEnd = UInt32(truncatingIfNeeded: placed.count)
      // From here on a cursor into `placed`.
      pieces[whole].useStart = UInt32(truncatingIfNeeded: start)
      classify(b)
    }
    for v in 0..<view.valueCount where values[v].bundle != .max {
      if values[v].flags.contains(.hasStackUse) || values[v].flags.contains(.definedInSlot) {
        bundles[Int(values[v].bundle)].flags.insert(.needsSlot)
      }
      // What a branch leaves elsewhere is moved along the edges.
      if values[v].flags.contains(.definedByBranch) && values[v].hasPlacedDefinition {
        list(Int(values[v].bundle))
      }
    }
  }

  /// Sorts the entries of one bundle, which mostly are in falling order.
  private mutating func sortPlaced(from start: Int) {
    let count = placed.count &- start
    if count < 2 { return }
    var list = UnsafeMutableBufferPointer(rebasing: placed.buffer[start...])
    list.reverse()
    for k in 1..<count where list[k].from < list[k &- 1].from {
      list.sort { $0.from < $1.from }
      return
    }
  }

  private mutating func classify(_ b: Int) {
    let bundle = bundles[b]
    var k = Int(bundle.pieces)
    let end = Int(bundle.placedEnd)
    if k == end {
      needSlot(b)
      return
    }
    var isCovered = true
    for r in ranges(of: b) {
      var from = ranges[r].from
      while k < end && placed[k].to <= from { k &+= 1 }
      var j = k
      while j < end && placed[j].from <= from && from < ranges[r].to {
        from = max(from, placed[j].to)
        j &+= 1
      }
      if from < ranges[r].to {
        isCovered = false
        break
      }
    }
    if !isCovered { needSlot(b) }
    if !isCovered || end &- Int(bundle.pieces) > 1 { bundles[b].flags.insert(.isSplit) }
  }

  @inline(__always) private mutating func needSlot(_ b: Int) {
    if !bundles[b].flags.contains(.isRematerialized) { bundles[b].flags.insert(.needsSlot) }
  }

  /// Makes a bundle one with a list of locations.
  private mutating func list(_ b: Int) {
    bundles[b].flags.insert(.isSplit)
    if !bundles[b].flags.contains(.isWhole) { return }
    bundles[b].flags.remove(.isWhole)
    let register = UInt8(truncatingIfNeeded: bundles[b].pieces)
    bundles[b].pieces = UInt32(truncatingIfNeeded: placed.count)
    let whole = Int(truncatingIfNeeded: bundles[b].whole)
    pieces[whole].useStart = bundles[b].pieces
    placed.append(
      Placed(from: pieces[whole].from, to: pieces[whole].to, register: register))
    bundles[b].placedEnd = UInt32(truncatingIfNeeded: placed.count)
  }

  // MARK: Locations

  /// Where the bundle's value is at `point`.
  mutating func location(_ b: Int, _ point: UInt32) -> Allocation {
    let bundle = bundles[b]
    if !bundle.flags.contains(.isSplit) { return singleLocation(bundle) }
    var low = Int(bundle.pieces)
    var high = Int(bundle.placedEnd)
    while low < high {
      let middle = (low &+ high) &>> 1
      if placed[middle].to <= point { low = middle &+ 1 } else { high = middle }
    }
    if low < Int(bundle.placedEnd) && placed[low].from <= point {
      return Allocation(packed: placed[low].register)
    }
    return bundle.home
  }

  @inline(__always) mutating func singleLocation(_ bundle: Bundle) -> Allocation {
    if bundle.flags.contains(.isWhole) {
      return Allocation(packed: UInt8(truncatingIfNeeded: bundle.pieces))
    }
    return bundle.pieces == bundle.placedEnd
      ? bundle.home
      : Allocation(packed: placed[Int(bundle.pieces)].register)
  }

  /// The same for points that rise, but for steps back within the instruction at `early`.
  @inline(__always)
  mutating func nextLocation(_ b: Int, _ point: UInt32, _ early: UInt32) -> Allocation {
    let bundle = bundles[b]
    if !bundle.flags.contains(.isSplit) { return singleLocation(bundle) }
    let whole = Int(truncatingIfNeeded: bundle.whole)
    var k = Int(pieces[whole].useStart)
    let end = Int(bundle.placedEnd)
    while k < end && placed[k].to &+ 2 <= early { k &+= 1 }
    pieces[whole].useStart = UInt32(truncatingIfNeeded: k)
    while k < end && placed[k].to <= point { k &+= 1 }
    if k < end && placed[k].from <= point { return Allocation(packed: placed[k].register) }
    return bundle.home
  }

  // MARK: Slots

  /// Gives slots; bundles whose ranges do not overlap share one. A bundle tries a bounded number.
  mutating func shareSlots() {
    runs.reset()
    slotSets.removeAll()
    var next = 0
    for b in bundles.indices where bundles[b].flags.contains(.needsSlot) {
      let c = Int(bundles[b].registerClass)
      let size = Int32(truncatingIfNeeded: units[c])
      let all = ranges(of: b)
      let own = runs.makeSet(
        UInt32(truncatingIfNeeded: all.lowerBound), UInt32(truncatingIfNeeded: all.upperBound))
      var tries = min(12, slotSets.count)
      while tries > 0 && steps <= stepBudget {
        if next >= slotSets.count { next = 0 }
        let set = slotSets[next]
        if set.units == size && !runs.overlap(set.runs, own, &ranges, steps: &steps) {
          slotSets[next].runs = runs.unite(set.runs, own, &ranges, steps: &steps)
          bundles[b].slot = set.unit
          break
        }
        next &+= 1
        tries &-= 1
      }
      if bundles[b].slot >= 0 { continue }
      let unit = slots.take(c, isLocal: false)
      bundles[b].slot = unit
      slotSets.append(SlotSet(runs: own, unit: unit, units: size))
    }
    statistics.slots = slotSets.count
  }
}
