// SPDX-License-Identifier: Apache-2.0
// Vectors that are built once as they are and once in their simplest form mean the same.

import BrolgaEntities
import Testing

import struct BrolgaWasm.V128

@testable import BrolgaCompiler

/// Rows of those operations that simplification looks at, on few values and in few shapes.
private struct VectorExpressions {
  var seed: UInt64

  private static let signatures = VectorSignature.all.filter {
    switch $0.opcode {
    case .vsplat, .vscalar, .extractLane, .extractLaneS, .replaceLane, .vnot, .vand, .vandnot,
      .vor, .vxor, .bitselect, .vshl, .vshrS, .vshrU, .extendLowS, .extendLowU, .extendHighS,
      .extendHighU, .vconvertS, .vconvertU, .vshuffle, .veq, .allTrue, .anyTrue, .bitmask:
      true
    default: false
    }
  }

  func build(_ builder: inout Builder, simplifies: Bool) {
    var random = SeededGenerator(seed: seed &+ 2_000_000)
    builder.beginFunction(index: 0, typeIndex: 0)
    let block = builder.createBlock()
    builder.beginBlock(block, dominatorDepth: -1)
    let types: [Type] = [.i32, .i64, .f32, .f64, .v128, .v128]
    var values: [Type: [Value]] = [:]
    builder.function.blocks[block].parameterCount = UInt32(types.count)
    for (k, type) in types.enumerated() {
      let value = builder.append(Instruction(.param, type, a: 0, b: UInt32(k)))
      builder.function.lists.append(value.raw)
      values[type, default: []].append(value)
    }
    let shapes = (0..<2).map { _ in LaneShape.allCases.randomElement(using: &random)! }
    func make(_ instruction: Instruction, _ builder: inout Builder) -> Value {
      simplifies ? builder.emit(instruction) : builder.append(instruction)
    }
    func vector(_ bits: V128, _ builder: inout Builder) -> Value {
      let index = builder.vectorIndex(bits)
      return make(Instruction(.vconst, .v128, b: index), &builder)
    }
    func pick(_ type: Type, _ builder: inout Builder) -> Value {
      if Int.random(in: 0..<4, using: &random) == 0 {
        if type != .v128 {
          let bits = interestingBits(type, using: &random)
          return make(.constant(type, bits: bits), &builder)
        }
        return vector(interestingVector(shapes[0], using: &random), &builder)
      }
      let recent = values[type]!.suffix(4)
      return recent.randomElement(using: &random)!
    }
    for _ in 0..<40 {
      let signature = Self.signatures.randomElement(using: &random)!
      let shape = LaneShape(rawValue: UInt8(signature.aux & 0xff))!
      if signature.opcode.info.shape.fields.aux != .unused && !shapes.contains(shape)
        && Int.random(in: 0..<8, using: &random) != 0
      {
        continue
      }
      var operands = signature.operands.map { pick($0, &builder).raw }
      if operands.count == 2, signature.operands[1] == .v128,
        Int.random(in: 0..<6, using: &random) == 0
      {
        operands[1] = operands[0]
      }
      var instruction = signature.instruction(operands)
      if signature.opcode == .vshuffle {
        instruction.c = builder.vectorIndex(randomPattern(using: &random))
      }
      values[signature.result]!.append(make(instruction, &builder))
    }
    let start = UInt32(builder.function.lists.count)
    let all = [Type.i32, .i64, .f32, .f64, .v128].flatMap { values[$0]! }
    for value in all { builder.function.lists.append(value.raw) }
    builder.append(Instruction(.returns, .none, b: start, c: UInt32(all.count)))
  }
}

@Suite struct IRSimplifyVectorTests {
  @Test(arguments: [true, false]) func vectorsKeepTheirValue(numbersValues: Bool) throws {
    var (plainCount, simplifiedCount) = (0, 0)
    for seed in UInt64(0)..<3000 {
      var plain = Builder()
      var simplified = Builder()
      simplified.numbersValues = numbersValues
      let expressions = VectorExpressions(seed: seed)
      expressions.build(&plain, simplifies: false)
      expressions.build(&simplified, simplifies: true)
      try simplified.function.verify()
      var random = SeededGenerator(seed: seed)
      for _ in 0..<3 {
        var arguments = [Type.i32, .i64, .f32, .f64].map { interestingBits($0, using: &random) }
        for _ in 0..<2 {
          let shape = LaneShape.allCases.randomElement(using: &random)!
          let vector = interestingVector(shape, using: &random)
          arguments += [vector.low, vector.high]
        }
        var first = Interpreter()
        var second = Interpreter()
        let expected = first.run(plain.function, arguments)
        if case .returns = expected {} else { Issue.record("\(expected)") }
        if second.run(simplified.function, arguments) != expected {
          Issue.record("seed \(seed)\n\(plain.function.text())\n\(simplified.function.text())")
          return
        }
      }
      func count(_ function: borrowing Function) -> Int {
        (0..<function.instructions.count).count {
          function.instructions.storage[$0].opcode.isOfVectors
        }
      }
      plainCount += count(plain.function)
      simplifiedCount += count(simplified.function)
    }
    #expect(simplifiedCount * 10 < plainCount * 9, "\(simplifiedCount) of \(plainCount)")
  }
}
