// SPDX-License-Identifier: Apache-2.0
// Errors say line and column, show the line, and point into it.

import Testing

@testable import BrolgaWasm

@Test func anErrorPointsAtItsToken() {
  let error = textRefusal("(module\n  (func\n    i32.const 1\n    i32.foo))\n")
  #expect(error?.line == 4 && error?.column == 5)
  #expect(
    error?.description == """
      4:5: malformed: unknown operator i32.foo
          i32.foo))
          ^
      """)
}

@Test func columnsCountCharactersAndTabsStay() {
  let error = textRefusal("\t(; é😀 ;) (func $x) (func $x)")
  #expect(error?.column == 27)
  #expect(error?.description.hasSuffix("\n\t" + String(repeating: " ", count: 25) + "^") == true)
}

@Test func aLongLineIsShownAroundTheColumn() {
  let blanks = String(repeating: " ", count: 10_000)
  let error = textRefusal("(func\(blanks)oops\(blanks))")
  #expect(error?.column == 10_006 && error?.excerpt.count == 120 && error?.excerptColumn == 60)
}

@Test func aTypingErrorPointsAtItsInstruction() {
  let text = """
    (module
      (import "a" "b" (func))
      (func $ok (drop (i32.const 1)))
      (func $bad (param f32)
        (i32.const 1)
        (drop (i32.add (local.get 0)
                       (i32.const 3)))))
    """
  let error = textRefusal(text)
  #expect(error?.kind == .invalid && error?.line == 6 && error?.column == 12, "\(error as Any)")
}

@Test func errorsOutsideFunctionsPointAtTheirField() {
  let global = textRefusal("(module\n (global i32 (i32.const 1))\n (global i32 (i64.const 1)))")
  #expect(global?.kind == .invalid && global?.line == 3, "\(global as Any)")
  let data = textRefusal("(module (memory 1)\n (data \"\")\n (data (i64.const 0) \"abc\"))")
  #expect(data?.kind == .invalid && data?.line == 3, "\(data as Any)")
  let export = textRefusal("(module\n(func)\n(export \"a\" (func 0))\n(export \"a\" (func 0)))")
  #expect(export?.kind == .invalid && export?.line == 4, "\(export as Any)")
  let end = textRefusal("(module\n (func (result i32)\n nop\n ))")
  #expect(end?.kind == .invalid && end?.line == 4, "\(end as Any)")
}

@Test func anErrorAtTheEndHasAPlaceToo() {
  #expect(textRefusal("(module (func")?.line == 1)
  #expect(textRefusal("(module (func $f\n) \"abc")?.line == 2)
  #expect(textRefusal([0x28, 0xFF])?.column == 2)
}
