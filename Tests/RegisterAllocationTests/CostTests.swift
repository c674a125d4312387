// SPDX-License-Identifier: Apache-2.0
// What allocation costs and what code it leaves, in counts rather than in time.

import BrolgaEntities
import Testing

@testable import RegisterAllocation

@Test func recordsKeepTheirSizes() {
  #expect(MemoryLayout<Operand>.stride == 8)
  #expect(MemoryLayout<InstructionRecord>.stride == 8)
  #expect(MemoryLayout<BlockRecord>.stride == 24)
  #expect(MemoryLayout<Allocation>.stride == 4)
  #expect(MemoryLayout<Edit>.stride == 16)
  #expect(MemoryLayout<ValueState>.stride == 16)
  #expect(MemoryLayout<Move>.stride == 12)
}

/// x86-64: ten registers that calls destroy, four that they keep.
private func machine() -> Machine {
  var machine = Machine()
  machine.preferred.int = 0b0111_1100_0111
  machine.nonPreferred.int = 1 << 3 | 1 << 12 | 1 << 13 | 1 << 14
  machine.intScratch = PhysicalRegister(.int, 11)
  return machine
}

/// One value, in turn argument 0 and argument 1 of `count` calls that destroy both.
private func rowOfCalls(_ count: Int) -> Problem {
  var problem = Problem()
  problem.machine = machine()
  problem.clobberMasks.append(problem.machine.preferred)
  let v = problem.classes.append(.int)
  problem.blocks.append(
    BlockRecord(instructionStart: 0, successorStart: 0, predecessorStart: 0, parameterStart: 0))
  problem.instructions.append(InstructionRecord(operandStart: 0))
  problem.operands.append(.fixedDefinition(v, PhysicalRegister(.int, 7)))
  for k in 0..<count {
    problem.instructions.append(
      InstructionRecord(operandStart: UInt32(problem.operands.count), clobberMask: 1))
    problem.operands.append(.fixedUse(v, PhysicalRegister(.int, k % 2 == 0 ? 7 : 6)))
  }
  problem.instructions.append(
    InstructionRecord(operandStart: UInt32(problem.operands.count), role: .exit))
  problem.seal()
  return problem
}

@Test func aRowOfCallsCostsAMoveEachAndNoMemory() throws {
  var allocator = Allocator()
  var solution = Solution()
  var checker = Checker()
  for count in [10_000, 20_000, 40_000] {
    let problem = rowOfCalls(count)
    try problem.validate()
    try allocator.allocate(problem, into: &solution)
    try checker.check(problem, solution)
    #expect(solution.edits.count <= count + 1)
    #expect(solution.slotUnits == 0)
    // The result takes 4 bytes an operand and 16 a move; the walk keeps the moves once more.
    #expect(solution.allocations.count * 4 + solution.edits.count * 32 <= 40 * count)
  }
}

@Test func valuesOfOneBlockThatFitNeedNoMemory() throws {
  let problem = try Problem(
    parsing: """
      problem 1
      class int preferred {0-2} other {} memory {} scratch 4 units 1
      values int*5
      block b0
        i0 def v0:int0, def v1:int1
        i1 use v0, use v1, def v2:reuse0
        i2 use v2, use v1, def v3:reuse0
        i3 use v3, def v4
        i4 use v4:int0 exit
      """)
  try problem.validate()
  var allocator = Allocator()
  var solution = Solution()
  try allocator.allocate(problem, into: &solution)
  try Checker.check(problem, solution)
  // All the way through register 0.
  let moves = solution.edits.count
  #expect(moves == 0)
  #expect(solution.slotUnits == 0)
}

