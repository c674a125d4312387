// SPDX-License-Identifier: Apache-2.0
// `brolga compile`: a module's artefact, or what a stage of the compiler made of it.

import ArgumentParser
import Brolga
import BrolgaCompiler
import Glibc

struct CompileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compile", abstract: "Compiles a module to an artefact.",
    discussion: """
      Text that is emitted goes to standard output unless -o names a file; an artefact goes to \
      the module's name with the extension .brolga.
      """)

  @Option(name: .customShort("o"), help: ArgumentHelp("Where to.", valueName: "file"))
  var output: String?

  @OptionGroup var compiling: CompilingOptions

  @Option(
    help: ArgumentHelp(
      "What to make: ir, mach, ra (allocation problems), asm, or artefact.", valueName: "kind"))
  var emit = Emission.artefact

  @Option(
    help: ArgumentHelp(
      "Emit only functions whose name fits; * and ? stand for any characters.",
      valueName: "glob"))
  var only: String?

  @Flag(help: "Tell on standard error how much time each stage took.")
  var timeStages = false

  @Flag(help: "Write to standard output what each function took and got.")
  var report = false

  @Flag(help: "Write the report as JSON, with all functions.")
  var json = false

  @Option(help: ArgumentHelp("How many functions --report lists.", valueName: "n"))
  var top: Int?

  @Argument(help: "A WebAssembly module; - is standard input.")
  var file: String

  enum Emission: String, ExpressibleByArgument, CaseIterable {
    case ir, mach, ra, asm, artefact
  }

  func validate() throws {
    if report, emit != .artefact {
      throw ValidationError("--report goes with an artefact.")
    }
    if json, !report { throw ValidationError("--json goes with --report.") }
    if let top, !report || json || top < 0 {
      throw ValidationError("--top takes a number and goes with --report, without --json.")
    }
    if only != nil, emit == .artefact {
      throw ValidationError("--only needs --emit with something other than artefact.")
    }
  }

  func run() throws {
    let input = try InputFile(file)
    var options = compiling.options.compilerOptions
    options.timesStages = timeStages
    if let kind = EmittedText(rawValue: emit.rawValue) {
      try emitText(kind, of: input, options)
    } else {
      try writeArtefact(of: input, &options)
    }
    leave(0)
  }

  private func writeArtefact(
    of input: InputFile, _ options: inout CompilerOptions
  ) throws(Failure) {
    let path = try outputName(output, for: file, dropping: ".wasm", adding: ".brolga")
    let bar = ProgressBar.ifTerminal()
    options.progress = bar?.progress
    options.reports = report
    let compilation: Compilation
    do throws(ModuleError) {
      compilation = try compileModule(input.moduleBytes, options)
      bar?.finish()
    } catch {
      bar?.finish()
      throw Failure("\(input.name): \(error)")
    }
    let target = try OutputFile(path)
    do throws(ModuleError) {
      try compilation.write(toFile: target.descriptor)
    } catch {
      target.discard()
      throw Failure("\(input.name): \(error)")
    }
    try target.finish()
    if timeStages { note(text(of: compilation.times)) }
    if report { try writeReport(of: compilation, input) }
  }

  /// Goes where it is wanted function by function: the text of a large module is larger than what
  /// anyone would keep in memory.
  private func emitText(
    _ kind: EmittedText, of input: InputFile, _ options: CompilerOptions
  ) throws(Failure) {
    guard let output else {
      return try emitText(kind, of: input, options) { BrolgaCLI.output($0) }
    }
    let target = try OutputFile(output)
    do throws(Failure) {
      var failure: Failure?
      try emitText(kind, of: input, options) { text in
        guard failure == nil else { return }
        do throws(Failure) { try target.write([UInt8](text.utf8)) } catch { failure = error }
      }
      if let failure { throw failure }
    } catch {
      target.discard()
      throw error
    }
    try target.finish()
  }

  private func emitText(
    _ kind: EmittedText, of input: InputFile, _ options: CompilerOptions, _ write: (String) -> Void
  ) throws(Failure) {
    let count: Int
    do throws(ModuleError) {
      count = try BrolgaCLI.emitText(kind, of: input.moduleBytes, options, only: only, write)
    } catch {
      throw Failure("\(input.name): \(error)")
    }
    if let only, count == 0 {
      throw Failure("\(input.name): no function has a name that fits '\(only)'")
    }
  }

  private func writeReport(
    of compilation: borrowing Compilation, _ input: InputFile
  ) throws(Failure) {
    do throws(ModuleError) {
      let lines = CompilationReport(compilation, of: try decodeModule(input.moduleBytes))
      BrolgaCLI.output(json ? lines.json : lines.table(limit: top ?? 20))
    } catch {
      throw Failure("\(input.name): \(error)")
    }
  }

  private func text(of times: StageTimes) -> String {
    var table = TextTable(right: [false, true, true])
    table.add("stage", "CPU time", "share")
    let total = Stage.allCases.reduce(0) { $0 + times[$1] }
    for stage in Stage.allCases where times[stage] > 0 {
      table.add(stage.name, durationText(times[stage]), "\(100 * times[stage] / max(total, 1)) %")
    }
    table.add("all", durationText(total), "")
    return table.text
  }
}
