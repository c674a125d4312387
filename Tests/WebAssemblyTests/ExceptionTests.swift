// SPDX-License-Identifier: Apache-2.0
// Tags, and the operators that throw and catch.

import Testing

@testable import BrolgaWasm

/// A module with some function types and the given tags, by type.
private func module(tags: [[UInt8]], _ change: (inout TestModule) -> Void = { _ in }) -> TestModule
{
  var module = TestModule()
  module.types += [functionType([0x7F, 0x7C], []), functionType([], [0x7F]), [0x5E, 0x7F, 0x00]]
  module.tags = tags
  change(&module)
  return module
}

/// What is wrong with a module that has tags without and with values.
private func refusal(_ fields: String) -> String? {
  let tags = "(type $t (func)) (tag $none) (tag $two (param i32 f64)) (tag $ref (param (ref $t)))"
  return textRefusal("(module \(tags) \(fields))").map { "\($0.kind): \($0.message)" }
}

@Test func tagsAreAnIndexSpaceWithTheImportedFirst() throws {
  let test = module(tags: [[0, 0], [0, 1]]) {
    $0.imports = [name("m") + name("t") + [4, 0, 1], name("m") + name("f") + [0, 0]]
    $0.exports = [name("a") + [4, 0], name("b") + [4, 2], name("f") + [0, 0]]
  }
  let module = try Module(decoding: test.bytes)
  #expect(module.tags == [1, 0, 1] && module.importedTagCount == 1)
  #expect(module.imports[0].type == .tag(typeIndex: 1) && module.imports[0].type.kind == .tag)
  #expect(module.exports.map(\.kind) == [.tag, .tag, .function])
  #expect(module.externType(.tag, 1) == .tag(typeIndex: 0))
  #expect(Array(module.signature(ofTag: 2).parameters) == [.i32, .f64])
  let skeleton = Module.skeleton(of: module)
  let without = try Module(decoding: skeleton, options: DecodingOptions(bodiesElsewhere: true))
  #expect(without.tags == module.tags && without.exports == module.exports)
}

@Test func tagsAreChecked() {
  func complain(_ tag: [UInt8]) -> [String?] {
    let imported = module(tags: []) { $0.imports = [[0, 0, 4] + tag] }
    return [complaint(about: module(tags: [tag])), complaint(about: imported)]
  }
  for (tag, expected) in [
    ([0, 1], nil), ([1, 0], "malformed: malformed tag attribute"),
    ([0, 9], "invalid: unknown type 9"), ([0, 2], "invalid: non-empty tag result type"),
    ([0, 3], "invalid: type mismatch: type 3 is not a function type"),
    ([0], "malformed: unexpected end of section or function"),
  ] as [([UInt8], String?)] {
    #expect(complain(tag) == [expected, expected], "\(tag)")
  }
  let outside = module(tags: [[0, 0]]) { $0.exports = [name("t") + [4, 1]] }
  #expect(complaint(about: outside) == "invalid: unknown tag 1")
  let twice = module(tags: [[0, 0]]) { $0.exports = [name("x") + [0, 0], name("x") + [4, 0]] }
  #expect(complaint(about: twice) == "invalid: duplicate export name \"x\"")
  let tooMany = header + section(13, unsigned(1_000_001))
  #expect(complaint(about: tooMany) == "limit: too many tags: the limit is 1000000")
}

@Test func tagsStandBetweenMemoriesAndGlobals() {
  let types = section(1, vector([functionType([], [])]))
  let tags = section(13, vector([[0, 0]]))
  let memories = section(5, vector([[0, 1]]))
  let globals = section(6, vector([[0x7F, 0, 0x41, 0, 0x0B]]))
  let after = "malformed: unexpected content after last section"
  #expect(complaint(about: header + types + memories + tags + globals) == nil)
  #expect(complaint(about: header + types + tags + memories) == after)
  #expect(complaint(about: header + types + globals + tags) == after)
}

