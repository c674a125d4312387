// SPDX-License-Identifier: Apache-2.0
// The passes of -O2: before and after as text, and random functions run before and after.

import BrolgaEntities
import Foundation
import Testing

@testable import BrolgaCompiler

/// Optimises a text and returns the text after.
private func optimized(_ text: String) throws -> String {
  var function = try Function.parse(text)
  try function.verify()
  var scratch = PassScratch()
  optimize(&function, &scratch, alwaysRebuilds: true)
  try function.verify()
  return function.text()
}

private func expectOptimized(
  _ before: String, _ after: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let head = "function 0 type 0 {\n"
  let actual = try optimized(head + before + "\n}\n")
  let difference = firstDifference(actual, head + after + "\n}\n")
  #expect(difference == nil, "\(actual)", sourceLocation: sourceLocation)
}

@Suite struct PassesTests {
  @Test func aParameterThatNeverChangesGoes() throws {
    try expectOptimized(
      """
      b0(v0: i32, v1: i32):
        jump -> b1(v0, v1)
      b1(v3: i32, v4: i32) header:
        v5 = add.i32 v3, v4
        branch v5 -> b1(v3, v5), b2(v3)
      b2(v6: i32):
        return v6
      """,
      """
      b0(v0: i32, v1: i32):
        jump -> b1(v1)
      b1(v3: i32) header:
        v4 = add.i32 v0, v3
        branch v4 -> b1(v4), b2
      b2:
        return v0
      """)
  }

  /// A loop over 64-bit addresses; `first` stands before the check, `step` is added to the address.
  private func checkedLoop(first: String, access: String, step: String) -> String {
    """
    b0(v0: i64, v1: i64):
      jump -> b1(v0)
    b1(v3: i64) header:
      \(first)
      v5 = iconst.i64 #17179869184
      v6 = ge_u.i32 v3, v5
      trap_if v6, #memoryOutOfBounds
      \(access)
      v9 = iconst.i64 \(step)
      v10 = add.i64 v3, v9
      v11 = ne.i32 v10, v1
      branch v11 -> b1(v10), b2
    b2:
      return
    """
  }

  /// Whether the optimised text has the check of the loop before it.
  private func movesCheck(
    first: String = "nop", access: String = "v8 = load.i32 v3, #8", step: String = "#4"
  ) throws -> Bool {
    let loop = checkedLoop(first: first, access: access, step: step)
    let text = try optimized("function 0 type 0 {\n" + loop + "\n}\n")
    let parts = text.components(separatedBy: "header:")
    try #require(parts.count == 2)
    let isBefore = parts[0].contains("trap_if")
    #expect(parts[1].contains("trap_if") != isBefore, "\(text)")
    return isBefore
  }

  @Test func theCheckOfAnAddressThatALoopStepsThroughIsMadeBeforeIt() throws {
    #expect(try movesCheck())
    #expect(try movesCheck(access: "store v3, v1, #0"))
    #expect(try movesCheck(first: "v4 = load.i64 v1, #0", step: "#65536"))
  }

  @Test func aCheckStaysInItsLoopWhereMovingItCouldBeSeen() throws {
    // What comes before it has effects, or traps otherwise.
    #expect(try !movesCheck(first: "context_store v1, #16"))
    #expect(try !movesCheck(first: "v4 = div_u.i64 v3, v1"))
    // No access shows that the address is inside, or the next may lie beyond what is reserved.
    #expect(try !movesCheck(access: "v8 = load.i32 v1, #0"))
    #expect(try !movesCheck(step: "#65537"))
    #expect(try !movesCheck(step: "#-4"))
  }

  @Test func parametersOfNestedLoopsGoTogether() throws {
    try expectOptimized(
      """
      b0(v0: i32, v1: i32):
        jump -> b1(v0)
      b1(v3: i32) header:
        jump -> b2(v3)
      b2(v4: i32) header:
        context_store v4, #8
        branch v1 -> b2(v4), b3(v4)
      b3(v5: i32):
        branch v1 -> b1(v5), b4
      b4:
        return v5
      """,
      """
      b0(v0: i32, v1: i32):
        jump -> b1
      b1 header:
        jump -> b2
      b2 header:
        context_store v0, #8
        branch v1 -> b2, b3
      b3:
        branch v1 -> b1, b4
      b4:
        return v0
      """)
  }

