// SPDX-License-Identifier: Apache-2.0
// `brolga wast`: the specification's test scripts.

import ArgumentParser
import Brolga
import BrolgaScripts
import Glibc

struct WastCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wast", abstract: "Runs test scripts of the WebAssembly specification.",
    discussion: """
      One line for each script, and a summary. What needs a feature that is not built is skipped, \
      and counted. Ends with 1 if an assertion failed.
      """)

  @OptionGroup var compiling: CompilingOptions

  @Flag(help: "Tell each failing assertion, with its line.")
  var verbose = false

  @Flag(help: "Check the intermediate code after each stage.")
  var verify = false

  @Argument(help: "Test scripts.")
  var files: [String]

  func run() throws {
    var options = compiling.options.compilerOptions
    options.verifies = verify
    // Most modules of scripts are smaller than what a thread costs.
    if compiling.workers == nil { options.workers = 1 }
    var total = ScriptReport()
    var passing = 0
    for file in files {
      let input = try InputFile(file)
      // Memory and stack of a script's instances go with its engine.
      var report = ScriptReport()
      let ran = runOnThread(stackBytes: 64 << 20) {
        report = input.withBytes { runScript($0, engine: Engine(), options) }
      }
      guard ran else { throw Failure("\(file): no thread with such a stack") }
      let verdict = report.failed > 0 ? "FAIL" : report.skipped > 0 ? "part" : "pass"
      output("\(verdict) \(file): \(report)\n")
      if verbose {
        for failure in report.failures {
          output("  \(file):\(failure.line): \(failure.message)\n")
        }
      }
      if report.failed == 0 && report.skipped == 0 { passing += 1 }
      total.add(report)
    }
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let summary = "\(files.count) scripts, \(passing) complete: \(total)"
    output("\(summary); peak memory \(usage.ru_maxrss / 1024) MiB\n")
    leave(total.failed > 0 ? ExitCode.badInput : 0)
  }
}
