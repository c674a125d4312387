// SPDX-License-Identifier: Apache-2.0
// Problems whose instructions define a value more than once: solved without the repetitions.

import BrolgaEntities

/// A copy of such a problem with one definition of each value, and the way back.
///
/// Cost: linear in the problem, and in each instruction's operands times its definitions.
struct RepeatedDefinitions: ~Copyable {
  private(set) var reduced = Problem()
  /// Per operand of the problem: the one of `reduced` that has its place.
  private var place = Vector<UInt32>()

  init() {}

  mutating func reduce(_ problem: borrowing Problem) {
    reduced.clear()
    place.removeAll()
    reduced.machine = problem.machine
    Self.copy(problem.blocks.storage, &reduced.blocks.storage)
    Self.copy(problem.clobberMasks, &reduced.clobberMasks)
    Self.copy(problem.successors, &reduced.successors)
    Self.copy(problem.predecessors, &reduced.predecessors)
    Self.copy(problem.parameters, &reduced.parameters)
    Self.copy(problem.argumentStart, &reduced.argumentStart)
    Self.copy(problem.arguments, &reduced.arguments)
    Self.copy(problem.classes.storage, &reduced.classes.storage)
    Self.copy(problem.ownUnits, &reduced.ownUnits)
    Self.copy(problem.rematerializations, &reduced.rematerializations)
    Self.copy(problem.hints, &reduced.hints)
    Self.copy(problem.registerOrder, &reduced.registerOrder)
    Self.copy(problem.labels, &reduced.labels)
    for i in problem.instructions.storage.indices {
      var record = problem.instructions.storage[i]
      record.operandStart = UInt32(truncatingIfNeeded: reduced.operands.count)
      reduced.instructions.append(record)
      if i < problem.instructionCount { reduceOperands(problem.operandRange(i), problem) }
    }
  }

  private mutating func reduceOperands(_ range: Range<Int>, _ problem: borrowing Problem) {
    let first = reduced.operands.count
    var next = first
    for k in range {
      var earlier = range.lowerBound
      if problem.operands[k].isDefinition {
        while problem.operands[earlier] != problem.operands[k] { earlier &+= 1 }
      } else {
        earlier = k
      }
      place.append(earlier < k ? place[earlier] : UInt32(truncatingIfNeeded: next))
      if earlier == k { next &+= 1 }
    }
    for k in range where Int(place[k]) == reduced.operands.count {
      var operand = problem.operands[k]
      if operand.tag == .reuse {
        // The input may have moved up.
        let input = Int(place[range.lowerBound &+ Int(operand.payload)]) &- first
        operand = Operand(
          operand.register, operand.registerClass, .definition, .late, .reuse,
          payload: UInt8(truncatingIfNeeded: input))
      }
      reduced.operands.append(operand)
    }
  }

  /// Gives the operands that were left out their places.
  mutating func expand(_ solution: inout Solution) {
    var all = Vector<Allocation>()
    for k in place.indices { all.append(solution.allocations[Int(place[k])]) }
    swap(&all, &solution.allocations)
  }

  private static func copy<Element: BitwiseCopyable>(
    _ source: borrowing Vector<Element>, _ target: inout Vector<Element>
  ) {
    target.removeAll()
    for k in source.indices { target.append(source[k]) }
  }
}
