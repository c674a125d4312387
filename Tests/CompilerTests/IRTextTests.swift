// SPDX-License-Identifier: Apache-2.0
// The text form and the verifier.

import BrolgaEntities
import Testing

@testable import BrolgaCompiler

private let everything = """
  function 7 type 3 {
  frame i32, f64
  b0(v0: i32, v1: i64, v2: f32, v3: f64):
    v4 = iconst.i32 #-5
    v5 = iconst.i64 #-9223372036854775808
    v6 = fconst.f32 #0x3f800000  ; 1.0
    v7 = fconst.f64 #0x7ff8000000000001  ; nan(0x1)
    v8 = add.i32 v0, v4
    v9 = select.i64 v8, v1, v5
    v10 = load8_u.i64 v0, #8
    v11 = load.f32 v0, #0, #1
    store v0, v2, #2147483647
    v13 = context_load.i64 #8, #readonly
    v14 = pointer_load.i32 v13, #24
    context_store v1, #16
    pointer_store v13, v14, #4
    v17 = frame_load.f64 #1
    frame_store v0, #0
    v19 = call.i32 v0, v1, #12, #9
    v20 = result.i64 v19, #1
    call_reference v13, v20, #4
    v22 = call_helper.i64 v1, v8, #memoryGrow
    trap_if v8, #integerOverflow
    v24 = call.i32 #12, #9
    v25 = caught.i64
    unwind v25 -> b6(v25), b1(v0, v8)
  b1(v40: i32, v27: i32) depth 1 header:
    v28 = lt_s.i32 v40, v27
    nop
    branch v28 -> b1(v27, v40), b2
  b2 depth 1:
    branch_table v40 -> b1(v40, v40), b3(v20), b3(v9), b1(v40, v40)
  b3(v41: i64):
    branch v0 -> b4, b5
  b4:
    return v41, v3
  b5 cold:
    trap #unreachable
  b6(v42: i64):
    return v42, v3
  }

  """

/// The message of the error that verifying a text gives; "" for none.
private func problem(_ text: String) throws -> String {
  let function = try Function.parse(text)
  do {
    try function.verify()
    return ""
  } catch { return error.message }
}

/// The first line in which two texts differ.
func firstDifference(_ x: String, _ y: String) -> String? {
  let first = x.split(separator: "\n", omittingEmptySubsequences: false)
  let second = y.split(separator: "\n", omittingEmptySubsequences: false)
  for (k, (a, b)) in zip(first, second).enumerated() where a != b {
    return "line \(k + 1): \(a) | \(b)"
  }
  return first.count == second.count ? nil : "\(first.count) lines | \(second.count)"
}

private func wrap(_ lines: String, _ parameters: String = "v0: i32, v1: i64") -> String {
  "function 0 type 0 {\nb0(\(parameters)):\n\(lines)\n}\n"
}

@Suite struct IRTextTests {
  @Test func everyKindOfLineIsPrintedAndParsed() throws {
    let function = try Function.parse(everything)
    #expect(firstDifference(function.text(), everything) == nil)
    try function.verify()
  }

  @Test func parametersMayStandBehindAllBlocks() throws {
    let text = """
      function 0 type 0 {
      b0(v0: i32):
        jump -> b1(v0)
      b1(v7: i32) header:
        jump -> b1(v7)
      }

      """
    let function = try Function.parse(text)
    try function.verify()
    #expect(function.text() == text)
  }

  @Test func randomFunctionsRoundTrip() throws {
    for seed in 0..<60 {
      let function = RandomFunction.make(seed: UInt64(seed))
      try function.verify()
      let text = function.text(showsOrigins: true)
      let parsed = try Function.parse(text)
      #expect(firstDifference(parsed.text(showsOrigins: true), text) == nil, "seed \(seed)")
      try parsed.verify()
      #expect(parsed.instructions.count == function.instructions.count)
      var first = Interpreter()
      var second = Interpreter()
      let arguments: [UInt64] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
      #expect(first.run(function, arguments) == second.run(parsed, arguments))
    }
  }

  @Test func aWrongTextIsRefusedWithItsLine() {
    let cases: [(String, Int)] = [
      ("", 1),
      ("function 0 type 0 {", 1),
      (wrap("  v2 = foo.i32 v0\n  return"), 3),
      (wrap("  v2 = add v0, v0\n  return"), 3),
      (wrap("  v2 = add.i32 v0\n  return"), 3),
      (wrap("  v2 = add.i32 v0, v9\n  return"), 3),
      (wrap("  v2 = add.i32 v0, v0, #1\n  return"), 3),
      (wrap("  jump -> b7"), 3),
      (wrap("  jump"), 3),
      (wrap("  trap #nothing"), 3),
      (wrap("  v2 = iconst.i32 #2147483648\n  return"), 3),
      (wrap("  v4000000000 = iconst.i32 #1\n  return"), 3),
      (wrap("  v1 = iconst.i32 #1\n  return"), 3),
      (wrap("  v0 = iconst.i32 #1"), 3),
      (wrap("  return v0 v1"), 3),
    ]
    for (text, line) in cases {
      do {
        _ = try Function.parse(text)
        Issue.record("accepted: \(text)")
      } catch {
        #expect(error.line == line, "\(error) in \(text)")
      }
    }
  }

