// SPDX-License-Identifier: Apache-2.0
// The operators of vectors and of wide arithmetic, one by one.

import Foundation
import Testing

@testable import BrolgaWasm

/// A line of `Tests/Files/text/vectors.txt`: an operator with its immediates as bytes, what it takes
/// and gives where memory 0 has 32-bit addresses and memory 1 64-bit ones, and its text. wasm-tools
/// printed and validated them.
private struct Line: CustomTestStringConvertible {
  var bytes: [UInt8]
  var operands: [UInt8]
  var results: [UInt8]
  var text: String

  var testDescription: String { text }

  static let all: [Line] = {
    let path = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../Files/text/vectors.txt")
    let contents = (try? String(contentsOf: path, encoding: .utf8)) ?? ""
    return contents.split(separator: "\n").map { Line(String($0)) }
  }()

  private init(_ line: String) {
    let parts = line.components(separatedBy: "\t")
    let digits = Array(parts[0])
    bytes = stride(from: 0, to: digits.count, by: 2).map {
      UInt8(String(digits[$0...($0 + 1)]), radix: 16)!
    }
    let sides = parts[1].components(separatedBy: "->").map { side in
      side.split(separator: " ").map { codes[String($0)]! }
    }
    operands = sides[0]
    results = sides[1]
    text = parts[2]
  }

  /// The place of the operator in tables.
  var place: Int? {
    var number = UInt32(bytes[1] & 0x7F)
    if bytes[1] >= 0x80 { number |= UInt32(bytes[2]) << 7 }
    return Opcode.position(bytes[0], number)
  }

  var opcode: Opcode? { place.flatMap { Opcode(rawValue: UInt16($0)) } }

  /// A module with the operator between the others of a function of a type.
  func module(
    _ before: [UInt8], after: [UInt8] = [], parameters: [UInt8] = [], results: [UInt8] = []
  ) -> TestModule {
    var module = TestModule(before + bytes + after, parameters: parameters, results: results)
    module.memories = [[0x00, 0x01], [0x04, 0x01]]
    return module
  }

  func complain(
    _ before: [UInt8], after: [UInt8] = [], parameters: [UInt8] = [], results: [UInt8] = []
  ) -> String? {
    let module = module(before, after: after, parameters: parameters, results: results)
    return complaint(about: module, features: allFeatures)
  }

  /// Whether its last byte is a lane.
  var hasLane: Bool { text.contains("_lane") && !text.contains("v128.const") }
}

private let codes: [String: UInt8] = [
  "i32": 0x7F, "i64": 0x7E, "f32": 0x7D, "f64": 0x7C, "v128": 0x7B,
]
private let mismatch = "invalid: type mismatch"

private func gets(_ locals: some Sequence<Int>) -> [UInt8] {
  locals.flatMap { [0x20, UInt8($0)] }
}

@Test func theFileHasEveryOperator() {
  let listed = Line.all.compactMap(\.opcode)
  let wanted = Opcode.allCases.filter { $0.rawValue >= Opcode.i64Add128.rawValue }
  #expect(listed == wanted && listed.count == 260 && OperatorRow.all.map(\.opcode) == wanted)
  // Names of cases are the text's: `i8x16.extract_lane_s` is `i8x16ExtractLaneS`.
  for line in Line.all {
    let name = line.text.prefix { $0 != " " }
    let plain = name.filter { $0 != "." && $0 != "_" }.lowercased()
    #expect("\(line.opcode!)".lowercased() == plain)
  }
}

@Test func operatorsComeBackFromTextAndFromBytes() throws {
  for line in Line.all {
    let text = "(module (memory 1) (memory i64 1) (func unreachable \(line.text) unreachable))"
    let bytes = try encode(text, features: allFeatures)
    #expect(bytes == line.module([0x00], after: [0x00]).bytes, "\(line.text)")
    let (first, second) = try roundTrip(bytes)
    #expect(first == second && first.contains("\n    \(line.text)\n"), "\(first)")
    #expect(complaint(about: bytes, features: allFeatures) == nil, "\(line.text)")
  }
}

