// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import BrolgaWasm

/// The module's last global, of the given type and with the given initial value. Before it come an
/// imported constant i32, an imported variable i32 and a constant i64 of value 5.
private func global(_ type: UInt8, _ code: [UInt8]) -> TestModule {
  var module = TestModule()
  module.imports = [
    name("m") + name("c") + [0x03, 0x7F, 0x00], name("m") + name("v") + [0x03, 0x7F, 0x01],
  ]
  module.globals = [[0x7E, 0x00, 0x42, 0x05, 0x0B], [type, 0x00] + code + [0x0B]]
  return module
}

private func initial(_ type: UInt8, _ code: [UInt8]) throws -> ConstantExpression {
  try #require(try Module(decoding: global(type, code).bytes).globalInitializers.last)
}

@Test func constantsKeepTheirBits() throws {
  #expect(try initial(0x7F, [0x41, 0x7F]).single == .i32(-1))
  #expect(try initial(0x7E, [0x42] + signed(.min)).single == .i64(.min))
  let signalling: [UInt8] = [0x01, 0x00, 0x80, 0x7F]
  #expect(try initial(0x7D, [0x43] + signalling).single == .f32(0x7F80_0001))
  #expect(try initial(0x7C, [0x44, 1, 2, 3, 4, 5, 6, 7, 8]).single == .f64(0x0807_0605_0403_0201))
  #expect(try initial(0x70, [0xD2, 0x00]).single == .refFunc(0))
  #expect(try initial(0x6F, [0xD0, 0x6F]).single == .refNull(.externref))
  #expect(try initial(0x7F, [0x23, 0x00]).single == .globalGet(0))
  #expect(try initial(0x7E, [0x23, 0x02]).single == .globalGet(2))
  #expect(try initial(0x7F, [0x41, 0x7F]).foldedBits == 0xFFFF_FFFF)
}

@Test func vectorsAreConstantsOnceTheyAreOn() throws {
  let bytes = [UInt8](1...16)
  var module = global(0x7B, [0xFD, 0x0C] + bytes)
  let options = DecodingOptions(features: .simd)
  let vector = V128(low: 0x0807_0605_0403_0201, high: 0x100F_0E0D_0C0B_0A09)
  let value = try #require(
    try Module(decoding: module.bytes, options: options).globalInitializers.last)
  #expect(value.single == .v128(vector) && value.type == .v128 && value.foldedBits == nil)
  #expect(value.evaluateVector(global: { _ in vector }) == vector)
  module.globals.append([0x7B, 0x00, 0x23, 0x03, 0x0B])
  let copy = try #require(
    try Module(decoding: module.bytes, options: options).globalInitializers.last)
  #expect(copy.evaluateVector(global: { V128(low: UInt64($0), high: 9) }) == V128(low: 3, high: 9))
  func complain(_ type: UInt8, _ code: [UInt8]) -> String? {
    complaint(about: global(type, code), features: .simd)
  }
  #expect(
    complain(0x7F, [0xFD, 0x0C] + bytes) == "invalid: type mismatch: expected i32, found v128")
  #expect(complain(0x7B, [0x41, 0, 0xFD, 0x0F]) == "invalid: constant expression required")
  #expect(complain(0x7B, [0xFD, 0x9A, 0x01]) == "malformed: illegal opcode fd 9a")
  #expect(complain(0x7B, [0xFD, 0x80, 0x02]) == "unsupported: relaxed simd")
}

@Test func arithmeticIsEvaluated() throws {
  // 3 - c * 4, wrapped to 32 bits
  let expression = try initial(0x7F, [0x41, 0x03, 0x23, 0x00, 0x41, 0x04, 0x6C, 0x6B])
  #expect(expression.single == nil)
  #expect(
    expression.instructions == [.i32(3), .globalGet(0), .i32(4), .i32Mul, .i32Sub])
  #expect(expression.foldedBits == nil)
  #expect(expression.evaluate(global: { _ in 7 }, function: { _ in 0 }) == 0xFFFF_FFE7)
  let wide = try initial(0x7E, [0x42] + signed(.max) + [0x42, 0x02, 0x7C])
  #expect(wide.foldedBits == UInt64(Int64.max) + 2)
  #expect(wide.type == .i64)
}

@Test func constantExpressionsAreChecked() {
  func complain(_ type: UInt8, _ code: [UInt8]) -> String? {
    complaint(about: global(type, code))
  }
  #expect(complain(0x7F, [0x42, 0x00]) == "invalid: type mismatch: expected i32, found i64")
  #expect(
    complain(0x7F, [])
      == "invalid: type mismatch: expected i32, but the expression is empty")
  #expect(
    complain(0x7F, [0x41, 0, 0x41, 0])
      == "invalid: type mismatch: a constant expression must leave one value")
  #expect(
    complain(0x7F, [0x41, 0, 0x6A])
      == "invalid: type mismatch: expected i32, but nothing is on the stack")
  #expect(
    complain(0x7F, [0x41, 0, 0x42, 0, 0x6A])
      == "invalid: type mismatch: expected i32, found i64")
  #expect(complain(0x7F, [0x23, 0x01]) == "invalid: constant expression required")
  #expect(complain(0x7E, [0x23, 0x03]) == "invalid: unknown global 3")
  #expect(complain(0x70, [0xD2, 0x01]) == "invalid: unknown function 1")
  #expect(complain(0x7F, [0x41, 0, 0x67]) == "invalid: constant expression required")
  #expect(complain(0x7F, [0x41, 0, 0xFC, 0x00]) == "invalid: constant expression required")
  #expect(complain(0x7F, [0xFF]) == "malformed: illegal opcode ff")
  #expect(complain(0x7F, [0xFE, 0x10]) == "unsupported: threads")
  #expect(complain(0x70, [0xFB, 0x1C]) == "unsupported: garbage collection")
  #expect(complain(0x70, [0xD0, 0x73]) == nil && complain(0x70, [0xD0, 0x00]) == nil)
  #expect(
    complain(0x70, [0xD0, 0x6E])
      == "invalid: type mismatch: expected funcref, found (ref null any)")
  #expect(complain(0x70, [0xD0, 0x09]) == "invalid: unknown type 9")
  #expect(complain(0x70, [0xD0, 0x41]) == "malformed: malformed heap type")
}

@Test func aLongConstantExpressionIsFine() throws {
  let count = 20_000
  var code: [UInt8] = []
  for _ in 0..<count { code += [0x41, 0x01] }
  code += [UInt8](repeating: 0x6A, count: count - 1)
  #expect(try initial(0x7F, code).foldedBits == UInt64(count))
}
