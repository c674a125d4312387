// SPDX-License-Identifier: Apache-2.0
// Removes moves that bring a value to where it already is.

import BrolgaEntities

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
  /// Per token of what value the content was made again, or `Allocation.none`.
  private var origins = Vector<Allocation>()

  init() {}

  /// Removes from `solution` the moves that change nothing; returns how many.
  mutating func run(
    _ view: ProblemView, scratch: ClassWords, _ solution: inout Solution
  ) -> Int {
    token.reset(count: 256 &+ solution.slotUnits, to: 0)
    epochs.reset(count: 256 &+ solution.slotUnits, to: 0)
    epoch = 0
    origins.removeAll()
    var cursor = 0
    var kept = 0
    let count = solution.edits.count
    var b = 0
    while cursor < count {
      let range = view.instructionRange(b)
      if !continues(from: b &- 1, to: b, view) { forget() }
      var i = range.lowerBound
      while cursor < count {
        let next = solution.edits[cursor].point.instruction
        // What is learnt up to a block's end is of use only to the block behind it.
        if next >= range.upperBound && !continues(from: b, to: b &+ 1, view) { break }
        let end = min(next, range.upperBound)
        while i < end && !known.isEmpty {
          pass(i, view, solution.allocations)
          i &+= 1
        }
        if i < end {
          // No move can be redundant before there is another.
          forget()
          i = end
        }
        if i == range.upperBound { break }
        while cursor < count && solution.edits[cursor].point.instruction == i {
          let edit = solution.edits[cursor]
          cursor &+= 1
          if move(edit) {
            solution.edits[kept] = edit
            kept &+= 1
          }
        }
        known.subtract(scratch)
        pass(i, view, solution.allocations)
        i &+= 1
      }
      b &+= 1
    }
    solution.edits.truncate(to: kept)
    return count &- kept
  }

  /// All places hold something of their own.
  private mutating func forget() {
    epoch &+= 1
    known = ClassWords()
  }

  /// Whether what is known at the end of block `a` holds at the start of `b`, the next.
  @inline(__always) private func continues(from a: Int, to b: Int, _ view: ProblemView) -> Bool {
    let predecessors = view.predecessorRange(b)
    return predecessors.count == 1
      && Int(truncatingIfNeeded: view.predecessors[predecessors.lowerBound].raw) == a
  }

  @inline(__always) private func index(_ place: Allocation) -> Int {
    place.isSlot ? place.slot &+ 256 : Int(truncatingIfNeeded: place.packed)
  }

  @inline(__always) private mutating func isKnown(_ place: Allocation) -> Bool {
    place.isSlot ? epochs[place.slot &+ 256] == epoch : known.contains(place.packed)
  }

  @inline(__always) private mutating func set(_ place: Allocation, _ value: Int) {
    token[index(place)] = UInt32(truncatingIfNeeded: value)
    if place.isSlot { epochs[place.slot &+ 256] = epoch } else { known.insert(place.packed) }
  }

  /// Executes a move; false if it changes nothing.
  private mutating func move(_ edit: Edit) -> Bool {
    if edit.from.isRematerialized {
      if isKnown(edit.to) && origins[token(of: edit.to)] == edit.from { return false }
      // What is made twice is equal, but a copy of the one may meanwhile stand for another value.
      set(edit.to, makeToken(edit.from))
      return true
    }
    if !isKnown(edit.from) { set(edit.from, makeToken(.none)) }
    let value = token(of: edit.from)
    if isKnown(edit.to) && token(of: edit.to) == value { return false }
    set(edit.to, value)
    return true
  }

  @inline(__always) private func token(of place: Allocation) -> Int {
    Int(truncatingIfNeeded: token[index(place)])
  }

  @inline(__always) private mutating func makeToken(_ origin: Allocation) -> Int {
    origins.append(origin)
    return origins.count &- 1
  }

  /// Forgets what an instruction destroys or defines.
  @inline(__always) private mutating func pass(
    _ i: Int, _ view: ProblemView, _ allocations: borrowing Vector<Allocation>
  ) {
    let mask = view.instructions[i].clobberMask
    if mask != 0 { known.subtract(ClassWords(view.clobberMasks[Int(mask)])) }
    let operands = view.operandRange(i)
    var k = operands.lowerBound
    while k < operands.upperBound {
      defer { k &+= 1 }
      if !view.operands[k].isDefinition { continue }
      let place = allocations[k]
      if place.isSlot {
        epochs[place.slot &+ 256] = 0
      } else if place.isRegister {
        known.remove(place.packed)
      }
    }
  }
}
