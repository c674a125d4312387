// SPDX-License-Identifier: Apache-2.0
// Both allocators on generated problems, under both oracles.

import BrolgaEntities
import RegisterAllocation

/// Solves problems and asks the oracles, in memory that it keeps.
public struct Fuzzing: ~Copyable {
  /// What is wrong with one problem under one algorithm.
  public struct Failure: Equatable {
    enum Kind { case invalid, unsolved, rejected, misread }
    var kind: Kind
    public var algorithm: Algorithm
    public var text: String
  }

  private var allocator = Allocator()
  private var checker = Checker()
  private var solution = Solution()
  public var coverage = Coverage()
  public private(set) var problems = 0
  /// How often the single pass solved what was for backtracking, by its reason.
  public private(set) var fallbacks: [String: Int] = [:]

  public init() {}

  /// What is wrong with the problem of `seed`; nothing if all is right.
  public mutating func run(seed: UInt64) -> [Failure] {
    let problem = ProblemGenerator.generate(seed: seed, coverage: &coverage)
    problems += 1
    var failures: [Failure] = []
    for algorithm in [Algorithm.singlePass, .backtracking] {
      if let failure = test(problem, algorithm, seed: seed) { failures.append(failure) }
      let fallback = allocator.statistics.fallback
      if fallback != .none { fallbacks["\(fallback)", default: 0] += 1 }
    }
    return failures
  }

  /// Solves, checks, and executes on three paths.
  public mutating func test(
    _ problem: borrowing Problem, _ algorithm: Algorithm, seed: UInt64
  ) -> Failure? {
    var kind = Failure.Kind.invalid
    do {
      try problem.validate()
      kind = .unsolved
      try allocator.allocate(problem, into: &solution, using: algorithm)
      kind = .rejected
      try checker.check(problem, solution)
      var random = Random(seed: seed)
      for _ in 0..<3 where !Execution.readsRight(problem, solution, &random, steps: 200) {
        return Failure(kind: .misread, algorithm: algorithm, text: "reads a wrong value")
      }
      return nil
    } catch {
      return Failure(kind: kind, algorithm: algorithm, text: "\(error)")
    }
  }

  /// The problem of `seed`, made as small as it can be while it `fails`, in text; nil if it does
  /// not fail.
  public static func reduce(
    seed: UInt64, while fails: (borrowing Problem) -> Bool
  ) -> String? {
    var ignored = Coverage()
    var best = ProblemGenerator(seed: seed, coverage: &ignored)
    if !fails(best.build()) { return nil }
    var isSmaller = true
    while isSmaller {
      isSmaller = false
      var step = 0
      while true {
        var candidate = best
        guard let isChange = candidate.reduce(step) else { break }
        if isChange && fails(candidate.build()) {
          best = candidate
          isSmaller = true
        } else {
          step += 1
        }
      }
    }
    return best.build().text()
  }
}
