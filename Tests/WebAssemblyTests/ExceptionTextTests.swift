// SPDX-License-Identifier: Apache-2.0
// Exceptions in the text format.

import Foundation
import Testing

@testable import BrolgaWasm

/// Every form of tags and clauses.
private let sample = """
  (module $m
    (type $v (func)) (type $p (func (param i32)))
    (import "m" "t" (tag $imported (type $p) (param i32)))
    (tag $inline (import "m" "u") (param f64))
    (tag $e (export "x") (export "y") (param $named i32)) (tag (type $v)) (tag (param i32 i64))
    (export "z" (tag $imported))
    (func $f (param i32) (result i32)
      (block $out (result i32)
        (block $ref (result exnref)
          (try_table $own (result i32) (catch $e $out) (catch_ref 3 $ref) (catch_all_ref $ref)
            (throw $e (local.get 0)))
          (return))
        (throw_ref)))
    (func $g (param i32) (result i32)
      local.get 0
      block
        try_table $l (type $v) (catch_all 0)
          i32.const 1
          throw $imported
        end $l
        throw 3
      end))
  """

@Test func exceptionsAreEncoded() throws {
  let cases: [(String, [UInt8])] = [
    ("throw $e", [0x08, 0x00]), ("throw 1", [0x08, 0x01]), ("throw_ref", [0x0A]),
    ("try_table end", [0x1F, 0x40, 0x00, 0x0B]),
    ("try_table (catch_all 0) end", [0x1F, 0x40, 0x01, 0x02, 0x00, 0x0B]),
    (
      "(try_table $a (result i32) (catch $e 0) (catch_ref 1 0) (catch_all 0) (catch_all_ref 0) (throw 0))",
      [0x1F, 0x7F, 0x04, 0, 0, 0, 1, 1, 0, 2, 0, 3, 0, 0x08, 0x00, 0x0B]
    ),
    (
      "block $a try_table $a (param i32) (catch $e $a) br $a end $a end $a",
      [0x02, 0x40, 0x1F, 0x00, 0x01, 0, 0, 0, 0x0C, 0x00, 0x0B, 0x0B]
    ),
    (
      "(if $a (i32.const 0) (then (try_table (catch_all $a) nop)))",
      [0x41, 0x00, 0x04, 0x40, 0x1F, 0x40, 0x01, 0x02, 0x00, 0x01, 0x0B, 0x0B]
    ),
  ]
  for (text, expected) in cases {
    let bytes = try encode("(module (tag $e) (type (func (param i32))) (tag) (func \(text)))")
    let module = try Module(decoding: bytes)
    let body = module.body(ofFunction: 0)
    #expect(Array(bytes[body].dropFirst().dropLast()) == expected, "\(text)")
  }
}

@Test func tagsAreEncodedInTheirSection() throws {
  let module = try decode(sample)
  #expect(module.importedTagCount == 2 && module.tags.count == 5)
  #expect(module.exports.map(\.name) == ["x", "y", "z"])
  #expect(module.exports.map(\.index) == [2, 2, 0])
  #expect(module.tags.map { module.functionType($0).parameters.count } == [1, 1, 1, 0, 2])
  #expect(module.imports.map(\.name) == ["t", "u"])
  #expect(textRefusal(sample) == nil, "\(textRefusal(sample) as Any)")
}

@Test func exceptionsArePrintedAsOthersPrintThem() throws {
  let bytes = try encode(sample)
  let (first, second) = try roundTrip(bytes)
  #expect(first == second)
  for line in [
    "(import \"m\" \"t\" (tag $imported (;0;) (type $p) (param i32)))",
    "(tag $e (;2;) (type $p) (param i32))", "(tag (;3;) (type $v))", "(export \"x\" (tag $e))",
    "try_table $own (result i32) (catch $e $out) (catch_ref 3 $ref) (catch_all_ref $ref)",
    "throw $e", "throw_ref", "try_table $l (type $v) (catch_all 0)", "throw 3",
  ] {
    let lines = first.split(separator: "\n").map { $0.drop { $0 == " " } }
    #expect(lines.contains { $0 == line }, "\(line) in\n\(first)")
  }
  #expect(try encode(first) == bytes)
}

@Test func exceptionsInTextAreChecked() {
  for (text, message) in [
    ("(func (throw $x))", "unknown tag $x"),
    ("(func (try_table (catch $e $l)))", "unknown label $l"),
    ("(func (try_table $l (catch $e $l)))", "unknown label $l"),
    ("(func (try_table (catch 0)))", "unexpected token"), ("(func throw)", "unexpected token"),
    ("(func (try_table (catch_all)))", "unexpected token"), ("(tag $e)", "duplicate tag $e"),
    ("(func (try_table (catch_all $e 0)))", "unknown label $e"),
    ("(func (try_table nop (catch $e 0)))", "unknown operator catch"),
    ("(func try_table (catch_all 0))", "unexpected token )"),
    ("(func try_table (catch_all 0) (result i32) end)", "unknown operator result"),
    ("(func catch_all end)", "unexpected token catch_all"),
    ("(func (catch $e))", "unknown operator"),
    ("(func (try_table) (throws))", "unknown operator throws"),
    ("(func) (import \"m\" \"t\" (tag))", "import after a definition"),
    ("(export \"t\" (tag))", "unexpected token"), ("(tag (type 9) (param i32))", "unknown type 9"),
  ] {
    let error = textRefusal("(module (tag $e) \(text))")
    #expect(error?.message.hasPrefix(message) == true, "\(text): \(error as Any)")
  }
  let wrong = "(module\n  (tag (param i32))\n  (tag (result i32)))"
  let error = textRefusal(wrong)
  #expect(error?.message == "non-empty tag result type" && error?.line == 3 && error?.column == 4)
}

