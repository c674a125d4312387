// SPDX-License-Identifier: Apache-2.0
// The last resort of a minimal piece: pieces that are as small move to other registers.

import BrolgaEntities

extension Search {
  /// Frees one of `allowed` for a minimal piece by moving those that have it to registers that are
  /// free there. False if no register can be freed so.
  mutating func displaceForMinimal(_ id: Int, _ allowed: UInt64, _ c: Int, _ facts: inout Facts)
    -> Bool
  {
    var rest = allowed
    while rest != 0 {
      let register = ClassWords.lowest(rest, c)
      rest &= rest &- 1
      if !findOccupants(id, register, &facts) { continue }
      keepConflicts()
      var isFree = true
      for k in bestConflicts.indices where isFree {
        isFree = moveAway(Int(truncatingIfNeeded: bestConflicts[k]), c, &facts)
      }
      if isFree {
        assign(id, register, &facts)
        return true
      }
    }
    return false
  }

  /// Lists in `conflicts` the pieces that have `register` within a minimal piece; false if a fixed
  /// operand needs it there.
  private mutating func findOccupants(_ id: Int, _ register: UInt8, _ facts: inout Facts) -> Bool {
    let piece = pieces[id]
    conflicts.removeAll()
    var k = Int(truncatingIfNeeded: piece.rangeStart)
    while k < Int(truncatingIfNeeded: piece.rangeEnd) {
      let range = facts.ranges[k]
      let from = max(range.from, piece.from)
      let to = min(range.to, piece.to)
      if facts.reservations.first(register, from, to, otherThan: range.value, &steps) < to {
        return false
      }
      var node = occupancy.firstOverlap(register, from, to)
      while node >= 0 {
        conflicts.append(UInt32(truncatingIfNeeded: holder(node, &facts)))
        steps.used &+= 1
        node = occupancy.next(node, register, before: to)
      }
      k &+= 1
    }
    return true
  }

  /// Moves a piece to another register: a free one, or one whose holders are lighter.
  private mutating func moveAway(_ id: Int, _ c: Int, _ facts: inout Facts) -> Bool {
    let piece = pieces[id]
    var rest = facts.registers.allocatable[c] & ~piece.blocked & ~ClassWords.bit(piece.register)
    if piece.limit < 6 { rest &= Self.below(piece.limit) }
    while rest != 0 {
      let register = ClassWords.lowest(rest, c)
      rest &= rest &- 1
      switch probe(id, register, &facts) {
      case .blocked: continue
      case .evictable:
        for k in conflicts.indices { evict(Int(truncatingIfNeeded: conflicts[k]), &facts) }
      case .free: break
      }
      release(id, &facts)
      assign(id, register, &facts)
      return true
    }
    return false
  }
}
