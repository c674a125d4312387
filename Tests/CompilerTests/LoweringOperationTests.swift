// SPDX-License-Identifier: Apache-2.0
// Every operation, in every form that selection gives its operands, run against the evaluator.

import BrolgaEntities
import Testing

@testable import BrolgaCompiler

/// Where an operand comes from.
private enum Origin: CaseIterable {
  case parameter
  case constant
  /// A load that nothing else uses.
  case load
  /// A parameter that is needed afterwards.
  case kept
}

private struct Case {
  var signature: Signature
  var origins: [Origin]
  /// Bits of the constants.
  var constants: [UInt64]
}

private let addresses: [UInt64] = [64, 128, 192]

/// `f(params) = op(operands)`; a kept operand is stored after the operation.
private func function(of test: Case, index: Int) -> Function {
  var maker = FunctionMaker()
  let types = test.signature.operands
  let (_, parameters) = maker.bind([], types)
  maker.builder.function.index = UInt32(index)
  var operands: [UInt32] = []
  for (k, origin) in test.origins.enumerated() {
    switch origin {
    case .parameter, .kept: operands.append(parameters[k].raw)
    case .constant:
      operands.append(maker.add(.constant(types[k], bits: test.constants[k])).raw)
    case .load:
      let address = maker.add(.constant(.i32, bits: addresses[k]))
      operands.append(maker.add(Instruction(.load, types[k], a: address.raw)).raw)
    }
  }
  operands += [0, 0]
  let count = types.count
  let value = maker.add(
    Instruction(
      test.signature.opcode, test.signature.result, a: operands[0],
      b: count > 1 ? operands[1] : 0, c: count > 2 ? operands[2] : 0))
  for (k, origin) in test.origins.enumerated() where origin == .kept {
    let address = maker.add(.constant(.i32, bits: 512))
    maker.add(
      Instruction(.store, .none, a: address.raw, b: UInt32(k * 8), c: operands[k]))
  }
  maker.returns([value])
  return maker.function()
}

private func allOrigins(_ count: Int) -> [[Origin]] {
  var all: [[Origin]] = [[]]
  for _ in 0..<count { all = all.flatMap { head in Origin.allCases.map { head + [$0] } } }
  // Something must vary.
  return all.filter { !$0.allSatisfy { $0 == .constant } }
}

private func isNaN(_ bits: UInt64, _ type: Type) -> Bool {
  type == .f32
    ? Float(bitPattern: UInt32(truncatingIfNeeded: bits)).isNaN : Double(bitPattern: bits).isNaN
}

/// Equal, or NaNs that the specification lets differ.
private func agree(_ a: RunEnd?, _ b: RunEnd, _ signature: Signature) -> Bool {
  guard case .returned(let x) = a, case .returned(let y) = b else { return a == b }
  if x == y { return true }
  if !signature.result.isFloat { return false }
  switch signature.opcode {
  case .fneg, .fabs, .fcopysign, .reinterpret, .select: return false
  default: return isNaN(x, signature.result) && isNaN(y, signature.result)
  }
}

@Suite(.serialized) struct LoweringOperationTests {
  @Test(arguments: [LoweringOptions.full, .fast])
  func everyOperationInEveryForm(_ options: LoweringOptions) throws {
    var random = SeededGenerator(seed: 11)
    var cases: [Case] = []
    for signature in Signature.all {
      for origins in allOrigins(signature.operands.count) {
        let repeats = origins.contains(.constant) ? 6 : 1
        for _ in 0..<repeats {
          let constants = signature.operands.map { interestingBits($0, using: &random) }
          cases.append(Case(signature: signature, origins: origins, constants: constants))
        }
      }
    }
    try check(cases, options, rounds: 8, &random)
  }

  @Test func divisionByConstantsIsExact() throws {
    var random = SeededGenerator(seed: 5)
    var cases: [Case] = []
    for signature in Signature.all {
      switch signature.opcode {
      case .divS, .divU, .remS, .remU: break
      default: continue
      }
      let mask: UInt64 = signature.result == .i32 ? 0xffff_ffff : .max
      var divisors: [UInt64] = (1...130).flatMap { [$0, 0 &- $0] }
      divisors += [641, 1000, 10_000, 65_535, 65_537, 1_000_000_007, 0x7fff_ffff, 0x8000_0000]
      for _ in 0..<60 { divisors.append(interestingBits(signature.result, using: &random)) }
      for k in 2..<64 as Range<UInt64> { divisors += [1 << k, (1 << k) + 1, (1 << k) - 1] }
      for divisor in divisors {
        cases.append(
          Case(
            signature: signature, origins: [.parameter, .constant],
            constants: [0, divisor & mask]))
      }
    }
    try check(cases, .full, rounds: 16, &random)
  }

  private func check(
    _ cases: [Case], _ options: LoweringOptions, rounds: Int, _ random: inout SeededGenerator
  ) throws {
    let boxes = cases.enumerated().map { IRBox(function(of: $1, index: $0)) }
    let signatures = cases.map {
      TestSignature(parameters: $0.signature.operands, results: [$0.signature.result])
    }
    let module = try LoweredModule(boxes, signatures, options)
    var failures = 0
    for (index, test) in cases.enumerated() {
      for _ in 0..<rounds {
        let inputs = test.signature.operands.map { interestingBits($0, using: &random) }
        let operands = test.origins.indices.map {
          test.origins[$0] == .constant ? test.constants[$0] : inputs[$0]
        }
        for (k, address) in addresses.enumerated() where k < inputs.count {
          module.memory.storeBytes(of: inputs[k], toByteOffset: Int(address), as: UInt64.self)
        }
        let actual = module.run(index, signatures[index], inputs)
        let expected = Self.expected(test.signature, operands)
        if !agree(actual, expected, test.signature) {
          failures += 1
          Issue.record(
            """
            \(test.signature.opcode) \(test.origins) of \(operands.map { String($0, radix: 16) }): \
            \(String(describing: actual)), not \(expected)
            \(loweredText(boxes[index], signatures, options))
            """)
          if failures > 20 { return }
          break
        }
      }
    }
  }

  private static func expected(_ signature: Signature, _ operands: [UInt64]) -> RunEnd {
    if signature.opcode == .select {
      return .returned(operands[0] != 0 ? operands[1] : operands[2])
    }
    let result = Interpreter.evaluate(
      signature.opcode, from: signature.operands[0], to: signature.result, operands[0],
      operands.count > 1 ? operands[1] : 0)
    switch result {
    case .success(let bits): return .returned(bits)
    case .failure(let trap): return .trapped(UInt8(trap.kind))
    }
  }
}
