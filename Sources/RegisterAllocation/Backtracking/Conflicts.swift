// SPDX-License-Identifier: Apache-2.0
// What stands in the way of a piece in a register: calls, fixed operands, other pieces.

import Entities

extension Backtracking {
  // MARK: Clobbers

  /// Index of the first clobber at or after `point`.
  @inline(__always) private mutating func seekClobber(_ point: UInt32) -> Int {
    var k = Int(truncatingIfNeeded: nextClobber[Int(truncatingIfNeeded: point &>> 2)])
    while k < clobberPoints.count && clobberPoints[k] < point { k &+= 1 }
    return k
  }

  /// The registers of class `c` that are destroyed in `from ..< to`.
  @inline(__always)
  mutating func clobbered(_ from: UInt32, _ to: UInt32, _ c: Int) -> UInt64 {
    let first = seekClobber(from)
    let end = seekClobber(to)
    return first == end ? 0 : clobbered(from, to, first..<end, c)
  }

  /// The same, for a stretch that has clobbers, those with these indices.
  private mutating func clobbered(
    _ from: UInt32, _ to: UInt32, _ found: Range<Int>, _ c: Int
  ) -> UInt64 {
    let first = found.lowerBound
    let end = found.upperBound
    let kind = RegisterClass(index: c)
    var found = masks[Int(truncatingIfNeeded: clobberMask[first])][kind]
    if masks.count == 2 { return found }
    if masks.count > 8 || end &- first <= 16 {
      var k = first &+ 1
      while k < end && allocatable[c] & ~found != 0 {
        found |= masks[Int(truncatingIfNeeded: clobberMask[k])][kind]
        k &+= 1
      }
      steps &+= k &- first
      return found
    }
    for m in 1..<masks.count where masks[m][kind] & ~found != 0 {
      let at = firstOfMask(m, from)
      if at < Int(maskStart[m &+ 1]) && maskPoints[at] < to { found |= masks[m][kind] }
    }
    return found
  }

