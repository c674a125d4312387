// SPDX-License-Identifier: Apache-2.0
// Which pass broke a function: it is interpreted after each one.

import Entities
import Testing

@testable import Compiler

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
      Compiler.rebuild(&function, &scratch)
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
  var function = make()
  var scratch = PassScratch()
  for step in steps {
    step.run(&function, &scratch)
    for values in arguments {
      var before = Interpreter()
      var after = Interpreter()
      let expected = before.run(plain, values)
      let actual = after.run(function, values)
      if expected != actual || before.trace != after.trace { return step.name }
    }
  }
  return nil
}

@Suite struct PassComparisonTests {
  private func arguments(_ seed: UInt64) -> [[UInt64]] {
    var random = SeededGenerator(seed: seed &+ 7)
    return (0..<4).map { _ in
      RandomFunction.types.map { interestingBits($0, using: &random) }
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
