// SPDX-License-Identifier: Apache-2.0
// Values that live for a few instructions and that no move connects: no bundle, no piece.

import BrolgaEntities

/// A value that is needed on one short stretch of points, and its register once it has one.
///
/// A quarter of all values of compiled programs are like that. They come last, as the shortest do
/// anyway, and nearly all find a register; one that does not becomes a bundle like any other, and so
/// does one that a piece meets in its way.
struct ShortValue: BitwiseCopyable {
  var value: UInt32
  var register: UInt8 = noRegister
}

extension Search {
  @inline(__always) mutating func isShort(_ v: Int, _ facts: inout Facts) -> Bool {
    let first = facts.values[v].rangeStart
    return facts.values[v].rangeEnd &- first == 1
      && facts.values[v].flags.subtracting(.hasFixedUse).isEmpty
      && facts.values[v].place == noRegister && facts.values[v].limit == 6
      && facts.ranges[Int(truncatingIfNeeded: first)].length <= SearchLimits.shortLength
  }

  /// Gives each short value a register. Not `.none` if the step budget is spent or a minimal piece
  /// finds no place.
  mutating func allocateShortValues(_ facts: inout Facts) -> AllocationStatistics.Fallback {
    for s in shortValues.indices {
      if place(short: s, &facts) { continue }
      // Pieces must be told from whom they take a register.
      enterShortValues(before: s, &facts)
      enqueue(makePiece(short: s, &facts))
      let reason = emptyQueue(&facts)
      if reason != .none { return reason }
    }
    return .none
  }

  private mutating func place(short s: Int, _ facts: inout Facts) -> Bool {
    let v = Int(truncatingIfNeeded: shortValues[s].value)
    let value = facts.values[v]
    let range = facts.ranges[Int(truncatingIfNeeded: value.rangeStart)]
    let c = Int(truncatingIfNeeded: facts.view.classes[v].rawValue)
    var allowed = facts.registers.allocatable[c]
    allowed &= ~facts.clobbers.clobbered(range.from, range.to, c, of: allowed, &steps)
    if value.cost <= options.firstUseCost { allowed &= facts.registers.preferred[c] | used[c] }
    steps.used &+= 1
    if value.flags.contains(.hasFixedUse) {
      // In the register of a fixed use it saves a move.
      let end = min(
        facts.useStart[v] &+ SearchLimits.votingUsesOfShortValue, facts.useStart[v &+ 1])
      for u in Int(truncatingIfNeeded: facts.useStart[v])..<Int(truncatingIfNeeded: end)
      where facts.uses[u].kind == .fixed && allowed & ClassWords.bit(facts.uses[u].register) != 0 {
        if take(facts.uses[u].register, s, range, &facts) { return true }
      }
    }
    while allowed != 0 {
      let register = firstChoice(allowed, c, &facts)
      allowed &= ~ClassWords.bit(register)
      if take(register, s, range, &facts) { return true }
    }
    return false
  }

  @inline(__always)
  private mutating func take(_ register: UInt8, _ s: Int, _ range: LiveRange, _ facts: inout Facts)
    -> Bool
  {
    if !taken.isFree(register, range.from, range.to) { return false }
    taken.insert(register, range.from, range.to)
    used.insert(register)
    shortValues[s].register = register
    if s < enteredShortValues { enter(short: s, &facts) }
    return true
  }

  // MARK: In the way

  /// Pieces whose number has this bit are short values.
  private static var shortBit: UInt32 { 1 &<< 31 }

  /// Lets pieces find the short values that have registers, those to come included.
  mutating func enterShortValues(before end: Int, _ facts: inout Facts) {
    if enteredShortValues == 0 { for s in 0..<end { enter(short: s, &facts) } }
    enteredShortValues = shortValues.count
  }

  private mutating func enter(short s: Int, _ facts: inout Facts) {
    let short = shortValues[s]
    if short.register == noRegister { return }
    let range = facts.ranges[Int(facts.values[Int(short.value)].rangeStart)]
    occupancy.insert(
      short.register, range.from, range.to, UInt32(truncatingIfNeeded: s) | Self.shortBit)
    steps.used &+= 1
  }

  /// The piece that holds a stretch of a register.
  @inline(__always) mutating func holder(_ node: Int32, _ facts: inout Facts) -> Int {
    let piece = occupancy.nodes[Int(node)].piece
    if piece & Self.shortBit == 0 { return Int(truncatingIfNeeded: piece) }
    let made = makePiece(short: Int(truncatingIfNeeded: piece & ~Self.shortBit), &facts)
    occupancy.nodes[Int(node)].piece = UInt32(truncatingIfNeeded: made)
    return made
  }

  /// Makes a short value a bundle of one piece, which keeps its register.
  private mutating func makePiece(short s: Int, _ facts: inout Facts) -> Int {
    let short = shortValues[s]
    let v = Int(truncatingIfNeeded: short.value)
    shortValues[s].register = noRegister
    makeBundle(
      v, facts.values[v].rangeStart, facts.values[v].rangeEnd, hasScatteredUses: false, &facts)
    let made = pieces.count &- 1
    pieces[made].cost = facts.values[v].cost
    pieces[made].hasFixedUses = facts.values[v].flags.contains(.hasFixedUse)
    pieces[made].weight = weight(of: pieces[made])
    pieces[made].register = short.register
    if trace.isEnabled && short.register != noRegister {
      trace.note(.assigned, made, short.register)
    }
    steps.used &+= 1
    return made
  }

  /// Makes pieces of all short values with a register, so that the trace shows these as well.
  mutating func makePiecesOfShortValues(_ facts: inout Facts) {
    for s in shortValues.indices where shortValues[s].register != noRegister {
      _ = makePiece(short: s, &facts)
    }
  }
}
