// SPDX-License-Identifier: Apache-2.0
// Every operation on vectors, in every form that selection gives its operands, run against the
// evaluator.

import BrolgaArtefact
import BrolgaEntities
import Testing

import struct BrolgaWasm.V128

@testable import BrolgaCompiler

/// Where an operand comes from.
private enum Origin: CaseIterable {
  /// A load that nothing else uses, just before.
  case load
  /// A load with a store between.
  case register
  /// A load that is needed afterwards.
  case kept
  case constant
  /// The same value as the first operand.
  case first
}

private struct Case {
  var signature: VectorSignature
  var origins: [Origin]
  var constants: [V128]
  var pattern = V128(scalar: 0)
  /// Values that are needed before and after: more than there are registers.
  var hasPressure = false
}

private enum Layout {
  static func operand(_ k: Int) -> UInt32 { 64 + UInt32(k) * 16 }
  static let result: UInt32 = 256
  static let kept: UInt32 = 320
  static let unused: UInt32 = 1024
  static let pressure: UInt32 = 2048
}

private func function(of test: Case, index: Int) -> Function {
  var maker = FunctionMaker()
  _ = maker.bind([], [])
  maker.builder.function.index = UInt32(index)
  let types = test.signature.operands
  var operands = types.map { _ in Value.none }
  for (k, origin) in test.origins.enumerated() where origin == .register || origin == .kept {
    operands[k] = maker.load(types[k], at: Layout.operand(k))
  }
  let crowd = (0..<(test.hasPressure ? 17 : 0)).map {
    maker.load(.v128, at: Layout.pressure + UInt32($0) * 16)
  }
  let zero = maker.add(.constant(.i32, bits: 0))
  maker.store(zero, at: Layout.unused)
  for (k, origin) in test.origins.enumerated() {
    switch origin {
    case .constant:
      operands[k] =
        types[k] == .v128
        ? maker.constant(test.constants[k])
        : maker.add(.constant(types[k], bits: test.constants[k].low))
    case .load: operands[k] = maker.load(types[k], at: Layout.operand(k))
    case .first: operands[k] = operands[0]
    case .register, .kept: break
    }
  }
  var instruction = test.signature.instruction(operands.map(\.raw))
  if instruction.opcode == .vshuffle { instruction.c = maker.builder.vectorIndex(test.pattern) }
  maker.store(maker.add(instruction), at: Layout.result)
  for (k, origin) in test.origins.enumerated() where origin == .kept {
    maker.store(operands[k], at: Layout.kept + UInt32(k) * 16)
  }
  for (k, value) in crowd.enumerated() {
    maker.store(value, at: Layout.pressure + UInt32(k + 1) * 16)
  }
  maker.returns([])
  return maker.function()
}

private func allOrigins(_ types: [Type]) -> [[Origin]] {
  var all: [[Origin]] = [[]]
  for (k, type) in types.enumerated() {
    let choices = Origin.allCases.filter { $0 != .first || k > 0 && type == types[0] }
    all = all.flatMap { head in choices.map { head + [$0] } }
  }
  return all.filter { $0[0] != .constant || $0.contains { $0 != .constant && $0 != .first } }
}

/// Both levels, for every processor and for all that this one can do.
let bothLevels: [LoweringOptions] = levels(for: [.baseline, runnableFeatures.last!])
/// The same, and for the level between, which permutes fewer lanes.
private let allProcessors: [LoweringOptions] = levels(for: runnableFeatures)

private func levels(for list: [CPUFeatures]) -> [LoweringOptions] {
  Set(list).sorted { $0.rawValue < $1.rawValue }.flatMap { features in
    [LoweringOptions.full, .fast].map { $0.with(features) }
  }
}

/// Runs functions without parameters on memory and compares the whole of it with the evaluator's.
///
/// - Parameter prepare: gives a function its input, for the round.
func expectSameMemory(
  _ boxes: [IRBox], _ options: LoweringOptions, rounds: Int,
  floats: (Int) -> LaneShape? = { _ in nil },
  describe: (Int) -> String = { "function \($0)" },
  prepare: (Int, (Int, V128) -> Void) -> Void
) throws {
  let signature = TestSignature(parameters: [], results: [])
  let signatures = boxes.map { _ in signature }
  let module = try LoweredModule(boxes, signatures, options)
  var failures = 0
  for index in boxes.indices {
    for _ in 0..<rounds {
      module.reset()
      var interpreter = RealInterpreter(boxes, scratchAddress: 0)
      prepare(index) { address, vector in
        let bytes = vector.byteList
        interpreter.memory.replaceSubrange(address..<address + 16, with: bytes)
        (module.memory + address).copyMemory(from: bytes, byteCount: 16)
      }
      let before = interpreter.memory
      _ = try interpreter.run(index, [])
      let end = module.run(index, signature, [])
      var actual = Array(
        UnsafeRawBufferPointer(start: module.memory, count: LoweredModule.memoryBytes))
      var expected = interpreter.memory
      if let lanes = floats(index) {
        makeCanonical(&actual, lanes)
        makeCanonical(&expected, lanes)
      }
      if end == .returned(0) && actual == expected { continue }
      failures += 1
      let wrong: Int = actual.indices.first { actual[$0] != expected[$0] } ?? 0
      let at = wrong & ~15..<(wrong & ~15) + 16
      let operands = (0..<3).map { (k: Int) -> [UInt8] in
        Array(before[Int(Layout.operand(k))..<Int(Layout.operand(k + 1))])
      }
      let text = boxes[index].function.text() + loweredText(boxes[index], signatures, options)
      let outcome = "\(String(describing: end)), at \(at): \(actual[at]), not \(expected[at])"
      Issue.record("\(describe(index)) of \(operands): \(outcome)\n\(text)")
      if failures > 12 { return }
      break
    }
  }
}

