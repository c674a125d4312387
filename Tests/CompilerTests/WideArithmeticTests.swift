// SPDX-License-Identifier: Apache-2.0
// Sums, differences and products of 128 bits, as compilers emit them for machines without.

import BrolgaEntities
import Testing

@testable import BrolgaCompiler

/// One way of many to write an operation; the random numbers choose.
private struct WideMaker: ~Copyable {
  var maker = FunctionMaker()
  var random: SeededGenerator
  let type: Type

  init(seed: UInt64, _ type: Type = .i64) {
    random = SeededGenerator(seed: seed)
    self.type = type
  }

  mutating func chance(_ n: Int) -> Bool { Int.random(in: 0..<n, using: &random) == 0 }

  mutating func make(_ opcode: Opcode, _ a: Value, _ b: Value) -> Value {
    let isComparison = opcode.isIntegerComparison
    let swaps = opcode.info.isCommutative && chance(2)
    return maker.add(
      Instruction(
        opcode, isComparison ? .i32 : type, a: swaps ? b.raw : a.raw, b: swaps ? a.raw : b.raw))
  }

  mutating func constant(_ bits: UInt64) -> Value { maker.add(.constant(type, bits: bits)) }

  mutating func add(_ terms: [Value]) -> Value {
    var terms = terms.shuffled(using: &random)
    while terms.count > 1 {
      let a = terms.removeFirst()
      let b = terms.removeFirst()
      terms.insert(make(.add, a, b), at: Int.random(in: 0...terms.count, using: &random))
    }
    return terms[0]
  }

  /// A comparison as a number of the type.
  mutating func number(_ condition: Value) -> Value {
    type == .i32 ? condition : maker.add(Instruction(.extendU, type, a: condition.raw))
  }

  /// Whether `a < b`.
  mutating func less(_ a: Value, _ b: Value) -> Value {
    chance(2) ? make(.ltU, a, b) : make(.gtU, b, a)
  }

  mutating func lower(_ value: Value) -> Value {
    if chance(2) { return make(.and, value, constant(0xffff_ffff)) }
    let narrow = maker.add(Instruction(.wrap, .i32, a: value.raw))
    return maker.add(Instruction(.extendU, .i64, a: narrow.raw))
  }

  mutating func upper(_ value: Value) -> Value { make(.shrU, value, constant(32)) }

  /// Stores both halves.
  mutating func end(_ low: Value, _ high: Value) {
    maker.store(low, at: 64)
    maker.store(high, at: 72)
    maker.returns([])
  }

  consuming func function(_ index: Int) -> Function {
    maker.builder.function.index = UInt32(index)
    return maker.function()
  }
}

@Suite(.serialized) struct WideArithmeticTests {
  private func sum(seed: UInt64, _ type: Type) -> Function {
    var w = WideMaker(seed: seed, type)
    let (_, p) = w.maker.bind([], [type, type, type, type])
    let b = w.chance(4) ? [w.constant(seed & 0xff), w.constant(seed >> 1 & 1)] : [p[2], p[3]]
    let low = w.make(.add, p[0], b[0])
    let carry = w.less(low, w.chance(2) ? p[0] : b[0])
    let high = w.add([p[1], b[1], w.number(carry)])
    w.end(low, high)
    return w.function(0)
  }

  private func difference(seed: UInt64, _ type: Type) -> Function {
    var w = WideMaker(seed: seed, type)
    let (_, p) = w.maker.bind([], [type, type, type, type])
    let b = w.chance(4) ? [w.constant(seed & 0xff), w.constant(seed >> 1 & 1)] : [p[2], p[3]]
    let low = w.make(.sub, p[0], b[0])
    let borrow = w.number(w.less(p[0], b[0]))
    let high: Value
    switch Int.random(in: 0..<3, using: &w.random) {
    case 0: high = w.make(.sub, w.make(.sub, p[1], b[1]), borrow)
    case 1: high = w.make(.sub, w.make(.sub, p[1], borrow), b[1])
    default: high = w.make(.sub, p[1], w.make(.add, b[1], borrow))
    }
    w.end(low, high)
    return w.function(0)
  }

