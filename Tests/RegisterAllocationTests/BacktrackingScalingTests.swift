// SPDX-License-Identifier: Apache-2.0
// The bound on the backtracking allocator's steps, on inputs that other allocators explode on.

import Entities
import Testing

@testable import RegisterAllocation

private struct StressProblem: ~Copyable {
  var problem = Problem()

  init() {
    problem.machine.preferred = RegisterSet(int: 0x7c7)
    problem.machine.nonPreferred = RegisterSet(int: 0x3008)
    problem.machine.intScratch = PhysicalRegister(.int, 11)
    problem.clobberMasks.append(RegisterSet(int: 0x37cf))
  }

  mutating func value() -> VirtualRegister { problem.classes.append(.int) }

  mutating func instruction(
    _ operands: [Operand], clobbers: UInt16 = 0, role: InstructionRecord.Role = .ordinary
  ) {
    problem.instructions.append(
      InstructionRecord(
        operandStart: UInt32(problem.operands.count), clobberMask: clobbers, role: role))
    for operand in operands { problem.operands.append(operand) }
  }

  mutating func block(from predecessors: [Int], parameters: [VirtualRegister] = []) {
    problem.blocks.append(
      BlockRecord(
        instructionStart: UInt32(problem.instructions.count),
        successorStart: UInt32(problem.successors.count),
        predecessorStart: UInt32(problem.predecessors.count),
        parameterStart: UInt32(problem.parameters.count)))
    for b in predecessors { problem.predecessors.append(Block(b)) }
    for v in parameters { problem.parameters.append(v) }
  }

  mutating func edge(to b: Int, _ arguments: [VirtualRegister] = []) {
    problem.successors.append(Block(b))
    problem.argumentStart.append(UInt32(problem.arguments.count))
    for v in arguments { problem.arguments.append(v) }
  }
}

/// The shapes, by the row of the list of known explosions that each comes from.
private enum Shape: CaseIterable {
  /// One value used `n` times, all registers destroyed in between.
  case usesBetweenCalls
  /// `n` values live at once.
  case allLive
  /// `n` values live at once, each wanted in two fixed registers.
  case fixedUses
  /// `n` branches into one block that pass different values.
  case join
  /// `n` diamonds under values that live through all of them.
  case ladder

  func make(_ n: Int) -> StressProblem {
    var made = StressProblem()
    made.block(from: [])
    switch self {
    case .usesBetweenCalls:
      let x = made.value()
      made.instruction([.definition(x, .int)])
      for _ in 0..<n {
        made.instruction([.use(x, .int)])
        made.instruction([], clobbers: 1)
      }
      made.instruction([], role: .exit)
    case .allLive, .fixedUses:
      let values = (0..<n).map { _ in made.value() }
      for v in values { made.instruction([.definition(v, .int)]) }
      for v in values {
        made.instruction(
          [self == .allLive ? .use(v, .int) : .fixedUse(v, PhysicalRegister(.int, 0))])
      }
      for v in values {
        made.instruction([.fixedUse(v, PhysicalRegister(.int, 1)), .use(v, .int)])
      }
      made.instruction([], role: .exit)
    case .join:
      made.instruction([], role: .branch)
      for k in 0..<n { made.edge(to: k + 1) }
      for _ in 0..<n {
        made.block(from: [0])
        let v = made.value()
        made.instruction([.definition(v, .int)])
        made.instruction([], role: .branch)
        made.edge(to: n + 1, [v])
      }
      let parameter = made.value()
      made.block(from: Array(1...n), parameters: [parameter])
      made.instruction([.use(parameter, .int)], role: .exit)
    case .ladder:
      let values = (0..<24).map { _ in made.value() }
      for v in values { made.instruction([.definition(v, .int)]) }
      made.instruction([], role: .branch)
      made.edge(to: 1)
      for k in 0..<n {
        let b = 1 + 4 * k
        made.block(from: [k == 0 ? 0 : b - 1])
        made.instruction([.use(values[k % 24], .int)], role: .branch)
        made.edge(to: b + 1)
        made.edge(to: b + 2)
        for _ in 0..<2 {
          made.block(from: [b])
          made.instruction([], role: .branch)
          made.edge(to: b + 3)
        }
        made.block(from: [b + 1, b + 2])
        made.instruction([], role: .branch)
        made.edge(to: b + 4)
      }
      made.block(from: [4 * n])
      for v in values { made.instruction([.use(v, .int)]) }
      made.instruction([], role: .exit)
    }
    made.problem.seal()
    return made
  }
}

@Test(arguments: [0, 1, 2, 3, 4])
func stepsGrowInProportionToTheProblem(shape: Int) throws {
  var allocator = Allocator()
  var checker = Checker()
  var solution = Solution()
  var steps: [Double] = []
  for n in [2_000, 8_000] {
    let made = Shape.allCases[shape].make(n)
    try made.problem.validate()
    try allocator.allocate(made.problem, into: &solution, using: .backtracking)
    try checker.check(made.problem, solution)
    #expect(allocator.statistics.fallback == .none)
    steps.append(Double(allocator.statistics.steps))
  }
  // Four times the size: an exponent of 1.1 allows 4.6 times the steps.
  #expect(steps[1] <= steps[0] * 4.6, "\(Shape.allCases[shape]): \(steps)")
}

@Test func aSpentBudgetLeadsToTheSinglePassAllocator() throws {
  var allocator = Allocator()
  allocator.options.stepsPerUnit = 0
  var checker = Checker()
  var solution = Solution()
  let made = Shape.fixedUses.make(2_000)
  try allocator.allocate(made.problem, into: &solution, using: .backtracking)
  #expect(allocator.statistics.fallback == .budget)
  try checker.check(made.problem, solution)
  var other = Solution()
  try allocator.allocate(made.problem, into: &other, using: .singlePass)
  #expect(solution.edits.toArray() == other.edits.toArray())
}

@Test func theSplitLimitIsAnOption() throws {
  let made = Shape.fixedUses.make(200)
  var solution = Solution()
  for limit in [0, 1, 10] {
    var allocator = Allocator()
    allocator.options.splitLimit = limit
    try allocator.allocate(made.problem, into: &solution, using: .backtracking)
    #expect(allocator.statistics.splits <= limit * 200)
    #expect(allocator.statistics.fallback == .none)
    var checker = Checker()
    try checker.check(made.problem, solution)
  }
}
