// SPDX-License-Identifier: Apache-2.0
// Combinations of operations that become one instruction, run against the evaluator.

import BrolgaEntities
import Testing

@testable import BrolgaCompiler

private typealias Pattern = (
  name: String, body: @Sendable (inout FunctionMaker, Type, [Value]) -> Value
)

extension FunctionMaker {
  fileprivate mutating func make(_ opcode: Opcode, _ type: Type, _ a: Value, _ b: Value) -> Value {
    add(Instruction(opcode, type, a: a.raw, b: b.raw))
  }
  fileprivate mutating func make(
    _ opcode: Opcode, _ type: Type, _ a: Value, _ b: UInt64
  ) -> Value {
    let bits = type == .i32 ? b & 0xffff_ffff : b
    let constant = add(.constant(type, bits: bits))
    return make(opcode, type, a, constant)
  }
  fileprivate mutating func make(
    _ opcode: Opcode, _ type: Type, _ a: UInt64, _ b: Value
  ) -> Value {
    let constant = add(.constant(type, bits: a))
    return make(opcode, type, constant, b)
  }
  fileprivate mutating func one(_ type: Type) -> Value { add(.constant(type, bits: 1)) }
  fileprivate mutating func zero(_ type: Type) -> Value { add(.constant(type, bits: 0)) }
  /// 11 if the value is not zero, else 22, of `type`.
  fileprivate mutating func chosen(_ condition: Value, _ type: Type) -> Value {
    let yes = add(.constant(type, bits: 11))
    let no = add(.constant(type, bits: 22))
    return add(Instruction(.select, type, a: condition.raw, b: yes.raw, c: no.raw))
  }
  fileprivate mutating func isZero(_ value: Value) -> Value {
    let zero = zero(builder.type(value))
    return make(.eq, .i32, value, zero)
  }
}

