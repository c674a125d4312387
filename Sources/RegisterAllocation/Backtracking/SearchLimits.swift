// SPDX-License-Identifier: Apache-2.0
// The thresholds of the backtracking allocator, in one place, each with its reason.

/// Bounds on what is looked at, and tastes in what is worth doing.
///
/// The bounds keep every stage near linear: what is beyond them is not looked at, which may cost a
/// move and never changes what is right. The bound on all steps together, and the settings that a
/// client may want to change, are in `AllocationOptions`. A value that is marked as measured was chosen by the
/// moves and the run time of compiled programs, see `Scripts/allocator-cost`.
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
  /// What a hint counts if a vote wants its register too, as a part of the piece's cost. Measured.
  @inline(__always) static var hintVote: Float { 0.25 }
  /// What the partner's register counts, in moves: it may still be evicted. Measured.
  @inline(__always) static var partnerVote: Float { 0.5 }
  /// Heavier than any sum of costs by length, so that a minimal piece is only evicted for one with
  /// less choice.
  @inline(__always) static var minimalWeight: Float { 1e20 }

  // MARK: Short values

  /// The longest stretch of a short value, in points: eight instructions. Measured.
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
  /// instructions. Measured.
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
