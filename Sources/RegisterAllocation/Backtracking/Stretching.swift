// SPDX-License-Identifier: Apache-2.0
// Between pieces: a value stays in its register for uses nearby that would do with its slot.

import BrolgaEntities

extension Placements {
  /// Stretches the registers of a bundle over what follows them in the same block, where they are
  /// free: up to the bundle's next register, or else as many uses as can be. That spares a store and
  /// a load, one behind the other, of what was just computed. The registers are those from `start` on
  /// in `placed`; the ranges and uses are those of `whole`.
  mutating func stretchPlaced(
    _ whole: Piece, from start: Int, _ facts: inout Facts, _ taken: inout TakenRegisters,
    _ steps: inout StepBudget
  ) {
    if start == placed.count { return }
    // All walks go forward: over the bundle's ranges, its uses, and what is in `placed`.
    var r = Int(truncatingIfNeeded: whole.rangeStart)
    let rangeEnd = Int(truncatingIfNeeded: whole.rangeEnd)
    var u = Int(truncatingIfNeeded: whole.useStart)
    let useEnd = Int(truncatingIfNeeded: whole.useEnd)
    steps.used &+= rangeEnd &- r &+ useEnd &- u &+ placed.count &- start
    for k in start..<placed.count {
      let from = placed[k].to
      while r < rangeEnd && facts.ranges[r].to < from { r &+= 1 }
      if r == rangeEnd { return }
      if facts.ranges[r].to == from || facts.ranges[r].from >= from { continue }
      var limit = min(
        facts.ranges[r].to, facts.blocks.start[facts.blocks.block(at: from &- 1) &+ 1])
      if k &+ 1 < placed.count && placed[k &+ 1].from <= limit {
        limit = placed[k &+ 1].from
        if stretch(k, to: limit, &facts, &taken, &steps) { continue }
      }
      while u < useEnd && facts.uses[u].begin < from { u &+= 1 }
      var next = u
      while next < useEnd && facts.uses[next].neededUntil <= limit {
        let use = facts.uses[next]
        if use.isDefinition
          || use.kind != .stack && !stretch(k, to: use.neededUntil, &facts, &taken, &steps)
        {
          break
        }
        next &+= 1
      }
    }
  }

  /// False if something else is in the register before `end`.
  private mutating func stretch(
    _ k: Int, to end: UInt32, _ facts: inout Facts, _ taken: inout TakenRegisters,
    _ steps: inout StepBudget
  ) -> Bool {
    let from = placed[k].to
    if from >= end { return true }
    if end &- from > SearchLimits.stretch { return false }
    let register = placed[k].register
    if !taken.isFree(register, from, end) { return false }
    let c = Int(truncatingIfNeeded: register &>> 6)
    let found = facts.clobbers.clobbered(from, end, c, of: facts.registers.allocatable[c], &steps)
    if found & ClassWords.bit(register) != 0 { return false }
    taken.insert(register, from, end)
    placed[k].to = end
    return true
  }
}