@Test func aLoopKeepsItsParametersAndWhatItReadsInRegisters() throws {
  let problem = try Problem(
    parsing: """
      problem 1
      class int preferred {0-5} other {} memory {} scratch 6 units 1
      values int*7
      block b0
        i0 def v0:int0, def v1:int1
        i1 branch b1(v0 v1)
      block b1 parameters v2 v3 from b0 b2 frequency 8
        i2 use v2, use v0, def v4:reuse0
        i3 use v3, use v4, def v5:reuse0
        i4 use v5 branch b2 b3
      block b2 from b1 frequency 8
        i5 branch b1(v4 v5)
      block b3 from b1
        i6 use v4:int0 exit
      """)
  try problem.validate()
  var allocator = Allocator()
  var solution = Solution()
  try allocator.allocate(problem, into: &solution)
  try Checker.check(problem, solution)
  for k in solution.edits.indices {
    let edit = solution.edits[k]
    let isMemory = edit.from.isSlot || edit.to.isSlot
    #expect(!isMemory, "\(problem.text(annotatedWith: solution))")
  }
}

extension Checker {
  fileprivate static func check(
    _ problem: borrowing Problem, _ solution: borrowing Solution
  ) throws(CheckError) {
    var checker = Checker()
    try checker.check(problem, solution)
  }
}

@Test func errorsNameTheInstruction() throws {
  let header = "problem 1\nclass int preferred {0-1} other {} memory {} units 1\nvalues int*4\n"
  func failure(_ body: String) throws -> AllocationError? {
    let problem = try Problem(parsing: header + body)
    try problem.validate()
    var allocator = Allocator()
    var solution = Solution()
    do {
      try allocator.allocate(problem, into: &solution)
      return nil
    } catch {
      return error
    }
  }
  #expect(
    try failure(
      "block b0\n i0 def v0:any\n i1 def v1:any\n i2 def v2:any\n i3 use v0, use v1, use v2 exit")
      == .tooManyLiveRegisters(InstructionIndex(3)))
  #expect(
    try failure("block b0\n i0 def v0\n i1 def v1\n i2 use v0:int0, use v1:int0 exit")
      == .conflictingRegister(InstructionIndex(2), PhysicalRegister(.int, 0)))
  #expect(
    try failure("block b0\n i0 def v0:int1, def v1:int1 exit")
      == .conflictingRegister(InstructionIndex(0), PhysicalRegister(.int, 1)))
}

@Test func growingPressureCostsInProportion() throws {
  // Loops in loops, each with a parameter; the walk reads a bounded part of each.
  var allocator = Allocator()
  var solution = Solution()
  var edits: [Int] = []
  for depth in [200, 400] {
    var text = "problem 1\nclass int preferred {0-7} other {} memory {} scratch 8 units 1\n"
    text += "values int*\(2 * depth + 1)\nblock b0\n i0 def v0\n i1 branch b1(v0)\n"
    var i = 2
    for k in 1...depth {
      // Head k has the latch b(2 * depth + 1 - k) behind all inner loops.
      text += "block b\(k) parameters v\(k) from b\(k - 1) b\(depth + 3 * (depth - k) + 2)\n"
      text += " i\(i) use v\(k)\n i\(i + 1) branch b\(k + 1)\(k < depth ? "(v\(k))" : "")\n"
      i += 2
    }
    for k in (1...depth).reversed() {
      let test = depth + 3 * (depth - k) + 1
      let from = k == depth ? depth : test - 1
      let next = k == 1 ? "exit" : "branch b\(test + 3)"
      text += "block b\(test) from b\(from)\n i\(i) use v\(k), def v\(depth + k)\n"
      text += " i\(i + 1) use v\(depth + k) branch b\(test + 1) b\(test + 2)\n"
      text += "block b\(test + 1) from b\(test)\n i\(i + 2) branch b\(k)(v\(depth + k))\n"
      text += "block b\(test + 2) from b\(test)\n i\(i + 3) \(next)\n"
      i += 4
    }
    let problem = try Problem(parsing: text)
    try problem.validate()
    try allocator.allocate(problem, into: &solution)
    try Checker.check(problem, solution)
    edits.append(solution.edits.count)
  }
  #expect(edits[1] <= 2 * edits[0] + 20, "\(edits)")
}
