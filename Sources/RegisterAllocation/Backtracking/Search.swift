// SPDX-License-Identifier: Apache-2.0
// The search for registers: its state, and the order in which it goes through the pieces.

import BrolgaEntities

/// Bundles, the pieces that they are split into, and the registers that these have.
///
/// `makeBundles` makes one piece of each bundle. `run` gives each piece a register, or takes one from
/// lighter pieces, or splits it.
struct Search: ~Copyable {
  var options = AllocationOptions()
  var statistics = AllocationStatistics()
  var trace = AllocationTrace()
  /// Taken from the other stages for the length of `makeBundles` and `run`.
  var steps = StepBudget()

  // What is searched for.
  var bundles = Vector<Bundle>()
  var pieces = Vector<Piece>()
  var shortValues = Vector<ShortValue>()
  /// How many short values `occupancy` knows of, those without a register included.
  var enteredShortValues = 0
  /// Per value the one that its most frequent remaining move connects it with, or `.max`.
  var partners = Vector<UInt32>()
  /// Per value of a bundle of several, the next of its uses to be gathered.
  var nextUse = Vector<UInt32>()

  // Where registers are taken: by whom, and whether at all. Only `taken` knows of fixed operands,
  // and of all short values.
  var occupancy = Occupancy()
  var taken = TakenRegisters()
  /// Registers that some piece had.
  var used = ClassWords()

  // The pieces to come.
  var queue = PieceQueue()
  /// Windows that nobody wanted to pay a register for.
  var leftovers = Vector<UInt32>()

  // The piece at hand.
  /// Pieces in its way in the register that was looked at last, and in the best one.
  var conflicts = Vector<UInt32>()
  var bestConflicts = Vector<UInt32>()
  var votes = RegisterVotes()

  init() {}

  mutating func begin(_ options: AllocationOptions) {
    self.options = options
    statistics = AllocationStatistics()
    trace.clear()
    used = ClassWords()
  }

  /// Gives each piece its place. Not `.none` if the budget is spent or a minimal piece finds no
  /// register.
  mutating func run(
    _ facts: inout Facts, _ budget: inout StepBudget
  ) -> AllocationStatistics.Fallback {
    steps = budget
    let reason = allocateAll(&facts)
    budget = steps
    return reason
  }

  private mutating func allocateAll(_ facts: inout Facts) -> AllocationStatistics.Fallback {
    occupancy.reset(facts.registers.allocatable, pointCount: Int(facts.blocks.end) &+ 64)
    votes.reset()
    leftovers.removeAll()
    for k in 0..<facts.view.hintCount {
      let bundle = facts.values[Int(facts.view.hints[k].value.raw)].bundle
      if bundle != .max { pieces[Int(bundle)].hint = facts.view.hints[k].register.raw }
    }
    queue.start(&pieces)
    var reason = emptyQueue(&facts)
    if reason == .none { reason = allocateShortValues(&facts) }
    if reason != .none { return reason }
    tryLeftovers(&facts)
    if trace.isEnabled {
      makePiecesOfShortValues(&facts)
      recordPieces(&facts)
    }
    statistics.pieces = pieces.count
    for s in shortValues.indices where shortValues[s].register != noRegister {
      statistics.pieces &+= 1
    }
    return .none
  }

  mutating func emptyQueue(_ facts: inout Facts) -> AllocationStatistics.Fallback {
    while true {
      let next = queue.pop(&pieces)
      if next == .max { return .none }
      if !process(Int(truncatingIfNeeded: next), &facts) { return .unsolvable }
      if steps.isSpent { return .budget }
    }
  }

  mutating func enqueue(_ id: Int) {
    queue.push(
      UInt32(truncatingIfNeeded: id),
      PieceQueue.key(size: pieces[id].size, from: pieces[id].from))
  }
}
