// SPDX-License-Identifier: Apache-2.0
// Removes moves that bring a value to where it already is.

import Entities

/// One forward walk that knows, for each place, whose content it equals.
///
/// What is known at the end of a block holds at the start of the next one in the layout if that has
/// no other predecessor. Cost: linear in moves, definitions and clobbers.
struct RedundantMoves: ~Copyable {
  /// Per place (256 register names, then slots): a number that equal contents share.
  private var token = Vector<UInt32>()
  /// The epoch in which a slot's token was set.
  private var epochs = Vector<UInt32>()
  private var known = ClassWords()
  private var epoch: UInt32 = 0
  private var next: UInt32 = 0

  init() {}

  /// Removes from `solution` the moves that change nothing; returns how many.
  mutating func run(
    _ view: ProblemView, scratch: ClassWords, _ solution: inout Solution
  ) -> Int {
    token.reset(count: 256 &+ solution.slotUnits, to: 0)
    epochs.reset(count: 256 &+ solution.slotUnits, to: 0)
    epoch = 0
    next = 0
    var cursor = 0
    var kept = 0
    let count = solution.edits.count
    for b in 0..<view.blockCount {
      let predecessors = view.predecessorRange(b)
      var continues = false
      if predecessors.count == 1 && b > 0 {
        let p = Int(truncatingIfNeeded: view.predecessors[predecessors.lowerBound].raw)
        continues = p == b &- 1
      }
      if !continues {
        epoch &+= 1
        known = ClassWords()
      }
      for i in view.instructionRange(b) {
        while cursor < count && solution.edits[cursor].point.instruction == i {
          let edit = solution.edits[cursor]
          cursor &+= 1
          if move(edit) {
            solution.edits[kept] = edit
            kept &+= 1
          }
        }
        if cursor == count && b &+ 1 == view.blockCount { break }
        pass(i, view, scratch, solution.allocations)
      }
    }
    solution.edits.truncate(to: kept)
    return count &- kept
  }

  @inline(__always) private func index(_ place: Allocation) -> Int {
    place.isSlot ? place.slot &+ 256 : Int(truncatingIfNeeded: place.packed)
  }

  @inline(__always) private mutating func isKnown(_ place: Allocation) -> Bool {
    place.isSlot ? epochs[place.slot &+ 256] == epoch : known.contains(place.packed)
  }

  @inline(__always) private mutating func set(_ place: Allocation, _ value: UInt32) {
    token[index(place)] = value
    if place.isSlot { epochs[place.slot &+ 256] = epoch } else { known.insert(place.packed) }
  }

  /// Executes a move; false if it changes nothing.
  private mutating func move(_ edit: Edit) -> Bool {
    var value: UInt32
    if edit.from.isRematerialized {
      value = edit.from.raw
    } else {
      if !isKnown(edit.from) {
        next &+= 1
        set(edit.from, next)
      }
      value = token[index(edit.from)]
    }
    if isKnown(edit.to) && token[index(edit.to)] == value { return false }
    set(edit.to, value)
    return true
  }

  /// Forgets what an instruction destroys or defines.
  private mutating func pass(
    _ i: Int, _ view: ProblemView, _ scratch: ClassWords,
    _ allocations: borrowing Vector<Allocation>
  ) {
    let mask = view.instructions[i].clobberMask
    if mask != 0 {
      let destroyed = ClassWords(view.clobberMasks[Int(mask)])
      for c in 0..<3 { known[c] &= ~destroyed[c] }
    }
    for c in 0..<3 { known[c] &= ~scratch[c] }
    for k in view.operandRange(i) where view.operands[k].isDefinition {
      let place = allocations[k]
      if place.isSlot {
        epochs[place.slot &+ 256] = 0
      } else if place.isRegister {
        known.remove(place.packed)
      }
    }
  }
}
