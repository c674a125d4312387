// SPDX-License-Identifier: Apache-2.0
// Values of one class that take slots of different sizes.

import AllocationLab
import BrolgaEntities
import Testing

@testable import RegisterAllocation

private func solve(
  _ text: String, _ algorithm: Algorithm
) throws -> (edits: [Edit], places: [Allocation], units: Int) {
  let problem = try Problem(parsing: text)
  try problem.validate()
  var allocator = Allocator()
  var solution = Solution()
  try allocator.allocate(problem, into: &solution, using: algorithm)
  var checker = Checker()
  try checker.check(problem, solution)
  return (solution.edits.toArray(), solution.allocations.toArray(), solution.slotUnits)
}

/// Three floats and a vector in one bank, all in slots at one time.
@Test(arguments: [Algorithm.singlePass, .backtracking])
func aSpilledValueTakesWhatItSaysAndNotWhatItsClassTakes(_ algorithm: Algorithm) throws {
  let text = """
    problem 1
    class float preferred {0-3} units 1
    values float float:2 float*2
    block b0
      i0 def v0:stack, def v1:stack, def v2:stack, def v3:stack
      i1 use v0:stack, use v1:stack, use v2:stack, use v3:stack exit
    """
  let solved = try solve(text, algorithm)
  // Five units, and one between for the alignment of the vector where it comes second.
  #expect(solved.units <= 6)
  #expect(solved.places[1].slot % 2 == 0)
  let narrow = try solve(text.replacing("float float:2 float*2", with: "float*4"), algorithm)
  #expect(narrow.units == 4)
}

/// A value that a call drives out of its register is stored and loaded as wide as it is.
@Test(arguments: [Algorithm.singlePass, .backtracking], [1, 2, 4] as [UInt8])
func movesAreAsWideAsTheirValues(_ algorithm: Algorithm, _ units: UInt8) throws {
  let solved = try solve(
    """
    problem 1
    class float preferred {0-3}
    clobbers c1 float {0-3}
    values float:\(units) float
    block b0
      i0 def v0
      i1 def v1
      i2 clobbers c1
      i3 use v0
      i4 use v1 exit
    """, algorithm)
  #expect(solved.edits.count == 4)
  #expect(solved.edits.count { $0.units == units } == (units == 1 ? 4 : 2))
  #expect(solved.edits.allSatisfy { $0.units == units || $0.units == 1 })
}

/// Slots are shared by values whose lives do not overlap, if they are of one size.
@Test(arguments: [Algorithm.singlePass, .backtracking])
func slotsOfOneSizeAreShared(_ algorithm: Algorithm) throws {
  func units(_ second: String) throws -> Int {
    try solve(
      """
      problem 1
      class float preferred {0-3}
      values float:2 float\(second)
      block b0
        i0 def v0:stack
        i1 use v0:stack
        i2 def v1:stack
        i3 use v1:stack exit
      """, algorithm
    ).units
  }
  #expect(try units(":2") == 2)
  // A place between for the alignment of the wide one, where that comes second.
  #expect(try [3, 4].contains(units("")))
}

/// The checker sees a wide value cut by a narrow move, from register to register too.
@Test func aMoveThatIsTooNarrowIsRejected() throws {
  let problem = try Problem(
    parsing: """
      problem 1
      class float preferred {0-3}
      values float:2
      block b0
        i0 def v0:float0
        i1 use v0:float1 exit
      """)
  var allocator = Allocator()
  var solution = Solution()
  var checker = Checker()
  for algorithm in [Algorithm.singlePass, .backtracking] {
    try allocator.allocate(problem, into: &solution, using: algorithm)
    try checker.check(problem, solution)
    #expect(solution.edits.count == 1 && solution.edits[0].units == 2)
    solution.edits[0].units = 1
    var found: CheckError.Fault?
    do { try checker.check(problem, solution) } catch { found = error.fault }
    #expect(found == .editOfWrongWidth)
    var random = Random(seed: 0)
    let readsRight = Execution.readsRight(problem, solution, &random, steps: 10)
    #expect(!readsRight)
  }
}

/// A narrow value in a register that moves borrow: it is saved as wide as the widest, and what the block
/// behind the branch restores is that save.
@Test func aSaveThatIsWiderThanItsValueIsReadAcrossABranch() throws {
  let solved = try solve(
    """
    problem 1
    class int preferred {} other {0-2} memory {40-47} units 1
    clobbers c1 int {0,2}
    values int*4 int:4 int
    block b0 frequency 11.5
      i0 def v0:any, def v1, def v2
      i1 def v3:int0
      i2 def v4:int41, use v0, use.late v2:int45 branch b1 b2
    block b1 from b0 frequency 15.875
      i3 use v1:any, use v4:below2
      i4 use v3:int42
      i5 exit
    block b2 from b0 frequency 32.75
      i6 def v5 clobbers c1
      i7 branch b3 b4
    block b3 from b2 frequency 35.125
      i8 exit
    block b4 from b2 frequency 38.0625
      i9 use v4:any
      i10 exit
    """, .backtracking)
  let saves = solved.edits.filter { $0.from.isRegister && $0.to.isSlot && $0.units == 4 }
  let restores = solved.edits.filter { edit in
    edit.to.isRegister && saves.contains { $0.to == edit.from && $0.from == edit.to }
  }
  // One save is restored in another block as well.
  #expect(saves.contains { save in restores.count { $0.from == save.to } == 2 })
}
