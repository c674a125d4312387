// SPDX-License-Identifier: Apache-2.0
// How many wrong solutions the checker rejects, and why it accepts the others.

import BrolgaEntities
import RegisterAllocation

/// Applies every kind of mutation to solutions of generated problems.
///
/// A mutant that the checker accepts is executed on many random paths. If a use reads a wrong value,
/// the checker has missed it; if none does, the mutant is as right as the original, and its reason
/// is noted.
public struct MutationTrial: ~Copyable {
  public struct Count {
    public var tried = 0
    public var rejected = 0
    /// Accepted, and an execution reads a wrong value.
    public var missed = 0
    /// Accepted, and as right as before, by reason.
    public var equivalent: [String: Int] = [:]
    public var equivalentCount: Int { equivalent.values.reduce(0, +) }
  }

  public private(set) var counts: [String: Count] = [:]
  public private(set) var misses: [String] = []
  private var allocator = Allocator()
  private var checker = Checker()
  private var solution = Solution()

  public init() {
    for mutation in Mutation.allCases { counts[mutation.rawValue] = Count() }
  }

  /// Tries all kinds on the problem of `seed`, under both algorithms.
  public mutating func run(seed: UInt64) {
    var coverage = Coverage()
    var random = Random(seed: seed)
    let problem = ProblemGenerator.generate(seed: seed, coverage: &coverage)
    let site = MutationSite(problem)
    for algorithm in [Algorithm.singlePass, .backtracking] {
      guard (try? allocator.allocate(problem, into: &solution, using: algorithm)) != nil else {
        continue
      }
      let original = Mutant(solution)
      for mutation in Mutation.allCases {
        var mutant = original
        guard let change = mutation.apply(site, &mutant, &random) else { continue }
        let verdict = judge(problem, site, mutant, change, &random)
        counts[mutation.rawValue]?.tried += 1
        switch verdict {
        case "rejected": counts[mutation.rawValue]?.rejected += 1
        case "missed":
          counts[mutation.rawValue]?.missed += 1
          misses.append("seed \(seed), \(algorithm): \(mutation)")
        default: counts[mutation.rawValue]?.equivalent[verdict, default: 0] += 1
        }
      }
    }
  }

  private mutating func judge(
    _ problem: borrowing Problem, _ site: MutationSite, _ mutant: Mutant,
    _ change: Mutation.Change, _ random: inout Random
  ) -> String {
    mutant.write(to: &solution)
    if !isAccepted(problem) { return "rejected" }
    for _ in 0..<30 where !Execution.readsRight(problem, solution, &random, steps: 300) {
      return "missed"
    }
    switch change {
    case .operand(let k):
      if !site.isReachable[site.block[site.instruction[k]]] { return "in an unreachable block" }
      if site.operands[k].isUse { return "the value is in both places" }
      return site.isRead.contains(site.operands[k].register)
        ? "a free place as good" : "a definition that nobody reads"
    case .edit(let point):
      if !site.isReachable[site.block[point.instruction]] { return "in an unreachable block" }
      // Without any move there: then what they leave behind is read by nobody.
      var without = mutant
      without.edits.removeAll { $0.point == point }
      without.write(to: &solution)
      return isAccepted(problem) ? "what is moved there is not read" : "the same values meet there"
    case .all: return "what was taken away is not used"
    }
  }

  private mutating func isAccepted(_ problem: borrowing Problem) -> Bool {
    (try? checker.check(problem, solution)) != nil
  }

  /// Rejected of those that are wrong.
  public var killRate: Double {
    let wrong = counts.values.reduce(0) { $0 + $1.rejected + $1.missed }
    let rejected = counts.values.reduce(0) { $0 + $1.rejected }
    return wrong == 0 ? 0 : Double(rejected) / Double(wrong)
  }

  public func report() -> String {
    var text = "kind                     tried rejected  missed  as right as before\n"
    for mutation in Mutation.allCases {
      guard let count = counts[mutation.rawValue] else { continue }
      func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
      }
      let name = mutation.rawValue
      text += name + String(repeating: " ", count: max(1, 23 - name.count))
      text += pad("\(count.tried)", 7) + pad("\(count.rejected)", 9) + pad("\(count.missed)", 8)
      let reasons = count.equivalent.sorted { $0.value > $1.value }
      text += "  " + reasons.map { "\($0.value) \($0.key)" }.joined(separator: ", ") + "\n"
    }
    return text
  }
}
