// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import BrolgaWasm

private let mismatch = "invalid: type mismatch"

private func complain(
  _ code: [UInt8], parameters: [UInt8] = [], results: [UInt8] = []
) -> String? {
  complaint(about: TestModule(code, parameters: parameters, results: results).furnished())
}

/// All operators of function 0.
private func operators(of module: TestModule) throws -> [Operator] {
  var validator = FunctionValidator()
  let decoded = try Module(decoding: module.bytes)
  try validator.begin(decoded, function: 0)
  var result: [Operator] = []
  while !validator.isAtEnd { result.append(try validator.next()) }
  return result
}

@Test func operatorsCarryTheirImmediates() throws {
  let code: [UInt8] = [
    0x20, 0x80, 0x01, 0x21, 0x01, 0x41, 0x7F, 0x1A, 0x42, 0x7E, 0x1A, 0x43, 1, 2, 3, 4, 0x1A,
    0x44, 1, 2, 3, 4, 5, 6, 7, 8, 0x1A, 0x41, 0x00, 0x28, 0x01, 0x80, 0x02, 0x1A,
    0x41, 0, 0x42, 0, 0x41, 0, 0x11, 0x01, 0x00, 0x1A, 0xD0, 0x6F, 0x1A, 0xD2, 0x01, 0x1A,
    0x41, 0, 0x41, 0, 0x41, 0, 0xFC, 0x0C, 0x00, 0x00,
    0x41, 0, 0x41, 0, 0x41, 0, 0xFC, 0x08, 0x00, 0x00,
    0xD0, 0x6F, 0xD0, 0x6F, 0x41, 0, 0x1C, 0x01, 0x6F, 0x1A,
  ]
  let all = try operators(of: TestModule(code, locals: [unsigned(200) + [0x7F]]).furnished())
  func first(_ opcode: Opcode) throws -> Operator {
    try #require(all.first { $0.opcode == opcode })
  }
  #expect(try first(.localGet).index == 128)
  #expect(try first(.localSet).index == 1)
  #expect(try first(.i32Const).immediate == 0xFFFF_FFFF)
  #expect(try first(.i64Const).immediate == UInt64(bitPattern: -2))
  #expect(try first(.f32Const).immediate == 0x0403_0201)
  #expect(try first(.f64Const).immediate == 0x0807_0605_0403_0201)
  let load = try first(.i32Load)
  #expect(load.index == 0 && load.index2 == 1 && load.immediate == 256)
  let call = try first(.callIndirect)
  #expect(call.index == 1 && call.index2 == 0)
  #expect(try first(.refNull).immediate == UInt64(ValueType.externref.raw))
  #expect(try first(.refFunc).index == 1)
  #expect(try first(.tableInit).index == 0)
  #expect(try first(.memoryInit).index2 == 0)
  #expect(try first(.selectTyped).immediate == UInt64(ValueType.externref.raw))
  #expect(all.last?.opcode == .end)
}

/// What the validator says after an operator.
private struct State: Equatable {
  var opcode: Opcode
  var depth: Int
  var operands: Int
  var isUnreachable = false
  var isAtEnd = false
}

@Test func statesAreReportedAfterEachOperator() throws {
  var validator = FunctionValidator()
  let code: [UInt8] = [
    0x02, 0x7F, 0x03, 0x40, 0x41, 0x00, 0x0D, 0x00, 0x41, 0x01, 0x0C, 0x01, 0x1A, 0x0B, 0x41, 0x05,
    0x0B, 0x1A,
  ]
  let test = TestModule(code, parameters: [0x7E], locals: [[0x02, 0x7D]])
  let module = try Module(decoding: test.bytes)
  try validator.begin(module, function: 0)
  let locals = validator.localTypes.toArray()
  #expect(locals == [.i64, .f32, .f32])
  var states: [State] = []
  var offsets: [Int] = []
  var results: [[ValueType]] = []
  while !validator.isAtEnd {
    let opcode = try validator.next().opcode
    states.append(
      State(
        opcode: opcode, depth: validator.controlDepth, operands: validator.operandCount,
        isUnreachable: validator.isUnreachable, isAtEnd: validator.isAtEnd))
    offsets.append(validator.offset - module.body(ofFunction: 0).lowerBound - 3)
    results.append(Array(validator.blockSignature.results))
  }
  #expect(
    states == [
      State(opcode: .block, depth: 2, operands: 0), State(opcode: .loop, depth: 3, operands: 0),
      State(opcode: .i32Const, depth: 3, operands: 1), State(opcode: .brIf, depth: 3, operands: 0),
      State(opcode: .i32Const, depth: 3, operands: 1),
      State(opcode: .br, depth: 3, operands: 0, isUnreachable: true),
      State(opcode: .drop, depth: 3, operands: 0, isUnreachable: true),
      State(opcode: .end, depth: 2, operands: 0), State(opcode: .i32Const, depth: 2, operands: 1),
      State(opcode: .end, depth: 1, operands: 1), State(opcode: .drop, depth: 1, operands: 0),
      State(opcode: .end, depth: 0, operands: 0, isAtEnd: true),
    ])
  #expect(offsets == [0, 2, 4, 6, 8, 10, 12, 13, 14, 16, 17, 18])
  #expect(results[0] == [.i32] && results[1].isEmpty)
}

