// SPDX-License-Identifier: Apache-2.0
// The tables of docs/performance.md about the allocators.

import Glibc
import RegisterAllocation

/// Text in columns.
struct Row {
  private(set) var text = ""
  mutating func add(_ value: String, _ width: Int) {
    text += String(repeating: " ", count: max(1, width - value.count)) + value
  }
  mutating func add(_ value: Int, _ width: Int) { add("\(value)", width) }
  mutating func add(_ value: Double, _ width: Int, digits: Int) {
    let scale = (0..<digits).reduce(1.0) { product, _ in product * 10 }
    let whole = Int((value * scale).rounded())
    let fraction = "\(whole % Int(scale))"
    let point = digits > 0 ? "." : ""
    add(
      "\(whole / Int(scale))" + point
        + (digits > 0 ? String(repeating: "0", count: digits - fraction.count) + fraction : ""),
      width)
  }
}

enum Tables {
  static let caseHeader =
    "    calls saved algorithm    variant           splits  us/call    again  bytes/call   steps/call  moves  stores  loads"

  /// One line: the row of calls. Memory is right in a process that has done nothing else.
  static func rowOfCalls(
    _ calls: Int, saved: Int, _ algorithm: Algorithm, _ variant: RowOfCalls.Variant,
    splitLimit: Int?
  ) throws -> String {
    let problem = RowOfCalls.make(calls, saved: saved, variant)
    var options = AllocationOptions()
    if let splitLimit {
      options.splitLimit = splitLimit
      // For what it costs without the bound.
      options.stepsPerUnit = 1 << 30
    }
    let made = try Measurement(problem, algorithm, options: options, runs: calls < 100_000 ? 5 : 3)
    var row = Row()
    row.add(calls, 9)
    row.add(saved, 6)
    row.add(algorithm == .singlePass ? "single-pass" : "backtracking", 13)
    row.add(variant.rawValue, 18)
    row.add(made.statistics.splits, 8)
    row.add(made.seconds / Double(calls) * 1e6, 9, digits: 3)
    row.add(made.warmSeconds / Double(calls) * 1e6, 9, digits: 3)
    row.add(made.bytes / calls, 12)
    row.add(Double(made.statistics.steps) / Double(calls), 13, digits: 1)
    for count in [made.moves, made.stores, made.loads] { row.add(count, 8) }
    return row.text + (made.statistics.fallback == .none ? "" : "  \(made.statistics.fallback)")
  }

  /// Both algorithms side by side on rows of calls of several lengths, taking turns: what disturbs the
  /// machine for a while disturbs all of them. Microseconds a call, the least of `rounds`.
  static func compareRows(_ lengths: [Int], saved: Int, rounds: Int) throws {
    let algorithms: [Algorithm] = [.backtracking, .singlePass]
    var fresh = lengths.map { _ in [Double.infinity, .infinity] }
    var kept = fresh
    for _ in 0..<rounds {
      for (k, calls) in lengths.enumerated() {
        let problem = RowOfCalls.make(calls, saved: saved, .plain)
        for (a, algorithm) in algorithms.enumerated() {
          let made = try Measurement(problem, algorithm, measuresMemory: false)
          fresh[k][a] = min(fresh[k][a], made.seconds / Double(calls) * 1e6)
          kept[k][a] = min(kept[k][a], made.warmSeconds / Double(calls) * 1e6)
        }
      }
    }
    print("    calls saved  memory backtracking single-pass  ratio")
    for (name, times) in [("fresh", fresh), ("kept", kept)] {
      for (k, calls) in lengths.enumerated() {
        var row = Row()
        row.add(calls, 9)
        row.add(saved, 6)
        row.add(name, 8)
        row.add(times[k][0], 13, digits: 3)
        row.add(times[k][1], 12, digits: 3)
        row.add(times[k][0] / times[k][1], 7, digits: 2)
        print(row.text)
      }
    }
  }

  /// The cost of each shape at `n`, `2n` and `4n` and its exponents.
  static func shapes(_ n: Int, only: String?) throws {
    print(
      "shape                  N   4N steps  exponent   4N us  exponent   single-pass us  exponent")
    for shape in HardShape.allCases where only == nil || only == shape.rawValue {
      let size = min(n, shape.bound / 4)
      var steps: [Double] = []
      var times: [Double] = []
      var single: [Double] = []
      var fallback = AllocationStatistics.Fallback.none
      for factor in [1, 2, 4] {
        let problem = shape.make(size * factor)
        let made = try Measurement(problem, .backtracking, runs: 3)
        steps.append(Double(made.statistics.steps))
        times.append(made.seconds * 1e6)
        single.append(try Measurement(problem, .singlePass, runs: 3).seconds * 1e6)
        fallback = made.statistics.fallback
      }
      func exponent(_ list: [Double]) -> Double { log2(list[2] / list[0]) / 2 }
      var row = Row()
      row.add(size, 24 - shape.rawValue.count)
      row.add(Int(steps[2]), 11)
      row.add(exponent(steps), 10, digits: 2)
      row.add(Int(times[2]), 8)
      row.add(exponent(times), 10, digits: 2)
      row.add(Int(single[2]), 17)
      row.add(exponent(single), 10, digits: 2)
      print(shape.rawValue + row.text + (fallback == .none ? "" : "  \(fallback)"))
    }
  }

  /// Allocates `count` values in `count` instructions, in blocks of 1,000.
  static func limits(_ count: Int) throws {
    print("algorithm         values  instructions  seconds  bytes/instruction")
    for algorithm in [Algorithm.singlePass, .backtracking] {
      var made = ProblemBuilder()
      var last = made.values(1)
      made.define(last)
      for k in 1..<count {
        let v = made.value()
        made.instruction([.use(last[0], .int), .reuse(v, .int, of: 0)])
        last[0] = v
        if k % 1_000 == 0 {
          made.jump(to: made.blockCount)
          made.block()
        }
      }
      made.use(last)
      made.exit()
      let problem = made.finish()
      try problem.validate()
      let cost = try Measurement(problem, algorithm)
      var row = Row()
      row.add(problem.classes.count, 10)
      row.add(problem.instructionCount, 14)
      row.add(cost.seconds, 9, digits: 2)
      row.add(cost.bytes / problem.instructionCount, 19)
      let name = algorithm == .singlePass ? "single-pass " : "backtracking"
      print(
        name + row.text + (cost.statistics.fallback == .none ? "" : "  \(cost.statistics.fallback)")
      )
    }
  }
}