@Test func scriptsExpectExceptions() throws {
  var text = """
    (assert_exception (invoke "f" (ref.null exn)))
    (assert_return (invoke "f") (ref.exn) (ref.null exn) (either (ref.exn) (ref.null)))
    """
  let script = try text.withUTF8 { try TextFormat.parseScript(UnsafeRawBufferPointer($0)) }
  guard case .assertException(.invoke(nil, "f", let arguments)) = script.commands[0].kind,
    case .assertReturn(_, let results) = script.commands[1].kind
  else { return #expect(Bool(false)) }
  #expect(arguments == [.null(.exnref)])
  #expect(
    results == [
      .exception, .exactly(.null(.exnref)), .either([.exception, .exactly(.null(nil))]),
    ])
  #expect(throws: TextError.self) {
    var text = "(invoke \"f\" (ref.exn))"
    _ = try text.withUTF8 { try TextFormat.parseScript(UnsafeRawBufferPointer($0)) }
  }
}

@Suite(.enabled(if: isPresent("exceptions"), "skipped: ../shared/data/exceptions is absent"))
struct ExceptionProgramTests {
  private static let names = ["icebram", "icemulti", "icepack", "micropython-wasi"]

  private func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: sharedData.appending(path: "exceptions/\(name).wasm")))
  }

  @Test(arguments: names) func programsValidateAndComeBack(_ name: String) throws {
    let original = try bytes(name)
    #expect(refusal(of: original) == nil)
    let first = try TextFormat.print(try Module(decoding: original))
    // Linkers pad numbers, so the bytes differ once; then no more.
    let again = try first.withUnsafeBytes { try TextFormat.encode($0) }
    let second = try TextFormat.print(try Module(decoding: again))
    #expect(first == second)
    #expect(try second.withUnsafeBytes { try TextFormat.encode($0) } == again)
    try expectEqualOperators(try Module(decoding: original), try Module(decoding: again))
  }

  private func expectEqualOperators(_ a: Module, _ b: Module) throws {
    #expect(a.tags == b.tags && a.functionCount == b.functionCount)
    var left = FunctionValidator()
    var right = FunctionValidator()
    var clauses = 0
    var different = 0
    for function in UInt32(a.importedFunctionCount)..<UInt32(a.functionCount) {
      try left.begin(a, function: function)
      try right.begin(b, function: function)
      while !left.isAtEnd && !right.isAtEnd {
        let found = try left.next()
        let other = try right.next()
        let isSame =
          found.opcode == other.opcode && found.index == other.index
          && found.index2 == other.index2
        let isVector = found.opcode == .v128Const || found.opcode == .i8x16Shuffle
        if !isSame || !isVector && found.immediate != other.immediate { different += 1 }
        if found.opcode == .tryTable {
          clauses += Int(found.index)
          let same = left.catchClauses.buffer.elementsEqual(right.catchClauses.buffer)
          if !same { different += 1 }
        }
      }
      if left.isAtEnd != right.isAtEnd { different += 1 }
    }
    #expect(different == 0 && clauses > 10)
  }

  @Test(arguments: names) func programsAreScanned(_ name: String) throws {
    try bytes(name).withUnsafeBytes {
      var all = FeatureScan($0)
      all.scanModule()
      #expect(all.isComplete && all.found.isEmpty)
      var none = FeatureScan($0, supported: [])
      none.scanModule()
      #expect(none.found.contains { $0.message == "exception handling" })
    }
  }

  @Test func mutantsAreAcceptedOrRefusedWithAnError() throws {
    var mutator = Mutator(seed: 6)
    var validator = FunctionValidator()
    let original = try bytes("micropython-wasi")
    var counts = [Int](repeating: 0, count: 5)
    var misplaced = 0
    for _ in 0..<400 {
      let mutant = mutator.mutate(original, donor: original)
      let error = refusal(of: mutant, DecodingOptions(), &validator)
      counts[error.map { Int($0.kind.rawValue) } ?? 4] += 1
      if let error, error.offset < 0 || error.offset > mutant.count { misplaced += 1 }
    }
    #expect(misplaced == 0 && counts[0] > 50 && counts[1] > 20 && counts[4] > 20, "\(counts)")
  }
}