@Test func openConstructsCanBeAsked() throws {
  var validator = FunctionValidator()
  let test = TestModule([0x02, 0x7F, 0x03, 0x40, 0x0B, 0x00, 0x0B, 0x1A])
  try validator.begin(try Module(decoding: test.bytes), function: 0)
  _ = try validator.next()
  _ = try validator.next()
  let kinds = [validator.frame(0).kind, validator.frame(1).kind, validator.frame(2).kind]
  let results = Array(validator.frame(1).signature.results)
  #expect(kinds == [.loop, .block, .block] && results == [.i32])
}

@Test func everyOperatorIsInTheTableOnce() {
  let table = OperatorTable.make()
  for opcode in Opcode.allCases {
    let info = table[Int(opcode.rawValue)]
    #expect(info.opcode == opcode)
    #expect(info.shape != .illegal)
    let isRow = opcode.rawValue >= Opcode.i64Add128.rawValue
    let hasTypes = isRow || [.unary, .binary, .load, .store].contains(info.shape)
    #expect((info.operand | info.result != 0) == hasTypes)
  }
  var legal = 0
  for i in table.indices where table[i].shape != .illegal && table[i].shape != .prefix {
    legal += 1
  }
  #expect(legal == Opcode.allCases.count)
}

@Test func numericOperatorsTakeAndGiveTheirTypes() throws {
  let table = OperatorTable.make()
  let constants: [UInt8: [UInt8]] = [
    0x7F: [0x41, 0], 0x7E: [0x42, 0], 0x7D: [0x43, 0, 0, 0, 0],
    0x7C: [0x44, 0, 0, 0, 0, 0, 0, 0, 0],
  ]
  for opcode in Opcode.allCases {
    let info = table[Int(opcode.rawValue)]
    guard info.shape == .unary || info.shape == .binary, info.feature.isEmpty else { continue }
    let constant = try #require(constants[info.operand])
    let bytes = opcode.bytes
    let operands = info.shape == .unary ? constant : constant + constant
    #expect(complain(operands + bytes, results: [info.result]) == nil)
    #expect(complain(bytes, results: [info.result])?.hasPrefix(mismatch) == true)
    let wrong: [UInt8] = info.operand == 0x7F ? [0x42, 0] : [0x41, 0]
    #expect(complain(wrong + wrong + bytes + [0x1A])?.hasPrefix(mismatch) == true)
    // In unreachable code, whatever is missing is supplied.
    #expect(complain([0x00] + bytes, results: [info.result]) == nil)
    #expect(complain([0x00] + constant + bytes, results: [info.result]) == nil)
    #expect(complain([0x00] + wrong + bytes + [0x1A])?.hasPrefix(mismatch) == true)
  }
}

@Test func loadsAndStoresCheckAlignmentAndMemory() {
  let natural: [UInt8] = [
    2, 3, 2, 3, 0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 2, 3, 2, 3, 0, 1, 0, 1, 2,
  ]
  for (i, log2) in natural.enumerated() {
    let byte = 0x28 + UInt8(i)
    #expect(complain([0x00, byte, log2, 0x00]) == (i < 14 ? excess : nil))
    #expect(
      complain([0x00, byte, log2 + 1, 0x00])
        == "invalid: alignment must not be larger than natural")
    #expect(complaint(about: TestModule([0x00, byte, log2, 0x00])) == "invalid: unknown memory 0")
  }
  #expect(complain([0x00, 0x28, 0x80, 0x01, 0x00]) == "malformed: malformed memop flags")
  #expect(complain([0x00, 0x28, 0x40, 0x01, 0x00]) == "invalid: unknown memory 1")
  #expect(complain([0x00, 0x28, 0x40, 0x00, 0x00, 0x1A]) == nil)
  let large: [UInt8] = [0x80, 0x80, 0x80, 0x80, 0x10]
  #expect(complain([0x00, 0x28, 0x02] + large) == "invalid: offset out of range")
}

