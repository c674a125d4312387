// SPDX-License-Identifier: Apache-2.0
// What a client may add to a problem: rematerialization, hints, an order of registers, debug labels,
// repeated definitions. Each is tried on problems by hand and on generated ones.

import BrolgaEntities
import Testing

@testable import RegisterAllocation

/// Solves, checks and executes; returns what is to be looked at.
private struct Solved: ~Copyable {
  var solution = Solution()
  var statistics = AllocationStatistics()

  init(_ problem: borrowing Problem, _ algorithm: Algorithm) throws {
    try problem.validate()
    var allocator = Allocator()
    try allocator.allocate(problem, into: &solution, using: algorithm)
    statistics = allocator.statistics
    var checker = Checker()
    try checker.check(problem, solution)
    var random = Random(seed: 1)
    for _ in 0..<4 {
      let isRight = Execution.readsRight(problem, solution, &random, steps: 200)
      #expect(isRight)
    }
  }
}

@Test func adviceKeepsGeneratedProblemsRight() throws {
  var coverage = Coverage()
  var random = Random(seed: 11)
  var rematerialized = 0
  var leftOut = 0
  var located = 0
  for seed in 0..<1_500 {
    var problem = ProblemGenerator.generate(seed: UInt64(seed), size: 10, coverage: &coverage)
    ProblemGenerator.advise(&problem, &random)
    for algorithm in [Algorithm.singlePass, .backtracking] {
      let solved = try Solved(problem, algorithm)
      for k in solved.solution.edits.indices where solved.solution.edits[k].from.isRematerialized {
        rematerialized += 1
      }
      for k in solved.solution.allocations.indices where solved.solution.allocations[k].isNone {
        leftOut += 1
      }
      located += solved.solution.debugLocations.count
    }
  }
  #expect(rematerialized > 100, "\(rematerialized)")
  #expect(leftOut > 20, "\(leftOut)")
  #expect(located > 10_000, "\(located)")
}

// MARK: Rematerialization

/// A constant that is live around a loop in which all registers are needed.
@Test func aConstantIsMadeAgainInsteadOfStoredAndLoaded() throws {
  let problem = try Problem(
    parsing: """
      problem 1
      class int preferred {0-2} other {} memory {} scratch 15 units 1
      values int*4
      rematerialize v0:0.5
      block b0 frequency 1.0
        i0 def v0
        i1 def v1, def v2, def v3
        i2 branch b1
      block b1 from b0 b2 frequency 100.0
        i3 use v1, use v2, use v3
        i4 branch b2 b3
      block b2 from b1 frequency 99.0
        i5 branch b1
      block b3 from b1 frequency 1.0
        i6 use v1, use v2, use v3
        i7 use v0
        i8 exit
      """)
  let solved = try Solved(problem, .backtracking)
  let place = solved.solution.allocations[0]
  #expect(place.isNone, "the definition serves nobody")
  let count = solved.solution.edits.count
  #expect(count == 1 && solved.solution.slotUnits == 0)
  let edit = solved.solution.edits[0]
  #expect(edit.point == .before(7) && edit.from == Allocation(rematerialized: VirtualRegister(0)))
}

@Test func aConstantIsMadeStraightInTheRegisterOfAFixedUseOrAnArgument() throws {
  let problem = try Problem(
    parsing: """
      problem 1
      class int preferred {0-3} other {} memory {} scratch 15 units 1
      clobbers c1 int {0-3}
      values int*3
      rematerialize v0:0.5
      block b0 frequency 1.0
        i0 def v0
        i1 use v0:int1 clobbers c1
        i2 use v0:int2 clobbers c1
        i3 branch b1(v0)
      block b1 parameters v1 from b0 frequency 1.0
        i4 use v1:any, use v0:int3
        i5 exit
      """)
  let solved = try Solved(problem, .backtracking)
  let units = solved.solution.slotUnits
  #expect(units == 0)
  for k in solved.solution.edits.indices {
    let from = solved.solution.edits[k].from
    #expect(from.isRematerialized || from.isRegister)
  }
}

// MARK: Hints and order

@Test func aHintedRegisterIsTakenIfItIsFree() throws {
  let problem = try Problem(
    parsing: """
      problem 1
      class int preferred {0-7} other {8} memory {} units 1
      values int*3
      hints v0:int5 v1:int5 v2:int3
      block b0 frequency 1.0
        i0 def v0
        i1 def v1, use v0
        i2 def v2, use v0, use v1
        i3 use v2
        i4 exit
      """)
  for algorithm in [Algorithm.singlePass, .backtracking] {
    let solved = try Solved(problem, algorithm)
    var places: [Allocation] = []
    for k in solved.solution.allocations.indices { places.append(solved.solution.allocations[k]) }
    #expect(places.filter { $0 == Allocation(PhysicalRegister(.int, 5)) }.count >= 2)
    #expect(places.contains(Allocation(PhysicalRegister(.int, 3))))
  }
}

@Test func registersAreTriedInTheOrderThatTheClientGives() throws {
  let problem = try Problem(
    parsing: """
      problem 1
      class int preferred {0-7} other {8-9} memory {} units 1
      values int*3
      order int6 int2 int7
      block b0 frequency 1.0
        i0 def v0, def v1, def v2
        i1 use v0, use v1, use v2
        i2 exit
      """)
  for algorithm in [Algorithm.singlePass, .backtracking] {
    let solved = try Solved(problem, algorithm)
    let used = solved.solution.usedRegisters
    #expect(used.int == 1 << 6 | 1 << 2 | 1 << 7, "\(algorithm)")
  }
}

