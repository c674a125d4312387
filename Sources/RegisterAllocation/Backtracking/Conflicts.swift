// SPDX-License-Identifier: Apache-2.0
// What stands in the way of a piece in a register: fixed operands, other pieces, calls.

import BrolgaEntities

extension Search {
  // MARK: Pieces

  enum Probe { case free, evictable, blocked }

  /// Whether piece `id`, whose calls allow it, can have `register`; `conflicts` are those in the
  /// way.
  mutating func probe(_ id: Int, _ register: UInt8, _ facts: inout Facts) -> Probe {
    let piece = pieces[id]
    conflicts.removeAll()
    var k = Int(truncatingIfNeeded: piece.rangeStart)
    while k < Int(truncatingIfNeeded: piece.rangeEnd) {
      let range = facts.ranges[k]
      let from = max(range.from, piece.from)
      let to = min(range.to, piece.to)
      if facts.reservations.first(register, from, to, otherThan: range.value, &steps) < to {
        return .blocked
      }
      var node = occupancy.firstOverlap(register, from, to)
      while node >= 0 {
        let other = holder(node, &facts)
        if pieces[other].weight >= piece.weight { return .blocked }
        if !isKnownConflict(other) {
          if conflicts.count == SearchLimits.evictedAtOnce { return .blocked }
          conflicts.append(UInt32(truncatingIfNeeded: other))
        }
        steps.used &+= 1
        node = occupancy.next(node, register, before: to)
      }
      k &+= 1
    }
    steps.used &+= Int(truncatingIfNeeded: piece.rangeEnd &- piece.rangeStart)
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
    _ piece: Piece, _ index: Int, _ register: UInt8, _ point: UInt32, _ facts: inout Facts
  ) -> (from: UInt32, to: UInt32) {
    var window = (from: piece.from, to: piece.to)
    var k = index
    while k < Int(truncatingIfNeeded: piece.rangeEnd) {
      let end = min(facts.ranges[k].to, piece.to)
      let clobber = facts.clobbers.first(register, max(facts.ranges[k].from, point), end, &steps)
      steps.used &+= 1
      k &+= 1
      if clobber < end {
        window.to = clobber
        break
      }
    }
    k = index
    while k >= Int(truncatingIfNeeded: piece.rangeStart) {
      let start = max(facts.ranges[k].from, piece.from)
      let clobber = facts.clobbers.last(
        register, start, max(start, min(facts.ranges[k].to, point)), &steps)
      steps.used &+= 1
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
    _ piece: Piece, _ index: Int, _ register: UInt8, from point: UInt32, to limit: UInt32,
    _ facts: inout Facts
  ) -> UInt32 {
    var k = index
    while k < Int(truncatingIfNeeded: piece.rangeEnd) && facts.ranges[k].from < limit {
      let range = facts.ranges[k]
      let from = max(range.from, point)
      let end = min(range.to, limit)
      var to = facts.reservations.first(register, from, end, otherThan: range.value, &steps)
      var node = occupancy.firstOverlap(register, from, to)
      while node >= 0 {
        if pieces[holder(node, &facts)].weight >= piece.weight {
          to = max(occupancy.nodes[Int(node)].from, from)
          break
        }
        steps.used &+= 1
        node = occupancy.next(node, register, before: to)
      }
      steps.used &+= 1
      if to < end { return to }
      k &+= 1
    }
    return limit
  }

  /// The first point from which on `register` is to be had up to `point`, or `limit`.
  mutating func lastObstacle(
    _ piece: Piece, _ index: Int, _ register: UInt8, before point: UInt32, from limit: UInt32,
    _ facts: inout Facts
  ) -> UInt32 {
    var k = index
    while k >= Int(truncatingIfNeeded: piece.rangeStart) && facts.ranges[k].to > limit {
      let range = facts.ranges[k]
      k &-= 1
      let to = min(range.to, point)
      let from = max(range.from, limit)
      if to <= from { continue }
      var end = facts.reservations.last(register, from, to, otherThan: range.value, &steps)
      var bound = to
      while true {
        let node = occupancy.last(register, before: bound)
        if node < 0 || occupancy.nodes[Int(node)].to <= end { break }
        let found = occupancy.nodes[Int(node)]
        if pieces[holder(node, &facts)].weight >= piece.weight {
          end = min(found.to, to)
          break
        }
        steps.used &+= 1
        bound = found.from
      }
      steps.used &+= 1
      if end > from { return end }
    }
    return limit
  }

  /// Index of the piece's first range that ends after `point`, or the end.
  mutating func firstRange(_ piece: Piece, endingAfter point: UInt32, _ facts: inout Facts) -> Int {
    var low = Int(piece.rangeStart)
    var high = Int(piece.rangeEnd)
    while low < high {
      let middle = (low &+ high) &>> 1
      if facts.ranges[middle].to <= point { low = middle &+ 1 } else { high = middle }
    }
    return low
  }
}
