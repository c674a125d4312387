// SPDX-License-Identifier: Apache-2.0
// What selection makes of small functions, as text.

import BrolgaArtefact
import BrolgaEntities
import RegisterAllocation
import Testing

@testable import BrolgaCompiler

private let twoIntegers = TestSignature(parameters: [.i32, .i32], results: [.i32])

/// Lowers one block over parameters of these types, and returns the lines between entry and end.
private func lowered(
  _ types: [Type], _ options: LoweringOptions = .full,
  _ body: (inout FunctionMaker, [Value]) -> Value
) -> [String] {
  var maker = FunctionMaker()
  let (_, parameters) = maker.bind([], types)
  maker.builder.function.typeIndex = 0
  let result = body(&maker, parameters)
  maker.returns([result])
  let text = loweredText(
    IRBox(maker.function()), [TestSignature(parameters: types, results: [])], options)
  return text.split(separator: "\n").dropFirst(3).dropLast().map {
    String($0.drop { $0 == " " })
  }
}

extension FunctionMaker {
  fileprivate mutating func binary(_ opcode: Opcode, _ type: Type, _ a: Value, _ b: Value) -> Value
  {
    add(Instruction(opcode, type, a: a.raw, b: b.raw))
  }
  fileprivate mutating func number(_ bits: UInt64, _ type: Type = .i32) -> Value {
    add(.constant(type, bits: bits))
  }
  fileprivate mutating func load(_ address: Value, _ type: Type = .i32) -> Value {
    add(Instruction(.load, type, a: address.raw, b: 8))
  }
}

@Suite struct LoweringTests {
  @Test func recordSizes() {
    #expect(MemoryLayout<MachineInstruction>.stride == 16)
    #expect(MemoryLayout<InstructionRecord>.stride == 8)
    #expect(MemoryLayout<X64Source>.stride <= 24)
  }

  @Test func aLoadBecomesAnOperand() {
    let lines = lowered([.i32, .i32]) { m, p in m.binary(.add, .i32, p[0], m.load(p[1])) }
    #expect(lines == ["v0 = add.32 v1, [r14 + v2 + 8]"])
  }

  @Test func aLoadWithTwoUsersStays() {
    let lines = lowered([.i32, .i32]) { m, p in
      let loaded = m.load(p[1])
      return m.binary(.add, .i32, m.binary(.mul, .i32, p[0], loaded), loaded)
    }
    #expect(lines.first == "v2 = mov.32 [r14 + v4 + 8]")
    #expect(lines.count == 3)
  }

  @Test func aLoadDoesNotPassAStore() {
    let lines = lowered([.i32, .i32]) { m, p in
      let loaded = m.load(p[1])
      m.add(Instruction(.store, .none, a: p[0].raw, c: p[1].raw))
      return m.binary(.add, .i32, p[0], loaded)
    }
    #expect(lines.count == 3)
    #expect(lines[0].contains("mov.32"))
    #expect(lines[1].hasPrefix("store.32"))
    #expect(lines[2].hasPrefix("v0 = add.32"))
    #expect(!lines[2].contains("["))
  }

  @Test func anUnusedLoadStillTraps() {
    let lines = lowered([.i32]) { m, p in
      _ = m.load(p[0])
      return p[0]
    }
    #expect(lines.count == 1 && lines[0].contains("mov.32 [r14 + v0 + 8]"))
  }

  @Test func aPureInstructionWithoutUsersVanishes() {
    let lines = lowered([.i32]) { m, p in
      _ = m.binary(.mul, .i32, p[0], p[0])
      return p[0]
    }
    #expect(lines.isEmpty)
  }

  @Test func readModifyWriteIsOneInstruction() {
    let lines = lowered([.i32, .i32]) { m, p in
      let sum = m.binary(.add, .i32, m.load(p[0]), m.number(3))
      m.add(Instruction(.store, .none, a: p[0].raw, b: 8, c: sum.raw))
      return p[1]
    }
    #expect(lines == ["add.32 [r14 + v1 + 8], 3"])
  }