private let excess =
  "invalid: type mismatch: 1 values too many at the end of the construct"

@Test func constructsCheckTheirTypes() {
  #expect(complain([0x02, 0x7F, 0x0B])?.hasPrefix(mismatch) == true)
  #expect(complain([0x02, 0x40, 0x41, 0, 0x0B]) == excess)
  #expect(complain([0x41, 0, 0x02, 0x40, 0x1A, 0x0B])?.hasPrefix(mismatch) == true)
  #expect(
    complain([0x41, 0, 0x04, 0x7F, 0x41, 0, 0x0B, 0x1A])
      == "invalid: type mismatch: if without else must keep its types")
  #expect(complain([0x41, 0, 0x04, 0x7F, 0x41, 0, 0x05, 0x41, 0, 0x0B, 0x1A]) == nil)
  #expect(complain([0x41, 0, 0x04, 0x40, 0x05, 0x05, 0x0B])?.hasPrefix("malformed") == true)
  #expect(complain([0x05])?.hasPrefix("malformed") == true)
  #expect(complain([0x02, 0x09, 0x0B]) == "invalid: unknown type 9")
  #expect(complain([0x02, 0x41, 0x0B]) == "malformed: malformed value type 41")
  #expect(complain([0x02, 0x70, 0xD0, 0x70, 0x0B, 0x1A]) == nil)
  #expect(complain([0x02, 0x6F, 0xD0, 0x6F, 0x0B, 0x1A]) == nil)
  // A block of type 1 takes i32 i64 and gives f32.
  let block: [UInt8] = [0x41, 0, 0x42, 0, 0x02, 0x01, 0x1A, 0x1A, 0x43, 0, 0, 0, 0, 0x0B, 0x1A]
  #expect(complain(block) == nil)
  #expect(complain(Array(block.dropFirst(2)))?.hasPrefix(mismatch) == true)
  // A branch to a loop carries its parameters.
  let loop: [UInt8] = [0x41, 0, 0x42, 0, 0x03, 0x01, 0x0C, 0x00, 0x0B, 0x1A]
  #expect(complain(loop) == nil)
}

@Test func functionsEndWhereTheirBodiesDo() {
  #expect(complain([0x0B, 0x01]) == "malformed: section size mismatch: bytes after the function")
  #expect(complain([0x02, 0x40]) == "malformed: unexpected end of section or function")
  var module = TestModule()
  module.bodies = [[]]
  #expect(complaint(about: module) == "malformed: unexpected end of section or function")
}

@Test func branchesAreChecked() {
  #expect(complain([0x0C, 0x00]) == nil)
  #expect(complain([0x0C, 0x01]) == "invalid: unknown label 1")
  #expect(complain([0x41, 0, 0x0D, 0x00], results: [0x7F])?.hasPrefix(mismatch) == true)
  #expect(complain([0x41, 1, 0x41, 0, 0x0D, 0x00], results: [0x7F]) == nil)
  #expect(complain([0x0F], results: [0x7F])?.hasPrefix(mismatch) == true)
  #expect(complain([0x41, 0, 0x0F], results: [0x7F]) == nil)
  let two: [UInt8] = [0x02, 0x40, 0x02, 0x40, 0x41, 0, 0x0E, 0x02, 0x00, 0x01, 0x02, 0x0B, 0x0B]
  #expect(complain(two) == nil)
  #expect(complain([0x41, 0, 0x0E, 0x00, 0x04]) == "invalid: unknown label 4")
  let arity: [UInt8] = [0x02, 0x7F, 0x41, 0, 0x41, 0, 0x0E, 0x01, 0x00, 0x01, 0x0B, 0x1A]
  #expect(complain(arity) == "invalid: type mismatch: the labels of a br_table differ in arity")
  let types: [UInt8] = [
    0x02, 0x7F, 0x02, 0x7E, 0x42, 0, 0x41, 0, 0x0E, 0x01, 0x00, 0x01, 0x0B, 0x1A, 0x41, 0, 0x0B,
    0x1A,
  ]
  #expect(complain(types) == "invalid: type mismatch: expected i32, found i64")
  // Unreachable code can satisfy labels of different types.
  var unreachable = types
  unreachable.replaceSubrange(4..<8, with: [0x00])
  #expect(complain(unreachable) == nil)
  let many: [UInt8] = [0x41, 0, 0x0E] + unsigned(65_521) + [UInt8](repeating: 0, count: 65_522)
  #expect(complain(many) == "limit: too many labels in a br_table: the limit is 65520")
}

