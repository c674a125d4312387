// SPDX-License-Identifier: Apache-2.0
// What happens to a piece that finds no register: around hot uses, then into minimal pieces.

import BrolgaEntities

extension Search {
  /// Splits a piece that found no register. False if it cannot be split.
  mutating func split(_ id: Int, _ facts: inout Facts) -> Bool {
    ensureUses(of: Int(pieces[id].bundle), &facts)
    let first = pieces.count
    var isAroundUse = false
    switch pieces[id].grade {
    case .dead: return true
    case .minimal: return false
    case .group:
      splitIntoPieces(id, .minimal, &facts)
    case .whole:
      let b = Int(pieces[id].bundle)
      if Int(bundles[b].splits) < options.splitLimit && splitAroundHottestUse(id, &facts) {
        bundles[b].splits &+= 1
        statistics.splits &+= 1
        isAroundUse = true
      } else {
        splitIntoPieces(id, .group, &facts)
      }
    }
    if trace.isEnabled {
      trace.noteSplit(isAroundUse ? .splitAroundHottestUse : .splitAtUses, id, first..<pieces.count)
    }
    return true
  }

  // MARK: Regions

  /// Makes a piece of its own of the window around the hottest use in the register where that
  /// window saves most. False if no window saves anything.
  private mutating func splitAroundHottestUse(_ id: Int, _ facts: inout Facts) -> Bool {
    let piece = pieces[id]
    let hottest = hottestUse(piece, &facts)
    if hottest < 0 { return false }
    let use = facts.uses[hottest]
    if isSeldom(use, &facts) { return false }
    let c = piece.classIndex
    var allowed = facts.registers.allocatable[c]
    if use.kind == .register { allowed &= Self.below(use.limit) }
    if piece.cost <= options.firstUseCost { allowed &= facts.registers.preferred[c] | used[c] }
    let range = firstRange(piece, endingAfter: use.begin, &facts)
    var best = noRegister
    var bestGain: Float = 0
    var window: (from: UInt32, to: UInt32) = (0, 0)
    var last: (from: UInt32, to: UInt32) = (0, 0)
    // What calls leave of the piece around the use, the same for all registers that they treat
    // alike; once one of these is free in all of it, the others have nothing more to offer.
    var calls: UInt64 = .max
    var limit: (from: UInt32, to: UInt32) = (0, 0)
    var isOffered = false
    // Registers that calls keep offer the most, so they go first.
    var rest = allowed & ~facts.registers.preferred[c]
    allowed &= facts.registers.preferred[c]
    while rest != 0 || allowed != 0 {
      if rest == 0 { swap(&rest, &allowed) }
      let register = ClassWords.lowest(rest, c)
      rest &= rest &- 1
      let clobbering = facts.clobbers.masksClobbering(register)
      if clobbering != calls {
        calls = clobbering
        limit = windowBetweenClobbers(piece, range, register, use.begin, &facts)
        isOffered = false
      }
      if isOffered || limit.to < use.end { continue }
      let to = firstObstacle(piece, range, register, from: use.begin, to: limit.to, &facts)
      if to < use.end { continue }
      let from = lastObstacle(piece, range, register, before: use.begin, from: limit.from, &facts)
      isOffered = from == limit.from && to == limit.to
      if from == last.from && to == last.to { continue }
      last = (from, to)
      let cut = cutWindow(piece, from, to, atLeast: bestGain, &facts)
      if cut.gain > bestGain
        || (cut.gain == bestGain && best != noRegister
          && facts.registers.preferred[c] & ClassWords.bit(best) == 0)
      {
        bestGain = cut.gain
        best = register
        window = (cut.from, cut.to)
      }
      if steps.isSpent { return false }
    }
    if best == noRegister { return false }
    if window.from <= piece.from && window.to >= piece.to { return false }
    retire(id)
    let middle = makeSubpiece(piece, window.from, window.to, .whole, &facts)
    pieces[middle].hint = best
    enqueue(middle)
    makeRest(piece, piece.from, window.from, hint: best, &facts)
    makeRest(piece, window.to, piece.to, hint: best, &facts)
    return true
  }

  /// The heaviest use that wants the value in a register at its own instruction.
  private mutating func hottestUse(_ piece: Piece, _ facts: inout Facts) -> Int {
    var hottest = -1
    var most: Float = 0
    var u = Int(piece.useStart)
    while u < Int(piece.useEnd) {
      let use = facts.uses[u]
      if (use.kind == .register || use.kind == .any) && use.weight > most
        && use.begin >= piece.from && use.end <= piece.to
      {
        hottest = u
        most = use.weight
      }
      u &+= 1
    }
    steps.used &+= u &- Int(piece.useStart)
    return hottest
  }

