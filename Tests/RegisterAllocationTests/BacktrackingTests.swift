// SPDX-License-Identifier: Apache-2.0
// The backtracking allocator on the case that the project is about.

import BrolgaEntities
import Testing

@testable import AllocationLab
@testable import RegisterAllocation

/// One value passed `calls` times, alternately as the first and the second argument.
private func alternatingArguments(_ calls: Int, calleeSaved: UInt64) -> Problem {
  var problem = Problem()
  problem.machine.preferred = RegisterSet(int: 0xff)
  problem.machine.nonPreferred = RegisterSet(int: calleeSaved)
  problem.machine.intScratch = PhysicalRegister(.int, 15)
  problem.clobberMasks.append(RegisterSet(int: 0xff))
  problem.blocks.append(
    BlockRecord(instructionStart: 0, successorStart: 0, predecessorStart: 0, parameterStart: 0))
  func add(
    _ operands: [Operand], clobbers: UInt16 = 0, role: InstructionRecord.Role = .ordinary,
    to problem: inout Problem
  ) {
    problem.instructions.append(
      InstructionRecord(
        operandStart: UInt32(problem.operands.count), clobberMask: clobbers, role: role))
    for operand in operands { problem.operands.append(operand) }
  }
  let x = problem.classes.append(.int)
  add([.definition(x, .int)], to: &problem)
  for k in 0..<calls {
    let y = problem.classes.append(.int)
    add([.definition(y, .int)], to: &problem)
    add(
      [
        .fixedUse(x, PhysicalRegister(.int, k & 1)),
        .fixedUse(y, PhysicalRegister(.int, 1 - k & 1)),
      ], clobbers: 1, to: &problem)
  }
  add([], role: .exit, to: &problem)
  problem.seal()
  return problem
}

@Test func alternatingArgumentsCostOneMoveACallAndStepsInProportion() throws {
  var allocator = Allocator()
  var checker = Checker()
  var solution = Solution()
  var stepsPerCall: [Double] = []
  for calls in [1_000, 2_000, 4_000] {
    for calleeSaved: UInt64 in [0xf00, 0] {
      let problem = alternatingArguments(calls, calleeSaved: calleeSaved)
      try problem.validate()
      try allocator.allocate(problem, into: &solution, using: .backtracking)
      try checker.check(problem, solution)
      #expect(allocator.statistics.fallback == .none)
      #expect(solution.edits.count <= calls + 1)
      var stores = 0
      for k in solution.edits.indices where solution.edits[k].to.isSlot { stores += 1 }
      #expect(stores == (calleeSaved == 0 ? 1 : 0))
      if calleeSaved == 0 {
        stepsPerCall.append(Double(allocator.statistics.steps) / Double(calls))
      }
    }
  }
  #expect(stepsPerCall[2] <= stepsPerCall[0] * 1.1)
}

/// What the allocator makes of a problem, checked.
private func solve(
  _ problem: borrowing Problem, _ allocator: inout Backtracking
) throws -> Solution {
  var solution = Solution()
  var checker = Checker()
  #expect(allocator.run(problem, &solution))
  try checker.check(problem, solution)
  return solution
}

/// Values that live for a few instructions are bundles only where one of them finds no register.
@Test func shortValuesBecomeBundlesWhereTheyCompete() throws {
  for (count, bundles, slots) in [(2, 0, 0), (3, 3, 2)] {
    var made = ProblemBuilder()
    made.problem.machine.preferred = RegisterSet(int: 0b11)
    made.problem.machine.nonPreferred = RegisterSet()
    let values = made.values(count)
    made.define(values)
    made.use(values)
    made.exit()
    var allocator = Backtracking()
    let solution = try solve(made.finish(), &allocator)
    #expect(allocator.statistics.bundles == count)
    #expect(allocator.search.bundles.count == bundles)
    #expect(allocator.statistics.pieces >= count)
    // At the last definition one waits in its slot, at the first use another one.
    #expect(solution.slotUnits == slots)
  }
}

/// Where a fixed use wants one, that is its register.
@Test func aShortValueIsMadeWhereItIsWanted() throws {
  var made = ProblemBuilder()
  let v = made.value()
  made.define([v])
  made.instruction([.fixedUse(v, PhysicalRegister(.int, 6))])
  made.exit()
  var allocator = Backtracking()
  let solution = try solve(made.finish(), &allocator)
  #expect(solution.edits.count == 0)
  #expect(allocator.search.bundles.count == 0)
}

/// A value that is passed on from its slot to another one: through a register that is free, of the three
/// that there are; if all hold something, one of them is saved for the time.
@Test(arguments: [(2, 2), (3, 4)])
func whatMovesBetweenSlotsFindsAFreeRegister(held: Int, edits: Int) throws {
  var made = ProblemBuilder()
  made.problem.machine.preferred = RegisterSet(int: 0b111)
  made.problem.machine.nonPreferred = RegisterSet()
  made.problem.machine.intScratch = nil
  let others = made.values(held)
  let (a, p) = (made.value(), made.value())
  func stack(_ v: VirtualRegister, _ kind: Operand.Kind) -> Operand {
    Operand(v, .int, kind, kind == .use ? .early : .late, .stack)
  }
  made.instruction([stack(a, .definition)])
  made.define(others)
  made.jump(to: 1, [a])
  made.block([p])
  made.use(others)
  made.instruction([stack(a, .use), stack(p, .use)])
  made.exit()
  var allocator = Backtracking()
  let solution = try solve(made.finish(), &allocator)
  #expect(solution.edits.count == edits)
}

/// A use that would do with the slot, right behind a definition in a register, would wait for a store.
@Test func whatIsReadNearbyIsReadFromItsRegister() throws {
  var made = ProblemBuilder()
  let v = made.value()
  made.define([v])
  made.instruction([.anyUse(v, .int)])
  made.instruction([.anyUse(v, .int)])
  made.instruction([], clobbers: ProblemBuilder.everything)
  made.use([v])
  made.exit()
  let problem = made.finish()
  var allocator = Allocator()
  allocator.options.splitLimit = 0
  var solution = Solution()
  try allocator.allocate(problem, into: &solution, using: .backtracking)
  var checker = Checker()
  try checker.check(problem, solution)
  let places = solution.allocations.toArray()
  #expect(places.allSatisfy { $0.isRegister })
  #expect(places[1] == places[0] && places[2] == places[0])
  // Stored before the call, loaded behind it.
  #expect(solution.edits.count == 2)
}