private let patterns: [Pattern] = [
  (
    "bit of shifted value",
    { m, t, p in
      let bit = m.make(.and, t, m.make(.shrU, t, p[0], p[1]), 1)
      let zero = m.zero(t)
      return m.chosen(m.make(.ne, .i32, bit, zero), t)
    }
  ),
  (
    "bit at constant",
    { m, t, p in
      let bit = m.make(.and, t, m.make(.shrU, t, p[0], 37), 1)
      return m.chosen(m.isZero(bit), t)
    }
  ),
  (
    "shifted bit of value",
    { m, t, p in
      let one = m.one(t)
      let bit = m.make(.and, t, m.make(.shl, t, one, p[1]), p[0])
      return m.chosen(m.isZero(bit), t)
    }
  ),
  (
    "value and shifted bit",
    { m, t, p in
      let one = m.one(t)
      let bit = m.make(.and, t, p[0], m.make(.shl, t, one, p[1]))
      let zero = m.zero(t)
      let value = m.make(.ne, .i32, bit, zero)
      return t == .i32 ? value : m.add(Instruction(.extendU, .i64, a: value.raw))
    }
  ),
  (
    "bit shifted signed",
    { m, t, p in
      let bit = m.make(.and, t, m.make(.shrS, t, p[0], p[1]), 1)
      return m.chosen(m.isZero(bit), t)
    }
  ),
  ("lowest bit cleared", { m, t, p in m.make(.and, t, p[0], m.make(.add, t, p[0], .max)) }),
  ("lowest bit cleared by sub", { m, t, p in m.make(.and, t, m.make(.sub, t, p[0], 1), p[0]) }),
  (
    "lowest bit",
    { m, t, p in
      let zero = m.zero(t)
      return m.make(.and, t, p[0], m.make(.sub, t, zero, p[0]))
    }
  ),
  ("and not", { m, t, p in m.make(.and, t, m.make(.xor, t, p[0], .max), p[1]) }),
  ("shift and add", { m, t, p in m.make(.add, t, p[1], m.make(.shl, t, p[0], 3)) }),
  (
    "sum of kept values",
    { m, t, p in
      let sum = m.make(.add, t, p[0], p[1])
      return m.make(.mul, t, sum, m.make(.xor, t, p[0], p[1]))
    }
  ),
  (
    "difference of kept value",
    { m, t, p in
      m.make(.mul, t, m.make(.sub, t, p[0], 9), p[0])
    }
  ),
  ("times nine", { m, t, p in m.make(.mul, t, p[0], 9) }),
  ("masked count", { m, t, p in m.make(.shl, t, p[0], m.make(.and, t, p[1], 63)) }),
  (
    "masked store",
    { m, t, p in
      let address = m.add(.constant(.i32, bits: 64))
      let masked = m.make(.and, t, p[0], 0x1ff)
      m.add(Instruction(.store8, .none, a: address.raw, c: masked.raw))
      return m.add(Instruction(.load, t, a: address.raw))
    }
  ),
  (
    "comparison used twice",
    { m, t, p in
      let less = m.make(.ltS, .i32, p[0], p[1])
      let a = m.chosen(less, t)
      let b = m.chosen(m.isZero(less), t)
      return m.make(.mul, t, a, m.make(.add, t, b, p[0]))
    }
  ),
  (
    "comparison of a load used twice",
    { m, t, p in
      let address = m.add(.constant(.i32, bits: 64))
      let loaded = m.add(Instruction(.load, t, a: address.raw))
      let less = m.make(.ltU, .i32, p[0], loaded)
      let value = m.add(Instruction(t == .i32 ? .nop : .extendU, t, a: less.raw))
      let flag = t == .i32 ? less : value
      return m.make(.add, t, flag, m.chosen(less, t))
    }
  ),
  (
    "test of masked",
    { m, t, p in
      let masked = m.make(.and, t, p[0], p[1])
      let zero = m.zero(t)
      return m.chosen(m.make(.ltS, .i32, masked, zero), t)
    }
  ),
  (
    "byte in memory compared",
    { m, t, p in
      let address = m.add(.constant(.i32, bits: 65))
      let byte = m.add(Instruction(.load8U, t, a: address.raw))
      let c = m.add(.constant(t, bits: 200))
      return m.chosen(m.make(.ltS, .i32, byte, c), t)
    }
  ),
  (
    "bits of a byte in memory",
    { m, t, p in
      let address = m.add(.constant(.i32, bits: 65))
      let byte = m.add(Instruction(.load8U, t, a: address.raw))
      return m.chosen(m.isZero(m.make(.and, t, byte, 0x90)), t)
    }
  ),
  (
    "zero minus",
    { m, t, p in
      let zero = m.zero(t)
      return m.make(.sub, t, zero, p[0])
    }
  ),
]

@Suite(.serialized) struct LoweringPatternTests {
  /// if (op(a, b)) return 11 else 22, the value needed or not, for what leaves flags.
  @Test func branchesOnArithmeticAreExact() throws {
    var boxes: [IRBox] = []
    var signatures: [TestSignature] = []
    for type in [Type.i32, .i64] {
      for opcode in [Opcode.add, .sub, .and, .or, .xor] {
        for test in [Opcode.eq, .ne, .ltS, .geS, .gtS] {
          for isKept in [false, true] {
            for constant in [nil, 0xff, 1, UInt64.max] {
              var maker = FunctionMaker()
              let (_, p) = maker.bind([], [type, type])
              maker.builder.function.index = UInt32(boxes.count)
              let value =
                constant.map { maker.make(opcode, type, p[0], $0) }
                ?? maker.make(opcode, type, p[0], p[1])
              let condition = maker.make(test, .i32, value, 0)
              let yes = maker.edge()
              let no = maker.edge()
              maker.branch(condition, yes, no)
              _ = maker.bind([yes])
              maker.returns([isKept ? value : p[1]])
              _ = maker.bind([no])
              maker.returns([maker.add(.constant(type, bits: 22))])
              boxes.append(IRBox(maker.function()))
              signatures.append(TestSignature(parameters: [type, type], results: [type]))
            }
          }
        }
      }
    }
    let module = try LoweredModule(boxes, signatures, .full)
    var random = SeededGenerator(seed: 21)
    for index in boxes.indices {
      for _ in 0..<20 {
        var inputs = signatures[index].parameters.map { interestingBits($0, using: &random) }
        if Bool.random(using: &random) { inputs[1] = inputs[0] }
        var interpreter = RealInterpreter(boxes, scratchAddress: 0)
        let expected = try interpreter.run(index, inputs)[0]
        let actual = module.run(index, signatures[index], inputs)
        if actual != .returned(expected) {
          Issue.record("\(inputs)\n\(loweredText(boxes[index], signatures))")
          break
        }
      }
    }
  }