  /// Whether a careful split would not be noticed: the use is outside all loops of a function that
  /// has some, or other code runs that much more often.
  private func isSeldom(_ use: UseRecord, _ facts: inout Facts) -> Bool {
    use.weight
      < min(SearchLimits.carefulFrequency, facts.blocks.highestFrequency * SearchLimits.carefulPart)
      || use.weight * SearchLimits.seldomFactor < facts.blocks.highestFrequency
  }

  /// What a piece would be if it took a window, and what that saves: what the uses would cost in
  /// memory, less the loads on the ways into the window.
  struct Cut {
    var from: UInt32 = 0
    var to: UInt32 = 0
    var gain: Float = -1
    var needsRegister = false
  }

  /// The best part of a window: from its first use to its last, or further out, to where blocks
  /// run less often. A window that cannot save `least` need not be cut with care.
  private mutating func cutWindow(
    _ piece: Piece, _ from: UInt32, _ limit: UInt32, atLeast least: Float = 0, _ facts: inout Facts
  ) -> Cut {
    var first = -1
    var last = -1
    var until: UInt32 = 0
    var cut = Cut()
    var gain: Float = 0
    var u = firstUse(piece, from, &facts)
    let to = limitWithoutCut(piece, limit, &facts)
    while u < Int(piece.useEnd) && facts.uses[u].point <= to {
      let use = facts.uses[u]
      // A window starts in the gap before a use.
      let start = use.isDefinition ? use.begin : use.point
      if start >= from && use.end <= to && use.anchor >= from && use.anchor < to {
        if first < 0 && use.kind != .stack && (!isCopy(use) || use.isDefinition) { first = u }
        if use.kind == .register { cut.needsRegister = true }
        if first >= 0 {
          last = u
          until = max(until, use.neededUntil)
          gain += use.weight
        }
      }
      steps.used &+= 1
      u &+= 1
    }
    if first < 0 || gain < least { return cut }
    let use = facts.uses[first]
    cut.from =
      use.isDefinition ? (use.kind == .fixed ? use.point &+ 2 : use.begin) : use.point
    cut.to = until
    cut.gain = gain - enteringCost(piece, cut.from, cut.to, &facts)
    if use.isDefinition
      && facts.blocks.frequency[facts.blocks.block(at: facts.uses[last].point)]
        <= facts.blocks.frequency[facts.blocks.block(at: use.point)]
    {
      return cut
    }
    let left = cutLeft(from, use, &facts)
    let right = cutRight(to, facts.uses[last].point, until, left.frequency, &facts)
    if left.point != cut.from || right != cut.to {
      let wide = gain - enteringCost(piece, left.point, right, &facts)
      if wide > cut.gain {
        cut.from = left.point
        cut.to = right
        cut.gain = wide
      }
    }
    return cut
  }

  /// The frequency of all ways into a window that the value takes from outside.
  private mutating func enteringCost(
    _ piece: Piece, _ from: UInt32, _ to: UInt32, _ facts: inout Facts
  ) -> Float {
    var cost: Float = 0
    var k = firstRange(piece, endingAfter: from, &facts)
    var left = SearchLimits.windowWalk
    while k < Int(piece.rangeEnd) && facts.ranges[k].from < to && left > 0 {
      let range = facts.ranges[k]
      let low = max(range.from, from)
      let high = min(range.to, to)
      var b = facts.blocks.block(at: low)
      if range.from < from && facts.blocks.start[b] != from { cost += facts.blocks.frequency[b] }
      if facts.blocks.start[b] < low { b &+= 1 }
      while b < facts.view.blockCount && facts.blocks.start[b] < high && left > 0 {
        let start = facts.blocks.start[b]
        let isInside = facts.blocks.entryLow[b] >= from && facts.blocks.entryHigh[b] < to
        if !isInside && facts.values[Int(range.value)].begin != start {
          let predecessors = facts.view.predecessorRange(b)
          for index in predecessors {
            let p = Int(truncatingIfNeeded: facts.view.predecessors[index].raw)
            let end = facts.blocks.start[p &+ 1] &- 1
            if end < from || end >= to {
              cost +=
                predecessors.count == 1 ? facts.blocks.frequency[b] : facts.blocks.frequency[p]
            }
            left &-= 1
            if left < 0 { break }
          }
        }
        b &+= 1
        left &-= 1
      }
      left &-= 1
      k &+= 1
    }
    steps.used &+= SearchLimits.windowWalk &- left
    let remade = bundles[Int(piece.bundle)].remade
    return remade.isNone
      ? cost : cost * facts.view.rematerializationCost(Int(remade.rematerializedValue.raw))
  }