@Test func branchTargetsAreListed() throws {
  var validator = FunctionValidator()
  let test = TestModule([0x02, 0x40, 0x41, 0, 0x0E, 0x03, 0x01, 0x00, 0x01, 0x00, 0x0B])
  try validator.begin(try Module(decoding: test.bytes), function: 0)
  _ = try validator.next()
  _ = try validator.next()
  let table = try validator.next()
  let labels = validator.branchTargets.toArray()
  #expect(table.opcode == .brTable && table.index == 3)
  #expect(labels == [1, 0, 1, 0])
}

@Test func selectFindsItsType() throws {
  var validator = FunctionValidator()
  let test = TestModule([0x42, 0, 0x42, 1, 0x41, 0, 0x1B, 0x1A, 0x00, 0x1B, 0x1A])
  try validator.begin(try Module(decoding: test.bytes), function: 0)
  while try validator.next().opcode != .select {}
  let first = validator.selectType
  while try validator.next().opcode != .select {}
  let second = validator.selectType
  #expect(first == .i64 && second == .unknown)
  #expect(
    complain([0x41, 0, 0x42, 0, 0x41, 0, 0x1B, 0x1A])
      == "invalid: type mismatch: expected i32, found i64")
  #expect(
    complain([0xD0, 0x70, 0xD0, 0x70, 0x41, 0, 0x1B, 0x1A])
      == "invalid: type mismatch: select without a type takes numbers")
  #expect(complain([0x00, 0x1C, 0x00, 0x1A]) == "invalid: invalid result arity")
  #expect(complain([0x00, 0x1C, 0x02, 0x7F, 0x7F, 0x1A]) == "invalid: invalid result arity")
}

@Test func variablesAndCallsAreChecked() {
  #expect(complain([0x20, 0x00]) == "invalid: unknown local 0")
  #expect(complain([0x41, 0, 0x21, 0x00], parameters: [0x7E])?.hasPrefix(mismatch) == true)
  #expect(complain([0x42, 0, 0x22, 0x00, 0x1A], parameters: [0x7E]) == nil)
  #expect(complain([0x23, 0x02]) == "invalid: unknown global 2")
  #expect(complain([0x41, 0, 0x24, 0x00]) == "invalid: immutable global")
  #expect(complain([0x42, 0, 0x24, 0x01]) == nil)
  #expect(complain([0x10, 0x02]) == "invalid: unknown function 2")
  #expect(complain([0x41, 0, 0x42, 0, 0x10, 0x01, 0x1A]) == nil)
  #expect(complain([0x42, 0, 0x10, 0x01, 0x1A])?.hasPrefix(mismatch) == true)
  #expect(complain([0x00, 0x11, 0x05, 0x00]) == "invalid: unknown type 5")
  #expect(complain([0x00, 0x11, 0x00, 0x02]) == "invalid: unknown table 2")
  #expect(
    complain([0x00, 0x11, 0x00, 0x01])
      == "invalid: type mismatch: expected a table of funcref, found externref")
}

