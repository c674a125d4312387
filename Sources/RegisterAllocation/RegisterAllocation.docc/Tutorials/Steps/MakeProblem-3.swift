// SPDX-License-Identifier: Apache-2.0
// From a function to a problem.

import RegisterAllocation

/// The function as the allocator sees it, block by block.
func makeProblem(for function: Function<VirtualRegister>) -> Problem {
  var builder = Problem.Builder(for: toyMachine)
  builder.values(function.valueCount, .int)
  for block in function.blocks {
    builder.block(block.parameters, frequency: block.frequency)
    let successors = block.successors.map { edge in
      Problem.Builder.Edge(to: .init(raw: UInt32(edge.target)), edge.arguments)
    }
  }
  return builder.finish()
}

extension Function<VirtualRegister> {
  /// One more than the highest number of a value.
  var valueCount: Int {
    let values = blocks.flatMap { $0.parameters + $0.instructions.flatMap(\.places) }
    return values.reduce(0) { max($0, Int($1.raw) + 1) }
  }
}