  @Test func cutAndSplicedTextsNeverCrash() throws {
    var random = SeededGenerator(seed: 5)
    let text = Array(RandomFunction.make(seed: 3, statements: 12).text(showsOrigins: true).utf8)
    let alphabet = Array("v0b1=->#(),:{}\n i32".utf8)
    var accepted = 0
    for _ in 0..<600 {
      var bytes = text
      for _ in 0..<Int.random(in: 1..<4, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[at] = alphabet.randomElement(using: &random)!
        case 1: bytes.removeSubrange(at..<min(bytes.count, at + 5))
        default: bytes.insert(alphabet.randomElement(using: &random)!, at: at)
        }
      }
      guard let function = try? Function.parse(String(decoding: bytes, as: UTF8.self)) else {
        continue
      }
      accepted += 1
      try? function.verify()
    }
    #expect(accepted > 5)
  }
}

@Suite struct IRVerifierTests {
  @Test func wrongTypesAreFound() throws {
    let wrong = "operands or result are of the wrong type"
    for line in [
      "v2 = add.i32 v0, v1", "v2 = add.i64 v0, v0", "v2 = fadd.i32 v0, v0",
      "v2 = extend_u.i32 v0", "v2 = wrap.i32 v0", "v2 = eq.i64 v1, v1", "v2 = eq.i32 v0, v1",
      "v2 = select.i32 v1, v0, v0", "v2 = select.i32 v0, v0, v1", "v2 = load32_u.i32 v0, #0",
      "v2 = load8_u.f32 v0, #0", "v2 = pointer_load.i64 v0, #0", "v2 = reinterpret.i64 v1",
      "v2 = convert_s.i32 v0", "v2 = promote.f64 v1", "v2 = extend32_s.i32 v0",
    ] {
      #expect(try problem(wrap("  \(line)\n  return")) == wrong, "\(line)")
    }
    for line in ["store32 v0, v0, #0", "pointer_store v0, v0, #0", "trap_if v1, #unreachable"] {
      #expect(try problem(wrap("  \(line)\n  return")) == wrong, "\(line)")
    }
  }

