// SPDX-License-Identifier: Apache-2.0
// Vectors in the text format: values lane by lane, numbers of lanes, what scripts expect.

import Testing

@testable import BrolgaWasm

/// The 16 bytes of a value.
private func bytes(_ value: String) throws -> [UInt8] {
  let all = try code("(v128.const \(value)) drop", features: .simd)
  #expect(all.count == 19 && all.starts(with: [0xFD, 0x0C]) && all.last == 0x1A)
  return Array(all[2..<18])
}

private func refusal(_ instructions: String) -> String? {
  textRefusal("(memory $m 1) (func \(instructions))", features: allFeatures)
    .map { "\($0.kind): \($0.message)" }
}

@Test func valuesAreWrittenInSixShapes() throws {
  #expect(
    try bytes("i8x16 0 1 -1 255 -128 0x7f 0xF_F +7 8 9 10 11 12 13 1_4 15")
      == [0, 1, 255, 255, 128, 127, 255, 7, 8, 9, 10, 11, 12, 13, 14, 15])
  #expect(
    try bytes("i16x8 0x1234 -1 65535 -32768 4 5 6 7")
      == [0x34, 0x12, 255, 255, 255, 255, 0, 128, 4, 0, 5, 0, 6, 0, 7, 0])
  #expect(
    try bytes("i32x4 0x12345678 -1 4294967295 -2147483648") == [
      0x78, 0x56, 0x34, 0x12, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 128,
    ])
  #expect(
    try bytes("i64x2 0x123456789abcdef0 -9223372036854775808") == [
      0xF0, 0xDE, 0xBC, 0x9A, 0x78, 0x56, 0x34, 0x12, 0, 0, 0, 0, 0, 0, 0, 128,
    ])
  #expect(
    try bytes("f32x4 1 -0x1p-149 nan:0x200001 -inf") == [
      0, 0, 0x80, 0x3F, 1, 0, 0, 0x80, 1, 0, 0xA0, 0x7F, 0, 0, 0x80, 0xFF,
    ])
  #expect(
    try bytes("f64x2 -nan 1e0") == [0, 0, 0, 0, 0, 0, 0xF8, 0xFF, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F])
}

@Test func lanesOfValuesAreCountedAndBounded() {
  let cases = [
    ("i8x16 256 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0", "constant out of range"),
    ("i8x16 -129 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0", "constant out of range"),
    ("i16x8 65536 0 0 0 0 0 0 0", "constant out of range"),
    ("i32x4 4294967296 0 0 0", "constant out of range"),
    ("i64x2 18446744073709551616 0", "constant out of range"),
    ("f32x4 1e39 0 0 0", "constant out of range"),
    ("f32x4 nan:0x800000 0 0 0", "constant out of range"),
    ("f64x2 nan:0x0 0", "constant out of range"), ("i32x4 1.0 0 0 0", "unknown operator"),
    ("i32x4 0xg 0 0 0", "unknown operator"), ("f64x2 nan:canonical 0", "unknown operator"),
    ("i32x4 0 0 0", "wrong number of lane literals"), ("i32x4", "wrong number of lane literals"),
    ("i32x4 0 0 0 0 0", "wrong number of lane literals"), ("f32x4 _1 0 0 0", "unknown operator _1"),
    ("0 0 0 0", "unexpected token 0"),
    ("i8x17 0", "unknown operator"), ("i32 0", "unexpected token i32"),
  ]
  for (value, message) in cases {
    let found = refusal("(v128.const \(value)) drop")
    #expect(found?.hasPrefix("malformed: \(message)") == true, "\(value): \(found ?? "none")")
  }
}

