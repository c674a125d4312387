// SPDX-License-Identifier: Apache-2.0
// Lowering, allocation and emission together: operations are executed and compared with the
// evaluator, one by one and in random rows.

import BrolgaArtefact
import BrolgaEntities
import Glibc
import RegisterAllocation
import Testing

@testable import BrolgaCompiler

/// Compiles functions of the intermediate representation through all stages.
private struct Pipeline: ~Copyable {
  var lowering = Lowering<X64>()
  var machine = MachineFunction()
  var solution = Solution()
  var allocator = Allocator()
  var emitter = Emitter<X64>()
  var count: UInt32 = 0

  mutating func add(
    _ function: inout Function, _ unit: LoweringUnit, _ options: LoweringOptions
  ) throws {
    lowering.lower(&function, unit: unit, options: options, into: &machine)
    machine.index = count
    count += 1
    try allocator.allocate(machine.problem, into: &solution)
    try emitter.emit(&machine, &solution)
  }

  mutating func link() throws -> CompiledModule {
    var module = CompiledModule()
    try BrolgaCompiler.link(
      [emitter.assembler.code.view], definedFunctionCount: Int(count), importedFunctionCount: 0,
      for: X64.self, into: &module)
    return module
  }
}

/// Where the parameters and results of a signature travel.
private struct Transport {
  var integers: [UInt64] = []
  var floats: [UInt64] = []
  var stack: [UInt64] = []
  var places = CallPlaces()

  mutating func pass(_ type: Type, _ bits: UInt64) {
    switch places.nextParameter(type.kind) {
    case .integerRegister: integers.append(bits)
    case .floatRegister: floats.append(bits)
    case .stackWord: stack.append(bits)
    }
  }

  mutating func result(_ type: Type, _ from: EmissionResult) -> UInt64 {
    let word: UInt64 =
      switch places.nextResult(type.kind) {
      case .integerRegister(let k): from.integers[Int(k)]
      case .floatRegister(let k): from.floats[Int(k)]
      case .stackWord(let k): from.stackWords[Int(k)]
      }
    return type == .f32 ? word & 0xffff_ffff : word
  }
}

private func isNaN(_ type: Type, _ bits: UInt64) -> Bool {
  switch type {
  case .f32: Float(bitPattern: UInt32(truncatingIfNeeded: bits)).isNaN
  case .f64: Double(bitPattern: bits).isNaN
  default: false
  }
}

private func agree(_ type: Type, _ a: UInt64, _ b: UInt64) -> Bool {
  a == b || isNaN(type, a) && isNaN(type, b)
}

@Suite(.serialized) struct EmissionExpressionTests {
  private func beginFunction(_ builder: inout Builder, _ parameters: [Type]) -> [Value] {
    builder.beginFunction(index: 0, typeIndex: 0)
    let block = builder.createBlock()
    builder.beginBlock(block, dominatorDepth: -1)
    builder.function.blocks[block].parameterCount = UInt32(parameters.count)
    return parameters.enumerated().map { k, type in
      let value = builder.append(Instruction(.param, type, a: 0, b: UInt32(k)))
      builder.function.lists.append(value.raw)
      return value
    }
  }

  private func end(_ builder: inout Builder, returning values: [Value]) {
    let start = UInt32(builder.function.lists.count)
    for value in values { builder.function.lists.append(value.raw) }
    builder.append(Instruction(.returns, .none, b: start, c: UInt32(values.count)))
  }

  private func expected(_ s: Signature, _ inputs: [UInt64]) -> Result<UInt64, Interpreter.Trap> {
    if s.opcode == .select {
      return .success(UInt32(truncatingIfNeeded: inputs[0]) != 0 ? inputs[1] : inputs[2])
    }
    return Interpreter.evaluate(
      s.opcode, from: s.operands[0], to: s.result, inputs[0], inputs.count > 1 ? inputs[1] : 0)
  }