@Test func operatorsTakeAndGiveTheirTypes() {
  for line in Line.all {
    let count = line.operands.count
    let right = gets(0..<count)
    #expect(
      line.complain(right, parameters: line.operands, results: line.results) == nil, "\(line.text)")
    for i in 0..<count {
      var wrong = line.operands
      wrong[i] = wrong[i] == 0x7B ? 0x7E : 0x7B
      let complaint = line.complain(right, parameters: wrong, results: line.results)
      #expect(complaint?.hasPrefix(mismatch) == true, "\(line.text): \(complaint ?? "valid")")
    }
    if count > 0 {
      let fewer = line.complain(gets(1..<count), parameters: line.operands, results: line.results)
      #expect(fewer?.hasPrefix(mismatch) == true, "\(line.text)")
    }
    let more = line.complain(right, parameters: line.operands, results: line.results + [0x7F])
    #expect(more?.hasPrefix(mismatch) == true, "\(line.text)")
    let less = line.complain(right, parameters: line.operands, results: line.results.dropLast())
    #expect(line.results.isEmpty || less?.hasPrefix(mismatch) == true, "\(line.text)")
    // In unreachable code, whatever is missing is supplied.
    for i in 0...count {
      let some = line.complain(
        [0x00] + gets(i..<count), parameters: line.operands, results: line.results)
      #expect(some == nil, "\(line.text)")
    }
    guard let last = line.operands.last else { continue }
    let wrong = line.complain(
      [0x00, 0x20, 0x00], parameters: [last == 0x7B ? 0x7D : 0x7B], results: line.results)
    #expect(wrong?.hasPrefix(mismatch) == true, "\(line.text)")
  }
}

@Test func everyImmediateIsChecked() throws {
  var counts = (accesses: 0, lanes: 0)
  for var line in Line.all {
    let info = OperatorTable.make()[try #require(line.place)]
    let start = line.opcode!.bytes.count
    switch info.shape {
    case .load, .store, .loadLane, .storeLane:
      counts.accesses += 1
      let flags = line.bytes[start]
      line.bytes[start] = flags & 0x40 | info.width + 1
      #expect(line.complain([0x00])?.hasSuffix("alignment must not be larger than natural") == true)
      line.bytes[start] = flags & 0x40 | info.width
      #expect(line.complain([0x00], after: [0x00]) == nil)
      let rest = line.bytes[start...].dropFirst(flags & 0x40 != 0 ? 2 : 1)
      line.bytes = line.opcode!.bytes + [0x40, 0x02] + rest
      #expect(line.complain([0x00]) == "invalid: unknown memory 2")
      let lane: [UInt8] = info.shape == .loadLane || info.shape == .storeLane ? [0x00] : []
      let large: [UInt8] = [0x80, 0x80, 0x80, 0x80, 0x10]
      line.bytes = line.opcode!.bytes + [0x00] + large + lane
      #expect(line.complain([0x00]) == "invalid: offset out of range")
      line.bytes = line.opcode!.bytes + [0x40, 0x01] + large + lane
      #expect(line.complain([0x00], after: [0x00]) == nil)
    default: break
    }
    switch info.shape {
    case .extractLane, .replaceLane, .loadLane, .storeLane:
      counts.lanes += 1
      line.bytes[line.bytes.count - 1] = info.laneCount - 1
      #expect(line.complain([0x00], after: [0x00]) == nil, "\(line.text)")
      line.bytes[line.bytes.count - 1] = info.laneCount
      #expect(line.complain([0x00]) == "invalid: invalid lane index \(info.laneCount)")
    default: break
    }
  }
  #expect(counts == (22, 22))
  var shuffle = try #require(Line.all.first { $0.opcode == .i8x16Shuffle })
  for i in 0..<16 {
    shuffle.bytes[2 + i] = 32
    #expect(shuffle.complain([0x00]) == "invalid: invalid lane index 32")
    shuffle.bytes[2 + i] = 31
  }
  shuffle.bytes.removeLast(2)
  #expect(shuffle.complain([0x00])?.hasPrefix("malformed: unexpected end") == true)
}

@Test func operatorsCarryLanesAndPlacesOfBytes() throws {
  let code: [UInt8] =
    [0x41, 0x00, 0xFD, 0x0C] + [UInt8](1...16) + [0xFD, 0x56, 0x01, 0x05, 0x03, 0x1A]
  let module = try Module(
    decoding: TestModule(code).furnished().bytes, options: DecodingOptions(features: .simd))
  var validator = FunctionValidator()
  try validator.begin(module, function: 0)
  _ = try validator.next()
  let constant = try validator.next()
  #expect(constant.opcode == .v128Const)
  #expect(
    module.vector(at: constant.immediate)
      == V128(low: 0x0807_0605_0403_0201, high: 0x100F_0E0D_0C0B_0A09))
  let access = try validator.next()
  #expect(access.opcode == .v128Load32Lane && access.lane == 3 && access.immediate == 5)
  #expect(access.index == 0 && access.index2 & 0xFF == 1)
  #expect(MemoryLayout<Operator>.stride == 24)
}

