// SPDX-License-Identifier: Apache-2.0
// The checker must reject right solutions made wrong.

import Entities
import Testing

@testable import RegisterAllocation

/// A change to a solution; nil if it would change nothing.
private func mutate(
  _ problem: borrowing Problem, _ solution: inout Solution, _ random: inout Random
) -> String? {
  let machine = problem.machine
  func otherPlace(_ old: Allocation, _ c: RegisterClass) -> Allocation? {
    let allocatable = machine.preferred[c] | machine.nonPreferred[c]
    if old.isSlot || random.chance(30) {
      if solution.slotUnits == 0 { return nil }
      let new = Allocation(slot: random.below(solution.slotUnits))
      return new == old ? nil : new
    }
    let new = Allocation(PhysicalRegister(c, random.bit(allocatable)))
    return new == old ? nil : new
  }
  switch random.below(6) {
  case 0, 1:
    let k = random.below(solution.allocations.count)
    let operand = problem.operands[k]
    guard let place = otherPlace(solution.allocations[k], operand.registerClass) else { return nil }
    solution.allocations[k] = place
    return operand.isUse ? "another place for a use" : "another place for a definition"
  case 2:
    if solution.edits.isEmpty { return nil }
    removeEdit(random.below(solution.edits.count), &solution)
    return "a move less"
  case 3:
    if solution.edits.isEmpty { return nil }
    let k = random.below(solution.edits.count)
    let edit = solution.edits[k]
    guard let place = otherPlace(edit.from, edit.registerClass) else { return nil }
    solution.edits[k].from = place
    return "a move from elsewhere"
  case 4:
    if solution.edits.isEmpty { return nil }
    let k = random.below(solution.edits.count)
    let edit = solution.edits[k]
    guard let place = otherPlace(edit.to, edit.registerClass) else { return nil }
    solution.edits[k].to = place
    return "a move to elsewhere"
  default:
    if solution.edits.count < 2 { return nil }
    let k = random.below(solution.edits.count - 1)
    let edit = solution.edits[k]
    if edit.point != solution.edits[k + 1].point { return nil }
    solution.edits[k] = solution.edits[k + 1]
    solution.edits[k + 1] = edit
    return "moves in another order"
  }
}

private func removeEdit(_ index: Int, _ solution: inout Solution) {
  for k in index..<(solution.edits.count - 1) { solution.edits[k] = solution.edits[k + 1] }
  solution.edits.popLast()
}

@Test func whatMisreadsWhenItIsExecutedIsRejected() {
  var allocator = Allocator()
  var checker = Checker()
  var coverage = Coverage()
  var solution = Solution()
  var random = Random(seed: 7)
  var tried: [String: Int] = [:]
  var killed: [String: Int] = [:]
  var misread = 0
  var missed: [String] = []
  for seed in 0..<500 {
    let problem = ProblemGenerator.generate(seed: UInt64(seed), size: 5, coverage: &coverage)
    for _ in 0..<6 {
      guard (try? allocator.allocate(problem, into: &solution)) != nil else { continue }
      let isRight = Execution.readsRight(problem, solution, &random, steps: 200)
      #expect(isRight, "seed \(seed) misreads")
      guard let change = mutate(problem, &solution, &random) else { continue }
      tried[change, default: 0] += 1
      let isRejected = (try? checker.check(problem, solution)) == nil
      if isRejected { killed[change, default: 0] += 1 }
      var isWrong = false
      for _ in 0..<5 where !isWrong {
        isWrong = !Execution.readsRight(problem, solution, &random, steps: 200)
      }
      if isWrong { misread += 1 }
      if isWrong && !isRejected { missed.append("seed \(seed): \(change)") }
    }
  }
  #expect(missed.isEmpty, "\(missed.count) of \(misread): \(missed.prefix(5))")
  #expect(misread > 1000)
  // The rest may be as right as before: in a block that is never reached, a dead value.
  let report = tried.keys.sorted().map {
    "\($0) \(killed[$0, default: 0])/\(tried[$0, default: 0])"
  }
  for change in tried.keys where change != "moves in another order" {
    let rate = Double(killed[change, default: 0]) / Double(tried[change, default: 1])
    #expect(rate > 0.8, "\(report.joined(separator: ", "))")
  }
}
