// SPDX-License-Identifier: Apache-2.0
// Random programs - control flow, calls, memory - run against the evaluator.

import BrolgaEntities
import Glibc
import Testing

@testable import BrolgaCompiler

@Suite(.serialized) struct LoweringProgramTests {
  @Test(arguments: [LoweringOptions.full, .fast])
  func randomProgramsComputeWhatTheyMean(_ options: LoweringOptions) throws {
    var failures = 0
    for seed in 0..<UInt64(100) {
      if try !check(seed: seed, options) { failures += 1 }
      if failures > 3 { return }
    }
  }

  /// f(x) = sum of k * g_k, where g returns its 1,000 parameters x + k in reverse.
  @Test(arguments: [LoweringOptions.full, .fast])
  func aThousandParametersAndResultsTravel(_ options: LoweringOptions) throws {
    let types = (0..<1000).map { [Type.i64, .i32, .i64][$0 % 3] }
    let signatures = [
      TestSignature(parameters: [.i64], results: [.i64]),
      TestSignature(parameters: types, results: types.reversed()),
    ]
    var caller = FunctionMaker()
    let (_, p) = caller.bind([], [.i64])
    var arguments: [UInt32] = []
    for (k, type) in types.enumerated() {
      let constant = caller.add(.constant(.i64, bits: UInt64(k)))
      let sum = caller.add(Instruction(.add, .i64, a: p[0].raw, b: constant.raw))
      arguments.append(
        type == .i64 ? sum.raw : caller.add(Instruction(.wrap, .i32, a: sum.raw)).raw)
    }
    let start = caller.list([1] + arguments)
    let call = caller.add(
      Instruction(.call, signatures[1].results[0], a: 1, b: start, c: UInt32(types.count)))
    var results = [call]
    for (k, type) in signatures[1].results.enumerated().dropFirst() {
      results.append(caller.add(Instruction(.result, type, a: call.raw, b: UInt32(k))))
    }
    var total = caller.add(.constant(.i64, bits: 0))
    for (k, result) in results.enumerated() {
      var wide = result
      if signatures[1].results[k] == .i32 {
        wide = caller.add(Instruction(.extendU, .i64, a: result.raw))
      }
      let factor = caller.add(.constant(.i64, bits: UInt64(k)))
      let product = caller.add(Instruction(.mul, .i64, a: wide.raw, b: factor.raw))
      total = caller.add(Instruction(.add, .i64, a: total.raw, b: product.raw))
    }
    caller.returns([total])
    var callee = FunctionMaker()
    let (_, q) = callee.bind([], types)
    callee.builder.function.index = 1
    callee.returns(q.reversed())
    let boxes = [IRBox(caller.function()), IRBox(callee.function())]
    for (k, box) in boxes.enumerated() {
      box.function.index = UInt32(k)
      box.function.typeIndex = UInt32(k)
    }
    let module = try LoweredModule(boxes, signatures, options)
    for input in [0, 5, UInt64.max, 0xffff_ffff_0000] as [UInt64] {
      var interpreter = RealInterpreter(boxes, scratchAddress: 0)
      let expected = try interpreter.run(0, [input])[0]
      #expect(module.run(0, signatures[0], [input]) == .returned(expected))
    }
  }

  private static func difference(
    _ module: LoweredModule, _ interpreter: RealInterpreter
  ) -> String {
    for k in 0..<LoweredModule.memoryBytes {
      let byte = module.memory.load(fromByteOffset: k, as: UInt8.self)
      if byte != interpreter.memory[k] {
        let start = k & ~7
        let actual = module.memory.load(fromByteOffset: start, as: UInt64.self)
        let bytes = interpreter.memory[start..<start + 8].reversed()
        let expected = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return "\(start): \(String(actual, radix: 16)), not \(String(expected, radix: 16))"
      }
    }
    return "no byte"
  }

  private func check(seed: UInt64, _ options: LoweringOptions) throws -> Bool {
    let signatures = RandomProgram.signatures(seed: seed, count: 4)
    let boxes = signatures.indices.map {
      IRBox(RandomProgram.function(seed: seed, index: $0, signatures: signatures))
    }
    let module = try LoweredModule(boxes, signatures, options)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<6 {
      let inputs = signatures[0].parameters.map { type in
        var bits = interestingBits(type, using: &random)
        if type == .f32, Float(bitPattern: UInt32(bits)).isNaN { bits = 0 }
        if type == .f64, Double(bitPattern: bits).isNaN { bits = 0 }
        return bits
      }
      module.reset()
      var interpreter = RealInterpreter(
        boxes, scratchAddress: UInt64(UInt(bitPattern: module.scratch)))
      var expected = RunEnd.returned(0)
      do {
        expected = .returned(try interpreter.run(0, inputs)[0])
      } catch let trap as RealInterpreter.Trap {
        expected = .trapped(trap.kind)
      } catch {
        continue
      }
      let actual = module.run(0, signatures[0], inputs)
      let memory = memcmp(module.memory, interpreter.memory, LoweredModule.memoryBytes) == 0
      if actual == expected && memory { continue }
      Issue.record(
        """
        seed \(seed), \(inputs.map { String($0, radix: 16) }): \(String(describing: actual)), \
        not \(expected); memory differs at \(Self.difference(module, interpreter))
        """)
      return false
    }
    return true
  }
}