  /// Index in `maskPoints` of the first clobber with mask `m` at or after `point`.
  private mutating func firstOfMask(_ m: Int, _ point: UInt32) -> Int {
    var low = Int(maskStart[m])
    var high = Int(maskStart[m &+ 1])
    while low < high {
      let middle = (low &+ high) &>> 1
      if maskPoints[middle] < point { low = middle &+ 1 } else { high = middle }
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
  private mutating func firstClobber(
    _ register: UInt8, _ from: UInt32, _ to: UInt32
  ) -> UInt32 {
    var k = seekClobber(from)
    if k >= clobberPoints.count || clobberPoints[k] >= to { return to }
    let name = PhysicalRegister(raw: register)
    if masks.count == 2 { return masks[1].contains(name) ? clobberPoints[k] : to }
    if masks.count > 8 {
      while k < clobberPoints.count && clobberPoints[k] < to {
        if masks[Int(clobberMask[k])].contains(name) { return clobberPoints[k] }
        steps &+= 1
        k &+= 1
      }
      return to
    }
    var first = to
    for m in 1..<masks.count where masks[m].contains(name) {
      let at = firstOfMask(m, from)
      if at < Int(maskStart[m &+ 1]) { first = min(first, maskPoints[at]) }
    }
    return first
  }

  /// The point after the last one of `from ..< to` where `register` is destroyed, or `from`.
  private mutating func lastClobber(_ register: UInt8, _ from: UInt32, _ to: UInt32) -> UInt32 {
    var k = seekClobber(to)
    if k == 0 || clobberPoints[k &- 1] < from { return from }
    let name = PhysicalRegister(raw: register)
    if masks.count == 2 { return masks[1].contains(name) ? clobberPoints[k &- 1] &+ 1 : from }
    if masks.count > 8 {
      while k > 0 && clobberPoints[k &- 1] >= from {
        if masks[Int(clobberMask[k &- 1])].contains(name) { return clobberPoints[k &- 1] &+ 1 }
        steps &+= 1
        k &-= 1
      }
      return from
    }
    var last = from
    for m in 1..<masks.count where masks[m].contains(name) {
      let at = firstOfMask(m, to)
      if at > Int(maskStart[m]) { last = max(last, maskPoints[at &- 1] &+ 1) }
    }
    return last
  }

  // MARK: Fixed operands

  /// Index of the first reservation of `register` at or after `point`.
  @inline(__always)
  private mutating func seekReservation(_ register: UInt8, _ point: UInt32) -> Int {
    let r = Int(truncatingIfNeeded: register)
    let low = Int(truncatingIfNeeded: reservedStart[r])
    let high = Int(truncatingIfNeeded: reservedEnd[r])
    if low == high { return high }
    var from = Int(truncatingIfNeeded: reservedCursor[r])
    var to = high
    var step = 1
    if from < high && reserved[from].point < point {
      from &+= 1
      while from &+ step < high && reserved[from &+ step].point < point {
        from &+= step
        step &<<= 1
      }
      to = min(high, from &+ step)
    } else {
      to = from
      while to &- step >= low && reserved[to &- step].point >= point {
        to &-= step
        step &<<= 1
      }
      from = max(low, to &- step)
    }
    while from < to {
      let middle = (from &+ to) &>> 1
      if reserved[middle].point < point { from = middle &+ 1 } else { to = middle }
    }
    reservedCursor[r] = UInt32(truncatingIfNeeded: from)
    return from
  }

  /// The first point of `from ..< to` where `register` must hold another value than `v`, or `to`.
  mutating func firstReserved(
    _ register: UInt8, _ from: UInt32, _ to: UInt32, _ v: UInt32
  ) -> UInt32 {
    var k = seekReservation(register, from)
    let end = Int(truncatingIfNeeded: reservedEnd[Int(register)])
    while k < end && reserved[k].point < to {
      if reserved[k].value != v { return reserved[k].point }
      steps &+= 1
      k &+= 1
    }
    return to
  }

  /// Enters what fixed operands take of a range that has been freed.
  mutating func retakeReservations(_ register: UInt8, _ from: UInt32, _ to: UInt32) {
    var k = seekReservation(register, from)
    let end = Int(truncatingIfNeeded: reservedEnd[Int(register)])
    while k < end && reserved[k].point < to {
      taken.insert(register, reserved[k].point, reserved[k].point &+ 1)
      steps &+= 1
      k &+= 1
    }
  }

  private mutating func lastReserved(
    _ register: UInt8, _ from: UInt32, _ to: UInt32, _ v: UInt32
  ) -> UInt32 {
    var k = seekReservation(register, to)
    let start = Int(truncatingIfNeeded: reservedStart[Int(register)])
    while k > start && reserved[k &- 1].point >= from {
      if reserved[k &- 1].value != v { return reserved[k &- 1].point &+ 1 }
      steps &+= 1
      k &-= 1
    }
    return from
  }

  // MARK: Pieces

  enum Probe { case free, evictable, blocked }

  /// Whether piece `id`, whose calls allow it, can have `register`; `conflicts` are those in the
  /// way.
  mutating func probe(_ id: Int, _ register: UInt8) -> Probe {
    let piece = pieces[id]
    conflicts.removeAll()
    var k = Int(truncatingIfNeeded: piece.rangeStart)
    while k < Int(truncatingIfNeeded: piece.rangeEnd) {
      let range = ranges[k]
      let from = max(range.from, piece.from)
      let to = min(range.to, piece.to)
      if firstReserved(register, from, to, range.value) < to { return .blocked }
      var node = occupancy.firstOverlap(register, from, to)
      while node >= 0 {
        let other = holder(node)
        if pieces[other].weight >= piece.weight { return .blocked }
        if !isKnownConflict(other) {
          if conflicts.count == 16 { return .blocked }
          conflicts.append(UInt32(truncatingIfNeeded: other))
        }
        steps &+= 1
        node = occupancy.next(node, register, before: to)
      }
      k &+= 1
    }
    steps &+= Int(truncatingIfNeeded: piece.rangeEnd &- piece.rangeStart)
    return conflicts.isEmpty ? .free : .evictable
  }

  @inline(__always) private func isKnownConflict(_ piece: Int) -> Bool {
    for k in conflicts.indices.reversed() where Int(truncatingIfNeeded: conflicts[k]) == piece {
      return true
    }
    return false
  }

  // MARK: Windows

  /// What clobbers of `register` leave of the piece around `point`, which lies in range `index`.
  mutating func windowBetweenClobbers(
    _ piece: Piece, _ index: Int, _ register: UInt8, _ point: UInt32
  ) -> (from: UInt32, to: UInt32) {
    var window = (from: piece.from, to: piece.to)
    var k = index
    while k < Int(truncatingIfNeeded: piece.rangeEnd) {
      let end = min(ranges[k].to, piece.to)
      let clobber = firstClobber(register, max(ranges[k].from, point), end)
      steps &+= 1
      k &+= 1
      if clobber < end {
        window.to = clobber
        break
      }
    }
    k = index
    while k >= Int(truncatingIfNeeded: piece.rangeStart) {
      let start = max(ranges[k].from, piece.from)
      let clobber = lastClobber(register, start, max(start, min(ranges[k].to, point)))
      steps &+= 1
      k &-= 1
      if clobber > start {
        window.from = clobber
        break
      }
    }
    return window
  }

  /// The first point of `point ..< limit` where `register` is not to be had for the piece, or
  /// `limit`; `point` lies in range `index`.
  mutating func firstObstacle(
    _ piece: Piece, _ index: Int, _ register: UInt8, from point: UInt32, to limit: UInt32
  ) -> UInt32 {
    var k = index
    while k < Int(truncatingIfNeeded: piece.rangeEnd) && ranges[k].from < limit {
      let range = ranges[k]
      let from = max(range.from, point)
      let end = min(range.to, limit)
      var to = firstReserved(register, from, end, range.value)
      var node = occupancy.firstOverlap(register, from, to)
      while node >= 0 {
        if pieces[holder(node)].weight >= piece.weight {
          to = max(occupancy.nodes[Int(node)].from, from)
          break
        }
        steps &+= 1
        node = occupancy.next(node, register, before: to)
      }
      steps &+= 1
      if to < end { return to }
      k &+= 1
    }
    return limit
  }

  /// The first point from which on `register` is to be had up to `point`, or `limit`.
  mutating func lastObstacle(
    _ piece: Piece, _ index: Int, _ register: UInt8, before point: UInt32, from limit: UInt32
  ) -> UInt32 {
    var k = index
    while k >= Int(truncatingIfNeeded: piece.rangeStart) && ranges[k].to > limit {
      let range = ranges[k]
      k &-= 1
      let to = min(range.to, point)
      let from = max(range.from, limit)
      if to <= from { continue }
      var end = lastReserved(register, from, to, range.value)
      var bound = to
      while true {
        let node = occupancy.last(register, before: bound)
        if node < 0 || occupancy.nodes[Int(node)].to <= end { break }
        let found = occupancy.nodes[Int(node)]
        if pieces[holder(node)].weight >= piece.weight {
          end = min(found.to, to)
          break
        }
        steps &+= 1
        bound = found.from
      }
      steps &+= 1
      if end > from { return end }
    }
    return limit
  }

  /// Index of the piece's first range that ends after `point`, or the end.
  mutating func firstRange(_ piece: Piece, endingAfter point: UInt32) -> Int {
    var low = Int(piece.rangeStart)
    var high = Int(piece.rangeEnd)
    while low < high {
      let middle = (low &+ high) &>> 1
      if ranges[middle].to <= point { low = middle &+ 1 } else { high = middle }
    }
    return low
  }
}
