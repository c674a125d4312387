// SPDX-License-Identifier: Apache-2.0
// An allocator's result depends on the problem alone, not on what it solved before.

import BrolgaEntities
import Testing

@testable import RegisterAllocation

@Test(arguments: [Algorithm.singlePass, .backtracking])
func aReusedAllocatorForgetsWhatItSolvedBefore(algorithm: Algorithm) throws {
  var reused = Allocator()
  var solution = Solution()
  var expected = Solution()
  var coverage = Coverage()
  var different: [UInt64] = []
  for seed in 0..<1_500 as Range<UInt64> {
    // Small problems after large ones: what is left over is then large.
    let size = [12, 2, 5, 3, 16, 2][Int(seed % 6)]
    let problem = ProblemGenerator.generate(seed: seed, size: size, coverage: &coverage)
    var fresh = Allocator()
    try fresh.allocate(problem, into: &expected, using: algorithm)
    try reused.allocate(problem, into: &solution, using: algorithm)
    let isSame =
      solution.allocations.toArray() == expected.allocations.toArray()
      && solution.edits.toArray() == expected.edits.toArray()
      && solution.slotUnits == expected.slotUnits
      && solution.usedRegisters == expected.usedRegisters
    if !isSame { different.append(seed) }
  }
  #expect(different.isEmpty, "\(different.count) of 1500 problems, such as \(different.prefix(5))")
}
