// SPDX-License-Identifier: Apache-2.0
// Deep nesting and large counts: no recursion, and no time that grows faster than the text.

import Testing

@testable import BrolgaWasm

private let depth = 100_000

private func nested(_ open: String, _ inner: String, _ close: String) -> String {
  String(repeating: open, count: depth) + inner + String(repeating: close, count: depth)
}

@Suite(.timeLimit(.minutes(5)))
struct TextLimitTests {
  @Test func nestedParenthesesFailCleanly() {
    #expect(textRefusal(nested("(", "", ")"))?.column == 2)
    #expect(textRefusal(nested("(", "", ""))?.message == "unclosed parenthesis")
    #expect(textRefusal(nested("(func ", "", ")"))?.kind == .malformed)
    #expect(textRefusal("(func " + nested("(", "", ")") + ")")?.column == 8)
  }

  @Test func nestedInstructionsParse() throws {
    #expect(textRefusal("(func " + nested("(block ", "", ")") + ")") == nil)
    #expect(textRefusal("(func " + nested("block ", "", " end") + ")") == nil)
    let sum = nested("(i32.eqz ", "(i32.const 1)", ")")
    let module = try decode("(func (result i32) \(sum))")
    #expect(module.body(ofFunction: 0).count == depth + 4)
    let choice = nested("(if (i32.const 0) (then ", "", ") (else))")
    let text = try TextFormat.print(try decode("(func \(choice))"))
    // Four lines each, none longer than the indentation allows.
    #expect(text.count < depth * 400)
  }

  @Test func nestedCommentsAndAnnotationsAreSkipped() throws {
    #expect(textRefusal(nested("(;", "", ";)")) == nil)
    #expect(textRefusal("(@a " + nested("(", "", ")") + ")") == nil)
    #expect(textRefusal(nested("(@a ", "", ")")) == nil)
    #expect(textRefusal(nested("(;", "", ""))?.message == "unclosed comment")
  }

  @Test func namesAreFoundWhateverTheirNumber() throws {
    // Each label hides the one before, and the outermost is named from the innermost.
    let labels =
      "block $out " + String(repeating: "block $a ", count: depth / 2)
      + String(repeating: "br $out ", count: depth / 2)
      + String(repeating: "end ", count: depth / 2) + "end"
    #expect(textRefusal("(func \(labels))") == nil)
    var functions = ""
    for i in 0..<20_000 { functions += "(func $f\(i) (call $f\(19_999 - i)))" }
    #expect(try decode(functions).functionCount == 20_000)
    var locals = ""
    for i in 0..<20_000 { locals += "(local $x\(i) i32)" }
    #expect(textRefusal("(func \(locals) (drop (local.get $x19999)))") == nil)
  }

  @Test func tokensAreAsManyAsTheText() throws {
    let text = String(repeating: "(func (param i32) (drop (i32.const 12345)))\n", count: 1000)
    var copy = text
    try copy.withUTF8 { source in
      var lexer = TextLexer(source)
      try lexer.run()
      #expect(lexer.tokens.count == 14 * 1000 + 1)
      // Made in one go, with no memory but the tokens'.
      #expect(lexer.tokens.capacity < 2 * lexer.tokens.count)
      #expect(MemoryLayout<TextToken>.stride == 16)
    }
  }
}
