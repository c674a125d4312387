// SPDX-License-Identifier: Apache-2.0
// Seconds of what `Scripts/fuzz` does for as long as it is asked to.

import AllocationLab
import BrolgaEntities
import Testing

@testable import RegisterAllocation

/// Both algorithms, the checker and executions; and all that a problem can contain is generated.
@Test(arguments: 0..<2)
func generatedProblemsAreSolvedRight(_ part: Int) {
  var fuzzing = Fuzzing()
  var failures: [String] = []
  for seed in (part * 2_500)..<((part + 1) * 2_500) {
    for failure in fuzzing.run(seed: UInt64(seed)) {
      failures.append("seed \(seed), \(failure.algorithm): \(failure.text)")
    }
  }
  #expect(failures.isEmpty, "\(failures.count): \(failures.prefix(12).joined(separator: "\n"))")
  // Instructions that ask for nearly all registers at once, on machines with few.
  let fallbacks = fuzzing.fallbacks.values.reduce(0, +)
  #expect(fallbacks * 1_000 < 40 * fuzzing.problems, "\(fuzzing.fallbacks)")
  for feature in [
    "advice", "any definition", "any early definition", "any late use", "any use",
    "arguments in fixed registers", "branch definition", "class float", "class int",
    "class vector", "clobbers", "cold block", "duplicate edge", "few registers",
    "fixed definition", "fixed early definition", "fixed late use", "fixed non-allocatable",
    "fixed stack definition", "fixed stack early definition", "fixed stack late use",
    "fixed stack slots", "fixed stack use", "fixed use", "fixed use of clobbered",
    "irreducible loop", "limit definition", "limit early definition", "limit late use",
    "limit use", "loop", "no scratch", "one value in several fixed registers", "parameters",
    "parameters of only successor", "register definition", "register early definition",
    "register late use", "register use", "repeated definition", "repeated use", "reuse",
    "reuse of fixed", "reuse of limit", "scratch", "several reuses", "shuffled layout",
    "slot of several units", "split critical edge", "stack definition",
    "stack early definition", "stack late use", "stack use", "unreachable block",
    "values of several widths",
  ] {
    let count = fuzzing.coverage.counts[feature, default: 0]
    #expect(count * 1_000 >= 10 * fuzzing.problems, "\(feature): \(count)")
  }
}

@Test func aFailingProblemIsReducedToWhatFails() throws {
  // No allocator fails, so what fails here is a problem that does not keep the rules.
  var coverage = Coverage()
  var sizes: [Int] = []
  for seed in 0..<40 as Range<UInt64> {
    let problem = ProblemGenerator.generate(seed: seed, coverage: &coverage)
    let text = Fuzzing.reduce(seed: seed) { (candidate: borrowing Problem) in
      for i in 0..<candidate.instructionCount
      where candidate.instructions.storage[i].clobberMask != 0 {
        return (try? candidate.validate()) != nil
      }
      return false
    }
    guard problem.clobberMasks.count > 1, let text else { continue }
    let reduced = try Problem(parsing: text)
    try reduced.validate()
    let masks = reduced.clobberMasks.count
    #expect(masks == 2)
    sizes.append(reduced.operands.count)
  }
  #expect(sizes.count > 10)
  #expect(sizes.allSatisfy { $0 <= 4 }, "\(sizes)")
}
