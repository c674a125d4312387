// SPDX-License-Identifier: Apache-2.0
// Problems built block by block are those that their text says.

import BrolgaEntities
import Testing

@testable import RegisterAllocation

@Test func theBuilderFillsAllTables() throws {
  var machine = Machine()
  machine.preferred = RegisterSet(int: 0xf, float: 0xf)
  let call = RegisterSet(int: 0x3)
  var builder = Problem.Builder(for: machine)
  let (a, b) = (builder.value(.int), builder.value(.float, units: 2))
  builder.values(2, .int)
  let (p, q) = (VirtualRegister(2), VirtualRegister(3))
  // Cheap values in any order; a mask that is used twice is one.
  let loop = Block(1)
  builder.block()
  builder.instruction([.definition(b, .float)], text: "b = 1.5")
  builder.instruction([.definition(a, .int)], clobbers: RegisterSet())
  builder.instruction([.fixedUse(a, PhysicalRegister(.int, 0))], clobbers: call)
  builder.branch(to: [.init(to: loop, [a])])
  builder.block([p], frequency: 10)
  builder.instruction([.definition(q, .int), .use(p, .int)], clobbers: call)
  builder.branch([.use(q, .int)], to: [.init(to: Block(2)), .init(to: Block(3))])
  builder.block(frequency: 9)
  builder.branch(to: [.init(to: loop, [q])])
  builder.block(isCold: true)
  builder.exit([.use(b, .float)], text: "return b")
  builder.rematerialize(b)
  builder.rematerialize(a, cost: 0.25)
  builder.hint(q, PhysicalRegister(.int, 3))
  builder.label(DebugLabel(q, from: InstructionIndex(4), to: InstructionIndex(6), label: 1))
  let problem = builder.finish()
  try problem.validate()
  #expect(
    problem.text() == """
      problem 1
      class int preferred {0-3} other {} memory {} units 1
      class float preferred {0-3} other {} memory {} units 1
      class vector preferred {} other {} memory {} units 2
      clobbers c1 int {0-1}
      values int float:2 int*2
      rematerialize v0:0.25 v1:0.5
      hints v3:int3
      block b0 frequency 1.0
        i0 def v1 "b = 1.5"
        i1 def v0
        i2 use v0:int0 clobbers c1
        i3 branch b1(v0)
      block b1 parameters v2 from b0 b2 frequency 10.0
        i4 def v3, use v2 clobbers c1
        i5 use v3 branch b2 b3
      block b2 from b1 frequency 9.0
        i6 branch b1(v3)
      block b3 from b1 frequency 1.0 cold
        i7 use v1 exit "return b"
      label 1 v3 i4 i6

      """)
}

@Test func whatTheBuilderIsToldWrongIsFoundByValidation() {
  func error(_ build: (inout Problem.Builder) -> Void) -> ProblemError? {
    var builder = Problem.Builder(for: Machine())
    build(&builder)
    do { try builder.finish().validate() } catch { return error }
    return nil
  }
  #expect(
    error {
      $0.block(); $0.exit()
    } == nil)
  #expect(
    error {
      $0.block(); $0.instruction([])
    } == .badBlock(Block(0)))
  #expect(error { _ in } == .tablesInconsistent)
  #expect(
    error {
      $0.block(); $0.branch(to: [.init(to: Block(1))])
    } == .tablesInconsistent)
  #expect(
    error {
      $0.block()
      $0.exit([.use(VirtualRegister(0), .int)])
    } == .noSuchValue(InstructionIndex(0)))
}
