// SPDX-License-Identifier: Apache-2.0
// Each rule of a problem, broken once.

import BrolgaEntities
import Testing

@testable import RegisterAllocation

@Test func generatedProblemsAreValid() throws {
  var coverage = Coverage()
  for seed in 0..<400 {
    try ProblemGenerator.generate(seed: UInt64(seed), size: 8, coverage: &coverage).validate()
  }
}

private let header = """
  problem 1
  class int preferred {0-3} other {} memory {40} units 1
  class float preferred {0-3} other {} memory {} units 1
  class vector preferred {} other {} memory {} units 2
  values int*4 float

  """

private func fault(_ body: String) throws -> ProblemError? {
  let problem = try Problem(parsing: header + body)
  do {
    try problem.validate()
    return nil
  } catch {
    return error
  }
}

@Test func unitsArePowersOfTwoAndTheSameAlongAnEdge() throws {
  func fault(_ values: String) throws -> ProblemError? {
    let problem = try Problem(
      parsing: """
        problem 1
        class float preferred {0-3}
        values \(values)
        block b0
          i0 def v0
          i1 branch b1(v0)
        block b1 parameters v1 from b0
          i2 exit
        """)
    do { try problem.validate() } catch { return error }
    return nil
  }
  #expect(try fault("float*2") == nil)
  #expect(try fault("float float:1") == nil)
  #expect(try fault("float:4*2") == nil)
  #expect(try fault("float:2 float") == .argumentsDiffer(Block(0), Block(1)))
  #expect(try fault("float float:3") == .badUnits(VirtualRegister(1)))
}

@Test func faultsOfControlFlow() throws {
  #expect(try fault("block b0\n i0 exit") == nil)
  #expect(
    try fault("block b0 from b1\n i0 branch b1\nblock b1 from b0\n i1 branch b0")
      == .entryHasPredecessors)
  #expect(try fault("block b0 parameters v0\n i0 exit") == .entryHasParameters)
  #expect(
    try fault("block b0\n i0 branch b1\nblock b1\n i1 exit") == .edgesInconsistent(Block(0)))
  #expect(try fault("block b0\n i0 branch") == .badBlock(Block(0)))
  #expect(
    try fault(
      """
      block b0
       i0 branch b1 b2
      block b1 from b0
       i1 branch b2
      block b2 from b0 b1
       i2 exit
      """) == .criticalEdge(Block(0), Block(2)))
  #expect(
    try fault("block b0\n i0 def v0\n i1 branch b1(v0)\nblock b1 from b0\n i2 exit")
      == .argumentsDiffer(Block(0), Block(1)))
  #expect(
    try fault("block b0\n i0 def v0\n i1 branch b1(v0)\nblock b1 parameters v4 from b0\n i2 exit")
      == .argumentsDiffer(Block(0), Block(1)))
  #expect(
    try fault(
      """
      block b0
       i0 def v0
       i1 branch b1(v0) b2
      block b1 parameters v1 from b0
       i2 exit
      block b2 from b0
       i3 exit
      """) == .argumentsOnBranch(Block(0)))
  #expect(
    try fault(
      "block b0\n i0 def v0\n i1 use v0 branch b1(v0)\nblock b1 parameters v1 from b0\n i2 exit")
      == .disallowedBranchOperand(InstructionIndex(1)))
  #expect(
    try fault("block b0\n i0 def v0 branch b1\nblock b1 from b0 b1\n i1 branch b1")
      == .definitionOnBranch(InstructionIndex(0)))
}