  @inline(__always) private func isCopy(_ use: UseRecord) -> Bool {
    use.kind == .fixed || use.kind == .copied
  }

  /// Where to enter a window before its first use: there, or at the start of a block that runs
  /// less often.
  private mutating func cutLeft(
    _ from: UInt32, _ use: UseRecord, _ facts: inout Facts
  ) -> (point: UInt32, frequency: Float) {
    if use.isDefinition { return (use.kind == .fixed ? use.point &+ 2 : use.begin, 0) }
    var b = facts.blocks.block(at: use.point)
    var point = use.point
    var least = facts.blocks.frequency[b]
    var left = SearchLimits.borderWalk
    while b > 0 && facts.blocks.start[b] >= from && left > 0 {
      let entering = min(facts.blocks.frequency[b], facts.blocks.frequency[b &- 1])
      if entering < least * SearchLimits.seldomEnough {
        least = entering
        point = facts.blocks.start[b]
      }
      b &-= 1
      left &-= 1
    }
    steps.used &+= SearchLimits.borderWalk &- left
    return (point, least)
  }

  /// Where to leave a window after its last use: there, or, if that is in a loop within, behind it.
  private mutating func cutRight(
    _ to: UInt32, _ point: UInt32, _ until: UInt32, _ entering: Float, _ facts: inout Facts
  ) -> UInt32 {
    var b = facts.blocks.block(at: point)
    let hot = facts.blocks.frequency[b] * SearchLimits.seldomEnough
    if entering < hot {
      var left = SearchLimits.borderWalk
      while b < facts.view.blockCount && facts.blocks.start[b &+ 1] <= to && left > 0 {
        let leaving =
          b &+ 1 < facts.view.blockCount
          ? min(facts.blocks.frequency[b], facts.blocks.frequency[b &+ 1]) : 0
        if leaving < hot { return facts.blocks.start[b &+ 1] }
        b &+= 1
        left &-= 1
      }
      steps.used &+= SearchLimits.borderWalk &- left
    }
    return until
  }

  /// `to`, or the instruction's early point if `to` would cut through a use that lasts longer.
  private mutating func limitWithoutCut(_ piece: Piece, _ to: UInt32, _ facts: inout Facts)
    -> UInt32
  {
    if to & 1 == 0 || to >= piece.to { return to }
    var u = firstUse(piece, to, &facts)
    while u < Int(piece.useEnd) && facts.uses[u].point < to {
      if facts.uses[u].begin < to && facts.uses[u].end > to { return to &- 1 }
      steps.used &+= 1
      u &+= 1
    }
    return to
  }

  /// Makes a piece of what is left beside a window, without its useless ends.
  private mutating func makeRest(
    _ piece: Piece, _ from: UInt32, _ to: UInt32, hint: UInt8, _ facts: inout Facts
  ) {
    if from >= to { return }
    let cut = cutWindow(piece, from, to, &facts)
    if cut.gain <= 0 {
      if cut.needsRegister {
        splitIntoPieces(makeSubpiece(piece, from, to, .whole, &facts), .group, &facts)
      } else {
        keepLeftover(piece, from, to, hint, &facts)
      }
      return
    }
    let rest = makeSubpiece(piece, cut.from, cut.to, .whole, &facts)
    pieces[rest].hint = hint
    enqueue(rest)
    keepLeftover(piece, from, cut.from, hint, &facts)
    keepLeftover(piece, cut.to, to, hint, &facts)
  }

  private mutating func keepLeftover(
    _ piece: Piece, _ from: UInt32, _ to: UInt32, _ hint: UInt8, _ facts: inout Facts
  ) {
    if from >= to { return }
    let rest = makeSubpiece(piece, from, to, .whole, &facts)
    pieces[rest].hint = hint
    leftovers.append(UInt32(truncatingIfNeeded: rest))
  }

  private mutating func retire(_ id: Int) {
    pieces[id].grade = .dead
    pieces[id].register = noRegister
  }

  // MARK: N for one