  @Test func selectionsByFloatComparisonAreExact() throws {
    var boxes: [IRBox] = []
    var signatures: [TestSignature] = []
    for type in [Type.f32, .f64] {
      for opcode in [Opcode.flt, .fgt, .fle, .fge, .feq, .fne] {
        for swapsBranches in [false, true] {
          for swapsOperands in [false, true] {
            var maker = FunctionMaker()
            let (_, p) = maker.bind([], [type, type])
            maker.builder.function.index = UInt32(boxes.count)
            let c = maker.make(opcode, .i32, p[swapsOperands ? 1 : 0], p[swapsOperands ? 0 : 1])
            let value = maker.add(
              Instruction(
                .select, type, a: c.raw, b: p[swapsBranches ? 1 : 0].raw,
                c: p[swapsBranches ? 0 : 1].raw))
            maker.returns([value])
            boxes.append(IRBox(maker.function()))
            signatures.append(TestSignature(parameters: [type, type], results: [type]))
          }
        }
      }
    }
    let module = try LoweredModule(boxes, signatures, .full)
    var random = SeededGenerator(seed: 9)
    for index in boxes.indices {
      for _ in 0..<60 {
        let inputs = signatures[index].parameters.map { interestingBits($0, using: &random) }
        var interpreter = RealInterpreter(boxes, scratchAddress: 0)
        let expected = try interpreter.run(index, inputs)[0]
        let text = loweredText(boxes[index], signatures)
        #expect(
          module.run(index, signatures[index], inputs) == .returned(expected),
          "\(inputs)\n\(text)")
      }
    }
  }

  @Test(arguments: [LoweringOptions.full, .fast])
  func combinationsComputeWhatTheyMean(_ options: LoweringOptions) throws {
    var boxes: [IRBox] = []
    var signatures: [TestSignature] = []
    var names: [String] = []
    for pattern in patterns {
      for type in [Type.i32, .i64] {
        var maker = FunctionMaker()
        let (_, parameters) = maker.bind([], [type, type])
        maker.builder.function.index = UInt32(boxes.count)
        let value = pattern.body(&maker, type, parameters)
        maker.returns([value])
        boxes.append(IRBox(maker.function()))
        signatures.append(TestSignature(parameters: [type, type], results: [type]))
        names.append(pattern.name)
      }
    }
    let module = try LoweredModule(boxes, signatures, options)
    var random = SeededGenerator(seed: 3)
    for index in boxes.indices {
      for _ in 0..<40 {
        let inputs = signatures[index].parameters.map { interestingBits($0, using: &random) }
        module.reset()
        var interpreter = RealInterpreter(boxes, scratchAddress: 0)
        let expected = try interpreter.run(index, inputs)[0]
        let actual = module.run(index, signatures[index], inputs)
        let text = loweredText(boxes[index], signatures, options)
        #expect(actual == .returned(expected), "\(names[index]) of \(inputs)\n\(text)")
        if actual != .returned(expected) { break }
      }
    }
  }
}