@Test func faultsOfOperands() throws {
  #expect(try fault("block b0\n i0 def v0\n i1 def v0 exit") == .definedTwice(VirtualRegister(0)))
  #expect(
    try fault("block b0\n i0 use v0 exit") == .neverDefined(VirtualRegister(0), InstructionIndex(0))
  )
  #expect(
    try fault("block b0\n i0 use v0\n i1 def v0\n i2 exit")
      == .notDominated(VirtualRegister(0), InstructionIndex(0)))
  #expect(
    try fault("block b0\n i0 use v0, def v0\n i1 exit")
      == .notDominated(VirtualRegister(0), InstructionIndex(0)))
  #expect(
    try fault("block b0\n i0 def v0\n i1 use v0, def v1:reuse1 exit")
      == .badReuse(InstructionIndex(1), VirtualRegister(1)))
  #expect(
    try fault("block b0\n i0 def v0\n i1 use v0:stack, def v1:reuse0 exit")
      == .badReuse(InstructionIndex(1), VirtualRegister(1)))
  #expect(
    try fault("block b0\n i0 def v0\n i1 use v0, def.early v1:any, outside int2 exit")
      == .registerIsAllocatable(InstructionIndex(1), PhysicalRegister(.int, 2)))
  #expect(
    try fault(
      """
      block b0
       i0 branch b1 b2
      block b1 from b0
       i1 def v0
       i2 branch b3
      block b2 from b0
       i3 branch b3
      block b3 from b1 b2
       i4 use v0 exit
      """) == .notDominated(VirtualRegister(0), InstructionIndex(4)))
  // Nobody comes here, so nothing is missing.
  #expect(
    try fault("block b0\n i0 exit\nblock b1 from b1\n i1 use v0\n i2 branch b1") == nil)
}

@Test func faultsOfTables() {
  let unsealed = Problem()
  #expect(throws: ProblemError.notSealed) { try unsealed.validate() }
  var sealedTwice = Problem()
  sealedTwice.seal()
  sealedTwice.seal()
  #expect(throws: ProblemError.tablesInconsistent) { try sealedTwice.validate() }
  var many = Problem()
  let v = many.classes.append(.int)
  many.machine.preferred.int = 1
  many.blocks.append(
    BlockRecord(instructionStart: 0, successorStart: 0, predecessorStart: 0, parameterStart: 0))
  many.instructions.append(InstructionRecord(operandStart: 0, role: .exit))
  for _ in 0..<0x10000 { many.operands.append(.anyUse(v, .int)) }
  many.seal()
  #expect(throws: ProblemError.tooManyOperands(InstructionIndex(0))) { try many.validate() }
}

@Test func dominanceAgreesWithRemovingBlocks() {
  var coverage = Coverage()
  for seed in 0..<150 {
    let problem = ProblemGenerator.generate(seed: UInt64(seed), size: 12, coverage: &coverage)
    var dominance = Dominance()
    dominance.compute(problem)
    for removed in 0..<problem.blockCount {
      // What is reached without `removed` is not dominated by it.
      var isReached = Array(repeating: false, count: problem.blockCount)
      var stack = removed == 0 ? [] : [0]
      if removed != 0 { isReached[0] = true }
      while let b = stack.popLast() {
        for edge in problem.successorRange(b) {
          let s = Int(problem.successors[edge].raw)
          if s != removed && !isReached[s] {
            isReached[s] = true
            stack.append(s)
          }
        }
      }
      for b in 0..<problem.blockCount where dominance.isReachable(b) {
        if !dominance.isReachable(removed) { continue }
        if dominance.dominates(removed, b) != !isReached[b] {
          Issue.record("seed \(seed): b\(removed), b\(b)")
        }
      }
    }
  }
}

@Test func inWhatCannotBeReachedTheOrderWithinABlockCounts() throws {
  func text(_ first: String, _ second: String) -> String {
    """
    problem 1
    class int preferred {0}
    values int*2
    block b0
      i0 exit
    block b1
      i1 \(first)
      i2 \(second) exit

    """
  }
  try Problem(parsing: text("def v0", "use v0, use v1")).validate()
  #expect(throws: ProblemError.notDominated(VirtualRegister(0), InstructionIndex(1))) {
    try Problem(parsing: text("use v0", "def v0")).validate()
  }
}