  @Test func brokenStructureIsFound() throws {
    #expect(try problem(wrap("  store v0, v1, #2147483648\n  return")).contains("offset"))
    #expect(try problem(wrap("  v2 = frame_load.i32 #0\n  return")).contains("frame variable"))
    #expect(
      try problem(wrap("  v2 = add.i32 v3, v0\n  v3 = add.i32 v0, v0\n  return"))
        == "v3 does not dominate its use")
    #expect(
      try problem(
        wrap("  branch v0 -> b1, b2\nb1:\n  v3 = clz.i32 v0\n  jump -> b2\nb2:\n  return v3"))
        == "v3 does not dominate its use")
    #expect(try problem(wrap("  jump -> b1\nb1:\n  jump -> b1")).contains("not a loop header"))
    #expect(
      try problem(
        wrap("  branch v0 -> b1, b2\nb1 header:\n  jump -> b2\nb2:\n  jump -> b1")
      ).contains("entered past its header"))
    #expect(
      try problem(wrap("  jump -> b1(v0)\nb1(v3: i64):\n  return")).contains("not of the type"))
    #expect(
      try problem(
        wrap("  v2 = call.i32 #1, #1\n  v3 = clz.i32 v0\n  v4 = result.i32 v2, #1\n  return")
      )
      .contains("follow its call"))
    #expect(try problem(wrap("  v2 = result.i32 v0, #1\n  return")).contains("result"))
    #expect(try problem(wrap("  v2 = clz.i32 v0\n  return v2")) == "")
  }

  @Test func misplacedUnwindingIsFound() throws {
    func problemOf(_ lines: String) throws -> String {
      let ends = lines.contains("b1:") ? ("b2", "b3") : ("b1", "b2")
      return try problem(
        wrap(
          "  v2 = call.i64 #1, #1\n\(lines)\n\(ends.0)(v20: i64):\n  return v20\n\(ends.1):\n  return v2"
        ))
    }
    let caught = "  v6 = caught.i64\n"
    let unwind = "  unwind v6 -> b1(v6), b2"
    let noCall = "no call stands before it"
    let noUnwind = "no unwind follows it"
    let noCaught = "it tests no caught exception"
    for right in [
      caught + unwind, "  v4 = result.i32 v2, #1\n" + caught + unwind,
      "  v4 = iconst.i64 #1\n" + caught + "  v7 = iconst.i64 #2\n" + unwind,
    ] {
      #expect(try problemOf(right) == "", "\(right)")
    }
    for (wrong, message) in [
      ("  v4 = clz.i64 v1\n" + caught + unwind, noCall),
      ("  v4 = call_helper.i64 v1, #memoryGrow\n" + caught + unwind, noCall),
      ("  jump -> b1\nb1:\n" + caught + "  unwind v6 -> b2(v6), b3", noCall),
      (caught + "  v7 = clz.i64 v1\n" + unwind, noUnwind),
      (caught + "  v7 = caught.i64\n" + unwind, noUnwind),
      (caught + "  branch v0 -> b1(v6), b2", noUnwind),
      ("  unwind v1 -> b1(v1), b2", noCaught),
      (caught + "  unwind v6 -> b2(v6), b1\nb1:\n  unwind v6 -> b2(v6), b3", noCaught),
    ] {
      #expect(try problemOf(wrong) == message, "\(wrong)")
    }
    #expect(
      try problemOf("  v6 = caught.i32\n  unwind v6 -> b1(v1), b2")
        == "operands or result are of the wrong type")
  }

  /// Every field of every table changed at random: found, or harmless; and never a crash.
  @Test func mutationsAreFound() throws {
    var found = 0
    var missed = 0
    for seed in 0..<1200 {
      var random = SeededGenerator(seed: UInt64(seed))
      var f = RandomFunction.make(seed: UInt64(seed % 20))
      mutate(&f, &random)
      do {
        try f.verify()
        missed += 1
      } catch { found += 1 }
    }
    #expect(found > 700, "found \(found), let pass \(missed)")
  }

  private func mutate(_ f: inout Function, _ random: inout SeededGenerator) {
    let small = UInt32.random(in: 0..<100, using: &random)
    let delta: UInt32 = Bool.random(using: &random) ? small : 1
    switch Int.random(in: 0..<4, using: &random) {
    case 0:
      let i = Value(Int.random(in: 0..<f.instructions.count, using: &random))
      switch Int.random(in: 0..<5, using: &random) {
      case 0: f.instructions[i].a &+= delta
      case 1: f.instructions[i].b &+= delta
      case 2: f.instructions[i].c &+= delta
      case 3: f.instructions[i].opcode = Opcode.allCases.randomElement(using: &random)!
      default: f.instructions[i].type = [.none, .i32, .i64, .f32].randomElement(using: &random)!
      }
    case 1:
      let b = Block(Int.random(in: 0..<f.blocks.count, using: &random))
      switch Int.random(in: 0..<6, using: &random) {
      case 0: f.blocks[b].instructionStart &+= delta
      case 1: f.blocks[b].instructionEnd &-= delta
      case 2: f.blocks[b].parameterStart &+= delta
      case 3: f.blocks[b].parameterCount &+= delta
      case 4: f.blocks[b].predecessorCount &-= 1
      default: f.blocks[b].predecessorStart &+= delta
      }
    case 2 where f.edges.count > 0:
      let e = Edge(Int.random(in: 0..<f.edges.count, using: &random))
      switch Int.random(in: 0..<3, using: &random) {
      case 0: f.edges[e].to = Block(Int.random(in: 0..<f.blocks.count + 1, using: &random))
      case 1: f.edges[e].from = Block(Int.random(in: 0..<f.blocks.count, using: &random))
      default: f.edges[e].argumentStart &+= delta
      }
    default:
      let i = Int.random(in: 0..<f.lists.count, using: &random)
      f.lists[i] = f.lists[i] &+ delta
    }
  }

  @Test func manyBlocksInDeepLoopsVerify() throws {
    let n = _isDebugAssertConfiguration() ? 5_000 : 25_000
    // b0 .. bn: each branches deeper or to its own exit; exits follow, innermost first.
    var text = "function 0 type 0 {\nb0(v0: i32):\n  branch v0 -> b1, b\(2 * n)\n"
    for k in 1..<n { text += "b\(k) header:\n  branch v0 -> b\(k + 1), b\(2 * n - k)\n" }
    text += "b\(n):\n  branch v0 -> b\(n - 1), b\(n + 1)\n"
    for k in n + 1..<2 * n { text += "b\(k):\n  jump -> b\(k + 1)\n" }
    text += "b\(2 * n):\n  return\n}\n"
    let function = try Function.parse(text)
    try function.verify()
  }
}
