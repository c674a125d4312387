// SPDX-License-Identifier: Apache-2.0
// Each piece gets a register, takes one from lighter pieces, or is split.

import BrolgaEntities

extension Search {
  // MARK: Pieces

  /// Appends the piece for a window on another.
  mutating func makeSubpiece(
    _ whole: Piece, _ from: UInt32, _ to: UInt32, _ grade: Piece.Grade, _ facts: inout Facts
  ) -> Int {
    let b = Int(truncatingIfNeeded: whole.bundle)
    var piece = Piece(
      of: b, bundles[b].registerClass, grade, from: max(from, whole.from), to: min(to, whole.to),
      rangeStart: whole.rangeStart, rangeEnd: whole.rangeEnd, useStart: whole.useStart,
      useEnd: whole.useEnd, next: bundles[b].pieces)
    if piece.from > facts.ranges[Int(whole.rangeStart)].from {
      piece.rangeStart = UInt32(
        truncatingIfNeeded: firstRange(piece, endingAfter: piece.from, &facts))
      piece.useStart = UInt32(truncatingIfNeeded: firstUse(piece, piece.from, &facts))
    }
    measure(&piece, until: whole.rangeEnd, &facts)
    addUses(&piece, &facts)
    piece.weight = weight(of: piece)
    bundles[b].pieces = UInt32(truncatingIfNeeded: pieces.count)
    pieces.append(piece)
    return pieces.count &- 1
  }

  /// Finds the ranges of a piece that starts in its first one, how long it is, and what calls in it
  /// destroy.
  @inline(__always) mutating func measure(
    _ piece: inout Piece, until end: UInt32, _ facts: inout Facts
  ) {
    let c = piece.classIndex
    let all = facts.registers.allocatable[c]
    let first = Int(truncatingIfNeeded: piece.rangeStart)
    var k = first
    var size: UInt32 = 0
    var blocked: UInt64 = 0
    while k < Int(truncatingIfNeeded: end) && facts.ranges[k].from < piece.to {
      let low = max(facts.ranges[k].from, piece.from)
      let high = min(facts.ranges[k].to, piece.to)
      size &+= high &- low
      if blocked & all != all { blocked |= facts.clobbers.clobbered(low, high, c, of: all, &steps) }
      k &+= 1
    }
    steps.used &+= k &- first
    piece.rangeEnd = UInt32(truncatingIfNeeded: k)
    piece.size = size
    piece.blocked = blocked
  }

  /// Adds up what the uses within the piece's window ask for.
  @inline(__always) private mutating func addUses(_ piece: inout Piece, _ facts: inout Facts) {
    let first = Int(truncatingIfNeeded: piece.useStart)
    let last = Int(truncatingIfNeeded: piece.useEnd)
    var u = first
    while u < last && facts.uses[u].point <= piece.to {
      let use = facts.uses[u]
      let anchor = use.anchor
      if anchor >= piece.from && anchor < piece.to {
        piece.cost += use.weight
        piece.limit = min(piece.limit, use.limit)
        if use.kind == .fixed { piece.hasFixedUses = true }
      }
      u &+= 1
    }
    steps.used &+= u &- first
    piece.useEnd = UInt32(truncatingIfNeeded: u)
  }

  @inline(__always) func weight(of piece: Piece) -> Float {
    if piece.grade != .minimal {
      return piece.cost / (Float(piece.size) + options.lengthBias)
    }
    // Who has the least choice goes first.
    let rank = (6 &- Int(piece.limit)) &* 2 &+ (piece.size > 1 ? 1 : 0)
    return SearchLimits.minimalWeight * Float(1 &+ rank)
  }

  /// The first use of the piece's list that can belong to a window from `point` on.
  mutating func firstUse(_ piece: Piece, _ point: UInt32, _ facts: inout Facts) -> Int {
    var low = Int(piece.useStart)
    var high = Int(piece.useEnd)
    while low < high {
      let middle = (low &+ high) &>> 1
      if facts.uses[middle].point &+ 2 < point { low = middle &+ 1 } else { high = middle }
    }
    return low
  }

