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
    for instruction in block.instructions {
      let role: InstructionRecord.Role =
        switch instruction.operation {
        case .jump, .branchIfZero: .branch
        case .return: .exit
        default: .ordinary
        }
      problem.instructions.append(
        InstructionRecord(
          operandStart: UInt32(problem.operands.count),
          clobberMask: instruction.operation == .show ? 1 : 0, role: role))
      problem.operands.append(contentsOf: operands(of: instruction))
    }
  }
  problem.classes.reset(count: function.valueCount, to: .int)
  problem.seal()
  return problem
}

extension Function<VirtualRegister> {
  /// One more than the highest number of a value.
  var valueCount: Int {
    let values = blocks.flatMap { $0.parameters + $0.instructions.flatMap(\.places) }
    return values.reduce(0) { max($0, Int($1.raw) + 1) }
  }
}
