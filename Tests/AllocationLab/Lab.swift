// SPDX-License-Identifier: Apache-2.0
// The program: `AllocationLab COMMAND [--option value]…`; scripts call it.

import Glibc
import RegisterAllocation

@main struct Lab {
  static func main() {
    let words = Array(CommandLine.arguments.dropFirst())
    var options: [String: String] = [:]
    for k in words.indices.dropLast() where words[k].hasPrefix("--") {
      options[words[k]] = words[k + 1]
    }
    func number(_ name: String, _ standard: Int) -> Int {
      options["--" + name].flatMap { Int($0) } ?? standard
    }
    switch words.first {
    case "fuzz":
      let first = number("seed", 0)
      fuzz(first..<(first + number("count", 10_000)), folder: options["--out"] ?? ".")
    case "mutate":
      let first = number("seed", 0)
      mutate(first..<(first + number("count", 1_000)))
    case "shapes": attempt { try Tables.shapes(number("n", 16_000), only: options["--only"]) }
    case "programs":
      let files = words.dropFirst().filter { !$0.hasPrefix("--") && !options.values.contains($0) }
      var settings = AllocationOptions()
      settings.splitLimit = number("split-limit", settings.splitLimit)
      settings.lengthBias = Float(number("length-bias", Int(settings.lengthBias)))
      attempt { try Tables.programs(Array(files), settings, rounds: number("rounds", 3)) }
    case "limits": attempt { try Tables.limits(number("count", 4_000_000)) }
    case "case":
      attempt {
        print(
          try Tables.rowOfCalls(
            number("calls", 10_000), saved: number("saved", 4),
            options["--algorithm"] == "single-pass" ? .singlePass : .backtracking,
            RowOfCalls.Variant(rawValue: options["--variant"] ?? "") ?? .plain,
            splitLimit: options["--split-limit"].flatMap { Int($0) }))
      }
    case "compare":
      attempt {
        try Tables.compareRows(
          [10_000, 100_000, 400_000], saved: number("saved", 4), rounds: number("rounds", 9))
      }
    case "header": print(Tables.caseHeader)
    default:
      print("usage: AllocationLab fuzz [--seed N] [--count N] [--out FOLDER]")
      print("       AllocationLab mutate [--seed N] [--count N]")
      print("       AllocationLab shapes [--n N] [--only SHAPE]")
      print("       AllocationLab programs FILE.ra… [--rounds N]")
      print("       AllocationLab limits [--count N]")
      print("       AllocationLab header")
      print("       AllocationLab case [--calls N] [--saved N] [--algorithm single-pass]")
      print("         [--variant plain|pinned|definitions|pinnedDefinitions] [--split-limit N]")
      print("       AllocationLab compare [--saved N] [--rounds N]")
      exit(2)
    }
  }

  /// Prints each failure, and writes its problem and a reduced one to files named by the seed.
  static func fuzz(_ seeds: Range<Int>, folder: String) {
    var fuzzing = Fuzzing()
    var failed = 0
    for seed in seeds {
      for failure in fuzzing.run(seed: UInt64(seed)) {
        failed += 1
        let name = "\(folder)/seed-\(seed)-\(failure.algorithm)"
        print("seed \(seed), \(failure.algorithm): \(failure.text); \(name).ra, -reduced.ra")
        var ignored = Coverage()
        write(
          ProblemGenerator.generate(seed: UInt64(seed), coverage: &ignored).text(), "\(name).ra")
        var other = Fuzzing()
        let reduced = Fuzzing.reduce(seed: UInt64(seed)) { problem in
          other.test(problem, failure.algorithm, seed: UInt64(seed))?.kind == failure.kind
        }
        if let reduced { write(reduced, "\(name)-reduced.ra") }
      }
    }
    print(
      "\(fuzzing.problems) problems, \(failed) failures, solved in a single pass instead:",
      terminator: "")
    for (reason, count) in fuzzing.fallbacks.sorted(by: { $0.key < $1.key }) {
      print(" \(reason) \(count)", terminator: "")
    }
    print()
    for (feature, count) in fuzzing.coverage.counts.sorted(by: { $0.key < $1.key }) {
      print("  \(feature): \(count * 1000 / max(1, fuzzing.problems)) per 1,000")
    }
    if failed > 0 { exit(1) }
  }

  static func attempt(_ body: () throws -> Void) {
    do { try body() } catch {
      print(error)
      exit(1)
    }
  }

  /// Prints how many wrong solutions the checker rejects.
  static func mutate(_ seeds: Range<Int>) {
    var trial = MutationTrial()
    for seed in seeds { trial.run(seed: UInt64(seed)) }
    print(trial.report(), terminator: "")
    print("rejected of those that are wrong: \(trial.killRate * 100) %")
    for miss in trial.misses.prefix(20) { print("missed:", miss) }
    if !trial.misses.isEmpty { exit(1) }
  }

  static func write(_ text: String, _ path: String) {
    guard let file = fopen(path, "w") else { return print("cannot write \(path)") }
    fputs(text, file)
    fclose(file)
  }
}
