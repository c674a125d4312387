// SPDX-License-Identifier: Apache-2.0
// Each construct of the text format, by the module that it makes.

import Testing

@testable import BrolgaWasm

private let emptyModule: [UInt8] = [0x00, 0x61, 0x73, 0x6D, 0x01, 0x00, 0x00, 0x00]

@Test func anEmptyTextIsAnEmptyModule() throws {
  #expect(try encode("") == emptyModule)
  #expect(try encode("(module)") == emptyModule)
  #expect(
    try encode(" ;; comment\n(; a (; nested ;) one ;) (module (; ;)) (@a (b) \"c\")") == emptyModule
  )
}

@Test func foldedAndFlatInstructionsAreTheSame() throws {
  let flat = try code("i32.const 1 i32.const 2 i32.add drop")
  #expect(flat == [0x41, 1, 0x41, 2, 0x6A, 0x1A])
  #expect(try code("(drop (i32.add (i32.const 1) (i32.const 2)))") == flat)
  #expect(try code("i32.const 1 (i32.add (i32.const 2)) (drop)") == flat)
}

@Test func foldedConstructsAreTheSameAsFlatOnes() throws {
  let flat = try code(
    """
    block $a (result i32) loop $b br $b end $b i32.const 0 end $a
    if $c br $c else $c br 0 end
    """)
  #expect(
    flat == [
      0x02, 0x7F, 0x03, 0x40, 0x0C, 0, 0x0B, 0x41, 0, 0x0B, 0x04, 0x40, 0x0C, 0, 0x05, 0x0C, 0,
      0x0B,
    ])
  let folded = try code(
    """
    (if $c (block $a (result i32) (loop $b (br $b)) (i32.const 0))
      (then (br $c)) (else (br 0)))
    """)
  #expect(folded == flat)
  #expect(try code("(if (i32.const 1) (then))") == [0x41, 1, 0x04, 0x40, 0x0B])
  #expect(try code("i32.const 1 (if (then nop) (else))") == [0x41, 1, 0x04, 0x40, 1, 0x05, 0x0B])
}

@Test func labelsAreResolvedOutwards() throws {
  let bytes = try code("block $a block $b block $a br $a br $b br 2 br_table $a $b 2 end end end")
  #expect(
    Array(bytes[6...]) == [
      0x0C, 0, 0x0C, 1, 0x0C, 2, 0x0E, 2, 0, 1, 2, 0x0B, 0x0B, 0x0B,
    ])
}

@Test func memoryAccessesTakeOffsetAndAlignment() throws {
  #expect(try code("i32.load") == [0x28, 2, 0])
  #expect(try code("i64.load8_u offset=0x10 align=1") == [0x31, 0, 0x10])
  #expect(try code("f64.store offset=300 align=4") == [0x39, 2, 0xAC, 0x02])
  let two = try code("i32.load $m offset=1 memory.copy $m 0 memory.fill 1 memory.init 1 0", with: 2)
  #expect(
    two == [
      0x28, 0x42, 1, 1, 0xFC, 10, 1, 0, 0xFC, 11, 1, 0xFC, 8, 0, 1,
    ])
}

private func code(_ instructions: String, with memories: Int) throws -> [UInt8] {
  let module = try decode(
    "(module (memory 1) (memory $m 1) (func \(instructions)) (data \"\"))", features: allFeatures)
  let body = module.body(ofFunction: 0)
  return Array(module.bytes[(body.lowerBound + 1)..<(body.upperBound - 1)])
}

@Test func constantsOfEachType() throws {
  #expect(try code("i32.const -0x8000_0000") == [0x41, 0x80, 0x80, 0x80, 0x80, 0x78])
  #expect(try code("i64.const 0xffff_ffff_ffff_ffff") == [0x42, 0x7F])
  #expect(try code("f32.const 1.5") == [0x43, 0, 0, 0xC0, 0x3F])
  #expect(try code("f64.const -inf") == [0x44, 0, 0, 0, 0, 0, 0, 0xF0, 0xFF])
  #expect(try code("ref.null func ref.null extern") == [0xD0, 0x70, 0xD0, 0x6F])
  #expect(
    try code("select (result i32) select (result f32 i64) select")
      == [0x1C, 1, 0x7F, 0x1C, 2, 0x7D, 0x7E, 0x1B])
}