/// A register that the function would have to save is worth it for two uses, not for a half.
@Test func theFirstUseOfASavedRegisterHasItsPrice() throws {
  func text(_ frequency: String) -> String {
    """
    problem 1
    class int preferred {0} other {1} memory {} scratch 15 units 1
    clobbers c1 int {0}
    values int
    block b0 frequency 1.0
      i0 def v0:any
      i1 branch b1
    block b1 from b0 frequency \(frequency)
      i2 clobbers c1
      i3 use v0:any
      i4 exit
    """
  }
  let rare = try Solved(try Problem(parsing: text("0.5")), .backtracking)
  let isUsedForRare = rare.solution.usedRegisters.int & 2 != 0
  #expect(!isUsedForRare)
  let often = try Solved(try Problem(parsing: text("50.0")), .backtracking)
  let isUsedForOften = often.solution.usedRegisters.int & 2 != 0
  #expect(isUsedForOften)
}

// MARK: Debug labels

@Test(arguments: [Algorithm.singlePass, .backtracking])
func aLabelledValueIsFoundWhereverItIs(_ algorithm: Algorithm) throws {
  let problem = try Problem(
    parsing: """
      problem 1
      class int preferred {0-1} other {} memory {} scratch 15 units 1
      clobbers c1 int {0-1}
      values int*4
      block b0 frequency 1.0
        i0 def v0:int0
        i1 def v1
        i2 use v1 clobbers c1
        i3 use v0
        i4 branch b1(v0)
      block b1 parameters v2 from b0 b1 frequency 10.0
        i5 def v3, use v2
        i6 branch b1(v3)
      label 3 v0 i0 i5
      label 1 v2 i5 i6
      label 2 v2 i6 i6
      """)
  try problem.validate()
  var allocator = Allocator()
  var solution = Solution()
  try allocator.allocate(problem, into: &solution, using: algorithm)
  var found: [UInt32: Set<UInt32>] = [:]
  var last: UInt32 = 0
  for k in solution.debugLocations.indices {
    let location = solution.debugLocations[k]
    #expect(location.label >= last, "sorted by label")
    last = location.label
    for i in location.from.raw..<location.to.raw { found[location.label, default: []].insert(i) }
  }
  #expect(found[3]?.isSuperset(of: [1, 2, 3, 4]) == true, "\(found)")
  #expect(found[1] == [5])
  #expect(found[2] == nil)
}

// MARK: Repeated definitions

@Test(arguments: [Algorithm.singlePass, .backtracking])
func equalDefinitionsOfOneInstructionGetOnePlace(_ algorithm: Algorithm) throws {
  let text = """
    problem 1
    class int preferred {0-3} other {} memory {} scratch 15 units 1
    values int*3
    repeats
    block b0 frequency 1.0
      i0 def v0
      i1 def v1, def v1, def v2:reuse4, def v1, use v0
      i2 use v1, use v2, use v0
      i3 exit
    """
  let problem = try Problem(parsing: text)
  let solved = try Solved(problem, algorithm)
  let first = solved.solution.allocations[1]
  #expect(first.isRegister)
  for k in [2, 4] {
    let other = solved.solution.allocations[k]
    #expect(other == first)
  }
  let reusing = solved.solution.allocations[3]
  let input = solved.solution.allocations[5]
  #expect(reusing == input && reusing != first)
}

// MARK: The text form, and what is refused

@Test func adviceSurvivesTheTextForm() throws {
  let text = """
    problem 1
    class int preferred {0-3} other {4} memory {} units 1
    class float preferred {} other {} memory {} units 1
    class vector preferred {} other {} memory {} units 2
    values int*3
    order int4 int1
    rematerialize v0:0.5 v2:0.25
    hints v1:int4
    repeats
    block b0 frequency 1.0
      i0 def v0
      i1 def v2
      i2 def v1, def v1
      i3 exit
    label 7 v1 i2 i3

    """
  let problem = try Problem(parsing: text)
  try problem.validate()
  #expect(problem.text() == text)
}

@Test(arguments: [
  ("rematerialize v1:0.5 v0:0.5", ProblemError.badRematerialization(VirtualRegister(0))),
  ("rematerialize v1:-1", .badRematerialization(VirtualRegister(1))),
  // Not alone in its instruction.
  ("rematerialize v2:0.5", .badRematerialization(VirtualRegister(2))),
  ("hints v0:float1", .badHint(VirtualRegister(0))),
  ("order int1 int1", .badOrder(PhysicalRegister(.int, 1))),
  ("order int9", .badOrder(PhysicalRegister(.int, 9))),
  ("label 0 v0 i3 i2", .badLabel(0)), ("label 0 v0 i0 i9", .badLabel(0)),
  ("", .definedTwice(VirtualRegister(3))),
])
func badAdviceIsRefused(_ line: String, _ expected: ProblemError) throws {
  let repetition = line.isEmpty ? ", def v3" : ""
  let problem = try Problem(
    parsing: """
      problem 1
      class int preferred {0-3} other {4} memory {} units 1
      values int*4
      \(line)
      block b0 frequency 1.0
        i0 def v0
        i1 def v1
        i2 def v2, use v1
        i3 def v3, use v1\(repetition)
        i4 exit
      """)
  #expect(throws: expected) { try problem.validate() }
}