  @Test func aParameterThatOnlyFeedsItselfGoes() throws {
    try expectOptimized(
      """
      b0(v0: i32):
        v1 = iconst.i32 #0
        jump -> b1(v1)
      b1(v3: i32) header:
        v4 = iconst.i32 #1
        v5 = add.i32 v3, v4
        context_store v0, #8
        branch v0 -> b1(v5), b2
      b2:
        return
      """,
      """
      b0(v0: i32):
        jump -> b1
      b1 header:
        context_store v0, #8
        branch v0 -> b1, b2
      b2:
        return
      """)
  }

  @Test func branchesOnConstantsAndWhatTheyCutOffGo() throws {
    try expectOptimized(
      """
      b0(v0: i32):
        v1 = iconst.i32 #1
        branch v1 -> b1, b2
      b1:
        v3 = iconst.i32 #2
        jump -> b3(v3)
      b2:
        jump -> b3(v1)
      b3(v6: i32):
        v7 = add.i32 v6, v0
        return v7
      """,
      """
      b0(v0: i32):
        v1 = iconst.i32 #2
        v2 = add.i32 v0, v1
        return v2
      """)
  }

  @Test func tablesOfFewTargetsBecomeSimpler() throws {
    try expectOptimized(
      """
      b0(v0: i32):
        branch_table v0 -> b1, b2, b2
      b1:
        branch_table v0 -> b2
      b2:
        branch_table v0 -> b3, b4
      b3:
        return
      b4:
        return v0
      """,
      """
      b0(v0: i32):
        branch_table v0 -> b1, b2, b2
      b1:
        jump -> b2
      b2:
        branch v0 -> b4, b3
      b3:
        return
      b4:
        return v0
      """)
  }

  @Test func aTestOfATestIsTurnedRound() throws {
    try expectOptimized(
      """
      b0(v0: i32):
        v1 = iconst.i32 #0
        v2 = eq.i32 v0, v1
        branch v2 -> b1, b2
      b1:
        return
      b2:
        return v0
      """,
      """
      b0(v0: i32):
        branch v0 -> b2, b1
      b1:
        return
      b2:
        return v0
      """)
  }

  @Test func operandsAreSeenThroughOnlyIfNothingElseNeedsThem() throws {
    // v3 lives on: v0 + 16 would keep v0 alive beside it.
    try expectOptimized(
      """
      b0(v0: i32):
        v1 = iconst.i32 #-32
        v2 = iconst.i32 #48
        v3 = add.i32 v0, v1
        v4 = add.i32 v3, v2
        store v3, v4, #0
        v6 = xor.i32 v4, v2
        v7 = xor.i32 v6, v1
        return v7
      """,
      """
      b0(v0: i32):
        v1 = iconst.i32 #-32
        v2 = add.i32 v0, v1
        v3 = iconst.i32 #48
        v4 = add.i32 v2, v3
        store v2, v4, #0
        v6 = xor.i32 v4, v3
        v7 = iconst.i32 #-48
        v8 = xor.i32 v4, v7
        return v8
      """)
  }

  @Test func randomExpressionsKeepTheirValue() throws {
    var scratch = PassScratch()
    for seed in 0..<300 {
      var builder = Builder()
      RandomExpressions(seed: UInt64(seed)).build(&builder, simplifies: false)
      let plain = builder.takeFunction()
      RandomExpressions(seed: UInt64(seed), returnsOne: true).build(&builder, simplifies: false)
      let few = builder.takeFunction()
      RandomExpressions(seed: UInt64(seed), returnsOne: true).build(&builder, simplifies: false)
      var better = builder.takeFunction()
      optimize(&better, &scratch, alwaysRebuilds: true)
      try better.verify()
      var random = SeededGenerator(seed: UInt64(seed))
      for _ in 0..<4 {
        let arguments = [Type.i32, .i64, .f32, .f64].map { interestingBits($0, using: &random) }
        var runs = [Interpreter(), Interpreter(), Interpreter()]
        let all = runs[0].run(plain, arguments)
        let expected = runs[1].run(few, arguments)
        let actual = runs[2].run(better, arguments)
        #expect(expected == actual && runs[1].trace == runs[2].trace, "seed \(seed)")
        if case .returns(let values) = all, case .returns(let some) = expected {
          #expect(some.allSatisfy(values.contains))
        }
      }
    }
  }