  // MARK: Processing

  mutating func process(_ id: Int, _ facts: inout Facts) -> Bool {
    if pieces[id].hasFixedUses { ensureUses(of: Int(pieces[id].bundle), &facts) }
    let piece = pieces[id]
    if piece.cost <= 0 && piece.grade != .minimal {
      leftovers.append(UInt32(truncatingIfNeeded: id))
      return true
    }
    let c = piece.classIndex
    var allowed = facts.registers.allocatable[c] & ~piece.blocked
    if piece.limit < 6 { allowed &= Self.below(piece.limit) }
    var reluctant: UInt64 = 0
    if piece.cost <= options.firstUseCost && piece.grade != .minimal {
      reluctant = allowed & ~facts.registers.preferred[c] & ~used[c]
      allowed &= ~reluctant
    }
    var best = noRegister
    var bestCost = Float.infinity
    if allowed != 0 {
      gatherVotes(piece, &facts)
      var rest = allowed
      while rest != 0 {
        let register = choose(rest, c, piece, &facts)
        rest &= ~ClassWords.bit(register)
        if isFree(register, piece, &facts) {
          assign(id, register, &facts)
          votes.clear(c)
          return true
        }
      }
      rest = allowed
      while rest != 0 {
        let register = choose(rest, c, piece, &facts)
        rest &= ~ClassWords.bit(register)
        switch probe(id, register, &facts) {
        case .free:
          // Its own fixed uses were in the way.
          assign(id, register, &facts)
          votes.clear(c)
          return true
        case .evictable:
          var cost: Float = 0
          for k in conflicts.indices { cost += pieces[Int(conflicts[k])].cost }
          if cost < bestCost {
            bestCost = cost
            best = register
            keepConflicts()
          }
        case .blocked: break
        }
      }
      votes.clear(c)
    }
    if best != noRegister {
      for k in bestConflicts.indices { evict(Int(truncatingIfNeeded: bestConflicts[k]), &facts) }
      assign(id, best, &facts)
      return true
    }
    if piece.grade == .minimal && displaceForMinimal(id, allowed, c, &facts) { return true }
    return split(id, &facts)
  }

  /// Whether nothing takes `register` from the piece.
  @inline(__always)
  private mutating func isFree(_ register: UInt8, _ piece: Piece, _ facts: inout Facts) -> Bool {
    var k = Int(truncatingIfNeeded: piece.rangeStart)
    while k < Int(truncatingIfNeeded: piece.rangeEnd) {
      if !taken.isFree(
        register, max(facts.ranges[k].from, piece.from), min(facts.ranges[k].to, piece.to))
      {
        steps.used &+= k &- Int(truncatingIfNeeded: piece.rangeStart)
        return false
      }
      k &+= 1
    }
    steps.used &+= k &- Int(truncatingIfNeeded: piece.rangeStart)
    return true
  }

  @inline(__always) static func below(_ limit: UInt8) -> UInt64 {
    limit >= 6 ? .max : (1 &<< (1 &<< UInt64(truncatingIfNeeded: limit))) &- 1
  }

  mutating func keepConflicts() {
    bestConflicts.removeAll()
    for k in conflicts.indices { bestConflicts.append(conflicts[k]) }
  }

  /// Of `rest`, the register to try next: what fixed operands want, then what costs least.
  private mutating func choose(_ rest: UInt64, _ c: Int, _ piece: Piece, _ facts: inout Facts)
    -> UInt8
  {
    let best = votes.winner(of: rest, c)
    if best != noRegister { return best }
    if piece.hint != noRegister && rest & ClassWords.bit(piece.hint) != 0 { return piece.hint }
    return firstChoice(rest, c, &facts)
  }

  /// The register that costs least.
  @inline(__always) mutating func firstChoice(_ registers: UInt64, _ c: Int, _ facts: inout Facts)
    -> UInt8
  {
    let first = registers & facts.registers.preferred[c]
    if first != 0 { return facts.registers.order.first(first, c) }
    let saved = registers & used[c]
    return facts.registers.order.first(saved != 0 ? saved : registers, c)
  }