@Test func bulkAndReferenceOperatorsAreChecked() {
  let three: [UInt8] = [0x41, 0, 0x41, 0, 0x41, 0]
  for tail: [UInt8] in [
    [0xFC, 8, 0, 0], [0xFC, 10, 0, 0], [0xFC, 11, 0], [0xFC, 12, 0, 0], [0xFC, 14, 0, 0],
    [0xFC, 12, 1, 1], [0xFC, 14, 1, 1],
  ] {
    #expect(complain(three + tail) == nil)
    #expect(complain(Array(three.dropFirst(2)) + tail)?.hasPrefix(mismatch) == true)
  }
  #expect(complain([0x00, 0xFC, 8, 1, 0]) == "invalid: unknown data segment 1")
  #expect(complain([0x00, 0xFC, 9, 1]) == "invalid: unknown data segment 1")
  #expect(complain([0xFC, 9, 0, 0xFC, 13, 1]) == nil)
  #expect(complain([0xFC, 13, 2]) == "invalid: unknown elem segment 2")
  #expect(complain([0x00, 0xFC, 12, 2, 0]) == "invalid: unknown elem segment 2")
  #expect(
    complain([0x00, 0xFC, 12, 0, 1])
      == "invalid: type mismatch: expected externref, found (ref func)")
  #expect(complain([0x00, 0xFC, 14, 0, 1])?.hasPrefix(mismatch) == true)
  #expect(complain([0xD0, 0x6F, 0x41, 0, 0xFC, 15, 1, 0x1A, 0xFC, 16, 0, 0x1A]) == nil)
  #expect(complain([0x41, 0, 0xD0, 0x70, 0x41, 0, 0xFC, 17, 0]) == nil)
  #expect(complain([0x41, 0, 0xD0, 0x6F, 0x41, 0, 0xFC, 17, 0])?.hasPrefix(mismatch) == true)
  #expect(complain([0x41, 0, 0x25, 1, 0xD1, 0x1A, 0x41, 0, 0xD2, 1, 0x26, 0]) == nil)
  #expect(
    complain([0x41, 0, 0xD1, 0x1A])
      == "invalid: type mismatch: expected a reference, found i32")
  #expect(complain([0xD2, 0, 0x1A]) == "invalid: undeclared function reference 0")
  #expect(complain([0xD2, 7, 0x1A]) == "invalid: unknown function 7")
  #expect(complain([0x3F, 0, 0x40, 0, 0x1A]) == nil)
  #expect(complain([0x3F, 1, 0x1A]) == "invalid: unknown memory 1")
  var module = TestModule([0xFC, 9, 0])
  module.data = [[1, 0]]
  #expect(complaint(about: module) == "malformed: data count section required")
}

@Test func laterFeaturesAreNamed() {
  let expected: [(String, [UInt8])] = [
    ("threads", [0xFE, 0x00]),
    ("garbage collection", [0xFB, 0x00]), (Features.legacyExceptionHandling.name, [0x06, 0x40]),
    ("stack switching", [0xE0, 0x00]), ("garbage collection", [0xD3]),
  ]
  for (feature, code) in expected { #expect(complain(code) == "unsupported: \(feature)") }
  #expect(complain([0x27]) == "malformed: illegal opcode 27")
  #expect(complain([0xFF]) == "malformed: illegal opcode ff")
  #expect(complain([0xFC, 0x17]) == "malformed: illegal opcode fc 17")
}

@Test func addressesHaveTheTypeOfTheirMemory() {
  var module = TestModule([0x42, 0, 0x28, 0x42, 0x01, 0x00, 0x1A, 0x3F, 0x01, 0x1A])
  module.memories = [[0, 1], [4, 1]]
  #expect(complaint(about: module) == nil)
  module.bodies = [[0x00, 0x41, 0, 0x28, 0x42, 0x01, 0x00, 0x1A, 0x0B]]
  #expect(complaint(about: module)?.hasPrefix(mismatch) == true)
}

@Test func depthCostsNothingButMemory() {
  let depth = 50_000
  for opener: [UInt8] in [[0x02, 0x40], [0x03, 0x40], [0x41, 0x00, 0x04, 0x40]] {
    var code: [UInt8] = []
    for _ in 0..<depth { code += opener }
    code += [UInt8](repeating: 0x0B, count: depth)
    #expect(complain(code) == nil)
  }
  var operands: [UInt8] = []
  for _ in 0..<depth { operands += [0x41, 0x00] }
  operands += [UInt8](repeating: 0x1A, count: depth)
  #expect(complain(operands) == nil)
}

@Test func fewBytesCannotAskForUnboundedOperands() {
  // Each call leaves 1000 results: 5000 calls would leave five million.
  var module = TestModule()
  let thousand = [UInt8](repeating: 0x7F, count: 1000)
  module.types = [functionType([], []), functionType([], thousand)]
  module.functions = [[0], [1]]
  var code: [UInt8] = [0x00]
  for _ in 0..<5000 { code += [0x10, 0x01] }
  module.bodies = [code + [0x0B], [0x00, 0x00, 0x0B]]
  #expect(complaint(about: module) == "limit: too many operands: the limit is 4194304")
}

@Test func validatorsStartAfreshAfterAnError() throws {
  var validator = FunctionValidator()
  let wrong = TestModule([0x02, 0x40, 0x41, 0, 0x41, 0]).bytes
  let right = TestModule([0x41, 0x00], results: [0x7F]).bytes
  for _ in 0..<3 {
    #expect(refusal(of: wrong, DecodingOptions(), &validator) != nil)
    #expect(refusal(of: right, DecodingOptions(), &validator) == nil)
  }
}
