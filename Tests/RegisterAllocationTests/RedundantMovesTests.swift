// SPDX-License-Identifier: Apache-2.0
// Which moves are known to change nothing.

import BrolgaEntities
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

/// One value that is defined and then used `uses` times, each in an instruction of its own.
private func straightCode(uses: Int) -> Problem {
  var made = ProblemBuilder()
  let v = made.value()
  made.define([v])
  for _ in 0..<uses { made.use([v]) }
  made.exit()
  return made.finish()
}

private func solution(_ places: [Allocation], slots: Int = 0, _ moves: [Edit]) -> Solution {
  var made = Solution()
  for place in places { made.allocations.append(place) }
  for move in moves { made.edits.append(move) }
  made.slotUnits = slots
  return made
}

private func edit(_ i: Int, _ from: Allocation, _ to: Allocation) -> Edit {
  Edit(point: .before(i), from: from, to: to, registerClass: .int)
}

@Test func aMoveBackToWhereTheValueIsGoes() {
  let moves = [edit(1, r0, r1), edit(2, r1, r0)]
  var solution = solution([r0, r1, r0], moves)
  #expect(left(straightCode(uses: 2), &solution) == [moves[0]])
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
  let moves = [
    edit(1, slot0, r0), edit(1, r0, slot1), edit(4, slot0, r1), edit(4, r1, slot1),
  ]
  var solution = solution([slot0, slot0, r1], slots: 2, moves)
  #expect(left(problem, &solution) == moves)
}

/// One value is made again in two places; of these, one is a copy that passes as another value, a
/// block's parameter. That the contents are equal does not make a load of the parameter needless.
@Test func whatIsMadeTwiceIsNotForWhatItWasCopied() {
  let again = Allocation(rematerialized: VirtualRegister(0))
  let moves = [
    edit(1, again, r0), edit(1, r0, slot0), edit(2, again, r1), edit(3, slot0, r1),
    edit(3, again, r1),
  ]
  var solution = solution([r0, r0, r1, r1], slots: 1, moves)
  // The last one makes what is there: a copy of what was made.
  #expect(left(straightCode(uses: 3), &solution) == Array(moves[0...3]))
}
