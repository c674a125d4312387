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
}
