// SPDX-License-Identifier: Apache-2.0
// The single-pass allocator on generated problems, every solution checked.

import Entities
import Testing

@testable import RegisterAllocation

@Test(arguments: 0..<4)
func generatedProblemsAreSolvedAndPassTheChecker(_ part: Int) {
  var allocator = Allocator()
  var checker = Checker()
  var solution = Solution()
  var coverage = Coverage()
  var failures: [String] = []
  for seed in (part * 1_250)..<((part + 1) * 1_250) {
    let size = [2, 3, 2, 4, 3, 6, 2, 16][seed % 8]
    let problem = ProblemGenerator.generate(seed: UInt64(seed), size: size, coverage: &coverage)
    do {
      try allocator.allocate(problem, into: &solution)
      try checker.check(problem, solution)
    } catch {
      failures.append("seed \(seed) size \(size): \(error)")
    }
  }
  #expect(failures.isEmpty, "\(failures.count): \(failures.prefix(12).joined(separator: "\n"))")
  for feature in [
    "scratch", "no scratch", "few registers", "duplicate edge", "shuffled layout", "loop",
    "unreachable block", "parameters", "parameters of only successor", "branch definition",
    "clobbers", "fixed non-allocatable", "fixed stack use", "fixed stack definition", "fixed use",
    "fixed definition", "fixed late use", "fixed early definition", "fixed use of clobbered",
    "one value in several fixed registers", "stack use", "stack definition", "limit use",
    "limit definition", "limit late use", "limit early definition", "any use", "any definition",
    "any late use", "any early definition", "register use", "register definition",
    "register late use", "register early definition", "repeated use", "reuse", "reuse of limit",
    "reuse of fixed", "several reuses",
  ] {
    #expect(coverage.counts[feature, default: 0] > 8, "\(feature)")
  }
}
