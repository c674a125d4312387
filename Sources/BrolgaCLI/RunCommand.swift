// SPDX-License-Identifier: Apache-2.0
// `brolga run`: a module or an artefact, with the guest's status as the process's own.

import ArgumentParser
import Brolga

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Runs a program, compiling it first unless it is an artefact.",
    discussion: """
      Ends with the program's status, 255 at most; with 134 after a trap, whose reason and backtrace go to \
      standard error; with 1 if the file cannot be run.
      """)

  @OptionGroup var compiling: CompilingOptions
  @OptionGroup var guest: GuestOptions

  @Option(
    help: ArgumentHelp(
      "Call this export with the arguments, and print its results, one a line.",
      valueName: "name"))
  var invoke: String?

  @Argument(help: "A WebAssembly module or an artefact; - is standard input.")
  var file: String

  @Argument(
    parsing: .captureForPassthrough,
    help: "Arguments for the program; all that follows the file, options too.")
  var arguments: [String] = []

  func run() throws {
    try ProgramRun(
      file: file, arguments: arguments, invoke: invoke, guest: guest.settings,
      compiling: compiling.options
    ).run()
  }
}
