// SPDX-License-Identifier: Apache-2.0
// Which instructions destroy which registers.

import BrolgaEntities

/// The clobbers of a problem, all in order, and per mask. Most programs have one mask or two.
struct Clobbers: ~Copyable {
  /// The masks that this problem uses; the first is empty.
  private var masks = Vector<RegisterSet>()
  /// Per mask of the problem its index in `masks`, or 0.
  private var names = Vector<UInt32>()
  /// Where something is destroyed, in order, and by which mask.
  private var points = Vector<UInt32>()
  private var masksAtPoints = Vector<UInt32>()
  /// Where the points of each mask start in `pointsByMask`; the second entry is the first mask's.
  private var maskStart = Vector<UInt32>()
  private var pointsByMask = Vector<UInt32>()
  /// Per two instructions, counting blocks, the index of the first clobber at them or behind.
  private var next = Vector<UInt32>()

  init() {}

  // MARK: Collection

  /// Empties the tables for a problem that ends at point `end`.
  mutating func reset(maskCount: Int, end: UInt32) {
    masks.removeAll()
    masks.append(RegisterSet())
    names.reset(count: maskCount, to: 0)
    points.removeAll()
    masksAtPoints.removeAll()
    next.removeAll()
    next.reserve(Int(truncatingIfNeeded: end &>> 2) &+ 2)
  }

  /// Enters what mask number `mask` of the problem destroys at `point`, behind all others.
  @inline(__always)
  mutating func append(
    _ point: UInt32, problemMask mask: Int, of all: UnsafeMutablePointer<RegisterSet>
  ) {
    if names[mask] == 0 {
      names[mask] = UInt32(truncatingIfNeeded: masks.count)
      masks.append(all[mask])
    }
    append(point, names[mask])
  }

  /// Enters a mask that the problem does not have.
  mutating func append(_ point: UInt32, _ registers: RegisterSet) {
    append(point, UInt32(truncatingIfNeeded: masks.count))
    masks.append(registers)
  }

  @inline(__always) private mutating func append(_ point: UInt32, _ mask: UInt32) {
    let index = UInt32(truncatingIfNeeded: points.count)
    next.append(
      repeating: index,
      count: max(0, Int(truncatingIfNeeded: point &>> 2) &+ 1 &- next.count))
    points.append(point)
    masksAtPoints.append(mask)
  }

  /// Completes the tables for look-ups below `end`.
  mutating func finish(end: UInt32) {
    while next.count < Int(truncatingIfNeeded: end &>> 2 &+ 2) {
      next.append(UInt32(truncatingIfNeeded: points.count))
    }
    // One mask: its points are all points.
    if masks.count <= 2 { return }
    maskStart.reset(count: masks.count &+ 2, to: 0)
    for k in masksAtPoints.indices { maskStart[Int(masksAtPoints[k]) &+ 2] &+= 1 }
    for m in 1..<maskStart.count { maskStart[m] &+= maskStart[m &- 1] }
    pointsByMask.reset(count: points.count, to: 0)
    for k in masksAtPoints.indices {
      let m = Int(masksAtPoints[k]) &+ 1
      pointsByMask[Int(maskStart[m])] = points[k]
      maskStart[m] &+= 1
    }
  }

  // MARK: Look-up

  /// Index of the first clobber at or after `point`.
  @inline(__always) private mutating func seek(_ point: UInt32) -> Int {
    var k = Int(truncatingIfNeeded: next[Int(truncatingIfNeeded: point &>> 2)])
    while k < points.count && points[k] < point { k &+= 1 }
    return k
  }

  /// Of the registers `all` of class `c`, at least those that are destroyed in `from ..< to`; beside
  /// them may be some that are not in `all`.
  @inline(__always)
  mutating func clobbered(
    _ from: UInt32, _ to: UInt32, _ c: Int, of all: UInt64, _ steps: inout StepBudget
  ) -> UInt64 {
    let first = seek(from)
    let end = seek(to)
    return first == end ? 0 : clobbered(from, to, first..<end, c, all, &steps)
  }

