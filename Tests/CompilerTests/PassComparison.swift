// SPDX-License-Identifier: Apache-2.0
// Which pass broke a function: it is interpreted after each one.

import BrolgaEntities
import Testing

@testable import BrolgaCompiler

/// One step of the pipeline, after which a function can run.
struct PassStep: Sendable {
  let name: String
  let run: @Sendable (inout Function, inout PassScratch) -> Void

  /// What `optimize` does where it rebuilds. What only chooses goes with what acts on it.
  static let pipeline = [
    PassStep(name: "removeRedundantParameters") { _ = removeRedundantParameters(in: &$0, &$1) },
    PassStep(name: "straightenBranches") { function, _ in straightenBranches(in: &function) },
    PassStep(name: "rebuild") { function, scratch in
      scratch.dominators.compute(function)
      markLive(function, &scratch)
      hoistInvariants(function, &scratch)
      BrolgaCompiler.rebuild(&function, &scratch)
    },
  ]
}

/// The first step after which the function does something else; nil if none.
///
/// - Parameter make: makes the same function each time.
func firstBreakingStep(
  of steps: [PassStep], arguments: [[UInt64]], make: () -> Function
) -> String? {
  let plain = make()
  var runs: [(arguments: [UInt64], end: Interpreter.End, trace: [[UInt64]])] = []
  for values in arguments {
    var interpreter = Interpreter(blocks: 10_000)
    let end = interpreter.run(plain, values)
    // What the callees and the memory of this run make of a loop may keep it from ending.
    if end != .endless { runs.append((values, end, interpreter.trace)) }
  }
  var function = make()
  var scratch = PassScratch()
  for step in steps {
    step.run(&function, &scratch)
    for run in runs {
      // No pass adds blocks to a path; with more to spare, a loop that has lost its end shows.
      var interpreter = Interpreter(blocks: 20_000)
      let end = interpreter.run(function, run.arguments)
      if end != run.end || interpreter.trace != run.trace { return step.name }
    }
  }
  return nil
}

extension Function {
  fileprivate var parameterTypes: [Type] {
    let entry = blocks[Block(raw: 0)]
    return (0..<entry.parameterCount).map {
      instructions[Value(raw: lists[Int(entry.parameterStart + $0)])].type
    }
  }
}

@Suite struct PassComparisonTests {
  private func arguments(_ seed: UInt64) -> [[UInt64]] {
    var random = SeededGenerator(seed: seed &+ 7)
    return (0..<4).map { _ in
      RandomFunction.arguments(using: &random)
    }
  }

  @Test func noPassChangesWhatRandomFunctionsDo() {
    for seed in UInt64(1000)..<1400 {
      let broken = firstBreakingStep(of: PassStep.pipeline, arguments: arguments(seed)) {
        RandomFunction.make(seed: seed)
      }
      #expect(broken == nil, "seed \(seed)")
    }
  }

  /// One function in eight of the programs beside the project, the large ones left out.
  @Test func noPassChangesWhatFunctionsOfProgramsDo() throws {
    let programs = programModules()
    if programs.isEmpty { print("skipped: no programs beside the project") }
    for (name, bytes) in programs {
      guard let module = try supportedModule(bytes) else { continue }
      let unit = CompilationUnit(module)
      var translator = Translator()
      let indices = module.importedFunctionCount..<module.functionCount
      for index in stride(from: indices.lowerBound, to: indices.upperBound, by: 8)
      where module.body(ofFunction: UInt32(index)).count < 2000 {
        guard try isTranslated(&translator, unit, UInt32(index), true) else { continue }
        var random = SeededGenerator(seed: UInt64(index))
        let types = translator.builder.function.parameterTypes
        let arguments = (0..<2).map { _ in types.map { interestingBits($0, using: &random) } }
        let broken = firstBreakingStep(of: PassStep.pipeline, arguments: arguments) {
          _ = try! isTranslated(&translator, unit, UInt32(index), true)
          return translator.builder.takeFunction()
        }
        #expect(broken == nil, "\(name): function \(index)")
      }
    }
  }

  @Test func theStepsAreThePipeline() {
    for seed in UInt64(0)..<50 {
      var function = RandomFunction.make(seed: seed)
      var steps = RandomFunction.make(seed: seed)
      var scratch = PassScratch()
      optimize(&function, &scratch, alwaysRebuilds: true)
      for step in PassStep.pipeline { step.run(&steps, &scratch) }
      let texts = (function.text(), steps.text())
      #expect(texts.0 == texts.1)
    }
  }

  /// A pass that turns additions into subtractions, put at each place in turn.
  @Test func aBrokenPassIsFoundByName() {
    let broken = PassStep(name: "broken") { function, _ in
      for index in 0..<function.instructions.count
      where function.instructions.storage[index].opcode == .add {
        function.instructions.storage[index].opcode = .sub
      }
    }
    var found = Array(repeating: 0, count: PassStep.pipeline.count + 1)
    for seed in UInt64(0)..<60 {
      for place in 0...PassStep.pipeline.count {
        var steps = PassStep.pipeline
        steps.insert(broken, at: place)
        let name = firstBreakingStep(of: steps, arguments: arguments(seed)) {
          RandomFunction.make(seed: seed)
        }
        // Functions without an addition that matters stay right; nothing else is ever named.
        #expect(name == nil || name == "broken", "seed \(seed), place \(place)")
        if name == "broken" { found[place] += 1 }
      }
    }
    #expect(found.allSatisfy { $0 > 0 }, "\(found)")
  }
}
