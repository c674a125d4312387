// SPDX-License-Identifier: Apache-2.0
// From a solution back to a function, on registers and slots.

import RegisterAllocation

/// The function on registers and slots, with the solution's moves between its instructions.
func apply(
  _ solution: borrowing Solution, to function: Function<VirtualRegister>
) -> Function<Allocation> {
  var result = Function<Allocation>()
  var index = 0
  var operand = 0
  for block in function.blocks {
    // Parameters and arguments are gone: moves do their work.
    var placed = Block<Allocation>(
      successors: block.successors.map { Edge(target: $0.target) }, frequency: block.frequency)
    for instruction in block.instructions {
      let count = instruction.places.count
      let places = (operand..<operand + count).map { solution.allocations[$0] }
      operand += count
      placed.instructions.append(
        Instruction(operation: instruction.operation, places: places))
      index += 1
    }
    result.blocks.append(placed)
  }
  return result
}
