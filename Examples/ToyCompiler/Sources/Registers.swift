// SPDX-License-Identifier: Apache-2.0
// The part that another compiler would copy: from its functions to a problem, and back from the
// solution.

import RegisterAllocation

/// The toy machine: r0 to r3. Calls destroy r0 and r1, so those are for values that no call lies
/// on; all of its values are integers, and a slot of the frame takes one unit.
let toyMachine: Machine = {
  var machine = Machine()
  machine.preferred = RegisterSet(int: 0b0011)
  machine.nonPreferred = RegisterSet(int: 0b1100)
  return machine
}()
let r0 = PhysicalRegister(.int, 0)
let destroyedByCalls = RegisterSet(int: 0b0011)

// MARK: To a problem

/// What an instruction wants of its places, in their order.
func operands(of instruction: Instruction<VirtualRegister>) -> [Operand] {
  let p = instruction.places
  switch instruction.operation {
  case .constant: return [.definition(p[0], .int)]
  // The result in the register of operand 1; the right side may also come from the frame.
  case .add, .subtract, .multiply:
    return [.reuse(p[0], .int, of: 1), .use(p[1], .int), .anyUse(p[2], .int)]
  case .show, .return: return [.fixedUse(p[0], r0)]
  case .branchIfZero: return [.use(p[0], .int)]
  case .jump: return []
  case .move: fatalError("only allocation makes moves")
  }
}

/// Tables end to end: each element's record says where its part of a table starts.
func makeProblem(for function: Function<VirtualRegister>) -> Problem {
  var problem = Problem()
  problem.machine = toyMachine
  problem.clobberMasks.append(destroyedByCalls)
  var predecessors = [[Int]](repeating: [], count: function.blocks.count)
  for (b, block) in function.blocks.enumerated() {
    for edge in block.successors { predecessors[edge.target].append(b) }
  }
  var constants: [VirtualRegister] = []
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
      if case .constant = instruction.operation { constants.append(instruction.places[0]) }
    }
  }
  // Rather made again than loaded from the frame.
  for value in constants.sorted(by: { $0.raw < $1.raw }) {
    problem.rematerializations.append(Rematerialization(value))
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

// MARK: From a solution

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
        placed.instructions.append(
          edit.from.isRematerialized
            ? Instruction(
              operation: .constant(numbers[edit.from.rematerializedValue]!), places: [edit.to])
            : Instruction(operation: .move, places: [edit.to, edit.from]))
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
