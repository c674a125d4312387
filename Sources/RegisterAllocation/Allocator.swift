// SPDX-License-Identifier: Apache-2.0
// The one interface to all allocation algorithms.

import BrolgaEntities

/// How to allocate.
@frozen public enum Algorithm: Hashable, Sendable {
  /// One backward walk; linear in operands, instructions, edges and arguments.
  case singlePass
  /// Splits, evicts and coalesces by cost; near linear. What exceeds its bound is solved in a single
  /// pass, see `AllocationStatistics.fallback`.
  case backtracking
}

/// Why a problem has no solution. Problems that `Problem.validate()` accepts fail only so.
@frozen public enum AllocationError: Error, Hashable {
  /// More operands of one instruction need a register at one time than there are.
  case tooManyLiveRegisters(InstructionIndex)
  /// One register is demanded for two values, or demanded and clobbered, at one time.
  case conflictingRegister(InstructionIndex, PhysicalRegister)
  /// A value is live at the function's entry.
  case liveAtEntry(VirtualRegister)
  /// A branch defines a value that it would have to move afterwards, where no edit is possible:
  /// its successor has other predecessors.
  case branchDefinition(InstructionIndex)
  /// A move between two places in memory at this instruction, and no register of the class at all.
  case noRegisterForMove(InstructionIndex)
}

/// Solves allocation problems, one after another, in memory that it keeps.
public struct Allocator: ~Copyable {
  private var singlePass = SinglePass()
  private var backtracking = Backtracking()
  private var debugLocations = DebugLocations()
  /// For the backtracking algorithm, from the next allocation on.
  public var options = AllocationOptions()
  /// How the last allocation came about, if its `isEnabled` is set.
  public var trace = AllocationTrace()
  /// What the last allocation did; empty for a single pass that was asked for.
  public private(set) var statistics = AllocationStatistics()

  public init() {}

  /// Solves `problem`, which must satisfy the rules that `Problem.validate()` checks.
  public mutating func allocate(
    _ problem: borrowing Problem, into solution: inout Solution,
    using algorithm: Algorithm = .singlePass
  ) throws(AllocationError) {
    if problem.repeatsDefinitions {
      var repeated = RepeatedDefinitions()
      repeated.reduce(problem)
      try solve(repeated.reduced, into: &solution, using: algorithm)
      repeated.expand(&solution)
    } else {
      try solve(problem, into: &solution, using: algorithm)
    }
    debugLocations.run(problem, &solution)
  }

  private mutating func solve(
    _ problem: borrowing Problem, into solution: inout Solution, using algorithm: Algorithm
  ) throws(AllocationError) {
    switch algorithm {
    case .singlePass:
      statistics = AllocationStatistics()
      trace.clear()
      try singlePass.run(problem, &solution)
    case .backtracking:
      backtracking.options = options
      swap(&trace, &backtracking.search.trace)
      let isSolved = backtracking.run(problem, &solution)
      swap(&trace, &backtracking.search.trace)
      statistics = backtracking.statistics
      if !isSolved { try singlePass.run(problem, &solution) }
    }
  }
}
