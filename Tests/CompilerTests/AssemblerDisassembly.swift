// SPDX-License-Identifier: Apache-2.0
// Runs the toolchain's disassembler over raw code, for tests that compare text.

import Foundation

/// `llvm-objdump`: beside the `swift` in use, or anywhere in the search path.
enum Disassembler {
  static let path: String? = find()

  private static func find() -> String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    let files = FileManager.default
    for folder in folders where files.isExecutableFile(atPath: "\(folder)/swift") {
      let swift = URL(fileURLWithPath: "\(folder)/swift").resolvingSymlinksInPath()
      let tool = swift.deletingLastPathComponent().appendingPathComponent("llvm-objdump").path
      if files.isExecutableFile(atPath: tool) { return tool }
    }
    return folders.map { "\($0)/llvm-objdump" }.first { files.isExecutableFile(atPath: $0) }
  }

  /// One line per instruction: its offset and its text in Intel's syntax, blanks made single.
  static func run(_ code: [UInt8], tool: String) throws -> [(offset: Int, text: String)] {
    let object = FileManager.default.temporaryDirectory
      .appendingPathComponent("brolga-\(ProcessInfo.processInfo.globallyUniqueString).o")
    let listing = object.appendingPathExtension("txt")
    defer {
      try? FileManager.default.removeItem(at: object)
      try? FileManager.default.removeItem(at: listing)
    }
    try Data(elfObject(code)).write(to: object)
    try Data().write(to: listing)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: tool)
    process.arguments = [
      "-d", "--no-show-raw-insn", "--no-print-imm-hex", "--x86-asm-syntax=intel", object.path,
    ]
    process.standardOutput = try FileHandle(forWritingTo: listing)
    try process.run()
    process.waitUntilExit()
    return parse(try String(contentsOf: listing, encoding: .utf8))
  }

  private static func parse(_ listing: String) -> [(offset: Int, text: String)] {
    var lines: [(offset: Int, text: String)] = []
    for line in listing.utf8.split(separator: UInt8(ascii: "\n")) {
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
      let head = String(decoding: line[..<colon], as: UTF8.self)
        .trimmingCharacters(in: .whitespaces)
      guard let offset = Int(head, radix: 16) else { continue }
      var words: [Substring] = []
      let text = String(decoding: line[line.index(after: colon)...], as: UTF8.self)
      for word in text.split(whereSeparator: { $0 == " " || $0 == "\t" }) {
        if word.hasPrefix("#") || word.hasPrefix("<") { break }
        words.append(word)
      }
      if !words.isEmpty { lines.append((offset, words.joined(separator: " "))) }
    }
    return lines
  }

  /// A relocatable ELF64 file for x86-64 whose only section with contents is the code.
  static func elfObject(_ code: [UInt8]) -> [UInt8] {
    let names: [UInt8] = Array("\0.text\0.shstrtab\0".utf8)
    var file = ELFBytes()
    file.bytes = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    let namesAt = 64 + code.count
    let sectionsAt = (namesAt + names.count + 7) & ~7
    // Type, machine, version, entry, program headers, section headers, flags.
    file.put((1, 2), (62, 2), (1, 4), (0, 8), (0, 8), (sectionsAt, 8), (0, 4))
    // Sizes and counts of headers; the index of the section of names.
    file.put((64, 2), (0, 2), (0, 2), (64, 2), (3, 2), (2, 2))
    file.bytes += code
    file.bytes += names
    file.bytes += [UInt8](repeating: 0, count: sectionsAt - namesAt - names.count)
    file.bytes += [UInt8](repeating: 0, count: 64)
    // Name, type, flags, address, offset, size, link, info, alignment, entry size.
    file.put((1, 4), (1, 4), (6, 8), (0, 8), (64, 8), (code.count, 8), (0, 8), (16, 8), (0, 8))
    file.put((7, 4), (3, 4), (0, 8), (0, 8), (namesAt, 8), (names.count, 8), (0, 8), (1, 8), (0, 8))
    return file.bytes
  }
}

private struct ELFBytes {
  var bytes: [UInt8] = []

  /// Appends little-endian numbers of the given sizes.
  mutating func put(_ fields: (value: Int, size: Int)...) {
    for field in fields {
      for i in 0..<field.size { bytes.append(UInt8(truncatingIfNeeded: field.value >> (8 * i))) }
    }
  }
}
