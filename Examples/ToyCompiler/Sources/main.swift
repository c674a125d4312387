// SPDX-License-Identifier: Apache-2.0
// Compiles the example with both algorithms, runs it before and after, and compares.

import RegisterAllocation

let function = Translation.translate(example)
print("values:\n" + function.text { "v\($0.raw)" })
let expected = run(function)

let problem = makeProblem(for: function)
try problem.validate()

var allocator = Allocator()
var solution = Solution()
var checker = Checker()
for algorithm in [Algorithm.singlePass, .backtracking] {
  try allocator.allocate(problem, into: &solution, using: algorithm)
  // A test would do this; a compiler need not.
  try checker.check(problem, solution)

  let placed = apply(solution, to: function)
  let counts = EditCounts(solution, on: problem.machine)
  print(
    "\(algorithm): \(counts.moves) moves, \(counts.loads) loads, \(counts.stores) stores, "
      + "\(counts.remade) made again, a frame of \(solution.slotUnits)")
  print(placed.text(name))
  let outcome = run(placed, destroyed: [0, 1].map { Allocation(PhysicalRegister(.int, $0)) })
  guard outcome == expected else { fatalError("wrong: \(outcome), not \(expected)") }
}
print("shown \(expected.shown), returned \(expected.result): the same before and after")
