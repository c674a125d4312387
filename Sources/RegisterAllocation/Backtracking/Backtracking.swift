// SPDX-License-Identifier: Apache-2.0
// The backtracking allocator: its stages, and what they hand on.

import BrolgaEntities

/// Allocates registers by trying, evicting and splitting, cheapest first.
///
/// Values that should share a register are coalesced into bundles. Bundles, the longest first, take
/// a free register, or evict lighter ones, or are split: first around their hottest uses, at most
/// `splitLimit` times, then once into minimal pieces. Values that live for a few instructions only come
/// last and mostly need none of that. What is left is in the bundle's slot, but for what is nearby and
/// finds the register still free. `docs/backtracking.md` tells it with a drawing.
///
/// Cost: each stage counts its steps; past the budget, which is near linear in the size of the
/// problem, `run` gives up and the problem is for the single-pass allocator.
struct Backtracking: ~Copyable {
  var options = AllocationOptions()
  private(set) var statistics = AllocationStatistics()
  private var steps = StepBudget()
  private var facts = Facts()

  // One for each stage, in order.
  private var uses = UseCollector()
  private var liveness = Liveness()
  private var coalescing = Coalescing()
  var search = Search()
  private var placements = Placements()
  private var sharing = SlotSharing()
  private var transitions = Transitions()
  private var writer = SolutionWriter()
  private var redundant = RedundantMoves()

  init() {}

  /// Solves the problem, or returns false with the reason in `statistics`.
  mutating func run(_ problem: borrowing Problem, _ solution: inout Solution) -> Bool {
    statistics = AllocationStatistics()
    search.begin(options)
    if problem.blockCount <= 0 { return false }
    facts.begin(problem)
    sharing.begin(problem)
    steps = StepBudget(for: facts.view, options)
    let fallback = solve(&solution)
    statistics = search.statistics
    statistics.fallback = fallback
    statistics.steps = steps.used
    statistics.stepBudget = steps.limit
    if fallback != .none { search.trace.clear() }
    return fallback == .none
  }

  /// The stages in order. Each says in its arguments what it reads and what it changes.
  private mutating func solve(_ solution: inout Solution) -> AllocationStatistics.Fallback {
    var fallback = uses.run(&facts, &search.taken, &steps)
    if fallback != .none { return fallback }
    fallback = liveness.run(&facts, &uses.needs, &steps)
    if fallback != .none { return fallback }
    coalescing.run(&facts, uses.affinities, &steps)
    search.statistics.coalesced = coalescing.unions
    search.makeBundles(&facts, &coalescing, uses.affinities, &steps)
    fallback = search.run(&facts, &steps)
    if fallback != .none { return fallback }
    placements.run(&facts, &search, &steps)
    sharing.run(&facts, &placements, &steps)
    search.statistics.slots = sharing.count
    transitions.run(&facts, &placements, &steps)
    if steps.isSpent { return .budget }
    if !writer.run(&facts, &search, &placements, &transitions, &sharing.slots, &solution) {
      return .noRegisterForMove
    }
    if !solution.edits.isEmpty {
      search.statistics.removedMoves = redundant.run(
        facts.view, scratch: facts.registers.scratch, &solution)
    }
    return .none
  }
}