@Test func operatorsNeedTheirFeature() {
  let known = Set(Line.all.compactMap(\.place))
  for (prefix, range) in [(UInt8(0xFC), UInt32(18)..<30), (0xFD, 0..<0x130)] {
    for number in range {
      let code = [prefix] + unsigned(UInt64(number))
      let words = "illegal opcode \(String(prefix, radix: 16)) \(String(number, radix: 16))"
      if let place = Opcode.position(prefix, number), known.contains(place) {
        let feature = OperatorTable.feature(prefix, prefixed: number)!
        let others = Features(rawValue: ~feature.rawValue)
        let refused = complaint(about: TestModule([0x00] + code), features: others)
        #expect(refused == "unsupported: \(feature.name)")
        let line = Line.all.first { $0.place == place }!
        #expect(complaint(about: line.module([0x00], after: [0x00]), features: feature) == nil)
      } else {
        let refused = complaint(about: TestModule([0x00] + code), features: allFeatures)
        #expect(refused == "malformed: \(words)")
      }
    }
  }
}

@Test func vectorsAreValuesLikeOthers() {
  let text = """
    (module
      (type $t (func (param v128 i32) (result v128 v128)))
      (type (struct (field (mut v128))))
      (import "m" "g" (global $i v128))
      (global $c v128 (v128.const i64x2 1 2)) (global $m (mut v128) (global.get $i))
      (func (type $t) (local $x v128) (local i32)
        (local.set $x (global.get $m)) (global.set $m (local.tee $x (local.get 0)))
        (block (result v128) (br_if 0 (local.get $x) (local.get 1)))
        (drop (select (local.get 0) (local.get $x) (local.get 1)))
        (select (result v128) (local.get 0) (local.get $x) (local.get 1))
        (loop (param v128) (result v128 v128) (global.get $c)) drop drop
        (if (result v128) (local.get 1) (then (global.get $c)) (else unreachable)))
      (func (result v128 v128) (return_call 0 (v128.const f32x4 1 -0 nan:0x1 inf) (i32.const 1))))
    """
  #expect(textRefusal(text, features: .simd) == nil, "\(textRefusal(text, features: .simd)!)")
  let wrong = [
    "(func (param v128) (result i32) local.get 0)",
    "(func (param v128) (drop (i32.eqz (local.get 0))))",
    "(func (param v128) (drop (select (local.get 0) (i32.const 1) (i32.const 1))))",
    "(func (param v128 i64) (local.set 0 (local.get 1)))", "(global v128 (i64.const 0))",
  ]
  for text in wrong {
    let error = textRefusal(text, features: .simd)
    #expect(error?.message.hasPrefix("type mismatch") == true, "\(text): \(error as Any)")
    let refused = textRefusal(text, features: [])
    #expect(refused?.description.contains("unsupported: simd") == true)
  }
  #expect(textRefusal("(table 1 v128)", features: .simd)?.kind == .malformed)
}