  @Test func zeroExtensionIsASecondName() {
    let lines = lowered([.i32, .i64]) { m, p in
      let wide = m.add(Instruction(.extendU, .i64, a: p[0].raw))
      return m.binary(.add, .i64, wide, p[1])
    }
    #expect(lines == ["v0 = add.64 v1, v2?"])
  }

  @Test func anAdditionThatMayWrapIsNoAddress() {
    let lines = lowered([.i32, .i32]) { m, p in
      m.load(m.binary(.add, .i32, p[0], m.number(4)))
    }
    #expect(lines == ["v1 = add.32 v2, 4", "v0 = mov.32 [r14 + v1 + 8]"])
  }

  @Test func anAdditionThatCannotWrapIs() {
    let lines = lowered([.i32, .i32]) { m, p in
      let low = m.binary(.and, .i32, p[0], m.number(0xff))
      let scaled = m.binary(.shl, .i32, low, m.number(2))
      return m.load(m.binary(.add, .i32, scaled, m.number(16)))
    }
    #expect(lines == ["v1 = movzx8.32 v2?", "v0 = mov.32 [r14 + v1*4 + 24]"])
  }

  @Test func aComparisonBecomesFlagsOfItsReader() {
    let lines = lowered([.i32, .i32]) { m, p in
      let less = m.binary(.ltS, .i32, p[0], p[1])
      return m.add(Instruction(.select, .i32, a: less.raw, b: p[0].raw, c: p[1].raw))
    }
    #expect(lines == ["cmp.32 v2, v1?", "v0 = cmov.32.less v1, v2?"])
  }

  @Test func nothingButMovesStandsBetweenFlagsAndReader() {
    let lines = lowered([.i32, .i32]) { m, p in
      let less = m.binary(.ltS, .i32, p[0], m.number(1 << 20))
      return m.add(
        Instruction(.select, .i32, a: less.raw, b: m.number(0).raw, c: m.number(7).raw))
    }
    #expect(lines.count == 4)
    #expect(lines[2].hasPrefix("cmp.32"))
    #expect(lines[3].contains("cmov"))
  }

  @Test func anAndComparedWithZeroIsATest() {
    let lines = lowered([.i32, .i32]) { m, p in
      let bits = m.binary(.and, .i32, p[0], m.number(6))
      let none = m.binary(.eq, .i32, bits, m.number(0))
      return m.add(Instruction(.select, .i32, a: none.raw, b: p[0].raw, c: p[1].raw))
    }
    #expect(lines.first!.hasPrefix("test.32") && lines.first!.hasSuffix("6"))
  }

  /// do { n -= 1 } while n != 0
  @Test func aLoopsCounterLeavesTheFlagsOfItsTest() {
    var maker = FunctionMaker()
    let (_, p) = maker.bind([], [.i32, .i32])
    let entry = maker.edge([p[0]])
    maker.jump(entry)
    let (header, counter) = maker.bind([entry], [.i32], isHeader: true, depth: 1)
    let one = maker.number(1)
    let next = maker.binary(.sub, .i32, counter[0], one)
    let back = maker.edge([next])
    let exit = maker.edge()
    maker.builder.function.edges[back].to = header
    maker.branch(next, back, exit)
    _ = maker.bind([exit])
    maker.returns([next])
    let box = IRBox(maker.function())
    box.function.typeIndex = 0
    let text = loweredText(box, [twoIntegers])
    #expect(text.contains("add.32 v") && !text.contains("cmp"), "\(text)")
  }

  @Test func fastLoweringKeepsLoadsApart() {
    let lines = lowered([.i32, .i32], .fast) { m, p in
      m.binary(.add, .i32, p[0], m.load(p[1]))
    }
    #expect(lines.count == 2)
  }