/// NaNs of the result are alike.
private func makeCanonical(_ memory: inout [UInt8], _ lanes: LaneShape) {
  let range = Int(Layout.result)..<Int(Layout.result) + 16
  let vector = V128(byteList: Array(memory[range]))
  memory.replaceSubrange(range, with: canonical(vector, lanes).byteList)
}

@Suite(.serialized) struct LoweringVectorTests {
  private func check(
    _ cases: [Case], _ options: LoweringOptions, rounds: Int, _ random: inout SeededGenerator
  ) throws {
    let boxes = cases.enumerated().map { IRBox(function(of: $1, index: $0)) }
    try expectSameMemory(
      boxes, options, rounds: rounds, floats: { cases[$0].signature.resultFloats },
      describe: { "\(cases[$0].signature) \(cases[$0].origins)" }
    ) { index, write in
      let signature = cases[index].signature
      for k in signature.operands.indices {
        write(Int(Layout.operand(k)), signature.interestingOperand(k, using: &random))
      }
    }
  }

  @Test(arguments: bothLevels) func everyOperationInEveryForm(_ options: LoweringOptions) throws {
    var random = SeededGenerator(seed: 31)
    var cases: [Case] = []
    for signature in VectorSignature.all where signature.opcode != .vshuffle {
      for origins in allOrigins(signature.operands) {
        for _ in 0..<(origins.contains(.constant) ? 4 : 1) {
          cases.append(
            Case(
              signature: signature, origins: origins,
              constants: signature.operands.indices.map {
                signature.interestingOperand($0, using: &random)
              }))
        }
      }
    }
    #expect(cases.count > 3000)
    try check(cases, options, rounds: 12, &random)
  }

  /// Operands lie in spill slots, which some instructions read.
  @Test(arguments: bothLevels) func everyOperationWithFewRegisters(_ options: LoweringOptions)
    throws
  {
    var random = SeededGenerator(seed: 32)
    var cases: [Case] = []
    for signature in VectorSignature.all where signature.opcode != .vshuffle {
      for origins in allOrigins(signature.operands)
      where !origins.contains(.load) && !origins.contains(.constant) {
        cases.append(
          Case(signature: signature, origins: origins, constants: [], hasPressure: true))
      }
    }
    try check(cases, options, rounds: 6, &random)
  }

  @Test(arguments: bothLevels) func shiftsByAllAmounts(_ options: LoweringOptions) throws {
    var random = SeededGenerator(seed: 33)
    var cases: [Case] = []
    for signature in VectorSignature.all {
      switch signature.opcode {
      case .vshl, .vshrS, .vshrU: break
      default: continue
      }
      let bits = 128 / signature.lanes.laneCount
      for amount in (0...2 * bits).map({ UInt64($0) }) + [0xffff_ffff, 0x8000_0000] {
        cases.append(
          Case(
            signature: signature, origins: [.kept, .constant],
            constants: [V128(scalar: 0), V128(scalar: amount)]))
      }
    }
    try check(cases, options, rounds: 8, &random)
    // The same amounts, not known before.
    let variable = cases.map { test in
      var variable = test
      variable.origins = [.register, .register]
      return variable
    }
    let boxes = variable.enumerated().map { IRBox(function(of: $1, index: $0)) }
    try expectSameMemory(boxes, options, rounds: 4) { index, write in
      let test = variable[index]
      write(Int(Layout.operand(0)), test.signature.interestingOperand(0, using: &random))
      write(Int(Layout.operand(1)), test.constants[1])
    }
  }

  @Test(arguments: bothLevels) func productsByConstants(_ options: LoweringOptions) throws {
    var random = SeededGenerator(seed: 34)
    var cases: [Case] = []
    for signature in VectorSignature.all where signature.opcode == .vmul {
      for k in 0..<80 {
        let constant: V128 =
          k < 64
          ? V128(low: 1 << UInt64(k), high: UInt64(k)) : interestingVector(.i64x2, using: &random)
        for origins in [[Origin.register, .constant], [.constant, .register]] {
          cases.append(
            Case(signature: signature, origins: origins, constants: [constant, constant]))
        }
      }
    }
    try check(cases, options, rounds: 6, &random)
  }

  // MARK: Shuffles

