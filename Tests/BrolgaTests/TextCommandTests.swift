// SPDX-License-Identifier: Apache-2.0
// The command-line program on texts and scripts.

import Foundation
import Testing

@Suite(.enabled(if: binary != nil, "the brolga product is not built"))
struct TextCommandTests {
  private static let text = """
    (module
      (func $add (export "add") (param $a i32) (param $b i32) (result i32)
        (i32.add (local.get $a) (local.get $b))))
    """

  @Test func textRunsCompilesAndValidates() throws {
    let folder = TemporaryFolder()
    folder.write("add.wat", Self.text)
    let file = folder.path + "/add.wat"
    #expect(try brolga("run", "--invoke", "add", file, "3", "4").outputText == "7\n")
    #expect(try brolga("validate", file).status == 0)
    #expect(try brolga("inspect", file).outputText.contains("add"))
    let artefact = folder.path + "/add.brolga"
    #expect(try brolga("compile", file, "-o", artefact).status == 0)
    #expect(try brolga("run", "--invoke", "add", artefact, "1", "2").outputText == "3\n")
  }

  @Test func parseAndPrintUndoEachOther() throws {
    let folder = TemporaryFolder()
    folder.write("add.wat", Self.text)
    let stem = folder.path + "/add"
    #expect(try brolga("parse", stem + ".wat").status == 0)
    let printed = try brolga("print", stem + ".wasm").outputText
    #expect(printed.contains("(func $add (;0;) (type 0) (param $a i32) (param $b i32)"))
    folder.write("again.wat", printed)
    #expect(try brolga("print", folder.path + "/again.wat").outputText == printed)
  }

  @Test func anErrorInATextShowsItsLine() throws {
    let folder = TemporaryFolder()
    folder.write("bad.wat", "(module\n  (func i32.foo))\n")
    let result = try brolga("validate", folder.path + "/bad.wat")
    #expect(result.status == 1)
    #expect(
      result.errorText.hasSuffix(
        "2:9: malformed: unknown operator i32.foo\n  (func i32.foo))\n        ^\n"))
  }

  @Test func scriptsEndWithTheirOutcome() throws {
    let folder = TemporaryFolder()
    let module = "(module (func (export \"f\") (result i32) (i32.const 1)))\n"
    folder.write("good.wast", module + "(assert_return (invoke \"f\") (i32.const 1))")
    folder.write("bad.wast", module + "(assert_return (invoke \"f\") (i32.const 2))")
    let good = try brolga("wast", "--verify", folder.path + "/good.wast")
    #expect(good.status == 0 && good.outputText.hasPrefix("pass "))
    #expect(good.outputText.contains("1 scripts, 1 complete: 1 passed; peak memory"))
    let bad = try brolga("wast", "--verbose", folder.path + "/bad.wast")
    #expect(bad.status == 1 && bad.outputText.contains("bad.wast:2: got [i32(1)]"))
  }
}
