// SPDX-License-Identifier: Apache-2.0
// `brolga parse` and `brolga print`: from text to binary, and back.

import ArgumentParser
import Brolga
import BrolgaWasm
import Glibc

struct ParseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parse", abstract: "Makes the binary form of a module's text.",
    discussion: "Without -o it goes to the text's name with the extension .wasm. Does not validate."
  )

  @Option(name: .customShort("o"), help: ArgumentHelp("Where to.", valueName: "file"))
  var output: String?

  @Argument(help: "A module in text form; - is standard input.")
  var file: String

  func run() throws {
    let input = try InputFile(file)
    if input.isArtefact { throw Failure("\(input.name): \(ModuleError.isArtefact)") }
    if input.isBinaryModule {
      throw Failure("\(input.name): binary already; brolga print makes text of it")
    }
    let bytes: [UInt8]
    do throws(TextError) {
      bytes = try input.withBytes { text throws(TextError) in
        try TextFormat.encode(text, features: Features(rawValue: .max))
      }
    } catch {
      throw Failure("\(input.name): \(error)")
    }
    try writeFile(bytes, to: try outputName(output, for: file, dropping: ".wat", adding: ".wasm"))
    leave(0)
  }
}

struct PrintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "print", abstract: "Writes a module as text that parses back to it.",
    discussion: "Text goes to standard output unless -o names a file. Does not validate bodies.")

  @Option(name: .customShort("o"), help: ArgumentHelp("Where to.", valueName: "file"))
  var output: String?

  @Argument(help: "A module, in binary or text form; - is standard input.")
  var file: String

  func run() throws {
    let input = try InputFile(file)
    let text: [UInt8]
    do throws(ModuleError) {
      text = try moduleText(input.moduleBytes)
    } catch {
      throw Failure("\(input.name): \(error)")
    }
    if let output {
      try writeFile(text, to: output)
    } else {
      BrolgaCLI.output(text)
    }
    leave(0)
  }
}