  /// Counts, for the registers of fixed uses, what a move costs less if the piece is there.
  private mutating func gatherVotes(_ piece: Piece, _ facts: inout Facts) {
    var u = Int(truncatingIfNeeded: piece.useStart)
    let end =
      piece.hasFixedUses
      ? min(u &+ SearchLimits.votingUses, Int(truncatingIfNeeded: piece.useEnd)) : u
    while u < end {
      if facts.uses[u].kind == .fixed { votes.add(facts.uses[u].register, facts.uses[u].weight) }
      u &+= 1
    }
    var k = Int(truncatingIfNeeded: piece.rangeStart)
    let last = min(k &+ SearchLimits.votingRanges, Int(truncatingIfNeeded: piece.rangeEnd))
    while k < last {
      voteForPartner(of: Int(truncatingIfNeeded: facts.ranges[k].value), &facts)
      k &+= 1
    }
    if piece.hint != noRegister && votes.hasVotes(piece.hint) {
      votes.add(piece.hint, piece.cost * SearchLimits.hintVote)
    }
  }

  /// Wants the register of a value that a move connects with `v`.
  @inline(__always) private mutating func voteForPartner(of v: Int, _ facts: inout Facts) {
    if partners[v] == .max { return }
    let partner = facts.values[Int(truncatingIfNeeded: partners[v])]
    if partner.bundle == .max || partner.definingBlock == .max { return }
    let p = bundles[Int(truncatingIfNeeded: partner.bundle)].pieces
    if p == .max { return }
    let register = pieces[Int(truncatingIfNeeded: p)].register
    if register == noRegister { return }
    votes.add(
      register,
      SearchLimits.partnerVote
        * facts.blocks.frequency[Int(truncatingIfNeeded: partner.definingBlock)])
  }

  mutating func assign(_ id: Int, _ register: UInt8, _ facts: inout Facts) {
    let piece = pieces[id]
    assert(piece.register == noRegister, "assigned twice")
    var k = Int(truncatingIfNeeded: piece.rangeStart)
    while k < Int(truncatingIfNeeded: piece.rangeEnd) {
      let from = max(facts.ranges[k].from, piece.from)
      let to = min(facts.ranges[k].to, piece.to)
      occupancy.insert(register, from, to, UInt32(truncatingIfNeeded: id))
      taken.insert(register, from, to)
      steps.used &+= Int(truncatingIfNeeded: (to &- from) &>> 15)
      k &+= 1
    }
    steps.used &+= Int(truncatingIfNeeded: piece.rangeEnd &- piece.rangeStart)
    pieces[id].register = register
    used.insert(register)
    if trace.isEnabled { trace.note(.assigned, id, register) }
  }

  mutating func evict(_ id: Int, _ facts: inout Facts) {
    if trace.isEnabled { trace.note(.evicted, id, pieces[id].register) }
    release(id, &facts)
    statistics.evictions &+= 1
    enqueue(id)
  }

  /// Takes a piece's register away.
  mutating func release(_ id: Int, _ facts: inout Facts) {
    let piece = pieces[id]
    assert(piece.register != noRegister, "evicted twice")
    var k = Int(truncatingIfNeeded: piece.rangeStart)
    while k < Int(truncatingIfNeeded: piece.rangeEnd) {
      let from = max(facts.ranges[k].from, piece.from)
      let to = min(facts.ranges[k].to, piece.to)
      occupancy.remove(piece.register, from)
      taken.remove(piece.register, from, to)
      steps.used &+= Int(truncatingIfNeeded: (to &- from) &>> 15)
      facts.reservations.retake(piece.register, from, to, &taken, &steps)
      k &+= 1
    }
    steps.used &+= Int(truncatingIfNeeded: piece.rangeEnd &- piece.rangeStart)
    pieces[id].register = noRegister
  }
}