@Test func clausesAreHandedOverWithLabelsFromOutside() throws {
  let module = try decode(
    """
    (module (tag $none) (tag $two (param i32 f64))
      (func (param i64) (result i64 exnref)
        (block $outer (result i32 f64 exnref)
          (block $inner
            local.get 0
            try_table $own (param i64) (result i64)
              (catch $none $inner) (catch_ref $two $outer) (catch_all $inner) (catch_all 0)
              br $own
            end
            ref.null exn
            return)
          unreachable)
        unreachable)
      (func (result exnref) (try_table) (try_table (catch_all_ref 0)) (unreachable)))
    """)
  var validator = FunctionValidator()
  try validator.begin(module, function: 0)
  var operation = try validator.next()
  while operation.opcode != .tryTable { operation = try validator.next() }
  #expect(operation.index == 4)
  let clauses = Array(validator.catchClauses.buffer)
  #expect(
    clauses == [
      CatchClause(.catch, tag: 0, label: 0), CatchClause(.catchRef, tag: 1, label: 1),
      CatchClause(.catchAll, label: 0), CatchClause(.catchAll, label: 0),
    ])
  #expect(Array(validator.blockSignature.parameters) == [.i64])
  #expect(Array(validator.blockSignature.results) == [.i64] && validator.controlDepth == 4)
  // The construct is open now, so its clauses' labels are one further out.
  #expect(validator.frame(0).kind == .tryTable)
  let outer = validator.frame(Int(clauses[1].label) + 1).signature.results
  #expect(Array(outer) == [.i32, .f64, .exnref])
  let branch = try validator.next()
  #expect(branch.opcode == .br && branch.index == 0 && validator.isUnreachable)
  _ = try validator.next()
  #expect(!validator.isUnreachable && validator.controlDepth == 3)
  // What is left of the last clauses does not stay.
  try validator.begin(module, function: 1)
  #expect(try validator.next().index == 0 && validator.catchClauses.isEmpty)
  _ = try validator.next()
  #expect(try validator.next().index == 1)
  #expect(Array(validator.catchClauses.buffer) == [CatchClause(.catchAllRef, label: 0)])
}

@Test func throwingSaysWhetherTheReferenceMayBeNull() throws {
  func operators(_ code: String, parameter: String) throws -> [Operator] {
    let module = try decode("(module (tag $t) (tag $u) (func (param \(parameter)) \(code)))")
    var validator = FunctionValidator()
    try validator.begin(module, function: 0)
    var operators: [Operator] = []
    while !validator.isAtEnd {
      operators.append(try validator.next())
      let ends = [.throw, .throwRef].contains(operators.last?.opcode)
      if !validator.isAtEnd { #expect(validator.isUnreachable == ends) }
    }
    return operators
  }
  #expect(try operators("throw $u", parameter: "i32")[0].index == 1)
  for (parameter, mayBeNull) in [("exnref", 1), ("(ref exn)", 0), ("nullexnref", 1)] {
    let found = try operators("local.get 0 throw_ref", parameter: parameter)[1]
    #expect(found.opcode == .throwRef && found.index2 == mayBeNull, "\(parameter)")
  }
}

@Test func whatIsThrownHasTheTypesOfItsTag() {
  let mismatch = "invalid: type mismatch: expected"
  for (code, expected) in [
    ("throw $none", nil), ("throw $none throw $two throw_ref i32.add drop", nil),
    ("i32.const 1 f64.const 2 throw $two", nil), ("ref.func 0 throw $ref", nil),
    ("throw 3", "invalid: unknown tag 3"), ("f64.const 2 throw $two", "\(mismatch) i32, but"),
    ("f64.const 2 i32.const 1 throw $two", "\(mismatch) f64, found i32"),
    ("ref.null $t throw $ref", "\(mismatch) (ref "),
    ("throw_ref", "\(mismatch) exnref, but"),
    ("i32.const 0 throw_ref", "\(mismatch) exnref, found"),
    ("ref.null func throw_ref", "\(mismatch) exnref, found funcref"),
    ("ref.null exn throw_ref", nil), ("ref.null noexn throw_ref", nil),
    ("throw $none f64.const 1 throw_ref", "\(mismatch) exnref, found f64"),
  ] as [(String, String?)] {
    let found = refusal("(func $f \(code)) (elem declare func $f)")
    #expect(
      expected == nil ? found == nil : found?.hasPrefix(expected!) == true,
      "\(code): \(found as Any)")
  }
}

