// SPDX-License-Identifier: Apache-2.0
// Locals as values, and in the frame where they would be too many: what both cost.

import BrolgaEntities
import BrolgaWasm
import Testing

@testable import BrolgaCompiler

private func module(_ text: String) throws -> Module {
  var text = text
  return try text.withUTF8 { try Module(text: UnsafeRawBufferPointer($0)) }
}

/// A switch as compilers write it without optimising: every temporary is a local of its own, and
/// each case lies behind the end of one of `count` nested blocks.
private func manyCases(_ count: Int) -> String {
  let size = 40
  var text = "(module (func (param i32 i32) (result i32) (local i32)\n(local"
  text += String(repeating: " i32", count: count * size) + ")\n"
  text += "(block $out " + String(repeating: "block ", count: count)
  text += "local.get 0 br_table " + (0..<count).map { "\($0)" }.joined(separator: " ") + "\n"
  for i in 0..<count {
    text += "end local.get 1 "
    for k in 0..<size {
      let local = 3 + i * size + k
      text += "i32.const \(i + k) i32.xor local.tee \(local) local.get \(local) i32.mul "
    }
    text += "local.set 2 br $out\n"
  }
  return text + ") local.get 2))"
}

private func report(_ module: Module, _ options: CompilerOptions) throws -> FunctionReport {
  var options = options
  options.reports = true
  options.verifies = true
  options.checksAllocation = true
  return try compile(module, options).reports[0]
}

@Suite struct LocalsTests {
  @Test func localsThatNobodyReadsAnyMoreTakeNoSteps() throws {
    var steps: [Int] = []
    for count in [200, 400] {
      let unit = CompilationUnit(try module(manyCases(count)))
      var translator = Translator()
      try translator.translate(unit, function: 0, numbersValues: true)
      let fellBack = translator.localsInFrame
      #expect(!fellBack)
      steps.append(translator.locals.steps)
    }
    #expect(steps[1] < steps[0] * 22 / 10, "\(steps)")
  }

  @Test(arguments: [OptimizationLevel.o0, .o2], [false, true])
  func aFrameIsInProportionToWhatIsInUseAtOneTime(level: OptimizationLevel, inFrame: Bool) throws {
    var options = CompilerOptions()
    options.level = level
    options.keepsLocalsInFrame = inFrame
    let frame = try report(try module(manyCases(300)), options)
    #expect(frame.frameBytes <= 256)
    #expect(frame.hasLocalsInFrame == inFrame)
  }

  @Test func localsWithPartsOfTheirOwnShareAFrameVariable() throws {
    var text =
      "(module (func (param i32) (result i32) (local" + String(repeating: " i32", count: 100)
    text += ")\n"
    for local in 2...100 {
      text += "(local.set \(local) (i32.mul (local.get 0) (i32.const \(local))))"
      text += "(if (local.get 0) (then (local.set \(local) (i32.const 7))))"
      text += "(local.set 1 (i32.add (local.get 1) (local.get \(local))))\n"
    }
    let variables = try frameVariables(text + "(local.get 1)))")
    // Local 0 and the sum are in use throughout; the others one after the other.
    #expect(variables == 3)
  }

  @Test func aLocalOfOneBlockHasNoFrameVariable() throws {
    let variables = try frameVariables(
      """
      (module (func (param i32) (result i32) (local i32 i64)
        (local.set 1 (i32.add (local.get 0) (i32.const 1)))
        (local.set 2 (i64.extend_i32_u (local.get 1)))
        (block (br_if 0 (local.get 1)))
        (local.set 1 (i32.const 3))
        (i32.add (local.get 1) (i32.const 4))))
      """)
    #expect(variables == 0)
  }

  @Test func aLocalThatGoesRoundALoopSharesWithNothingInIt() throws {
    // Local 1 is read at the top of each round; local 2 only lives below that, in a part of its own.
    let round = """
      (if (local.get 1) (then (call $f)))
      (local.set 1 (i32.const 5))
      (local.set 2 (i32.const 6))
      (if (local.get 0) (then (call $f)))
      (if (local.get 2) (then (call $f)))
      """
    func text(_ code: String) -> String {
      "(module (func $f) (func $g (param i32) (local i32 i32) " + code + "))"
    }
    let straight = try frameVariables(text(round), function: 1)
    let looping = try frameVariables(
      text("(loop $l " + round + " (br_if $l (local.get 0)))"), function: 1)
    #expect(straight == 2)
    #expect(looping == 3)
  }

  @Test func aSumOfManyConstantsIsOneAddition() throws {
    let sum = String(repeating: " i32.const 3 i32.add local.tee 1 local.get 1 drop", count: 50)
    let text = "(module (func (param i32) (result i32) (local i32) local.get 0" + sum + "))"
    let function = try report(try module(text), CompilerOptions())
    #expect(function.instructions < 10)
  }

  /// How many variables the function's frame has when its locals are kept there.
  private func frameVariables(_ text: String, function: UInt32 = 0) throws -> Int {
    let unit = CompilationUnit(try module(text))
    var translator = Translator()
    try translator.translate(
      unit, function: function, numbersValues: true, keepsLocalsInFrame: true)
    return translator.builder.function.frameVariables.count
  }
}
