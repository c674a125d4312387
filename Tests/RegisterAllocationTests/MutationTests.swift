// SPDX-License-Identifier: Apache-2.0
// The checker rejects right solutions made wrong.

import AllocationLab
import BrolgaEntities
import Testing

@testable import RegisterAllocation

@Test func whatMisreadsWhenItIsExecutedIsRejected() {
  var trial = MutationTrial()
  for seed in 0..<300 as Range<UInt64> { trial.run(seed: seed) }
  let report = trial.report()
  let misses = trial.misses
  #expect(misses.isEmpty, "\(misses.prefix(5))")
  #expect(trial.counts.count >= 20)
  for (kind, count) in trial.counts {
    #expect(count.tried >= 40, "\(kind): \(report)")
    // A move that comes once more, or one instruction later, is mostly as right as before.
    let floor = ["moveRepeatedLater": 0.15, "moveLater": 0.3][kind, default: 0.7]
    #expect(Double(count.rejected) >= floor * Double(count.tried), "\(kind): \(report)")
  }
  let rate = trial.killRate
  #expect(rate >= 0.99, "\(report)")
}

@Test func equalDefinitionsMustHaveOnePlaceOfTheirOwn() throws {
  let problem = try Problem(
    parsing: """
      problem 1
      class int preferred {0-3} other {} memory {} scratch 15 units 1
      values int*2
      repeats
      block b0
        i0 def v0, def v1, def v0
        i1 use v0, use v1
        i2 exit
      """)
  try problem.validate()
  var allocator = Allocator()
  var solution = Solution()
  var checker = Checker()
  try allocator.allocate(problem, into: &solution)
  try checker.check(problem, solution)
  // The repetition destroys the other value, which it was allowed to overlap once.
  let right = solution.allocations[2]
  solution.allocations[2] = solution.allocations[1]
  #expect(throws: CheckError.self) { try checker.check(problem, solution) }
  solution.allocations[2] = Allocation(PhysicalRegister(.int, 3))
  #expect(throws: CheckError.self) { try checker.check(problem, solution) }
  solution.allocations[2] = right
  try checker.check(problem, solution)
}