  /// Of the lower 64 bits of both numbers; the others are added to the upper half or not.
  private func product(seed: UInt64, breaks: Bool = false) -> Function {
    var w = WideMaker(seed: seed)
    let (_, p) = w.maker.bind([], [.i64, .i64, .i64, .i64])
    let (x, y) = w.chance(2) ? (p[0], p[2]) : (p[2], p[0])
    let broken = breaks ? Int.random(in: 0..<12, using: &w.random) : -1
    let (xl, xh) = (w.lower(x), w.upper(x))
    let yl = w.lower(broken == 0 ? p[1] : y)
    let yh = broken == 1 ? w.make(.shrS, y, w.constant(32)) : w.upper(y)
    let low = w.make(.mul, xl, yl)
    let carried = broken == 2 ? w.make(.shrU, low, w.constant(31)) : w.upper(low)
    let first = w.make(.add, w.make(.mul, xh, broken == 3 ? yh : yl), carried)
    let masked =
      broken == 4
      ? w.make(.and, first, w.constant(0x7fff_ffff)) : w.lower(broken == 8 ? p[1] : first)
    let second = w.make(.add, w.make(.mul, broken == 5 ? xh : xl, yh), masked)
    let uppers = w.make(.mul, xh, broken == 6 ? p[3] : yh)
    var terms = [uppers, w.upper(first), w.upper(broken == 7 ? first : second)]
    if w.chance(2) { terms += [w.make(.mul, p[0], p[3]), w.make(.mul, p[1], p[2])] }
    let isWhole = terms.count > 3
    let high: Value
    if w.chance(2) || isWhole {
      // As LLVM orders them.
      let last = w.make(.add, w.make(.add, terms[0], terms[1]), terms[2])
      high = isWhole ? w.make(.add, last, w.make(.add, terms[3], terms[4])) : last
    } else {
      high = w.add(terms)
    }
    let shifted = w.make(.shl, broken == 9 ? first : second, w.constant(broken == 10 ? 31 : 32))
    let lower = w.make(.or, shifted, w.lower(broken == 11 ? uppers : low))
    w.end(lower, high)
    w.maker.builder.function.typeIndex = isWhole ? 1 : 0
    return w.function(0)
  }

  private func words(_ type: Type, _ random: inout SeededGenerator) -> [UInt64] {
    var all = (0..<4).map { _ in interestingBits(type, using: &random) }
    if Int.random(in: 0..<3, using: &random) == 0 { all[2] = all[0] }
    return all
  }

  /// Runs each function as it is and optimised, at both levels, beside the evaluator.
  private func check(
    _ makers: [() -> Function], _ type: Type,
    _ meaning: (_ index: Int, _ words: [UInt64]) -> [UInt64]?
  ) throws {
    let signature = TestSignature(parameters: Array(repeating: type, count: 4), results: [])
    for (k, options) in [LoweringOptions.full, .fast, .full].enumerated() {
      let boxes = makers.map { IRBox($0()) }
      let plain = makers.map { IRBox($0()) }
      var scratch = PassScratch()
      for (index, box) in boxes.enumerated() {
        if k == 2 { optimize(&box.function, &scratch, alwaysRebuilds: true) }
        box.function.index = UInt32(index)
      }
      let module = try LoweredModule(boxes, boxes.map { _ in signature }, options)
      var random = SeededGenerator(seed: 41)
      for index in boxes.indices {
        for _ in 0..<8 {
          let inputs = words(type, &random)
          module.reset()
          var interpreter = RealInterpreter(plain, scratchAddress: 0)
          _ = try interpreter.run(index, inputs)
          #expect(module.run(index, signature, inputs) == .returned(0))
          let memory = UnsafeRawBufferPointer(
            start: module.memory, count: LoweredModule.memoryBytes)
          let actual = [64, 72].map { (at: Int) -> UInt64 in half(at, type) { memory[$0] } }
          let expected = [64, 72].map { (at: Int) -> UInt64 in
            half(at, type) { interpreter.memory[$0] }
          }
          if actual != expected || meaning(index, inputs) ?? expected != expected {
            Issue.record(
              """
              \(inputs): \(actual), not \(expected), \(meaning(index, inputs) as Any)
              \(plain[index].function.text())
              \(boxes[index].function.text())
              \(loweredText(boxes[index], [signature], options))
              """)
            return
          }
        }
      }
    }
  }

  private func half(_ start: Int, _ type: Type, _ byte: (Int) -> UInt8) -> UInt64 {
    (0..<type.byteCount).reduce(0) { $0 | UInt64(byte(start + $1)) << UInt64(8 * $1) }
  }

  private func wide(_ type: Type, _ low: UInt64, _ high: UInt64) -> UInt128 {
    UInt128(low) | UInt128(high) << UInt128(8 * type.byteCount)
  }

