// SPDX-License-Identifier: Apache-2.0
// Fifth stage: each piece gets a register, takes one from lighter pieces, or is split.

import Entities

extension Backtracking {
  /// Allocates all bundles. False if the step budget is spent or a minimal piece finds no place.
  mutating func allocateAll() -> Bool {
    let pointCount = Int(truncatingIfNeeded: blockStart[view.blockCount]) &+ 64
    occupancy.reset(allocatable, pointCount: pointCount)
    votes.reset(count: 256, to: 0)
    leftovers.removeAll()
    for k in 0..<view.hintCount {
      let bundle = values[Int(view.hints[k].value.raw)].bundle
      if bundle != .max { pieces[Int(bundle)].hint = view.hints[k].register.raw }
    }
    queue.start(&pieces)
    if !emptyQueue() || !allocateShortValues() { return false }
    tryLeftovers()
    if trace.isEnabled {
      makePiecesOfShortValues()
      recordPieces()
    }
    statistics.pieces = pieces.count
    for s in shortValues.indices where shortValues[s].register != noRegister {
      statistics.pieces &+= 1
    }
    return true
  }

  mutating func emptyQueue() -> Bool {
    while true {
      let next = queue.pop(&pieces)
      if next == .max { return true }
      if !process(Int(truncatingIfNeeded: next)) { return false }
      if steps > stepBudget { return false }
    }
  }

  // MARK: Pieces

  /// Appends the piece for a window on another.
  mutating func makeSubpiece(
    _ whole: Piece, _ from: UInt32, _ to: UInt32, _ grade: Piece.Grade
  ) -> Int {
    let b = Int(truncatingIfNeeded: whole.bundle)
    var piece = Piece(
      of: b, bundles[b].registerClass, grade, from: max(from, whole.from), to: min(to, whole.to),
      rangeStart: whole.rangeStart, rangeEnd: whole.rangeEnd, useStart: whole.useStart,
      useEnd: whole.useEnd, next: bundles[b].pieces)
    if piece.from > ranges[Int(whole.rangeStart)].from {
      piece.rangeStart = UInt32(truncatingIfNeeded: firstRange(piece, endingAfter: piece.from))
      piece.useStart = UInt32(truncatingIfNeeded: firstUse(piece, piece.from))
    }
    measure(&piece, until: whole.rangeEnd)
    addUses(&piece)
    piece.weight = weight(of: piece)
    bundles[b].pieces = UInt32(truncatingIfNeeded: pieces.count)
    pieces.append(piece)
    return pieces.count &- 1
  }

  /// Finds the ranges of a piece that starts in its first one, how long it is, and what calls in it
  /// destroy.
  @inline(__always) mutating func measure(_ piece: inout Piece, until end: UInt32) {
    let c = piece.classIndex
    let all = allocatable[c]
    let first = Int(truncatingIfNeeded: piece.rangeStart)
    var k = first
    var size: UInt32 = 0
    var blocked: UInt64 = 0
    while k < Int(truncatingIfNeeded: end) && ranges[k].from < piece.to {
      let low = max(ranges[k].from, piece.from)
      let high = min(ranges[k].to, piece.to)
      size &+= high &- low
      if blocked & all != all { blocked |= clobbered(low, high, c) }
      k &+= 1
    }
    steps &+= k &- first
    piece.rangeEnd = UInt32(truncatingIfNeeded: k)
    piece.size = size
    piece.blocked = blocked
  }

  /// Adds up what the uses within the piece's window ask for.
  @inline(__always) private mutating func addUses(_ piece: inout Piece) {
    let first = Int(truncatingIfNeeded: piece.useStart)
    let last = Int(truncatingIfNeeded: piece.useEnd)
    var u = first
    while u < last && uses[u].point <= piece.to {
      let use = uses[u]
      let anchor = use.anchor
      if anchor >= piece.from && anchor < piece.to {
        piece.cost += use.weight
        piece.limit = min(piece.limit, use.limit)
        if use.kind == .fixed { piece.hasFixedUses = true }
      }
      u &+= 1
    }
    steps &+= u &- first
    piece.useEnd = UInt32(truncatingIfNeeded: u)
  }