  /// Each operation with parameters; with a constant for its last operand; with both the same.
  @Test(arguments: [true, false]) func everyOperationComputesItsValue(optimises: Bool) throws {
    let options: LoweringOptions = optimises ? .full : .fast
    var random = SeededGenerator(seed: 11)
    var (compared, trapped) = (0, 0)
    for s in Signature.all {
      var pipeline = Pipeline()
      var constants: [UInt64?] = [nil]
      for _ in 0..<12 { constants.append(interestingBits(s.operands.last!, using: &random)) }
      let unit = LoweringUnit(
        signatures: [(parameters: s.operands, results: [s.result])],
        layout: ContextLayout(ContextLayout.Counts()))
      for constant in constants {
        var builder = Builder()
        var fields = beginFunction(&builder, s.operands).map(\.raw)
        if let constant {
          fields[fields.count - 1] =
            builder.append(.constant(s.operands.last!, bits: constant)).raw
        }
        fields += [0, 0]
        let value = builder.append(
          Instruction(s.opcode, s.result, a: fields[0], b: fields[1], c: fields[2]))
        end(&builder, returning: [value])
        try pipeline.add(&builder.function, unit, options)
      }
      let code = EmissionExecutable(try pipeline.link())
      for (k, constant) in constants.enumerated() {
        for _ in 0..<40 {
          var inputs = s.operands.map { interestingBits($0, using: &random) }
          var transport = Transport()
          for (type, bits) in zip(s.operands, inputs) { transport.pass(type, bits) }
          if let constant { inputs[inputs.count - 1] = constant }
          let result = code.run(
            k, integers: transport.integers, floats: transport.floats, stack: transport.stack)
          compared += 1
          let expected = expected(s, inputs)
          let kind = result.trapOffset.map { code.trapKind(at: $0) ?? 99 }
          var isRight: Bool
          switch expected {
          case .success(let bits):
            isRight = kind == nil && agree(s.result, transport.result(s.result, result), bits)
          case .failure(let trap):
            trapped += 1
            isRight = kind == UInt8(trap.kind)
          }
          if !isRight {
            Issue.record("\(s) \(inputs) constant \(constant as Any): \(result) \(expected)")
          }
        }
      }
    }
    #expect(compared > 30_000)
    #expect(trapped > 500)
  }

  /// Rows of operations, loads and stores among them, on a real memory.
  @Test(arguments: [true, false]) func randomRowsComputeTheirValues(optimises: Bool) throws {
    let options: LoweringOptions = optimises ? .full : .fast
    let types: [Type] = [.i32, .i64, .f32, .f64]
    let memory = TestMemory()
    var returned = 0
    for chunk in 0..<20 {
      var pipeline = Pipeline()
      var rows: [RowEvaluator] = []
      for k in 0..<25 {
        var builder = Builder()
        RandomExpressions(seed: UInt64(chunk * 25 + k)).build(&builder, simplifies: k & 1 == 0)
        let row = RowEvaluator(builder.function)
        rows.append(row)
        let unit = LoweringUnit(
          signatures: [(parameters: types, results: row.resultTypes)],
          layout: ContextLayout(ContextLayout.Counts()))
        try pipeline.add(&builder.function, unit, options)
      }
      let code = EmissionExecutable(try pipeline.link())
      for (k, row) in rows.enumerated() where row.resultTypes.count < 100 {
        var random = SeededGenerator(seed: UInt64(chunk * 25 + k) &+ 77)
        for _ in 0..<6 {
          let inputs = types.map { interestingBits($0, using: &random) }
          var transport = Transport()
          for (type, bits) in zip(types, inputs) { transport.pass(type, bits) }
          let result = code.run(
            k, integers: transport.integers, floats: transport.floats,
            linearMemory: memory.base)
          var evaluator = row
          let end = evaluator.run(inputs)
          if evaluator.showsNaN {
            _ = memory.takeBytes(evaluator.memory)
            continue
          }
          let kind = result.trapOffset.map { UInt16(code.trapKind(at: $0) ?? 99) }
          var isRight = kind == end
          if end == nil {
            returned += 1
            for (type, bits) in zip(row.resultTypes, evaluator.results) {
              isRight = isRight && agree(type, transport.result(type, result), bits)
            }
          }
          let hasMemory = memory.takeBytes(evaluator.memory)
          if !isRight || !hasMemory {
            Issue.record("row \(chunk * 25 + k), trap \(kind as Any), expected \(end as Any)")
          }
        }
      }
    }
    #expect(returned > 1500)
  }
}

/// Four GiB of address space and what an offset may add, for a guest that trusts guard pages.
private final class TestMemory {
  static let size = (1 << 32) + (1 << 16)
  let base: UnsafeMutableRawPointer

  init() {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    base = mmap(nil, Self.size, PROT_READ | PROT_WRITE, flags, -1, 0)!
  }