  @Test func whatAlwaysTrapsEndsItsBlock() throws {
    try expectOptimized(
      """
      b0(v0: i32):
        v1 = iconst.i32 #1
        trap_if v1, #integerOverflow
        context_store v0, #8
        return v0
      """,
      """
      b0(v0: i32):
        trap #integerOverflow
      """)
  }

  @Test func equalValuesAreFoundAcrossACutOffBlock() throws {
    // b2 stands between b1 and the block that b1 dominates.
    try expectOptimized(
      """
      b0(v0: i32, v1: i32):
        branch v0 -> b1, b2
      b1:
        v3 = mul.i32 v0, v1
        context_store v3, #8
        branch v3 -> b3, b4
      b2:
        v6 = mul.i32 v0, v1
        context_store v6, #16
        return v0
      b3:
        v9 = mul.i32 v0, v1
        return v9
      b4:
        return
      """,
      """
      b0(v0: i32, v1: i32):
        branch v0 -> b1, b2
      b1:
        v3 = mul.i32 v0, v1
        context_store v3, #8
        branch v3 -> b3, b4
      b2:
        v6 = mul.i32 v0, v1
        context_store v6, #16
        return v0
      b3:
        return v3
      b4:
        return
      """)
  }

  @Test func invariantsLeaveTheirLoops() throws {
    try expectOptimized(
      """
      b0(v0: i32, v1: f64):
        jump -> b1(v0)
      b1(v3: i32) header:
        jump -> b2(v3)
      b2(v5: i32) header:
        v6 = context_load.i64 #48, #readonly
        v7 = fmul.f64 v1, v1
        v8 = fsqrt.f64 v7
        v9 = convert_s.f64 v5
        v10 = convert_s.f64 v3
        pointer_store v6, v8, #0
        pointer_store v6, v9, #8
        pointer_store v6, v10, #8
        v14 = iconst.i32 #1
        v15 = add.i32 v5, v14
        branch v15 -> b2(v15), b3
      b3:
        branch v5 -> b1(v5), b4
      b4:
        return
      """,
      """
      b0(v0: i32, v1: f64):
        v2 = fmul.f64 v1, v1
        v3 = fsqrt.f64 v2
        jump -> b1(v0)
      b1(v5: i32) header:
        v6 = convert_s.f64 v5
        jump -> b2(v5)
      b2(v8: i32) header:
        v9 = context_load.i64 #48, #readonly
        v10 = convert_s.f64 v8
        pointer_store v9, v3, #0
        pointer_store v9, v10, #8
        pointer_store v9, v6, #8
        v14 = iconst.i32 #1
        v15 = add.i32 v8, v14
        branch v15 -> b2(v15), b3
      b3:
        branch v8 -> b1(v8), b4
      b4:
        return
      """)
  }

  @Test func randomFunctionsBehaveTheSame() throws {
    var scratch = PassScratch()
    var returned = 0
    var before = 0
    var after = 0
    for seed in 0..<300 {
      let plain = RandomFunction.make(seed: UInt64(seed))
      var better = RandomFunction.make(seed: UInt64(seed))
      optimize(&better, &scratch, alwaysRebuilds: seed % 2 == 0)
      do { try better.verify() } catch {
        Issue.record("seed \(seed): \(error)\n\(plain.text())\n\(better.text())")
        return
      }
      before += plain.instructions.count
      after += better.instructions.count
      var random = SeededGenerator(seed: UInt64(seed) + 99)
      for _ in 0..<4 {
        let arguments = RandomFunction.arguments(using: &random)
        var first = Interpreter()
        var second = Interpreter()
        let expected = first.run(plain, arguments)
        let actual = second.run(better, arguments)
        if case .returns = expected { returned += 1 }
        if expected != actual || first.trace != second.trace {
          Issue.record("seed \(seed): \(expected) | \(actual)\n\(plain.text())\n\(better.text())")
          return
        }
      }
    }
    #expect(returned > 250)
    #expect(after < before)
  }