  @inline(__always) func weight(of piece: Piece) -> Float {
    if piece.grade != .minimal {
      return piece.cost / (Float(piece.size) + options.lengthBias)
    }
    // Who has the least choice goes first.
    let rank = (6 &- Int(piece.limit)) &* 2 &+ (piece.size > 1 ? 1 : 0)
    return 1e20 * Float(1 &+ rank)
  }

  /// The first use of the piece's list that can belong to a window from `point` on.
  mutating func firstUse(_ piece: Piece, _ point: UInt32) -> Int {
    var low = Int(piece.useStart)
    var high = Int(piece.useEnd)
    while low < high {
      let middle = (low &+ high) &>> 1
      if uses[middle].point &+ 2 < point { low = middle &+ 1 } else { high = middle }
    }
    return low
  }

  mutating func enqueue(_ id: Int) {
    queue.push(
      UInt32(truncatingIfNeeded: id),
      PieceQueue.key(size: pieces[id].size, from: pieces[id].from))
  }

  // MARK: Processing

  private mutating func process(_ id: Int) -> Bool {
    if pieces[id].hasFixedUses { ensureUses(of: Int(pieces[id].bundle)) }
    let piece = pieces[id]
    if piece.cost <= 0 && piece.grade != .minimal {
      leftovers.append(UInt32(truncatingIfNeeded: id))
      return true
    }
    let c = piece.classIndex
    var allowed = allocatable[c] & ~piece.blocked
    if piece.limit < 6 { allowed &= Self.below(piece.limit) }
    var reluctant: UInt64 = 0
    if piece.cost <= options.firstUseCost && piece.grade != .minimal {
      reluctant = allowed & ~preferred[c] & ~used[c]
      allowed &= ~reluctant
    }
    var best = noRegister
    var bestCost = Float.infinity
    if allowed != 0 {
      gatherVotes(piece)
      var rest = allowed
      while rest != 0 {
        let register = choose(rest, c, piece)
        rest &= ~ClassWords.bit(register)
        if isFree(register, piece) {
          assign(id, register)
          clearVotes(c)
          return true
        }
      }
      rest = allowed
      while rest != 0 {
        let register = choose(rest, c, piece)
        rest &= ~ClassWords.bit(register)
        switch probe(id, register) {
        case .free:
          // Its own fixed uses were in the way.
          assign(id, register)
          clearVotes(c)
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
      clearVotes(c)
    }
    if best != noRegister {
      for k in bestConflicts.indices { evict(Int(truncatingIfNeeded: bestConflicts[k])) }
      assign(id, best)
      return true
    }
    if piece.grade == .minimal && displaceForMinimal(id, allowed, c) { return true }
    return split(id)
  }

  /// Whether nothing takes `register` from the piece.
  @inline(__always)
  private mutating func isFree(_ register: UInt8, _ piece: Piece) -> Bool {
    var k = Int(truncatingIfNeeded: piece.rangeStart)
    while k < Int(truncatingIfNeeded: piece.rangeEnd) {
      if !taken.isFree(register, max(ranges[k].from, piece.from), min(ranges[k].to, piece.to)) {
        steps &+= k &- Int(truncatingIfNeeded: piece.rangeStart)
        return false
      }
      k &+= 1
    }
    steps &+= k &- Int(truncatingIfNeeded: piece.rangeStart)
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
  private mutating func choose(_ rest: UInt64, _ c: Int, _ piece: Piece) -> UInt8 {
    var best = noRegister
    var most: Float = 0
    var wanted = rest & votedRegisters
    while wanted != 0 {
      let register = ClassWords.lowest(wanted, c)
      if votes[Int(register)] > most {
        most = votes[Int(register)]
        best = register
      }
      wanted &= wanted &- 1
    }
    if best != noRegister { return best }
    if piece.hint != noRegister && rest & ClassWords.bit(piece.hint) != 0 { return piece.hint }
    return firstChoice(rest, c)
  }

  /// The register that costs least.
  @inline(__always) mutating func firstChoice(_ registers: UInt64, _ c: Int) -> UInt8 {
    let first = registers & preferred[c]
    if first != 0 { return order.first(first, c) }
    let saved = registers & used[c]
    return order.first(saved != 0 ? saved : registers, c)
  }

  /// Counts, for the registers of fixed uses, what a move costs less if the piece is there.
  private mutating func gatherVotes(_ piece: Piece) {
    votedRegisters = 0
    var u = Int(truncatingIfNeeded: piece.useStart)
    let end = piece.hasFixedUses ? min(u &+ 10, Int(truncatingIfNeeded: piece.useEnd)) : u
    while u < end {
      if uses[u].kind == .fixed {
        votes[Int(truncatingIfNeeded: uses[u].register)] += uses[u].weight
        votedRegisters |= ClassWords.bit(uses[u].register)
      }
      u &+= 1
    }
    var k = Int(truncatingIfNeeded: piece.rangeStart)
    let last = min(k &+ 4, Int(truncatingIfNeeded: piece.rangeEnd))
    while k < last {
      voteForPartner(of: Int(truncatingIfNeeded: ranges[k].value))
      k &+= 1
    }
    if piece.hint != noRegister && votedRegisters & ClassWords.bit(piece.hint) != 0 {
      votes[Int(piece.hint)] += piece.cost * 0.25
    }
  }

  /// Wants the register of a value that a move connects with `v`.
  @inline(__always) private mutating func voteForPartner(of v: Int) {
    if parent[v] == .max { return }
    let partner = values[Int(truncatingIfNeeded: parent[v])]
    if partner.bundle == .max || partner.definingBlock == .max { return }
    let p = bundles[Int(truncatingIfNeeded: partner.bundle)].pieces
    if p == .max { return }
    let register = pieces[Int(truncatingIfNeeded: p)].register
    if register == noRegister { return }
    votes[Int(truncatingIfNeeded: register)] +=
      0.5 * frequency[Int(truncatingIfNeeded: partner.definingBlock)]
    votedRegisters |= ClassWords.bit(register)
  }

  private mutating func clearVotes(_ c: Int) {
    while votedRegisters != 0 {
      votes[Int(ClassWords.lowest(votedRegisters, c))] = 0
      votedRegisters &= votedRegisters &- 1
    }
  }

  mutating func assign(_ id: Int, _ register: UInt8) {
    let piece = pieces[id]
    assert(piece.register == noRegister, "assigned twice")
    var k = Int(truncatingIfNeeded: piece.rangeStart)
    while k < Int(truncatingIfNeeded: piece.rangeEnd) {
      let from = max(ranges[k].from, piece.from)
      let to = min(ranges[k].to, piece.to)
      occupancy.insert(register, from, to, UInt32(truncatingIfNeeded: id))
      taken.insert(register, from, to)
      steps &+= Int(truncatingIfNeeded: (to &- from) &>> 15)
      k &+= 1
    }
    steps &+= Int(truncatingIfNeeded: piece.rangeEnd &- piece.rangeStart)
    pieces[id].register = register
    used.insert(register)
    if trace.isEnabled { trace.note(.assigned, id, register) }
  }

  mutating func evict(_ id: Int) {
    if trace.isEnabled { trace.note(.evicted, id, pieces[id].register) }
    release(id)
    statistics.evictions &+= 1
    enqueue(id)
  }

  /// Takes a piece's register away.
  mutating func release(_ id: Int) {
    let piece = pieces[id]
    assert(piece.register != noRegister, "evicted twice")
    var k = Int(truncatingIfNeeded: piece.rangeStart)
    while k < Int(truncatingIfNeeded: piece.rangeEnd) {
      let from = max(ranges[k].from, piece.from)
      let to = min(ranges[k].to, piece.to)
      occupancy.remove(piece.register, from)
      taken.remove(piece.register, from, to)
      steps &+= Int(truncatingIfNeeded: (to &- from) &>> 15)
      retakeReservations(piece.register, from, to)
      k &+= 1
    }
    steps &+= Int(truncatingIfNeeded: piece.rangeEnd &- piece.rangeStart)
    pieces[id].register = noRegister
  }
}
