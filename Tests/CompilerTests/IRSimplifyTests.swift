// SPDX-License-Identifier: Apache-2.0
// Folding and identities: against the evaluator on random expressions, and one by one.

import BrolgaEntities
import Testing

@testable import BrolgaCompiler

/// The types of operands and result that an operation may have.
struct Signature: Equatable {
  var opcode: Opcode
  var operands: [Type]
  var result: Type

  /// All pure operations on scalars with all their types.
  static let all: [Signature] = Opcode.allCases.filter {
    $0.isPure && !$0.isOfVectors
  }.flatMap { opcode -> [Signature] in
    switch opcode {
    case .mulHighS, .mulHighU:
      return [Signature(opcode: opcode, operands: [.i64, .i64], result: .i64)]
    case .extend32S: return [Signature(opcode: opcode, operands: [.i64], result: .i64)]
    case .wrap: return [Signature(opcode: opcode, operands: [.i64], result: .i32)]
    case .extendS, .extendU: return [Signature(opcode: opcode, operands: [.i32], result: .i64)]
    case .promote: return [Signature(opcode: opcode, operands: [.f32], result: .f64)]
    case .demote: return [Signature(opcode: opcode, operands: [.f64], result: .f32)]
    case .reinterpret:
      return [(Type.i32, Type.f32), (.f32, .i32), (.i64, .f64), (.f64, .i64)].map {
        Signature(opcode: opcode, operands: [$0.0], result: $0.1)
      }
    case .truncS, .truncU, .truncSatS, .truncSatU:
      return [Type.f32, .f64].flatMap { from in
        [Type.i32, .i64].map { Signature(opcode: opcode, operands: [from], result: $0) }
      }
    case .convertS, .convertU:
      return [Type.i32, .i64].flatMap { from in
        [Type.f32, .f64].map { Signature(opcode: opcode, operands: [from], result: $0) }
      }
    case .select:
      return [Type.i32, .i64, .f32, .f64].map {
        Signature(opcode: opcode, operands: [.i32, $0, $0], result: $0)
      }
    default:
      let isFloat =
        opcode.rawValue >= Opcode.fadd.rawValue && opcode.rawValue <= Opcode.fge.rawValue
      let types: [Type] = isFloat ? [.f32, .f64] : [.i32, .i64]
      let count = opcode.info.shape == .unary ? 1 : 2
      let yieldsBool = opcode.isIntegerComparison || opcode.isFloatComparison
      return types.map {
        Signature(
          opcode: opcode, operands: Array(repeating: $0, count: count),
          result: yieldsBool ? .i32 : $0)
      }
    }
  }
}

/// Bits that are likely to hit an edge case.
func interestingBits(_ type: Type, using random: inout SeededGenerator) -> UInt64 {
  let mask: UInt64 = type.byteCount == 4 ? 0xffff_ffff : .max
  if type == .f32, Bool.random(using: &random) {
    let values: [Float] = [
      0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, .infinity, -.infinity, .nan, 2_147_483_648,
      -2_147_483_648, 4_294_967_296, 9.223372e18, -9.223372e18, 1.8446744e19,
      Float.leastNonzeroMagnitude, 3.4e38, -0.99,
    ]
    return UInt64(values.randomElement(using: &random)!.bitPattern)
  }
  if type == .f64, Bool.random(using: &random) {
    let values: [Double] = [
      0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, .infinity, -.infinity, .nan, 2_147_483_647,
      2_147_483_648, -2_147_483_648.9, -2_147_483_649, 4_294_967_295.5, 4_294_967_296,
      9.223372036854775807e18, -9.223372036854775808e18, 1.8446744073709552e19,
      Double.leastNonzeroMagnitude, 1e308,
      16_777_217, -0.99,
    ]
    return values.randomElement(using: &random)!.bitPattern
  }
  switch Int.random(in: 0..<6, using: &random) {
  case 0: return UInt64.random(in: 0...3, using: &random)
  case 1: return (0 &- UInt64.random(in: 0...3, using: &random)) & mask
  case 2: return (1 << UInt64.random(in: 0..<64, using: &random)) & mask
  case 3: return ((1 << UInt64.random(in: 0..<64, using: &random)) &- 1) & mask
  case 4:
    return [
      0x80, 0xff, 0xffff, 0x8000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 24, 16, 31, 32, 48,
      56, 63,
    ].randomElement(using: &random)! & mask
  default: return random.next() & mask
  }
}

@Suite struct IRSimplifyTests {
  @Test func foldingAgreesWithTheEvaluator() {
    var random = SeededGenerator(seed: 1)
    var folded = 0
    // Products of 128 bits are made where no factor is known.
    let unfolded: Set<Opcode> = [.select, .mulHighS, .mulHighU]
    for signature in Signature.all where !unfolded.contains(signature.opcode) {
      for _ in 0..<400 {
        let from = signature.operands[0]
        let a = interestingBits(from, using: &random)
        let isUnary = signature.operands.count == 1
        let b = isUnary ? 0 : interestingBits(from, using: &random)
        let result: UInt64? =
          isUnary
          ? Fold.unary(signature.opcode, from: from, to: signature.result, a)
          : from.isFloat
            ? Fold.float(signature.opcode, from, a, b) : Fold.integer(signature.opcode, from, a, b)
        let expected = Interpreter.evaluate(
          signature.opcode, from: from, to: signature.result, a, b)
        switch (result, expected) {
        case (.some(let x), .success(let y)):
          folded += 1
          #expect(x == y, "\(signature) \(a) \(b)")
        case (nil, .failure): break
        case (nil, .success(let y)):
          // Only what is not a number is left to the machine.
          let isNaN =
            signature.result == .f32
            ? Float(bitPattern: UInt32(y)).isNaN : Double(bitPattern: y).isNaN
          #expect(signature.result.isFloat && isNaN, "\(signature) \(a) \(b)")
        case (.some, .failure): Issue.record("folded a trap: \(signature) \(a) \(b)")
        }
      }
    }
    #expect(folded > 20_000)
  }

