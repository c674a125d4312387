// SPDX-License-Identifier: Apache-2.0
// Which moves are known to change nothing.

import Entities
import Testing

@testable import AllocationLab
@testable import RegisterAllocation

/// The moves of `solution` that are left, having been given for `problem`.
private func left(_ problem: borrowing Problem, _ solution: inout Solution) -> [Edit] {
  var redundant = RedundantMoves()
  let before = solution.edits.count
  let removed = redundant.run(ProblemView(problem), scratch: ClassWords(), &solution)
  #expect(removed == before - solution.edits.count)
  return solution.edits.toArray()
}

private let r0 = Allocation(PhysicalRegister(.int, 0))
private let r1 = Allocation(PhysicalRegister(.int, 1))
private let slot0 = Allocation(slot: 0)
private let slot1 = Allocation(slot: 1)

private func edit(_ i: Int, _ from: Allocation, _ to: Allocation) -> Edit {
  Edit(point: .before(i), from: from, to: to, registerClass: .int)
}

@Test func aMoveBackToWhereTheValueIsGoes() {
  var made = ProblemBuilder()
  let v = made.value()
  made.define([v])
  made.use([v])
  made.use([v])
  made.exit()
  let problem = made.finish()
  var solution = Solution()
  for place in [r0, r1, r0] { solution.allocations.append(place) }
  let moves = [edit(1, r0, r1), edit(2, r1, r0)]
  for move in moves { solution.edits.append(move) }
  #expect(left(problem, &solution) == [moves[0]])
}

/// A call destroys all registers, so nothing is known of any; but a slot that is written without a
/// move, where no register is known, is not what it was.
@Test func aSlotThatAnInstructionWritesIsForgottenWhenNoRegisterIsKnown() {
  var made = ProblemBuilder()
  let v = made.value()
  let w = made.value()
  made.instruction([.anyDefinition(v, .int)])
  made.instruction([], clobbers: ProblemBuilder.call)
  made.jump(to: 1)
  made.block()
  made.instruction([.anyDefinition(w, .int)])
  made.use([w])
  made.exit()
  let problem = made.finish()
  var solution = Solution()
  for place in [slot0, slot0, r1] { solution.allocations.append(place) }
  solution.slotUnits = 2
  let moves = [
    edit(1, slot0, r0), edit(1, r0, slot1), edit(4, slot0, r1), edit(4, r1, slot1),
  ]
  for move in moves { solution.edits.append(move) }
  #expect(left(problem, &solution) == moves)
}

/// One value is made again in two places; of these, one is a copy that passes as another value, a
/// block's parameter. That the contents are equal does not make a load of the parameter needless.
@Test func whatIsMadeTwiceIsNotForWhatItWasCopied() {
  var made = ProblemBuilder()
  let v = made.value()
  made.define([v])
  made.use([v])
  made.use([v])
  made.use([v])
  made.exit()
  let problem = made.finish()
  var solution = Solution()
  for place in [r0, r0, r1, r1] { solution.allocations.append(place) }
  solution.slotUnits = 1
  let again = Allocation(rematerialized: v)
  let moves = [
    edit(1, again, r0), edit(1, r0, slot0), edit(2, again, r1), edit(3, slot0, r1),
    edit(3, again, r1),
  ]
  for move in moves { solution.edits.append(move) }
  // The last one makes what is there: a copy of what was made.
  #expect(left(problem, &solution) == Array(moves[0...3]))
}