@Test func clausesGiveWhatTheirLabelsTake() {
  let cases: [(clause: String, block: String, fits: Bool)] = [
    ("catch $none", "", true), ("catch $none", "i32", false), ("catch $two", "i32 f64", true),
    ("catch $two", "", false), ("catch $two", "i32", false), ("catch $two", "f64 i32", false),
    ("catch $two", "i32 f64 exnref", false), ("catch $ref", "(ref $t)", true),
    ("catch $ref", "funcref", true), ("catch $ref", "nullfuncref", false),
    ("catch_ref $none", "exnref", true), ("catch_ref $none", "(ref exn)", true),
    ("catch_ref $none", "nullexnref", false), ("catch_ref $none", "", false),
    ("catch_ref $none", "anyref", false), ("catch_ref $two", "i32 f64 (ref exn)", true),
    ("catch_ref $two", "exnref i32 f64", false), ("catch_ref $two", "i32 f64", false),
    ("catch_all", "", true), ("catch_all", "exnref", false), ("catch_all_ref", "exnref", true),
    ("catch_all_ref", "(ref exn)", true), ("catch_all_ref", "", false),
    ("catch_all_ref", "i32", false), ("catch_all_ref", "exnref exnref", false),
  ]
  for (clause, block, fits) in cases {
    let inner =
      "(block $l (result \(block)) (try_table (\(clause) $l)) (unreachable)) (unreachable)"
    let found = refusal("(func \(inner))")
    #expect(
      fits ? found == nil : found?.hasPrefix("invalid: type mismatch") == true, "\(clause) \(block)"
    )
    // A loop takes its parameters, not its results.
    let loop = "(loop $l (result \(block)) (try_table (\(clause) $l)) (unreachable)) (unreachable)"
    let isEmpty = clause == "catch $none" || clause == "catch_all"
    #expect((refusal("(func \(loop))") == nil) == isEmpty, "\(clause) \(block)")
  }
  #expect(refusal("(func (try_table (catch 3 0)))") == "invalid: unknown tag 3")
  #expect(refusal("(func (try_table (catch_all 1)))") == "invalid: unknown label 1")
  // Its own label is none of theirs.
  #expect(
    refusal("(func (result i32) (try_table (result i32) (catch_all 0) (i32.const 0)))") != nil)
}

@Test func aTryTableIsAConstructLikeABlock() {
  #expect(refusal("(func (result i32) i32.const 1 (try_table (param i32) (result i32)))") == nil)
  #expect(refusal("(func (result i32) (try_table (result i32) (br 0 (i32.const 1))))") == nil)
  let mismatch = "invalid: type mismatch"
  #expect(refusal("(func (result i32) (try_table (result i32)))")?.hasPrefix(mismatch) == true)
  #expect(refusal("(func (try_table (i32.const 1)))")?.hasPrefix(mismatch) == true)
  #expect(refusal("(func i32.const 1 (try_table (drop)))")?.hasPrefix(mismatch) == true)
  let local = "(local $r (ref exn)) (try_table (local.set $r (throw $none))) (drop (local.get $r))"
  #expect(refusal("(func \(local))") == "invalid: uninitialized local 0")
}

