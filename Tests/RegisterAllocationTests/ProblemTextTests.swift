// SPDX-License-Identifier: Apache-2.0
// The text form: printing and parsing are inverse; bad text gets a line and a reason.

import BrolgaEntities
import Testing

@testable import RegisterAllocation

/// True if all tables are equal.
private func areEqual(_ a: borrowing Problem, _ b: borrowing Problem) -> Bool {
  a.machine == b.machine && a.instructions.storage.toArray() == b.instructions.storage.toArray()
    && a.operands.toArray() == b.operands.toArray()
    && a.clobberMasks.toArray() == b.clobberMasks.toArray()
    && a.blocks.storage.toArray() == b.blocks.storage.toArray()
    && a.successors.toArray() == b.successors.toArray()
    && a.predecessors.toArray() == b.predecessors.toArray()
    && a.parameters.toArray() == b.parameters.toArray()
    && a.argumentStart.toArray() == b.argumentStart.toArray()
    && a.arguments.toArray() == b.arguments.toArray()
    && a.classes.storage.toArray() == b.classes.storage.toArray() && haveEqualUnits(a, b)
}

private func haveEqualUnits(_ a: borrowing Problem, _ b: borrowing Problem) -> Bool {
  for v in a.classes.storage.indices
  where a.units(of: VirtualRegister(v)) != b.units(of: VirtualRegister(v)) { return false }
  return true
}

@Test func generatedProblemsSurviveTheTextForm() throws {
  var coverage = Coverage()
  var allocator = Allocator()
  var solution = Solution()
  for seed in 0..<300 {
    let problem = ProblemGenerator.generate(seed: UInt64(seed), size: 8, coverage: &coverage)
    let again = try Problem(parsing: problem.text())
    let isSame = areEqual(problem, again)
    #expect(isSame, "seed \(seed)")
    try allocator.allocate(problem, into: &solution)
    let annotated = try Problem(parsing: problem.text(annotatedWith: solution))
    let isStillSame = areEqual(problem, annotated)
    #expect(isStillSame, "seed \(seed)")
  }
}

@Test func aProblemWrittenByHandPrintsAsItWasWritten() throws {
  let text = """
    problem 1
    class int preferred {0-2,6-11} other {3,12-15} memory {} scratch 4 units 1
    class float preferred {0-14} other {} memory {40-41} units 1
    class vector preferred {} other {} memory {} units 2
    clobbers c1 int {0-2,6-11} float {0-15}
    values int*3 float int float:2*2 float vector:4
    block b0 frequency 1.0
      i0 def v0:int7, def v3:float40
      i1 use v0, use.late v3:any, def v1:reuse0 clobbers c1 "v1 = \\"f\\"(v0) ; a call\\n\\\\ here"
      i2 branch b1(v1)
    block b1 parameters v2 from b0 b1 frequency 8.5
      i3 use v2:below16, def.early v4:stack, outside int5 "i3"
      i4 branch b1(v2)

    """
  let problem = try Problem(parsing: text)
  #expect(problem.text() == text)
  #expect(problem.blockCount == 2 && problem.instructionCount == 5)
  #expect(problem.instructionTexts == ["", "v1 = \"f\"(v0) ; a call\n\\ here", "", "i3"])
  #expect((0..<9).map { problem.units(of: VirtualRegister($0)) } == [1, 1, 1, 1, 1, 2, 2, 1, 4])
}

@Test(arguments: [
  ("", 1), ("problem 2\n", 1), ("problem 1\nvalues int\nblock b1\n", 3),
  ("problem 1\nvalues int\nblock b0\n  i0 use v1 exit\n", 4),
  ("problem 1\nvalues int\nblock b0\n  i0 use v0:nowhere exit\n", 4),
  ("problem 1\nvalues int\nblock b0\n  i0 use v0:float1 exit\n", 4),
  ("problem 1\nvalues int\nblock b0\n  i0 clobbers c1 exit\n", 4),
  ("problem 1\nvalues int\nblock b0\n  i0 use v0\n", 5),
  ("problem 1\nvalues int:0\n", 2), ("problem 1\nvalues int:256\n", 2),
  ("problem 1\nvalues int*99999999999\n", 2), ("problem 1\nclass int preferred {0-64}\n", 2),
  ("problem 1\nblock b0\n  i0 exit \"text\n", 3), ("problem 1\nblock b0\n  i0 \"text\" exit\n", 3),
  ("problem 1\nblock b0\n  i0 exit\n  i1 exit\n", 4), ("problem 1 1\n", 1),
  ("problem 1\nblock b0 frequency x\n", 2),
])
func badTextIsRefusedWithItsLine(_ text: String, _ line: Int) {
  do {
    _ = try Problem(parsing: text)
    Issue.record("accepted: \(text)")
  } catch {
    #expect(error.line == line, "\(error)")
  }
}

@Test(arguments: [
  ("problem 2\n", 1, 9), ("problem 1\nvalues int\nblock b0\n  i0 use v1 exit\n", 4, 10),
  ("problem 1\nvalues int\nblock b0\n  i0 use v0:nowhere exit\n", 4, 13),
  ("problem 1\nvalues int\nblock b0\n\tnothing\n", 4, 2),
  ("problem 1\nvalues int\nblock b0\n  i0 exit exit )\n", 4, 16),
  ("\n\n problem 1\nproblem 1\n", 4, 1),
])
func badTextIsRefusedWithItsColumn(_ text: String, _ line: Int, _ column: Int) {
  do {
    _ = try Problem(parsing: text)
    Issue.record("accepted: \(text)")
  } catch {
    #expect(error.line == line && error.column == column, "\(error)")
  }
}

@Test func textCutOrChangedAnywhereIsReadOrRefused() {
  var coverage = Coverage()
  var random = Random(seed: 3)
  for seed in 0..<40 {
    let text = ProblemGenerator.generate(seed: UInt64(seed), size: 3, coverage: &coverage).text()
    for _ in 0..<25 {
      var bytes = Array(text.utf8)
      if random.chance(50) {
        bytes.removeLast(random.below(bytes.count))
      } else {
        bytes[random.below(bytes.count)] = UInt8(32 + random.below(95))
      }
      // Either is fine; it must come back.
      if let problem = try? Problem(parsing: String(decoding: bytes, as: UTF8.self)) {
        try? problem.validate()
      }
    }
  }
}