  @Test func whereThereIsLittleToGainOnlyTheDeadGoes() throws {
    var lines = "function 0 type 0 {\nb0(v0: i32, v1: i32):\n"
    for k in 2..<40 { lines += "  v\(k) = mul.i32 v\(k - 1), v0\n" }
    lines += "  v40 = add.i32 v0, v1\n  return v39\n}\n"
    var function = try Function.parse(lines)
    var scratch = PassScratch()
    optimize(&function, &scratch)
    #expect(function.text() == lines.replacing("v40 = add.i32 v0, v1", with: "nop"))
  }

  @Test func optimisingTwiceFindsLittleMore() throws {
    var scratch = PassScratch()
    var once = 0
    var twice = 0
    for seed in 0..<60 {
      var function = RandomFunction.make(seed: UInt64(seed))
      optimize(&function, &scratch, alwaysRebuilds: true)
      once += function.instructions.count
      optimize(&function, &scratch, alwaysRebuilds: true)
      try function.verify()
      twice += function.instructions.count
    }
    #expect(twice <= once && twice * 10 > once * 6, "\(once), then \(twice)")
  }

  @Test func dominatorsAgreeWithTheVerifier() throws {
    var dominators = Dominators()
    for seed in 0..<60 {
      let function = RandomFunction.make(seed: UInt64(seed))
      dominators.compute(function)
      var others = VerifierDominators()
      others.compute(function)
      for a in 0..<function.blocks.count {
        #expect(dominators.isReachable(a) == others.isReachable(Block(a)))
        for b in 0..<function.blocks.count where others.isReachable(Block(b)) {
          #expect(
            (dominators.isReachable(a) && dominators.dominates(a, b))
              == others.dominates(Block(a), Block(b)))
        }
      }
    }
  }

  @Test func deeplyNestedLoopsAreLinear() throws {
    var maker = FunctionMaker()
    let n = _isDebugAssertConfiguration() ? 10_000 : 50_000
    var x = maker.bind([], [.i32, .i32]).parameters[0]
    var headers: [Block] = []
    for k in 0..<n {
      let entry = maker.edge([x, Value(raw: 1)])
      maker.jump(entry)
      let (header, parameters) = maker.bind([entry], [.i32, .i32], isHeader: true, depth: k + 1)
      x = parameters[0]
      headers.append(header)
    }
    for k in 0..<n {
      let back = maker.edge([x, Value(raw: 1)])
      let out = maker.edge()
      maker.builder.function.edges[back].to = headers[n - 1 - k]
      let condition = maker.add(Instruction(.mul, .i32, a: x.raw, b: 1))
      maker.branch(condition, back, out)
      _ = maker.bind([out], depth: n - 1 - k)
    }
    maker.returns([x])
    var function = maker.function()
    var scratch = PassScratch()
    optimize(&function, &scratch)
    try function.verify()
    #expect(function.instructions.count < 4 * n)
  }

  @Test func aChainOfAMillionIsLinear() throws {
    var maker = FunctionMaker()
    let parameters = maker.bind([], [.i32, .i32]).parameters
    var value = parameters[0]
    // Stack would run out long before; a checked build takes ten times as long.
    let n = _isDebugAssertConfiguration() ? 200_000 : 1_000_000
    for _ in 0..<n {
      value = maker.add(Instruction(.mul, .i32, a: value.raw, b: parameters[1].raw))
    }
    maker.returns([value])
    var function = maker.function()
    var scratch = PassScratch()
    optimize(&function, &scratch, alwaysRebuilds: true)
    #expect(function.instructions.count == n + 3)
  }
}