  /// The same, for a stretch that has clobbers, those with these indices.
  private mutating func clobbered(
    _ from: UInt32, _ to: UInt32, _ indices: Range<Int>, _ c: Int, _ all: UInt64,
    _ steps: inout StepBudget
  ) -> UInt64 {
    let first = indices.lowerBound
    let end = indices.upperBound
    let kind = RegisterClass(index: c)
    var found = masks[Int(truncatingIfNeeded: masksAtPoints[first])][kind]
    if masks.count == 2 { return found }
    if masks.count > SearchLimits.searchedMasks
      || end &- first <= SearchLimits.clobbersWalkedOverAtOnce
    {
      var k = first &+ 1
      while k < end && all & ~found != 0 {
        found |= masks[Int(truncatingIfNeeded: masksAtPoints[k])][kind]
        k &+= 1
      }
      steps.used &+= k &- first
      return found
    }
    for m in 1..<masks.count where masks[m][kind] & ~found != 0 {
      let at = firstOfMask(m, from)
      if at < Int(maskStart[m &+ 1]) && pointsByMask[at] < to { found |= masks[m][kind] }
    }
    return found
  }

  /// Index in `pointsByMask` of the first clobber with mask `m` at or after `point`.
  private mutating func firstOfMask(_ m: Int, _ point: UInt32) -> Int {
    var low = Int(maskStart[m])
    var high = Int(maskStart[m &+ 1])
    while low < high {
      let middle = (low &+ high) &>> 1
      if pointsByMask[middle] < point { low = middle &+ 1 } else { high = middle }
    }
    return low
  }

  /// The set of masks, one bit each, that contain `register`; the last bit stands for all masks
  /// from the 64th on.
  mutating func masksClobbering(_ register: UInt8) -> UInt64 {
    var found: UInt64 = 0
    let name = PhysicalRegister(raw: register)
    for m in 1..<max(1, masks.count) where masks[m].contains(name) {
      found |= 1 &<< UInt64(truncatingIfNeeded: min(m, 63))
    }
    return found
  }

  /// The first point of `from ..< to` where `register` is destroyed, or `to`.
  mutating func first(
    _ register: UInt8, _ from: UInt32, _ to: UInt32, _ steps: inout StepBudget
  ) -> UInt32 {
    var k = seek(from)
    if k >= points.count || points[k] >= to { return to }
    let name = PhysicalRegister(raw: register)
    if masks.count == 2 { return masks[1].contains(name) ? points[k] : to }
    if masks.count > SearchLimits.searchedMasks {
      while k < points.count && points[k] < to {
        if masks[Int(masksAtPoints[k])].contains(name) { return points[k] }
        steps.used &+= 1
        k &+= 1
      }
      return to
    }
    var first = to
    for m in 1..<masks.count where masks[m].contains(name) {
      let at = firstOfMask(m, from)
      if at < Int(maskStart[m &+ 1]) { first = min(first, pointsByMask[at]) }
    }
    return first
  }

  /// The point after the last one of `from ..< to` where `register` is destroyed, or `from`.
  mutating func last(
    _ register: UInt8, _ from: UInt32, _ to: UInt32, _ steps: inout StepBudget
  ) -> UInt32 {
    var k = seek(to)
    if k == 0 || points[k &- 1] < from { return from }
    let name = PhysicalRegister(raw: register)
    if masks.count == 2 { return masks[1].contains(name) ? points[k &- 1] &+ 1 : from }
    if masks.count > SearchLimits.searchedMasks {
      while k > 0 && points[k &- 1] >= from {
        if masks[Int(masksAtPoints[k &- 1])].contains(name) { return points[k &- 1] &+ 1 }
        steps.used &+= 1
        k &-= 1
      }
      return from
    }
    var last = from
    for m in 1..<masks.count where masks[m].contains(name) {
      let at = firstOfMask(m, to)
      if at > Int(maskStart[m]) { last = max(last, pointsByMask[at &- 1] &+ 1) }
    }
    return last
  }
}