  /// Splits a piece at all its uses in one walk: into one piece per group of uses that follow each
  /// other without a call or a block's end between them, or into one per instruction.
  private mutating func splitIntoPieces(_ id: Int, _ grade: Piece.Grade, _ facts: inout Facts) {
    let piece = pieces[id]
    retire(id)
    let c = piece.classIndex
    var u = Int(piece.useStart)
    var from: UInt32 = 0
    var to: UInt32 = 0
    var blockEnd: UInt32 = 0
    // Where the search of the next piece's ranges and uses begins.
    var source = piece
    while u < Int(piece.useEnd) {
      let use = facts.uses[u]
      let belongs = use.anchor >= piece.from && use.anchor < piece.to
      if !belongs || use.kind != .register {
        u &+= 1
        continue
      }
      var isNear = from < to && use.begin < to
      if !isNear && grade == .group && from < to && use.point < blockEnd
        && use.begin &- to < SearchLimits.groupGap
      {
        let found = facts.clobbers.clobbered(
          to, use.begin, c, of: facts.registers.allocatable[c], &steps)
        isNear = found & facts.registers.preferred[c] == 0
      }
      if isNear {
        to = max(to, use.end)
      } else {
        if from < to { finish(&source, from, to, grade, &facts) }
        from = use.begin
        to = use.end
        if grade == .group { blockEnd = facts.blocks.start[facts.blocks.block(at: use.point) &+ 1] }
      }
      u &+= 1
    }
    if from < to { finish(&source, from, to, grade, &facts) }
    steps.used &+= u &- Int(piece.useStart)
    statistics.fullSplits &+= 1
  }

  private mutating func finish(
    _ source: inout Piece, _ from: UInt32, _ to: UInt32, _ grade: Piece.Grade, _ facts: inout Facts
  ) {
    let made = makeSubpiece(source, from, to, grade, &facts)
    enqueue(made)
    source.rangeStart = pieces[made].rangeStart
    source.useStart = pieces[made].useStart
  }

  // MARK: Second chance

  /// Gives windows without a register one that is free, where that saves something.
  mutating func tryLeftovers(_ facts: inout Facts) {
    if leftovers.isEmpty { return }
    enterShortValues(before: shortValues.count, &facts)
    for k in leftovers.indices {
      if steps.isSpent { return }
      tryLeftover(Int(truncatingIfNeeded: leftovers[k]), &facts)
    }
  }

  private mutating func tryLeftover(_ id: Int, _ facts: inout Facts) {
    let piece = pieces[id]
    if piece.size == 0 || piece.register != noRegister { return }
    let c = piece.classIndex
    var before = noRegister
    var after = noRegister
    // What the window costs now, and its neighbours' ways in; then all three as one.
    var apart = piece.cost
    var joined = piece
    var p = bundles[Int(piece.bundle)].pieces
    while p != .max {
      let other = pieces[Int(p)]
      if other.register != noRegister && (other.to == piece.from || other.from == piece.to) {
        if other.to == piece.from {
          before = other.register
          joined.from = other.from
          joined.rangeStart = other.rangeStart
        } else {
          after = other.register
          joined.to = other.to
          joined.rangeEnd = other.rangeEnd
        }
        apart += enteringCost(other, other.from, other.to, &facts)
      }
      p = other.next
      steps.used &+= 1
    }
    if enteringCost(joined, joined.from, joined.to, &facts) >= apart { return }
    let isOdd =
      piece.from & 1 != 0
      && facts.values[Int(facts.ranges[Int(piece.rangeStart)].value)].begin
        != piece.from
    var allowed =
      facts.registers.allocatable[c] & ~piece.blocked & (facts.registers.preferred[c] | used[c])
    if piece.limit < 6 { allowed &= Self.below(piece.limit) }
    // Between instructions only: within one, the register has to stay the same.
    if isOdd { allowed &= before == noRegister ? 0 : ClassWords.bit(before) }
    for register in [before, after] {
      if register == noRegister || allowed & ClassWords.bit(register) == 0 { continue }
      if probe(id, register, &facts) == .free {
        assign(id, register, &facts)
        statistics.secondChances &+= 1
        return
      }
      allowed &= ~ClassWords.bit(register)
    }
    while allowed != 0 {
      let register = ClassWords.lowest(allowed, c)
      allowed &= allowed &- 1
      if probe(id, register, &facts) == .free {
        assign(id, register, &facts)
        statistics.secondChances &+= 1
        return
      }
    }
  }
}