  /// All patterns of the kinds that have instructions of their own, and of none.
  private static func patterns(using random: inout SeededGenerator) -> [V128] {
    var all: [[Int]] = []
    for size in [1, 2, 4, 8] {
      for start in [0, 8] {
        all.append((0..<16).map { $0 / size % 2 * 16 + start + $0 / size / 2 * size + $0 % size })
      }
    }
    for start in 0..<32 {
      all.append((0..<16).map { ($0 + start) % 32 })
      all.append((0..<16).map { ($0 + start) % 16 })
      all.append((0..<16).map { _ in start })
      // Moved up or down, with bytes of the other operand behind.
      all.append((0..<16).map { $0 < start ? 16 + $0 : $0 - start }.map { min($0, 31) })
      all.append((0..<16).map { $0 + start < 16 ? $0 + start : 16 })
    }
    for order in 0..<256 {
      all.append((0..<16).map { (order >> ($0 / 4 * 2) & 3) * 4 + $0 % 4 })
      if order < 16 { all.append((0..<16).map { $0 + (order >> ($0 / 4) & 1) * 16 }) }
      all.append((0..<16).map { $0 + (order >> ($0 / 2) & 1) * 16 })
      let dword = { (k: Int) in (order >> (k / 4 * 2) & 3) * 4 + k % 4 }
      all.append((0..<16).map { dword($0) + ($0 >= 8 ? 16 : 0) })
      let word = { (k: Int) in (order >> (k / 2 % 4 * 2) & 3) * 2 + k % 2 }
      all.append((0..<16).map { $0 < 8 ? word($0) : $0 })
      all.append((0..<16).map { $0 < 8 ? $0 : word($0) + 8 })
    }
    var patterns = all.map { V128(byteList: $0.map { UInt8($0) }) }
    for _ in 0..<300 { patterns.append(randomPattern(using: &random)) }
    return patterns + patterns.map { V128(byteList: $0.byteList.map { $0 ^ 16 }) }
  }

  @Test(arguments: allProcessors) func shufflesOfEveryKind(_ options: LoweringOptions) throws {
    var random = SeededGenerator(seed: 35)
    let signature = VectorSignature.all.first { $0.opcode == .vshuffle }!
    let none = V128(scalar: 0)
    var cases: [Case] = []
    for pattern in Self.patterns(using: &random) {
      for (origins, constant) in [
        ([Origin.register, .register], none), ([.load, .load], none), ([.kept, .first], none),
        ([.register, .constant], none), ([.constant, .register], none),
        ([.load, .constant], V128(low: 0x0123_4567_89ab_cdef, high: 0xfedc_ba98_7654_3210)),
      ] {
        cases.append(
          Case(
            signature: signature, origins: origins, constants: [constant, constant],
            pattern: pattern))
      }
    }
    try check(cases, options, rounds: 2, &random)
  }

  @Test(arguments: allProcessors) func shufflesOfShuffles(_ options: LoweringOptions) throws {
    var random = SeededGenerator(seed: 36)
    var boxes: [IRBox] = []
    for index in 0..<3000 {
      var maker = FunctionMaker()
      _ = maker.bind([], [])
      maker.builder.function.index = UInt32(index)
      var values = (0..<3).map { maker.load(.v128, at: Layout.operand($0)) }
      values.append(maker.constant(V128(scalar: 0)))
      func pick() -> Value {
        values[Int.random(in: 0..<(index % 3 == 0 ? 4 : 3), using: &random)]
      }
      let inner = maker.shuffle(pick(), pick(), randomPattern(using: &random))
      var outer = [inner, pick()]
      if Bool.random(using: &random) { outer.swapAt(0, 1) }
      if index % 11 == 0 { outer = [inner, inner] }
      maker.store(
        maker.shuffle(outer[0], outer[1], randomPattern(using: &random)), at: Layout.result)
      if index % 7 == 0 { maker.store(inner, at: Layout.kept) }
      maker.returns([])
      boxes.append(IRBox(maker.function()))
    }
    try expectSameMemory(boxes, options, rounds: 2) { _, write in
      for k in 0..<3 {
        write(Int(Layout.operand(k)), V128(low: random.next(), high: random.next()))
      }
    }
  }

  // MARK: Memory

  /// Half of a vector may be all that is needed of a load, but all of it is read.
  @Test(arguments: bothLevels) func loadsBeyondTheEndTrap(_ options: LoweringOptions) throws {
    let unary = VectorSignature.all.filter { $0.operands == [.v128] }
    let boxes = unary.enumerated().map { index, signature in
      var maker = FunctionMaker()
      _ = maker.bind([], [])
      maker.builder.function.index = UInt32(index)
      let vector = maker.load(.v128, at: UInt32(LoweredModule.memoryBytes - 8))
      maker.store(maker.add(signature.instruction([vector.raw])), at: Layout.result)
      maker.returns([])
      return IRBox(maker.function())
    }
    let type = TestSignature(parameters: [], results: [])
    let module = try LoweredModule(boxes, boxes.map { _ in type }, options)
    for index in boxes.indices {
      #expect(
        module.run(index, type, []) == .trapped(2),
        "\(unary[index])\n\(loweredText(boxes[index], [type], options))")
    }
  }
}
