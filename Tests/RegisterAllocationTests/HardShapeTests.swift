// SPDX-License-Identifier: Apache-2.0
// The bound on the backtracking allocator's steps, on inputs that allocators have exploded on.

import AllocationLab
import BrolgaEntities
import Foundation
import Testing

@testable import RegisterAllocation

/// Steps are counted, so that no load of the machine disturbs the test.
@Test(arguments: HardShape.allCases)
func stepsGrowInProportionToTheProblem(shape: HardShape) throws {
  var allocator = Allocator()
  var checker = Checker()
  var solution = Solution()
  var steps: [Double] = []
  for n in [500, 1_000, 2_000] {
    let problem = shape.make(n)
    try problem.validate()
    try allocator.allocate(problem, into: &solution)
    try checker.check(problem, solution)
    try allocator.allocate(problem, into: &solution, using: .backtracking)
    try checker.check(problem, solution)
    #expect(allocator.statistics.fallback == .none)
    #expect(allocator.statistics.steps <= allocator.statistics.stepBudget)
    steps.append(Double(allocator.statistics.steps))
  }
  let exponent = log2(steps[2] / steps[0]) / 2
  // With all counters live in all inner loops only the budget bounds the steps; see below.
  #expect(exponent <= (shape == .nestedCounters ? 1.5 : 1.1), "\(steps)")
}

/// N counters live in N loops each, N² pairs of a value and a block.
@Test func whereAllValuesLiveEverywhereTheBudgetEndsItSoon() throws {
  let problem = HardShape.nestedCounters.make(10_000)
  var allocator = Allocator()
  var solution = Solution()
  try allocator.allocate(problem, into: &solution, using: .backtracking)
  #expect(allocator.statistics.fallback == .budget)
  // The stage that is left past the budget is the one that follows values up, 64 at a time.
  #expect(allocator.statistics.steps <= allocator.statistics.stepBudget + 1_000)
}

/// A value defined far ahead of its use: whether its register is free on the way is not asked, which
/// would take a walk as long as the way for each.
@Test func valuesUsedFarAwayCostNoWalk() throws {
  var allocator = Allocator()
  var solution = Solution()
  var steps: [Int] = []
  for n in [16_000, 64_000] {
    try allocator.allocate(HardShape.acrossCalls.make(n), into: &solution, using: .backtracking)
    steps.append(allocator.statistics.steps)
  }
  #expect(steps[1] <= steps[0] * 41 / 10, "\(steps)")
}

@Test func theSplitLimitIsAnOption() throws {
  let problem = HardShape.fixedUses.make(200)
  var solution = Solution()
  for limit in [0, 1, 10] {
    var allocator = Allocator()
    allocator.options.splitLimit = limit
    try allocator.allocate(problem, into: &solution, using: .backtracking)
    #expect(allocator.statistics.splits <= limit * 200)
    #expect(allocator.statistics.fallback == .none)
    var checker = Checker()
    try checker.check(problem, solution)
  }
}

// MARK: The watchdog

/// Wherever the steps run out, the single pass gives its own result, and the statistics say so.
@Test(arguments: [0, 30, 100, 300, 1_000, 3_000])
func aSpentBudgetLeadsToTheSinglePassAllocator(budget: Int) throws {
  var coverage = Coverage()
  var limited = Allocator()
  limited.options.baseSteps = budget
  limited.options.stepsPerUnit = 0
  var unlimited = Allocator()
  var checker = Checker()
  var solution = Solution()
  var expected = Solution()
  var ended = 0
  var finished = 0
  for seed in 0..<400 as Range<UInt64> {
    let problem = ProblemGenerator.generate(seed: seed, coverage: &coverage)
    try unlimited.allocate(problem, into: &expected, using: .backtracking)
    let needed = unlimited.statistics.fallback == .none ? unlimited.statistics.steps : .max
    try limited.allocate(problem, into: &solution, using: .backtracking)
    try checker.check(problem, solution)
    let statistics = limited.statistics
    // What one operation on the whole problem counts, past the last look at the budget.
    let slack = 8 * (problem.operands.count + problem.instructionCount + problem.arguments.count)
    #expect(statistics.steps <= budget + slack + 200, "seed \(seed)")
    if statistics.fallback == .none {
      #expect(statistics.steps <= budget && needed == statistics.steps, "seed \(seed)")
      finished += 1
      continue
    }
    if needed != .max {
      #expect(statistics.fallback == .budget && needed > budget, "seed \(seed)")
      ended += 1
    }
    try unlimited.allocate(problem, into: &expected, using: .singlePass)
    let isSame =
      solution.allocations.toArray() == expected.allocations.toArray()
      && solution.edits.toArray() == expected.edits.toArray()
    #expect(isSame, "seed \(seed)")
  }
  // Every problem with a piece takes a step; the largest budget is enough for most.
  #expect(budget > 0 || finished <= 4, "\(finished)")
  #expect(ended > 5, "\(ended)")
}

/// A few operands in all orders cost in proportion, even if one instruction has them all.
@Test func theOperandsOfOneInstructionCostInProportion() throws {
  var allocator = Allocator()
  var solution = Solution()
  var steps: [Int] = []
  for n in [10_000, 20_000, 40_000] {
    let problem = HardShape.wideInstruction.make(n)
    try problem.validate()
    try allocator.allocate(problem, into: &solution, using: .backtracking)
    #expect(allocator.statistics.fallback == .none)
    steps.append(allocator.statistics.steps)
  }
  #expect(steps[2] <= 5 * steps[0], "\(steps)")
}

// MARK: Size

@Test func aMillionIsFarFromTheLimits() {
  let most = 1 << 30
  let fits = Problem.isTooLarge(
    instructions: most / 2, blocks: most / 2 - 1, values: most - 1, pools: 4 * most - 1)
  #expect(!fits)
  let counts = [(most, 0, 0, 0), (most / 2, most / 2, 0, 0), (0, 0, most, 0), (0, 0, 0, 4 * most)]
  for (instructions, blocks, values, pools) in counts {
    #expect(
      Problem.isTooLarge(
        instructions: instructions, blocks: blocks, values: values, pools: pools))
  }
}

/// `Scripts/allocator-cost limits` does it with four million.
@Test(arguments: [Algorithm.singlePass, .backtracking])
func aHundredThousandValuesInAHundredThousandInstructions(algorithm: Algorithm) throws {
  let problem = HardShape.chain.make(50_000)
  try problem.validate()
  let count = problem.classes.count
  #expect(count > 100_000)
  var allocator = Allocator()
  var solution = Solution()
  var checker = Checker()
  try allocator.allocate(problem, into: &solution, using: algorithm)
  try checker.check(problem, solution)
  #expect(allocator.statistics.fallback == .none)
}