  private func halves(_ type: Type, _ value: UInt128) -> [UInt64] {
    let bits = UInt128(8 * type.byteCount)
    let mask = (UInt128(1) << bits) - 1
    return [UInt64(value & mask), UInt64(value >> bits & mask)]
  }

  @Test(arguments: [Type.i32, .i64]) func sumsAndDifferencesCarry(_ type: Type) throws {
    let seeds = UInt64(0)..<300
    for isSum in [true, false] {
      let makers = seeds.map { seed in
        { isSum ? self.sum(seed: seed, type) : self.difference(seed: seed, type) }
      }
      try check(makers, type) { index, p in
        // The first thing chosen is whether the second is a constant.
        var w = WideMaker(seed: UInt64(index), type)
        let hasConstant = w.chance(4)
        let seed = UInt64(index)
        let b = hasConstant ? [seed & 0xff, seed >> 1 & 1] : [p[2], p[3]]
        let (x, y) = (wide(type, p[0], p[1]), wide(type, b[0], b[1]))
        return halves(type, isSum ? x &+ y : x &- y)
      }
    }
  }

  /// The carry is an instruction's part where nothing else reads it.
  @Test func carriesAreNotComputed() throws {
    var carried = 0
    for seed in UInt64(0)..<40 {
      let signature = TestSignature(parameters: Array(repeating: .i64, count: 4), results: [])
      for isSum in [true, false] {
        let box = IRBox(isSum ? sum(seed: seed, .i64) : difference(seed: seed, .i64))
        let text = loweredText(box, [signature])
        if text.contains(isSum ? "adc" : "sbb") { carried += 1 }
      }
    }
    #expect(carried > 40, "\(carried)")
  }

  @Test func carriesOfOtherComparisonsAreNone() throws {
    let opcodes: [Opcode] = [
      .ltU, .gtU, .leU, .geU, .ltS, .gtS, .leS, .geS, .eq, .ne,
    ]
    for type in [Type.i32, .i64] {
      for narrow in [Type.i32, .i64] {
        let makers: [() -> Function] = (UInt64(0)..<200).map { seed in
          {
            var w = WideMaker(seed: seed, type)
            let (_, p) = w.maker.bind([], [type, type, type, type])
            let opcode = opcodes[Int(seed) % opcodes.count]
            var compared = [p[0], p[1]].map { value in
              if type == narrow { return value }
              return w.maker.add(
                Instruction(narrow == .i32 ? .wrap : .extendS, narrow, a: value.raw))
            }
            if w.chance(3) {
              let bits: UInt64 = [0, 1, 0x7fff_ffff, 0xffff_ffff].randomElement(using: &w.random)!
              compared[w.chance(2) ? 0 : 1] = w.maker.add(.constant(narrow, bits: bits))
            }
            let carry = w.number(
              w.maker.add(Instruction(opcode, .i32, a: compared[0].raw, b: compared[1].raw)))
            let other = w.chance(2) ? w.make(.add, p[2], p[3]) : w.make(.sub, p[2], p[3])
            let result: Value
            switch Int.random(in: 0..<3, using: &w.random) {
            case 0: result = w.make(.add, other, carry)
            case 1: result = w.make(.sub, other, carry)
            default: result = w.make(.sub, carry, other)
            }
            // The carry or the sum is read again.
            let second = [carry, other, p[2], result].randomElement(using: &w.random)!
            w.end(result, second)
            return w.function(0)
          }
        }
        try check(makers, type) { _, _ in nil }
      }
    }
  }

  @Test func productsOfHalvesAreExact() throws {
    let makers = (UInt64(0)..<400).map { seed in { self.product(seed: seed) } }
    try check(makers, .i64) { index, p in
      let isWhole = product(seed: UInt64(index)).typeIndex == 1
      let (x, y) = (wide(.i64, p[0], p[1]), wide(.i64, p[2], p[3]))
      return halves(.i64, isWhole ? x &* y : UInt128(p[0]) &* UInt128(p[2]))
    }
  }

  @Test func nearlyProductsAreExact() throws {
    let makers = (UInt64(0)..<1500).map { seed in { self.product(seed: seed, breaks: true) } }
    try check(makers, .i64) { _, _ in nil }
  }

  /// In the order in which LLVM adds.
  @Test func productsAreRecognised() throws {
    var scratch = PassScratch()
    var found = 0
    for seed in UInt64(0)..<200 {
      var function = product(seed: seed)
      optimize(&function, &scratch, alwaysRebuilds: true)
      if function.text().contains("mul_high_u") { found += 1 }
    }
    #expect(found > 60, "\(found)")
  }
}
