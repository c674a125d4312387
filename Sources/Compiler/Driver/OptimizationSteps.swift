// SPDX-License-Identifier: Apache-2.0
// What -O2 does beyond -O0, step by step: each can be left out, to find the one that breaks a module.

import BrolgaArtefact

/// Steps of the pipeline that a function can do without, in their order there.
package struct OptimizationSteps: OptionSet, BitwiseCopyable, Sendable {
  package let rawValue: UInt16
  package init(rawValue: UInt16) { self.rawValue = rawValue }

  static let numberValues = OptimizationSteps(rawValue: 1 << 0)
  static let removeRedundantParameters = OptimizationSteps(rawValue: 1 << 1)
  static let straightenBranches = OptimizationSteps(rawValue: 1 << 2)
  /// Before what it acts on, so that each step that is added changes something.
  static let rebuild = OptimizationSteps(rawValue: 1 << 3)
  static let hoistInvariants = OptimizationSteps(rawValue: 1 << 4)
  static let countUses = OptimizationSteps(rawValue: 1 << 5)
  static let multiplyForDivision = OptimizationSteps(rawValue: 1 << 6)
  static let shareConstants = OptimizationSteps(rawValue: 1 << 7)
  static let alignLoops = OptimizationSteps(rawValue: 1 << 8)
  static let estimateFrequencies = OptimizationSteps(rawValue: 1 << 9)
  static let backtrack = OptimizationSteps(rawValue: 1 << 10)

  /// What a listing calls each.
  package static let names = [
    "numberValues", "removeRedundantParameters", "straightenBranches", "rebuild", "hoistInvariants",
    "countUses", "multiplyForDivision", "shareConstants", "alignLoops",
    "estimateFrequencies", "backtrack",
  ]

  static let none: OptimizationSteps = []
  static let all = OptimizationSteps(rawValue: 1 << names.count - 1)
  static let passes: OptimizationSteps = [
    .removeRedundantParameters, .straightenBranches, .rebuild, .hoistInvariants,
    .estimateFrequencies,
  ]

  /// The first `count` of them; none if it is negative.
  init(first count: Int) {
    let count = min(max(0, count), Self.names.count)
    self.init(rawValue: 1 << UInt16(count) &- 1)
  }

  func lowering(for features: CPUFeatures) -> LoweringOptions {
    LoweringOptions(
      countsUses: contains(.countUses), multipliesForDivision: contains(.multiplyForDivision),
      sharesConstants: contains(.shareConstants), alignsLoops: contains(.alignLoops),
      features: features)
  }
}
