// SPDX-License-Identifier: Apache-2.0
// What is wrong, in sentences that name the instruction, the value and the place.

import BrolgaEntities
import Testing

@testable import RegisterAllocation

private let faults: [CheckError.Fault] = [
  .allocationCountDiffers, .missingAllocation, .slotOutsideSpillArea, .slotMisaligned,
  .registerNotReported, .notARegister, .wrongClass, .notAllocatable, .notTheFixedRegister,
  .notTheReusedRegister, .notASlot, .outsideLimit, .definitionsOverlap, .repeatedElsewhere,
  .earlyDefinitionOverlapsUse, .lateUseOverlapsDefinition, .operandClobbered, .editsOutOfOrder,
  .editOutsideFunction, .editAfterBlock, .editFromMemoryToMemory, .editOfWrongClass,
  .editOfWrongWidth, .editToForbiddenRegister, .editOfUnknownValue,
  .holdsAnotherValue(VirtualRegister(7)), .destroyedBy(InstructionIndex(9)),
  .holdsPartOfAnotherSlot,
  .holdsValueOfEarlierIteration, .neverWritten,
]

@Test func everyFaultOfASolutionIsASentenceOfItsOwn() {
  let texts = faults.map { fault in
    CheckError(
      fault: fault, point: .before(3), index: 5, place: Allocation(slot: 2),
      value: VirtualRegister(4)
    ).description
  }
  #expect(Set(texts).count == faults.count)
  for (fault, text) in zip(faults, texts) {
    let name = "\(fault)".prefix { $0 != "(" }
    #expect(text.hasPrefix("i3: ") && text.hasSuffix(" (operand 5)"), "\(text)")
    #expect(!text.contains(name) && text.split(separator: " ").count > 6, "\(text)")
  }
}

@Test func theCheckerSaysWhereAndWhat() throws {
  let problem = try Problem(
    parsing: """
      problem 1
      class int preferred {0-3}
      clobbers c1 int {0-3}
      values int*2
      block b0
        i0 def v0
        i1 def v1
        i2 clobbers c1
        i3 use v0, use v1 exit
      """)
  func sentence(_ change: (inout Solution) -> Void) throws -> String {
    var allocator = Allocator()
    var solution = Solution()
    try allocator.allocate(problem, into: &solution, using: .backtracking)
    change(&solution)
    var checker = Checker()
    do {
      try checker.check(problem, solution)
      return "right"
    } catch {
      return "\(error)"
    }
  }
  #expect(try sentence { _ in } == "right")
  #expect(
    try sentence { $0.allocations[2] = Allocation(slot: 0) }
      == "i3: v0 must be in a register and is in slot0 (operand 2)")
  #expect(
    try sentence { $0.allocations[3] = $0.allocations[2] }
      == "i3: v1 is not where it is read: its place holds v0 (operand 3)")
  #expect(
    try sentence { $0.edits.removeAll() }
      == "i3: v0 is not where it is read: i2 has destroyed its place (operand 2)")
  #expect(try sentence { $0.slotUnits = 1 }.contains("ends behind the spill area (move "))
  #expect(
    try sentence { $0.allocations.removeAll() }
      == "i0: the solution has not one place for each operand")
}

@Test func aForgottenSealAndTooFewClassesAreToldApart() throws {
  var unsealed = Problem()
  unsealed.classes.append(.int)
  unsealed.blocks.append(
    BlockRecord(instructionStart: 0, successorStart: 0, predecessorStart: 0, parameterStart: 0))
  unsealed.instructions.append(InstructionRecord(operandStart: 0))
  unsealed.operands.append(.definition(VirtualRegister(0), .int))
  unsealed.instructions.append(InstructionRecord(operandStart: 1, role: .exit))
  #expect(throws: ProblemError.notSealed) { try unsealed.validate() }
  #expect("\(ProblemError.notSealed)".contains("seal()"))
  unsealed.seal()
  try unsealed.validate()
  unsealed.classes.removeAll()
  #expect(throws: ProblemError.noSuchValue(InstructionIndex(0))) { try unsealed.validate() }

  let text = """
    problem 1
    class int preferred {0-3}
    values int*2
    block b0
      i0 def v0
      i1 branch b1(v0)
    block b1 parameters v1 from b0
      i2 exit
    """
  var problem = try Problem(parsing: text)
  problem.classes.storage.truncate(to: 1)
  #expect(throws: ProblemError.undeclaredValue(VirtualRegister(1))) { try problem.validate() }
}