  @Test func aCriticalEdgeGetsABlock() {
    var maker = FunctionMaker()
    let (_, p) = maker.bind([], [.i32, .i32])
    let yes = maker.edge()
    let no = maker.edge([p[0]])
    maker.branch(p[0], yes, no)
    _ = maker.bind([yes])
    let exit = maker.edge([p[1]])
    maker.jump(exit)
    let (_, joined) = maker.bind([no, exit], [.i32])
    maker.returns(joined)
    let box = IRBox(maker.function())
    box.function.typeIndex = 0
    var lowering = Lowering<X64>()
    var machine = MachineFunction()
    lowering.lower(
      &box.function, unit: LoweringUnit([twoIntegers]), options: .full, into: &machine)
    #expect(machine.problem.blockCount == 4)
    for b in 0..<machine.problem.blockCount where machine.problem.successorRange(b).count > 1 {
      for s in machine.problem.successorRange(b) {
        let target = machine.problem.successors[s].index
        #expect(machine.problem.predecessorRange(target).count == 1)
        #expect(machine.problem.argumentRange(s).isEmpty)
      }
    }
  }

  @Test func aDividendsTrapIsExplicitUnlessTheDivisorIsKnown() {
    let variable = lowered([.i32, .i32]) { m, p in m.binary(.divU, .i32, p[0], p[1]) }
    #expect(variable.contains { $0.hasPrefix("trapIf.equal") })
    let constant = lowered([.i32, .i32], .fast) { m, p in
      m.binary(.divU, .i32, p[0], m.number(10))
    }
    #expect(!constant.contains { $0.hasPrefix("trapIf") })
  }

  @Test func aLongChainIsLowered() {
    let box = chain(1_000_000)
    var lowering = Lowering<X64>()
    var machine = MachineFunction()
    lowering.lower(
      &box.function, unit: LoweringUnit([twoIntegers]), options: .full, into: &machine)
    #expect(machine.instructions.count == 1_000_002)
  }

  @Test func manyCallsAreLowered() {
    var maker = FunctionMaker()
    let (_, p) = maker.bind([], [.i32, .i32])
    var value = p[0]
    for _ in 0..<100_000 {
      let start = maker.list([0, value.raw, p[1].raw])
      value = maker.add(Instruction(.call, .i32, a: 0, b: start, c: 2))
    }
    maker.returns([value])
    let box = IRBox(maker.function())
    box.function.typeIndex = 0
    var lowering = Lowering<X64>()
    var machine = MachineFunction()
    lowering.lower(
      &box.function, unit: LoweringUnit([twoIntegers]), options: .full, into: &machine)
    #expect(machine.instructions.count == 100_002)
    // One mask for all of them, and the empty one.
    #expect(machine.problem.clobberMasks.count == 2)
  }

  /// A table with as many targets, each of which passes an argument to where they meet.
  @Test func manyBlocksAndAWideTableAreLowered() throws {
    var maker = FunctionMaker()
    let (_, p) = maker.bind([], [.i32, .i32])
    let edges = (0..<50_000).map { _ in maker.edge() }
    maker.table(p[0], edges)
    var exits: [Edge] = []
    for edge in edges {
      _ = maker.bind([edge])
      exits.append(maker.edge([p[1]]))
      maker.jump(exits.last!)
    }
    let (_, joined) = maker.bind(exits, [.i32])
    maker.returns(joined)
    let box = IRBox(maker.function())
    box.function.typeIndex = 0
    var lowering = Lowering<X64>()
    var machine = MachineFunction()
    lowering.lower(
      &box.function, unit: LoweringUnit([twoIntegers]), options: .full, into: &machine)
    #expect(machine.problem.blockCount == 50_002)
    #expect(machine.jumpTargets.count == 50_000)
    try machine.problem.validate()
  }

  private func chain(_ length: Int) -> IRBox {
    var maker = FunctionMaker()
    let (_, p) = maker.bind([], [.i32, .i32])
    var value = p[0]
    for _ in 0..<length { value = maker.binary(.xor, .i32, value, p[1]) }
    maker.returns([value])
    let box = IRBox(maker.function())
    box.function.typeIndex = 0
    return box
  }
}
