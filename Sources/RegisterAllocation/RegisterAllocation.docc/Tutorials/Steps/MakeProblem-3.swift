// SPDX-License-Identifier: Apache-2.0
// From a function to a problem.

import RegisterAllocation

/// Tables end to end: each element's record says where its part of a table starts.
func makeProblem(for function: Function<VirtualRegister>) -> Problem {
  var problem = Problem()
  problem.machine = toyMachine
  problem.clobberMasks.append(destroyedByCalls)
  var predecessors = [[Int]](repeating: [], count: function.blocks.count)
  for (b, block) in function.blocks.enumerated() {
    for edge in block.successors { predecessors[edge.target].append(b) }
  }
  for (b, block) in function.blocks.enumerated() {
    problem.blocks.append(
      BlockRecord(
        instructionStart: UInt32(problem.instructions.count),
        successorStart: UInt32(problem.successors.count),
        predecessorStart: UInt32(problem.predecessors.count),
        parameterStart: UInt32(problem.parameters.count), frequency: block.frequency))
    problem.parameters.append(contentsOf: block.parameters)
    problem.predecessors.append(
      contentsOf: predecessors[b].map { RegisterAllocation.Block(raw: UInt32($0)) })
    for edge in block.successors {
      problem.successors.append(RegisterAllocation.Block(raw: UInt32(edge.target)))
      problem.argumentStart.append(UInt32(problem.arguments.count))
      problem.arguments.append(contentsOf: edge.arguments)
    }
  }
  problem.seal()
  return problem
}
