// SPDX-License-Identifier: Apache-2.0
// Between pieces: a value stays in its register for uses nearby that would do with its slot.

import Entities

extension Backtracking {
  /// Points over which a register may be stretched at once: a use further away is not nearby, and
  /// whether the register is free until there would take a walk.
  private static var reach: UInt32 { 1_024 }

  /// Stretches the registers of a bundle, from `start` on in `placed`, over what follows them in the
  /// same block, where they are free: up to the bundle's next register, or else as many uses as can
  /// be. That spares a store and a load, one behind the other, of what was just computed.
  mutating func stretchPlaced(of b: Int, from start: Int) {
    if start == placed.count { return }
    // All walks go forward: over the bundle's ranges, its uses, and what is in `placed`.
    let whole = pieces[Int(bundles[b].whole)]
    var r = Int(truncatingIfNeeded: whole.rangeStart)
    let rangeEnd = Int(truncatingIfNeeded: whole.rangeEnd)
    var u = Int(truncatingIfNeeded: whole.useStart)
    let useEnd = Int(truncatingIfNeeded: whole.useEnd)
    steps &+= rangeEnd &- r &+ useEnd &- u &+ placed.count &- start
    for k in start..<placed.count {
      let from = placed[k].to
      while r < rangeEnd && ranges[r].to < from { r &+= 1 }
      if r == rangeEnd { return }
      if ranges[r].to == from || ranges[r].from >= from { continue }
      var limit = min(ranges[r].to, blockStart[block(at: from &- 1) &+ 1])
      if k &+ 1 < placed.count && placed[k &+ 1].from <= limit {
        limit = placed[k &+ 1].from
        if stretch(k, to: limit) { continue }
      }
      while u < useEnd && uses[u].begin < from { u &+= 1 }
      var next = u
      while next < useEnd && uses[next].neededUntil <= limit {
        let use = uses[next]
        if use.isDefinition || use.kind != .stack && !stretch(k, to: use.neededUntil) { break }
        next &+= 1
      }
    }
  }

  /// False if something else is in the register before `end`.
  private mutating func stretch(_ k: Int, to end: UInt32) -> Bool {
    let from = placed[k].to
    if from >= end { return true }
    if end &- from > Self.reach { return false }
    let register = placed[k].register
    if !taken.isFree(register, from, end) { return false }
    let c = Int(truncatingIfNeeded: register &>> 6)
    if clobbered(from, end, c) & ClassWords.bit(register) != 0 { return false }
    taken.insert(register, from, end)
    placed[k].to = end
    return true
  }
}
