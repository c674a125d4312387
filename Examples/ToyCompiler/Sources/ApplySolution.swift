// SPDX-License-Identifier: Apache-2.0
// From a solution back to a function, on registers and slots.

import RegisterAllocation

/// The function on registers and slots, with the solution's moves between its instructions.
func apply(
  _ solution: borrowing Solution, to function: Function<VirtualRegister>
) -> Function<Allocation> {
  var numbers: [VirtualRegister: Int] = [:]
  for instruction in function.blocks.flatMap(\.instructions) {
    if case .constant(let number) = instruction.operation {
      numbers[instruction.places[0]] = number
    }
  }
  var result = Function<Allocation>()
  var index = 0
  var operand = 0
  var nextEdit = 0
  for block in function.blocks {
    // Parameters and arguments are gone: moves do their work.
    var placed = Block<Allocation>(
      successors: block.successors.map { Edge(target: $0.target) }, frequency: block.frequency)
    func emitEdits(_ point: ProgramPoint) {
      while nextEdit < solution.edits.count, solution.edits[nextEdit].point == point {
        let edit = solution.edits[nextEdit]
        var move = Instruction(operation: .move, places: [edit.to, edit.from])
        if edit.from.isRematerialized {
          let number = numbers[edit.from.rematerializedValue]!
          move = Instruction(operation: .constant(number), places: [edit.to])
        }
        placed.instructions.append(move)
        nextEdit += 1
      }
    }
    for instruction in block.instructions {
      emitEdits(.before(index))
      let count = instruction.places.count
      let places = (operand..<operand + count).map { solution.allocations[$0] }
      operand += count
      // A constant that is made again wherever it is wanted needs no first time.
      if !places.contains(.none) {
        placed.instructions.append(
          Instruction(operation: instruction.operation, places: places))
      }
      emitEdits(.after(index))
      index += 1
    }
    result.blocks.append(placed)
  }
  return result
}