@Test func clausesAreBounded() {
  func code(_ count: Int, present: Int) -> TestModule {
    let clauses = [[UInt8]](repeating: [2, 0], count: present).joined()
    return TestModule([0x1F, 0x40] + unsigned(UInt64(count)) + clauses + [0x0B])
  }
  #expect(complaint(about: code(10_000, present: 10_000)) == nil)
  let tooMany = "limit: too many clauses in a try_table: the limit is 10000"
  #expect(complaint(about: code(10_001, present: 10_001)) == tooMany)
  let end = "malformed: unexpected end of section or function"
  #expect(complaint(about: code(10_001, present: 1)) == end)
  #expect(complaint(about: code(3, present: 1)) == "malformed: malformed catch clause")
  #expect(
    complaint(about: TestModule([0x1F, 0x40, 1, 4, 0, 0x0B]))?.hasPrefix("malformed") == true)
  // As deep as any other construct.
  let depth = 50_000
  let nested = [[UInt8]](repeating: [0x1F, 0x40, 1, 2, 0], count: depth).joined()
  #expect(complaint(about: TestModule(nested + [UInt8](repeating: 0x0B, count: depth))) == nil)
}

@Test func referencesToExceptionsStandWhereOthersDo() {
  let module = """
    (type $f (func (param exnref (ref exn)) (result nullexnref)))
    (import "m" "g" (global exnref)) (import "m" "t" (table 1 (ref null noexn)))
    (global (mut exnref) (ref.null exn)) (global nullexnref (ref.null noexn))
    (global exnref (ref.null noexn)) (table $x 1 exnref) (table 2 exnref (ref.null noexn))
    (elem (table $x) (i32.const 0) exnref (ref.null exn) (item ref.null noexn)) (elem declare exnref)
    (func $h (type $f) (local exnref)
      (local.set 2 (local.get 1)) (table.set $x (i32.const 0) (local.get 2))
      (drop (select (result exnref) (local.get 0) (local.get 1) (ref.is_null (local.get 0))))
      (drop (block (result exnref) (br_on_non_null 0 (local.get 0)) (ref.null exn)))
      (drop (ref.as_non_null (local.get 0))) (ref.null noexn))
    (type $s (sub (func (result exnref)))) (type (sub $s (func (result (ref exn)))))
    """
  let error = textRefusal("(module \(module))")
  #expect(error == nil, "\(error as Any)")
  for (global, value) in [
    ("nullexnref", "exn"), ("exnref", "extern"), ("exnref", "none"), ("anyref", "exn"),
    ("externref", "noexn"), ("(ref exn)", "noexn"),
  ] {
    let found = refusal("(global \(global) (ref.null \(value)))")
    #expect(found?.hasPrefix("invalid: type mismatch") == true, "\(global) \(value)")
  }
  #expect(ValueType.exnref.description == "exnref")
  #expect(ValueType.exnref.nonNull.description == "(ref exn)")
}

@Test func exceptionsAreSwitchedOnByName() {
  let expected = "unsupported: exception handling"
  for test in [
    module(tags: [[0, 0]]), module(tags: []) { $0.imports = [[0, 0, 4, 0, 0]] },
    module(tags: []) { $0.exports = [name("x") + [4, 0]] }, TestModule([0x08, 0x00]),
    TestModule([0x0A]), TestModule([0x1F, 0x40, 0x00, 0x0B]),
  ] {
    #expect(complaint(about: test, features: [.simd]) == expected)
  }
  for text in [
    "(tag)", "(import \"m\" \"t\" (tag))", "(export \"x\" (tag 0))", "(func try_table end)",
    "(func (throw 0))", "(func unreachable throw_ref)",
  ] {
    let error = textRefusal("(module \(text))", features: [.simd])
    #expect(error?.kind == .unsupported && error?.message == "exception handling", "\(text)")
  }
}

@Test func theLegacyFormIsRefusedWithWhatConvertsIt() {
  let expected =
    "unsupported: legacy exception handling (wasm-opt --translate-to-exnref converts it)"
  for code: [UInt8] in [[0x06, 0x40, 0x0B], [0x07, 0], [0x09, 0], [0x18, 0], [0x19]] {
    #expect(complaint(about: TestModule(code)) == expected)
  }
  for text in ["try nop end", "(try (do) (catch_all))", "rethrow 0", "delegate 0"] {
    let error = textRefusal("(module (func \(text)))")
    #expect(error.map { "\($0.kind): \($0.message)" } == expected, "\(text)")
  }
}
