// SPDX-License-Identifier: Apache-2.0
// Values that live for a few instructions and that no move connects: no bundle, no piece.

import Entities

/// A value that is needed on one short stretch of points, and its register once it has one.
///
/// A quarter of all values of compiled programs are like that. They come last, as the shortest do
/// anyway, and nearly all find a register; one that does not becomes a bundle like any other, and so
/// does one that a piece meets in its way.
struct ShortValue: BitwiseCopyable {
  var value: UInt32
  var register: UInt8 = noRegister
}

extension Backtracking {
  /// The longest stretch, in points: eight instructions.
  private static var shortLength: UInt32 { 16 }

  @inline(__always) func isShort(_ value: ValueRecord) -> Bool {
    value.rangeEnd &- value.rangeStart == 1
      && value.flags.subtracting(.hasFixedUse).isEmpty
      && value.place == noRegister && value.limit == 6
      && ranges[Int(truncatingIfNeeded: value.rangeStart)].length <= Self.shortLength
  }

  /// Gives each short value a register. False if the step budget is spent or a minimal piece finds
  /// no place.
  mutating func allocateShortValues() -> Bool {
    for s in shortValues.indices {
      if place(short: s) { continue }
      // Pieces must be told from whom they take a register.
      enterShortValues(before: s)
      enqueue(makePiece(short: s))
      if !emptyQueue() { return false }
    }
    return true
  }

  private mutating func place(short s: Int) -> Bool {
    let v = Int(truncatingIfNeeded: shortValues[s].value)
    let value = values[v]
    let range = ranges[Int(truncatingIfNeeded: value.rangeStart)]
    let c = Int(truncatingIfNeeded: view.classes[v].rawValue)
    var allowed = allocatable[c] & ~clobbered(range.from, range.to, c)
    if value.cost <= options.firstUseCost { allowed &= preferred[c] | used[c] }
    steps &+= 1
    if value.flags.contains(.hasFixedUse) {
      // In the register of a fixed use it saves a move.
      let end = min(useStart[v] &+ 4, useStart[v &+ 1])
      for u in Int(truncatingIfNeeded: useStart[v])..<Int(truncatingIfNeeded: end)
      where uses[u].kind == .fixed && allowed & ClassWords.bit(uses[u].register) != 0 {
        if take(uses[u].register, s, range) { return true }
      }
    }
    while allowed != 0 {
      let register = firstChoice(allowed, c)
      allowed &= ~ClassWords.bit(register)
      if take(register, s, range) { return true }
    }
    return false
  }

  @inline(__always)
  private mutating func take(_ register: UInt8, _ s: Int, _ range: LiveRange) -> Bool {
    if !taken.isFree(register, range.from, range.to) { return false }
    taken.insert(register, range.from, range.to)
    used.insert(register)
    shortValues[s].register = register
    if s < enteredShortValues { enter(short: s) }
    return true
  }

  // MARK: In the way

  /// Pieces whose number has this bit are short values.
  private static var shortBit: UInt32 { 1 &<< 31 }

  /// Lets pieces find the short values that have registers, those to come included.
  mutating func enterShortValues(before end: Int) {
    if enteredShortValues == 0 { for s in 0..<end { enter(short: s) } }
    enteredShortValues = shortValues.count
  }

  private mutating func enter(short s: Int) {
    let short = shortValues[s]
    if short.register == noRegister { return }
    let range = ranges[Int(values[Int(short.value)].rangeStart)]
    occupancy.insert(
      short.register, range.from, range.to, UInt32(truncatingIfNeeded: s) | Self.shortBit)
    steps &+= 1
  }

  /// The piece that holds a stretch of a register.
  @inline(__always) mutating func holder(_ node: Int32) -> Int {
    let piece = occupancy.nodes[Int(node)].piece
    if piece & Self.shortBit == 0 { return Int(truncatingIfNeeded: piece) }
    let made = makePiece(short: Int(truncatingIfNeeded: piece & ~Self.shortBit))
    occupancy.nodes[Int(node)].piece = UInt32(truncatingIfNeeded: made)
    return made
  }

  /// Makes a short value a bundle of one piece, which keeps its register.
  private mutating func makePiece(short s: Int) -> Int {
    let short = shortValues[s]
    let v = Int(truncatingIfNeeded: short.value)
    shortValues[s].register = noRegister
    makeBundle(v, values[v].rangeStart, values[v].rangeEnd, [])
    let made = pieces.count &- 1
    pieces[made].cost = values[v].cost
    pieces[made].hasFixedUses = values[v].flags.contains(.hasFixedUse)
    pieces[made].weight = weight(of: pieces[made])
    pieces[made].register = short.register
    if trace.isEnabled && short.register != noRegister {
      trace.note(.assigned, made, short.register)
    }
    steps &+= 1
    return made
  }

  /// For those who want to see all that was decided.
  mutating func makePiecesOfShortValues() {
    for s in shortValues.indices where shortValues[s].register != noRegister {
      _ = makePiece(short: s)
    }
  }
}
