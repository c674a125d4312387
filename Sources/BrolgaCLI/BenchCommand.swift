// SPDX-License-Identifier: Apache-2.0
// `brolga bench`: how long a program takes to compile, to instantiate and to execute.

import ArgumentParser
import Brolga
import Glibc

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures a program that imports bench.start and bench.end.",
    discussion: """
      Executing is what happens between the two calls; all of the program if it makes none. Times \
      are wall-clock times. What the program writes is thrown away. For an artefact, compiling is \
      loading.
      """)

  @OptionGroup var compiling: CompilingOptions
  @OptionGroup var guest: GuestOptions

  @Option(name: .customShort("n"), help: ArgumentHelp("How many times.", valueName: "runs"))
  var runs = 5

  @Flag(help: "Print JSON, all times in nanoseconds.")
  var json = false

  @Argument(help: "A WebAssembly module or an artefact.")
  var file: String

  @Argument(parsing: .captureForPassthrough, help: "Arguments for the program.")
  var arguments: [String] = []

  func validate() throws {
    guard (1...100_000).contains(runs) else {
      throw ValidationError("-n takes a number from 1 to 100000.")
    }
  }

  func run() throws {
    let program = try Program(file)
    let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
    guard nowhere >= 0 else { throw Failure("cannot open /dev/null") }
    var samples: [BenchSample] = []
    var outcome = Outcome.status(0)
    let ran = runOnThread(stackBytes: guest.settings.threadStackBytes) {
      outcome = Outcome {
        for _ in 0..<runs { samples.append(try measure(program, output: nowhere)) }
        return 0
      }
    }
    guard ran else { throw Failure("\(file): no thread with such a stack") }
    if case .failed = outcome { leave(outcome.reported(for: file)) }
    output(json ? jsonReport(samples) : tableReport(samples))
    leave(0)
  }

  private func measure(_ program: Program, output: Int32) throws -> BenchSample {
    var sample = BenchSample()
    let engine = Engine(configuration: guest.settings.engineConfiguration)
    let bridge = try guest.settings.bridge(file: file, arguments: arguments, output: output)
    let began = monotonicTime()
    let module = try program.anew().load(engine: engine, compiling.options)
    let compiled = monotonicTime()
    try module.requireEntry()
    let store = Store(engine: engine)
    var imports = Imports()
    bridge.link(to: &imports, store: store)
    let marks = BenchMarks()
    defineBench(
      in: &imports, store: store, start: { marks.start = monotonicTime() },
      end: { marks.end = monotonicTime() })
    let linked = monotonicTime()
    let instance = try module.instantiate(store: store, imports: imports)
    let instantiated = monotonicTime()
    let status = try bridge.start(instance)
    let ended = monotonicTime()
    guard status == 0 else { throw Failure("the program ended with status \(status)") }
    sample.compile = compiled - began
    sample.instantiate = instantiated - linked
    sample.execute =
      marks.end > marks.start && marks.start > 0 ? marks.end - marks.start : ended - instantiated
    return sample
  }

  // MARK: Reports

  private func tableReport(_ samples: [BenchSample]) -> String {
    var table = TextTable(right: [false, true, true, true])
    table.add("", "min", "median", "max")
    for part in BenchSample.parts {
      let summary = Summary(samples.map { $0[keyPath: part.path] })
      table.add(
        part.name, durationText(summary.minimum), durationText(summary.median),
        durationText(summary.maximum))
    }
    return table.text
  }

  private func jsonReport(_ samples: [BenchSample]) -> String {
    var text =
      "{\"file\": \(jsonText(file)), \"level\": \(jsonText("O" + compiling.level.rawValue))"
    text += ", \"runs\": \(runs), \"unit\": \"ns\""
    for part in BenchSample.parts {
      let times = samples.map { $0[keyPath: part.path] }
      let summary = Summary(times)
      text += ", \(jsonText(part.name)): {\"min\": \(summary.minimum)"
      text += ", \"median\": \(summary.median), \"max\": \(summary.maximum)"
      text += ", \"samples\": [\(times.map { "\($0)" }.joined(separator: ", "))]}"
    }
    return text + "}\n"
  }
}

/// When the guest called `bench.start` and `bench.end`; the last call of each counts.
private final class BenchMarks {
  var start: UInt64 = 0
  var end: UInt64 = 0
}

/// Nanoseconds that the parts of one run took.
struct BenchSample {
  var compile: UInt64 = 0
  var instantiate: UInt64 = 0
  var execute: UInt64 = 0

  /// The parts in the order of the report.
  static var parts: [(name: String, path: KeyPath<BenchSample, UInt64>)] {
    [("compile", \.compile), ("instantiate", \.instantiate), ("execute", \.execute)]
  }
}

struct Summary {
  let minimum: UInt64
  let median: UInt64
  let maximum: UInt64

  /// - Precondition: there is at least one time.
  init(_ times: [UInt64]) {
    let sorted = times.sorted()
    minimum = sorted[0]
    maximum = sorted[sorted.count - 1]
    let middle = sorted.count / 2
    median =
      sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}

func monotonicTime() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
