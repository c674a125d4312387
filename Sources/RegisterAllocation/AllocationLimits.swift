// SPDX-License-Identifier: Apache-2.0
// The thresholds of both allocators, in one place, each with its reason.

/// What the backtracking allocator looks at, and what it takes to be worth doing.
///
/// The bounds keep every stage near linear. What is beyond them is not looked at; that may cost a move and
/// never makes a solution wrong. The bound on all steps together (`StepBudget`) and what a client may want
/// to change are in `AllocationOptions`. Values that weigh one cost against another were chosen by what
/// `Scripts/allocator-cost` and `Scripts/run-counts` measure.
enum SearchLimits {
  // MARK: Frequencies

  /// A block is taken to run at least so often. Costs are divided and compared; zero would make all
  /// places in it equally good.
  @inline(__always) static var leastFrequency: Float { 0.0001 }
  /// A cold block is taken to run at most so often, once in a hundred calls, whatever the client says of it.
  @inline(__always) static var coldFrequency: Float { 0.01 }
  /// What making a value again costs at least, relative to a load. At zero, its uses would get no
  /// register, and it has no slot to be read from.
  @inline(__always) static var leastRematerializationCost: Float { 0.01 }

  // MARK: What a use costs if its value is in the slot, in operations

  /// An operand that may be in memory: the instruction itself reads its slot. That is no operation more,
  /// but waited for.
  @inline(__always) static var useInMemory: Float { 0.7 }
  /// The same for an operand that is written.
  @inline(__always) static var definitionInMemory: Float { 0.8 }
  /// A copy, for a fixed register for instance. It comes out of the slot nearly as cheaply as out of
  /// another register.
  @inline(__always) static var copyFromMemory: Float { 0.25 }
  /// An argument of an edge, or a parameter.
  @inline(__always) static var edgeInMemory: Float { 0.3 }

  // MARK: Liveness

  /// What a block and an edge count when values are followed up. Where each of many values lives in
  /// most of many blocks, this is all that the time goes to; there the budget must end it early.
  @inline(__always) static var stepsPerVisit: Int { 8 }

  // MARK: Clobbers and conflicts

  /// Up to so many masks, a search among the points of each mask is cheaper than a walk over all
  /// clobbers. Compiled programs have three or four.
  @inline(__always) static var searchedMasks: Int { 8 }
  /// A walk over so many clobbers is cheaper than a search per mask.
  @inline(__always) static var clobbersWalkedOverAtOnce: Int { 16 }
  /// More pieces than this are not evicted for one: putting them elsewhere would cost more than it
  /// saves, and each is compared with those found before.
  @inline(__always) static var evictedAtOnce: Int { 16 }

  // MARK: Choice of a register

  /// How many uses are asked for the registers that they want. The first ones of a long piece stand
  /// for the others.
  @inline(__always) static var votingUses: Int { 10 }
  /// Of how many ranges the values are asked for the register of the one that a move connects them with.
  @inline(__always) static var votingRanges: Int { 4 }
  /// What a hint counts if a vote wants its register too, as a part of the piece's cost.
  @inline(__always) static var hintVote: Float { 0.25 }
  /// What the partner's register counts, in moves: it may still be evicted.
  @inline(__always) static var partnerVote: Float { 0.5 }
  /// Heavier than any sum of costs by length, so that a minimal piece is only evicted for one with
  /// less choice.
  @inline(__always) static var minimalWeight: Float { 1e20 }

  // MARK: Short values

  /// The longest stretch of a short value, in points: eight instructions.
  @inline(__always) static var shortLength: UInt32 { 16 }
  /// How many uses of a short value are asked for a register.
  @inline(__always) static var votingUsesOfShortValue: UInt32 { 4 }

  // MARK: Splits

  /// A use that runs less often than this is not split around with care: outside all loops.
  @inline(__always) static var carefulFrequency: Float { 2 }
  /// The same for a function without loops, as a part of its highest frequency.
  @inline(__always) static var carefulPart: Float { 0.5 }
  /// Nor is a use than which other code runs so many times more often.
  @inline(__always) static var seldomFactor: Float { 64 }
  /// How many ranges, blocks and edges of a window are looked at for what it costs to enter it. What
  /// is beyond is taken to cost nothing.
  @inline(__always) static var windowWalk: Int { 100 }
  /// How many blocks a border of a window may be moved over.
  @inline(__always) static var borderWalk: Int { 64 }
  /// A border is moved to where it runs less than this often, relative to where it was: not for
  /// differences in the last place of a frequency.
  @inline(__always) static var seldomEnough: Float { 0.9 }
  /// Uses closer than this stay together when a piece is split at its uses, in points: 24
  /// instructions.
  @inline(__always) static var groupGap: UInt32 { 48 }

  // MARK: Places and moves

  /// Points over which a register may be stretched at once: a use further away is not nearby, and
  /// whether the register is free until there would take a walk.
  @inline(__always) static var stretch: UInt32 { 1_024 }
  /// How many slots are tried for a bundle before it gets a new one.
  @inline(__always) static var slotTries: Int { 12 }
  /// After so many blocks without a move on an edge the next one is searched for in a tree.
  @inline(__always) static var idleBlocks: Int { 8 }
  /// What such a search counts, in steps: twice the depth of the tree of a large function.
  @inline(__always) static var stepsPerSearch: Int { 16 }
  /// Up to so many transitions are sorted by insertion.
  @inline(__always) static var insertionSort: Int { 16 }
}

/// What the single pass looks at before it decides which registers a loop's head expects.
///
/// Loops may be nested deeply; without these bounds the same blocks would be read for each.
enum SinglePassLimits {
  /// An edge is likely if its target runs at least once in so many times that its source does.
  @inline(__always) static var likelyFactor: Float { 4 }
  /// A block counts for a loop if it runs at least so often, relative to the loop's head.
  @inline(__always) static var loopPart: Float { 0.5 }
  /// How many blocks of a loop are read.
  @inline(__always) static var loopBlocks: Int { 64 }
  /// How many calls of a loop are asked which registers they destroy.
  @inline(__always) static var loopClobbers: Int { 8 }
  /// How many values that the loop's blocks name are considered.
  @inline(__always) static var loopValues: Int { 48 }
  /// Eighths of the registers of a class that the parameters of a loop's head may take. The loop needs
  /// some for itself.
  @inline(__always) static var eighthsForParameters: Int { 5 }
}
