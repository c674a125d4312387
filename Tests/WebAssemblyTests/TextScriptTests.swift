// SPDX-License-Identifier: Apache-2.0
// Each command of the script language.

import Testing

@testable import BrolgaWasm

private func script(_ text: String) throws -> [ScriptCommand] {
  var text = text
  return try text.withUTF8 { try TextFormat.parseScript(UnsafeRawBufferPointer($0)).commands }
}

@Test func commandsHaveLinesAndNames() throws {
  let commands = try script(
    """
    (module $a (func (export "f")))
    (register "A" $a) (register "B")

    (module definition $d (memory 1))
    (module instance $i $d)
    (invoke $i "f" (i32.const 1) (f64.const nan) (ref.extern 3) (ref.null func))
    (get "g")
    """)
  #expect(commands.map(\.line) == [1, 2, 2, 4, 5, 6, 7])
  guard case .module(let module) = commands[0].kind else { return #expect(Bool(false)) }
  #expect(module.name == "a" && module.form == .text && (try? module.bytes.get()) != nil)
  guard case .register("A", instance: "a") = commands[1].kind,
    case .register("B", instance: nil) = commands[2].kind,
    case .definition = commands[3].kind,
    case .instance(name: "i", definition: "d") = commands[4].kind,
    case .action(.invoke(instance: "i", export: "f", let values)) = commands[5].kind,
    case .action(.get(instance: nil, export: "g")) = commands[6].kind
  else { return #expect(Bool(false)) }
  #expect(
    values == [.i32(1), .f64(0x7FF8_0000_0000_0000), .host(3), .null(.funcref)])
}

@Test func assertionsHaveTheirExpectations() throws {
  let commands = try script(
    """
    (assert_return (invoke "f") (i64.const -1) (f32.const nan:canonical) (ref.func) (ref.extern)
      (f64.const nan:arithmetic) (ref.null) (either (i32.const 1) (i32.const 2)))
    (assert_return (invoke "v") (v128.const i32x4 1 2 3 4) (v128.const f64x2 nan:canonical -1))
    (assert_trap (invoke "f") "integer overflow")
    (assert_trap (module (func)) "out of bounds")
    (assert_exhaustion (invoke "f") "call stack exhausted")
    (assert_malformed (module quote "(func" ")" "(foo)") "unknown operator")
    (assert_invalid (module (func i32.add)) "type mismatch")
    (assert_unlinkable (module binary "\\00asm" "\\01\\00\\00\\00") "unknown import")
    (assert_exception (invoke "t"))
    """)
  guard case .assertReturn(_, let results) = commands[0].kind else { return #expect(Bool(false)) }
  #expect(
    results == [
      .exactly(.i64(.max)), .canonicalNaN(isDouble: false), .function, .external,
      .arithmeticNaN(isDouble: true), .exactly(.null(nil)),
      .either([.exactly(.i32(1)), .exactly(.i32(2))]),
    ])
  guard case .assertReturn(_, let vectors) = commands[1].kind,
    case .assertTrap(_, "integer overflow") = commands[2].kind,
    case .assertModuleTrap(_, "out of bounds") = commands[3].kind,
    case .assertExhaustion = commands[4].kind,
    case .assertMalformed(let malformed, _) = commands[5].kind,
    case .assertInvalid(let invalid, _) = commands[6].kind,
    case .assertUnlinkable(let binary, _) = commands[7].kind,
    case .assertException = commands[8].kind
  else { return #expect(Bool(false)) }
  #expect(
    vectors == [
      .exactly(.v128(V128(low: 0x2_0000_0001, high: 0x4_0000_0003))),
      .lanes([.canonicalNaN(isDouble: true), .exactly(.f64(0xBFF0_0000_0000_0000))]),
    ])
  guard case .failure(let error) = malformed.bytes else { return #expect(Bool(false)) }
  #expect(error.message == "unknown operator foo" && malformed.form == .quote)
  #expect((try? invalid.bytes.get()) != nil)
  #expect(try binary.bytes.get() == [0, 0x61, 0x73, 0x6D, 1, 0, 0, 0])
}

@Test func aScriptMayBeTheFieldsOfAModule() throws {
  let commands = try script("(memory 1) (func (export \"f\"))")
  #expect(commands.count == 1)
}

@Test func aModuleThatIsWrongLeavesTheRestOfTheScript() throws {
  let commands = try script("(module (func (foo)))\n(invoke \"f\")")
  guard case .module(let module) = commands[0].kind, case .failure(let error) = module.bytes
  else { return #expect(Bool(false)) }
  #expect(error.line == 1 && error.column == 16 && commands.count == 2)
}

@Test func commandsThatAreNoneAreRefused() {
  for text in ["(foo)", "(invoke)", "(assert_return)", "(invoke \"f\" (i32.add))", "(get \"a\" 1)"]
  {
    #expect(throws: TextError.self, "\(text)") { try script(text) }
  }
}