@Test func typeUsesAreFoundOrMade() throws {
  let module = try decode(
    """
    (func $a (param $x i32) (result i32) (local.get $x))
    (type $t (func (param i32) (result i32)))
    (type $same (func (param i32) (result i32)))
    (func $b (type $same) (local $y i64) (drop (local.get $y)) (local.get 0))
    (func (param i64)) (func (type 2)) (func (type 0) (param $p i32) (result i32) local.get $p)
    (func (block (param i64) (result) (drop)))
    """)
  #expect(module.typeCount == 4)
  let types = (0..<UInt32(module.functionCount)).map(module.typeIndex(ofFunction:))
  #expect(types == [0, 1, 2, 2, 0, 3])
  #expect(module.functionName(1) == "b")
}

@Test func entitiesMayBeImportedAndExportedInline() throws {
  let module = try decode(
    """
    (module $m
      (func $f (export "f") (export "g") (import "a" "f") (param i32))
      (global (import "a" "g") (mut i32))
      (import "a" "t" (table $t 1 2 funcref))
      (memory $mem (export "m") (import "a" "m") 1)
      (func (export "h") call $f)
      (global $x (export "x") i64 (i64.const 7))
      (start 1) (export "again" (global $x)))
    """)
  #expect(module.imports.map(\.name) == ["f", "g", "t", "m"])
  #expect(module.exports.map(\.name) == ["f", "g", "m", "h", "x", "again"])
  #expect(module.exports.map(\.index) == [0, 0, 0, 1, 1, 1])
  #expect(module.start == 1 && module.name == "m")
}

@Test func segmentsOfAllForms() throws {
  let module = try decode(
    """
    (table $t 10 funcref) (table $u 3 externref) (memory (data "ab" "\\00c\\u{e9}")) (func $f)
    (elem (i32.const 0) $f 0)
    (elem (offset (i32.const 1)) func $f)
    (elem $p func $f)
    (elem declare func $f)
    (elem (table $t) (i32.const 2) funcref (ref.func $f) (item ref.null func))
    (elem (table $u) (offset i32.const 0) externref (ref.null extern))
    (elem funcref)
    (table funcref (elem $f $f))
    (data $d (i32.const 1) "x") (data "pass" "ive") (data (memory 0) (offset (i32.const 2)) "")
    """)
  #expect(module.elements.map(\.count) == [2, 1, 1, 1, 2, 1, 0, 2])
  #expect(module.tables.map(\.minimum) == [10, 3, 2])
  #expect(module.data.map { Array(module.bytes[$0.bytes]) }[0] == [97, 98, 0, 99, 0xC3, 0xA9])
  #expect(module.data.map(\.bytes.count) == [6, 1, 7, 0])
  #expect(module.memories == [MemoryType(minimum: 1, maximum: 1)])
}

@Test func stringsKnowAllEscapes() throws {
  let module = try decode(#"(memory 1) (data "\t\n\r\"\'\\\00\fF\u{1_F600}" "é")"#)
  #expect(
    Array(module.bytes[module.data[0].bytes]) == [
      9, 10, 13, 34, 39, 92, 0, 0xFF, 0xF0, 0x9F, 0x98, 0x80, 0xC3, 0xA9,
    ])
}