  deinit { munmap(base, Self.size) }

  /// Compares the bytes written with those expected, and clears them.
  func takeBytes(_ expected: [UInt64: UInt8]) -> Bool {
    var isEqual = true
    for (address, byte) in expected {
      if base.load(fromByteOffset: Int(address), as: UInt8.self) != byte { isEqual = false }
      base.storeBytes(of: 0, toByteOffset: Int(address), as: UInt8.self)
    }
    return isEqual
  }
}

/// Evaluates a straight row of operations on a memory of bytes.
private struct RowEvaluator {
  let instructions: [Instruction]
  let lists: [UInt32]
  private(set) var results: [UInt64] = []
  private(set) var memory: [UInt64: UInt8] = [:]
  /// Whether the bits of a NaN that an operation made became visible: they are not specified.
  private(set) var showsNaN = false
  private var madeNaN: Set<UInt32> = []
  private var values: [UInt64] = []

  init(_ function: borrowing Function) {
    instructions = function.instructions.storage.toArray()
    lists = function.lists.toArray()
  }

  private var end: Instruction { instructions.last! }

  private var resultValues: [UInt32] { Array(lists[Int(end.b)..<Int(end.b + end.c)]) }

  var resultTypes: [Type] { resultValues.map { instructions[Int($0)].type } }

  /// Returns the kind of the trap, if there is one.
  mutating func run(_ inputs: [UInt64]) -> UInt16? {
    values = Array(repeating: 0, count: instructions.count)
    for (index, i) in instructions.enumerated() {
      switch i.opcode {
      case .param: values[index] = inputs[Int(i.b)]
      case .iconst, .fconst: values[index] = i.bits
      case .load, .load8S, .load8U, .load16S, .load16U, .load32S, .load32U:
        values[index] = load(i)
      case .store: store(i, byteCount(of: i.c))
      case .store8: store(i, 1)
      case .store16: store(i, 2)
      case .store32: store(i, 4)
      case .trapIf: if values[Int(i.a)] & 0xffff_ffff != 0 { return i.aux }
      case .select:
        if madeNaN.contains(i.b) || madeNaN.contains(i.c) { madeNaN.insert(UInt32(index)) }
        values[index] = values[Int(values[Int(i.a)] & 0xffff_ffff != 0 ? i.b : i.c)]
      case .returns: results = resultValues.map { values[Int($0)] }
      default:
        guard i.opcode.isPure else { continue }
        let isUnary = i.opcode.info.shape == .unary
        let answer = Interpreter.evaluate(
          i.opcode, from: instructions[Int(i.a)].type, to: i.type, values[Int(i.a)],
          isUnary ? 0 : values[Int(i.b)])
        switch answer {
        case .success(let bits):
          values[index] = bits
          let operands = isUnary ? [i.a] : [i.a, i.b]
          if operands.contains(where: madeNaN.contains) {
            if [.reinterpret, .fcopysign].contains(i.opcode) { showsNaN = true }
          }
          if isNaN(i.type, bits) && i.opcode != .reinterpret { madeNaN.insert(UInt32(index)) }
        case .failure(let trap): return trap.kind
        }
      }
    }
    return nil
  }

  private func byteCount(of value: UInt32) -> Int { instructions[Int(value)].type.byteCount }

  private func load(_ i: Instruction) -> UInt64 {
    func read(_ count: Int) -> UInt64 {
      var bits: UInt64 = 0
      for k in 0..<count {
        bits |= UInt64(memory[address(i) + UInt64(k)] ?? 0) << UInt64(8 * k)
      }
      return bits
    }
    let bits: UInt64 =
      switch i.opcode {
      case .load8S: UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: read(1))))
      case .load8U: read(1)
      case .load16S: UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: read(2))))
      case .load16U: read(2)
      case .load32S: UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: read(4))))
      case .load32U: read(4)
      default: read(i.type.byteCount)
      }
    return i.type.byteCount == 4 ? bits & 0xffff_ffff : bits
  }

  private func address(_ i: Instruction) -> UInt64 {
    (values[Int(i.a)] & 0xffff_ffff) + UInt64(i.b)
  }

  private mutating func store(_ i: Instruction, _ count: Int) {
    for k in 0..<count {
      memory[address(i) + UInt64(k)] =
        UInt8(truncatingIfNeeded: values[Int(i.c)] >> UInt64(8 * k))
    }
  }
}
