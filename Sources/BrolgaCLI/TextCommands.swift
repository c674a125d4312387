// SPDX-License-Identifier: Apache-2.0
// `brolga parse` and `brolga print`: from text to binary, and back.

import ArgumentParser
import Brolga
import Glibc
import WebAssembly

struct ParseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parse", abstract: "Makes the binary form of a module's text.",
    discussion: "Without -o it goes to the text's name with the extension .wasm. Does not validate."
  )

  @Option(name: .customShort("o"), help: ArgumentHelp("Where to.", valueName: "file"))
  var output: String?

  @Argument(help: "A module in text form.")
  var file: String

  func run() throws {
    let input = try MappedFile(file)
    let bytes: [UInt8]
    do throws(TextError) {
      bytes = try TextFormat.encode(input.bytes, features: Features(rawValue: .max))
    } catch {
      throw Failure("\(file): \(error)")
    }
    let stem = file.hasSuffix(".wat") ? String(file.dropLast(4)) : file
    try writeFile(bytes, to: output ?? stem + ".wasm")
    leave(0)
  }
}

struct PrintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "print", abstract: "Writes a module as text that parses back to it.",
    discussion: "Text goes to standard output unless -o names a file. Does not validate bodies.")

  @Option(name: .customShort("o"), help: ArgumentHelp("Where to.", valueName: "file"))
  var output: String?

  @Argument(help: "A module, in binary or text form.")
  var file: String

  func run() throws {
    let input = try MappedFile(file)
    let text: [UInt8]
    do throws(ModuleError) {
      text = try moduleText(input.moduleBytes)
    } catch {
      throw Failure("\(file): \(error)")
    }
    try writeFile(text, to: output)
    leave(0)
  }
}

/// Writes a file in one piece, or to standard output.
private func writeFile(_ bytes: [UInt8], to path: String?) throws(Failure) {
  guard let path else {
    guard writeAll(bytes, to: STDOUT_FILENO) else {
      throw Failure("standard output: \(String(cString: strerror(errno)))")
    }
    return
  }
  let target = try OutputFile(path)
  guard writeAll(bytes, to: target.descriptor) else {
    let reason = String(cString: strerror(errno))
    target.discard()
    throw Failure("\(path): \(reason)")
  }
  try target.finish()
}

/// Writes all of `bytes`; false at an error.
private func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
  bytes.withUnsafeBytes { bytes in
    var written = 0
    while written < bytes.count {
      let count = write(descriptor, bytes.baseAddress! + written, bytes.count - written)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { return false }
      written += count
    }
    return true
  }
}