@Test func namesMayBeQuoted() throws {
  let module = try decode(#"(func $"a b" (call $"a\20b") (call $c)) (func $"c")"#)
  #expect(module.functionName(0) == "a b" && module.functionName(1) == "c")
}

@Test func annotationsNameAndAddSections() throws {
  let module = try decode(
    """
    (module $x (@name "Modül") (@custom "first" (before first) "1" "2") (@unknown ((x) ")" ;;)
      ))
      (func $f (@name "λ") (@other)) (@custom "last" "3"))
    """)
  #expect(module.name == "Modül" && module.functionName(0) == "λ")
  #expect(module.customSections.map(\.name) == ["first", "last", "name"])
}

@Test func featuresAreAskedForByName() {
  let cases: [(String, String)] = [
    ("(func (ref.i31 (i32.const 1)) drop)", "garbage collection"),
    ("(func try nop catch_all end)", Features.legacyExceptionHandling.name),
    ("(memory 1 1 shared)", "threads"), ("(memory 1 1 (pagesize 1))", "custom page sizes"),
    ("(func i32.atomic.load)", "threads"),
  ]
  for (text, feature) in cases {
    let error = textRefusal("(module \(text))")
    #expect(error?.kind == .unsupported && error?.message == feature, "\(text): \(error as Any)")
  }
}

@Test func laterFeaturesAreEncodedOnceTheyAreOn() throws {
  let text = """
    (type $t (func)) (table i64 1 funcref) (memory i64 1) (memory 2)
    (func return_call 0 return_call_indirect (type $t) call_ref $t
      (local (ref null $t)) )
    """
  #expect(textRefusal(text, features: allFeatures)?.message == "unknown operator local")
  let bytes = try encode(
    "(type $t (func)) (func (local (ref $t)) return_call 0 call_ref $t br_on_null 0)",
    features: allFeatures)
  #expect(
    Array(bytes.suffix(13).prefix(12)) == [
      0x01, 0x01, 0x64, 0x00, 0x12, 0x00, 0x14, 0x00, 0xD5, 0x00, 0x0B, 0x00,
    ] || bytes.contains(0xD5))
}

@Test func typeGroupsAndSubtypesAreEncoded() throws {
  let bytes = try encode(
    """
    (rec (type $a (func (param (ref $b)))) (type $b (sub $a (func))))
    (type $s (sub (struct (field $x i8 ) (field (mut i32) (ref null $s)))))
    (type (sub final $s (array (mut i16)))) (type (sub final (func)))
    (func) (func (result i32))
    """, features: allFeatures)
  #expect(
    Array(bytes[8..<59]) == [
      0x01, 0x26, 0x05,
      0x4E, 2, 0x60, 1, 0x64, 1, 0, 0x50, 1, 0, 0x60, 0, 0,
      0x50, 0, 0x5F, 3, 0x78, 0, 0x7F, 1, 0x63, 2, 0,
      0x4F, 1, 2, 0x5E, 0x77, 1,
      0x60, 0, 0,
      // The function without parameters is the last of these; the other needs a type of its own.
      0x60, 0, 1, 0x7F,
      0x03, 0x03, 2, 4, 5, 0x0A, 0x07, 2, 2, 0, 0x0B,
    ])
}

@Test func malformedTexts() {
  let cases = [
    "(module", "(module))", ")", "(func $f) (func $f)", "(func) (import \"\" \"\" (func))",
    "(func (local $x i32) (local $x i32))", "(func (param $x i32) (local $x i32))",
    "(func block $a end $b)", "(func if else $x end)", "(func end)", "(func else)", "(func block)",
    "(func (block (br $x)))", "(func local.get $x)", "(func call $x)", "(func i32.const)",
    "(func i32.const 1.0)", "(func i32.load align=3)", "(func i32.load align=0)",
    "(func i32.load offset=)", "(func (i32.add i32.const 1))", "(func (if (then) nop))",
    "(func (if (then) (else) (else)))", "(func (then))", "(func (if nop (then)))", "(foo)",
    "(func foo)",
    "(func (result i32) (param i32))", "(func (block (param $x i32)))", "(func $a$b\"\")",
    "(data\"a\")", "(func nop\"\")", "(start 0) (start 0) (func)", "(type (func (param i32)) 1)",
    "(func \"a\")", "(func $)", "(func $\"\")", "(memory)", "(table 1)",
    "(func (type $x))",
    "(type $t (func)) (func (type $t) (param i32))", "(export \"\\ff\" (func 0)) (func)",
    "(data \"\\u{d800}\")", "(data \"\\g0\")", "(data \"a\nb\")", "(; (func) ", "(@)", "(@x",
    "\u{1}",
    "(func (nop) (;)", "(module) (module)", "(func nop) (module)", "é", "(func $\"\\ff\")",
  ]
  for text in cases {
    #expect(textRefusal(text)?.kind == .malformed, "\(text): \(textRefusal(text) as Any)")
  }
}