  /// Random expressions over four parameters, built once as they are and once through `emit`.
  @Test(arguments: [true, false]) func randomExpressionsKeepTheirValue(numbersValues: Bool) {
    var returned = 0
    for seed in 0..<400 {
      var random = SeededGenerator(seed: UInt64(seed))
      var plain = Builder()
      var simplified = Builder()
      simplified.numbersValues = numbersValues
      let expressions = RandomExpressions(seed: UInt64(seed))
      expressions.build(&plain, simplifies: false)
      expressions.build(&simplified, simplifies: true)
      for _ in 0..<4 {
        let arguments = [Type.i32, .i64, .f32, .f64].map {
          interestingBits($0, using: &random)
        }
        var first = Interpreter()
        var second = Interpreter()
        let expected = first.run(plain.function, arguments)
        let actual = second.run(simplified.function, arguments)
        if case .returns = expected { returned += 1 }
        #expect(expected == actual, "seed \(seed)")
        #expect(first.trace == second.trace, "seed \(seed)")
      }
    }
    #expect(returned > 800)
  }
}

/// A straight line of random operations, the same for each build.
struct RandomExpressions {
  var seed: UInt64
  var length = 40
  /// Only the last value of each type is returned, so that most values have few uses.
  var returnsOne = false

  func build(_ builder: inout Builder, simplifies: Bool) {
    var random = SeededGenerator(seed: seed &+ 1_000_000)
    builder.beginFunction(index: 0, typeIndex: 0)
    let block = builder.createBlock()
    builder.beginBlock(block, dominatorDepth: -1)
    let types: [Type] = [.i32, .i64, .f32, .f64]
    var values: [Type: [Value]] = [:]
    builder.function.blocks[block].parameterCount = 4
    for (k, type) in types.enumerated() {
      let value = builder.append(Instruction(.param, type, a: 0, b: UInt32(k)))
      builder.function.lists.append(value.raw)
      values[type] = [value]
    }
    let narrow: [Opcode] = [
      .add, .sub, .and, .or, .xor, .shl, .shrS, .shrU, .rotl, .rotr, .eq, .ne, .mul, .ltU, .ltS,
      .extend8S, .extend16S, .extend32S, .wrap, .extendS, .extendU, .select,
    ]
    func pick(_ type: Type, _ builder: inout Builder) -> Value {
      if Int.random(in: 0..<3, using: &random) == 0 {
        let bits = interestingBits(type, using: &random)
        return simplifies
          ? builder.constant(type, bits: bits) : builder.append(.constant(type, bits: bits))
      }
      // Recent values make deep patterns likely.
      let all = values[type]!
      let recent = all.suffix(3)
      return Bool.random(using: &random)
        ? recent.randomElement(using: &random)! : all.randomElement(using: &random)!
    }
    func make(_ instruction: Instruction, _ builder: inout Builder) -> Value {
      simplifies ? builder.emit(instruction) : builder.append(instruction)
    }
    for _ in 0..<length {
      switch Int.random(in: 0..<12, using: &random) {
      case 0:
        let opcodes: [Opcode] = [.load, .load8S, .load8U, .load16S, .load16U, .load32S, .load32U]
        let opcode = opcodes.randomElement(using: &random)!
        let address = pick(.i32, &builder)
        let value = make(
          Instruction(opcode, .i64, a: address.raw, b: UInt32.random(in: 0..<64, using: &random)),
          &builder)
        values[.i64]!.append(value)
      case 1:
        let opcodes: [Opcode] = [.store, .store8, .store16, .store32]
        let opcode = opcodes.randomElement(using: &random)!
        let address = pick(.i32, &builder)
        let stored = pick(.i64, &builder)
        _ = make(Instruction(opcode, .none, a: address.raw, b: 8, c: stored.raw), &builder)
      case 2 where Int.random(in: 0..<4, using: &random) == 0:
        let condition = pick(.i32, &builder)
        _ = make(Instruction(.trapIf, .none, aux: 1, a: condition.raw), &builder)
      default:
        let wantsNarrow = Int.random(in: 0..<3, using: &random) != 0
        let opcode = narrow.randomElement(using: &random)!
        let candidates =
          wantsNarrow ? Signature.all.filter { $0.opcode == opcode } : Signature.all
        let signature = candidates.randomElement(using: &random)!
        // A trap hides what comes after.
        let mayTrap = signature.opcode.info.effects.canTrap
        if mayTrap && Int.random(in: 0..<10, using: &random) != 0 { continue }
        var fields: [UInt32] = [0, 0, 0]
        for (k, type) in signature.operands.enumerated() {
          fields[k] = pick(type, &builder).raw
        }
        let value = make(
          Instruction(
            signature.opcode, signature.result, a: fields[0], b: fields[1], c: fields[2]),
          &builder)
        values[signature.result]!.append(value)
      }
    }
    let start = UInt32(builder.function.lists.count)
    var count: UInt32 = 0
    for type in types {
      for value in returnsOne ? values[type]!.suffix(1) : values[type]![...] {
        builder.function.lists.append(value.raw)
        count += 1
      }
    }
    builder.append(Instruction(.returns, .none, b: start, c: count))
  }
}
