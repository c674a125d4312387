// SPDX-License-Identifier: Apache-2.0
// What a client can set, and what an allocation reports.

/// Settings of the backtracking allocator. The defaults are measured.
@frozen public struct AllocationOptions: BitwiseCopyable, Hashable, Sendable {
  /// How often a bundle is split around its hottest uses before it is split into minimal pieces.
  public var splitLimit = 4
  /// What the first use of a non-preferred register costs, in operations at the entry's frequency.
  public var firstUseCost: Float = 2
  /// Added to a piece's length where its weight is cost by length: the more, the less length counts.
  public var lengthBias: Float = 60
  /// The bound on steps per instruction and operand, to be multiplied by a logarithm.
  public var stepsPerUnit = 20
  /// The bound on steps for the smallest problem.
  public var baseSteps = 20_000

  @inlinable public init() {}
}

/// What the last allocation did.
@frozen public struct AllocationStatistics: BitwiseCopyable, Hashable, Sendable {
  /// Why the single-pass allocator solved a problem that was for the backtracking one.
  @frozen public enum Fallback: UInt8, BitwiseCopyable, Sendable {
    /// It did not: there was no need.
    case none
    /// The step budget was spent.
    case budget
    /// A branch into a block with several predecessors has operands.
    case branchOperands
    /// An instruction's operands found no registers.
    case unsolvable
    /// A move between two places in memory found none.
    case noRegisterForMove
  }

  public var fallback = Fallback.none
  /// Elementary steps of the backtracking allocator.
  public var steps = 0
  /// How many it may take.
  public var stepBudget = 0
  /// Pairs of bundles that were made one.
  public var coalesced = 0
  /// Groups of values that would best share a register.
  public var bundles = 0
  /// Parts of bundles that were tried in registers, those that were split included.
  public var pieces = 0
  /// Pieces that lost their register to a heavier one.
  public var evictions = 0
  /// Splits around hot uses.
  public var splits = 0
  /// Splits into minimal pieces.
  public var fullSplits = 0
  /// Windows that found a free register at the end.
  public var secondChances = 0
  /// Slots of the spill area.
  public var slots = 0
  /// Moves that brought a value to where it was already.
  public var removedMoves = 0

  @inlinable public init() {}
}