@Test func numbersOfLanesStandBehindAnAccess() throws {
  let cases: [(String, [UInt8])] = [
    ("v128.load8_lane 1", [0xFD, 0x54, 0x00, 0x00, 0x01]),
    ("v128.load8_lane 0 1", [0xFD, 0x54, 0x00, 0x00, 0x01]),
    ("v128.load8_lane 1 0xF", [0xFD, 0x54, 0x40, 0x01, 0x00, 0x0F]),
    ("v128.load8_lane $m 1", [0xFD, 0x54, 0x40, 0x01, 0x00, 0x01]),
    ("v128.load8_lane 1 offset=4 2", [0xFD, 0x54, 0x40, 0x01, 0x04, 0x02]),
    ("v128.store64_lane align=4 1", [0xFD, 0x5B, 0x02, 0x00, 0x01]),
    ("v128.store16_lane 1 align=1 7", [0xFD, 0x59, 0x40, 0x01, 0x00, 0x07]),
    ("i16x8.replace_lane 7", [0xFD, 0x1A, 0x07]),
  ]
  for (text, expected) in cases {
    let module = "(memory 1) (memory $m 1) (func unreachable \(text) unreachable)"
    let found = try encode(module, features: .simd)
    #expect(found.contains(expected + [0x00, 0x0B]), "\(text)")
  }
  for (text, message) in [
    ("v128.load8_lane", "malformed: unexpected token"),
    ("v128.load8_lane offset=1", "malformed: unexpected token"),
    ("v128.load8_lane 256", "malformed: i8 constant out of range"),
    ("i8x16.extract_lane_s -1", "malformed: unexpected token"),
    ("i8x16.extract_lane_s 16", "invalid: invalid lane index 16"),
    ("i8x16.extract_lane_s nan", "malformed: unexpected token nan"),
    ("i8x16.shuffle 0 1 2", "malformed: invalid lane length"),
    ("i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "malformed: invalid lane length"),
    ("i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 32", "invalid: invalid lane index 32"),
    ("i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 256", "malformed: i8 constant out of range"),
    ("i8x16.foo", "malformed: unknown operator i8x16.foo"), ("v128", "malformed: unexpected token"),
  ] {
    let found = refusal("unreachable \(text)")
    #expect(found?.hasPrefix(message) == true, "\(text): \(found ?? "none")")
  }
}

@Test func vectorsHaveLanes() {
  var vector = V128(low: 0x0807_0605_0403_0201, high: 0x100F_0E0D_0C0B_0A09)
  #expect((0..<16).map { vector.lane($0, bits: 8) } == Array(1...16))
  #expect(vector.lane(7, bits: 16) == 0x100F && vector.lane(3, bits: 16) == 0x0807)
  #expect(vector.lane(1, bits: 32) == 0x0807_0605 && vector.lane(2, bits: 32) == 0x0C0B_0A09)
  #expect(vector.lane(0, bits: 64) == vector.low && vector.lane(1, bits: 64) == vector.high)
  vector.setLane(3, bits: 8, to: 0x1FF)
  vector.setLane(5, bits: 16, to: 0xABCD)
  vector.setLane(3, bits: 32, to: 0)
  #expect(vector == V128(low: 0x0807_0605_FF03_0201, high: 0xABCD_0A09))
  vector.setLane(1, bits: 64, to: .max)
  #expect(vector.description == "i32x4 0xff030201 0x08070605 0xffffffff 0xffffffff")
}

@Test func expectedVectorsAreCompared() throws {
  func expectation(_ text: String) throws -> ScriptExpectation {
    var text = "(assert_return (invoke \"f\") \(text))"
    let script = try text.withUTF8 { try TextFormat.parseScript(UnsafeRawBufferPointer($0)) }
    guard case .assertReturn(_, let results) = script.commands[0].kind else { fatalError() }
    return results[0]
  }
  let one = V128(low: 0x3F80_0000_7FC0_0000, high: 0xFFC0_0001_FF80_0000)
  #expect(try expectation("(v128.const f32x4 nan 1 -inf -nan:0x400001)").isMet(byVector: one))
  let lanes = "(v128.const f32x4 nan:canonical 1 -inf nan:arithmetic)"
  #expect(try expectation(lanes).isMet(byVector: one))
  for (lane, bits) in [(0, 0x7FC0_0001), (0, 0x7F80_0001), (1, 0x3F80_0001), (3, 0xFF80_0001)] {
    var other = one
    other.setLane(lane, bits: 32, to: UInt64(bits))
    #expect(try !expectation(lanes).isMet(byVector: other))
  }
  let doubles = "(v128.const f64x2 nan:arithmetic 0x1p0)"
  let two = V128(low: 0xFFF8_0000_0000_0001, high: 0x3FF0_0000_0000_0000)
  #expect(try expectation(doubles).isMet(byVector: two))
  #expect(try !expectation("(v128.const f64x2 nan:canonical 0x1p0)").isMet(byVector: two))
  let either = try expectation("(either (v128.const i64x2 1 2) \(doubles))")
  #expect(either.isMet(byVector: two) && either.isMet(byVector: V128(low: 1, high: 2)))
  #expect(!either.isMet(byVector: V128(low: 2, high: 2)))
  #expect(try !expectation("(i32.const 0)").isMet(byVector: V128(low: 0, high: 0)))
  #expect(throws: TextError.self) { try expectation("(v128.const i32x4 nan:canonical 0 0 0)") }
  #expect(throws: TextError.self) { try expectation("(v128.const f64x2 nan:canonical)") }
}
