// SPDX-License-Identifier: Apache-2.0
// The binary modules that the specification's test scripts quote, with what they expect of them.

import Foundation
import Testing

@testable import BrolgaWasm

/// A `(module binary "…")` of a script.
private struct QuotedModule {
  enum Expectation: Equatable {
    case valid
    case malformed(String)
    case invalid(String)
  }

  var script: String
  var line: Int
  var bytes: [UInt8]
  var expectation: Expectation
}

/// Finds the binary modules of a script: tracks comments and strings, and nothing else of its
/// grammar.
private struct ScriptScanner {
  private enum Token: Equatable {
    case word(String)
    case string([UInt8])
    case open, close
  }

  private let text: [UInt8]
  private var position = 0
  private var line = 1

  init(_ text: [UInt8]) { self.text = text }

  mutating func modules(script: String) -> [QuotedModule] {
    var result: [QuotedModule] = []
    var tokens: [(Token, Int)] = []
    while let token = next() { tokens.append((token, line)) }
    var assertion: String?
    var i = 0
    while i < tokens.count {
      if case .word(let word) = tokens[i].0, word.hasPrefix("assert_") { assertion = word }
      guard tokens[i].0 == .open, i + 1 < tokens.count, tokens[i + 1].0 == .word("module") else {
        i += 1
        continue
      }
      let line = tokens[i].1
      i += 2
      while case .word(let word) = tokens[i].0, word == "definition" || word.hasPrefix("$") {
        i += 1
      }
      guard tokens[i].0 == .word("binary") else {
        assertion = nil
        continue
      }
      i += 1
      if case .word(let word) = tokens[i].0, word.hasPrefix("$") { i += 1 }
      var bytes: [UInt8] = []
      while case .string(let piece) = tokens[i].0 {
        bytes += piece
        i += 1
      }
      i += 1
      var expectation = QuotedModule.Expectation.valid
      if case .string(let text) = tokens[i].0, let assertion {
        let message = String(decoding: text, as: UTF8.self)
        if assertion == "assert_malformed" { expectation = .malformed(message) }
        if assertion == "assert_invalid" { expectation = .invalid(message) }
      }
      assertion = nil
      result.append(
        QuotedModule(script: script, line: line, bytes: bytes, expectation: expectation))
    }
    return result
  }

  private mutating func next() -> Token? {
    while position < text.count {
      let byte = text[position]
      switch byte {
      case UInt8(ascii: "\n"):
        line += 1
        position += 1
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): position += 1
      case UInt8(ascii: ";") where peek(1) == UInt8(ascii: ";"): skipLine()
      case UInt8(ascii: "(") where peek(1) == UInt8(ascii: ";"): skipBlock()
      case UInt8(ascii: "("):
        position += 1
        return .open
      case UInt8(ascii: ")"):
        position += 1
        return .close
      case UInt8(ascii: "\""): return .string(string())
      default: return .word(word())
      }
    }
    return nil
  }

  private func peek(_ distance: Int) -> UInt8? {
    position + distance < text.count ? text[position + distance] : nil
  }

  private mutating func skipLine() {
    while position < text.count, text[position] != UInt8(ascii: "\n") { position += 1 }
  }

  private mutating func skipBlock() {
    var depth = 0
    repeat {
      if peek(0) == UInt8(ascii: "("), peek(1) == UInt8(ascii: ";") {
        depth += 1
        position += 2
      } else if peek(0) == UInt8(ascii: ";"), peek(1) == UInt8(ascii: ")") {
        depth -= 1
        position += 2
      } else {
        if text[position] == UInt8(ascii: "\n") { line += 1 }
        position += 1
      }
    } while depth > 0 && position < text.count
  }

  private mutating func word() -> String {
    let start = position
    let ends: [UInt8] = Array(" \n\t\r()\";".utf8)
    while position < text.count, !ends.contains(text[position]) { position += 1 }
    if position == start { position += 1 }
    return String(decoding: text[start..<position], as: UTF8.self)
  }

  private mutating func string() -> [UInt8] {
    var result: [UInt8] = []
    position += 1
    while position < text.count, text[position] != UInt8(ascii: "\"") {
      guard text[position] == UInt8(ascii: "\\") else {
        result.append(text[position])
        position += 1
        continue
      }
      let digits = String(decoding: text[(position + 1)..<(position + 3)], as: UTF8.self)
      if let byte = UInt8(digits, radix: 16) {
        result.append(byte)
        position += 3
      } else {
        let escapes: [Character: UInt8] = ["n": 10, "t": 9, "r": 13, "\"": 34, "'": 39, "\\": 92]
        result.append(escapes[digits.first ?? " "] ?? 63)
        position += 2
      }
    }
    position += 1
    return result
  }
}

@Suite(.enabled(if: isPresent("spec"), "skipped: ../shared/data/spec is absent"))
struct SpecBinaryTests {
  /// Scripts with modules of later features, which are refused by that name.
  private static let later: [String: Set<String>] = [
    "binary-gc": ["garbage collection"], "elem": ["typed function references"],
    "ref_null": ["garbage collection"],
  ]

  /// Where our words differ from the script's on purpose: the reference implementation lets an
  /// entry read past the end of its section and complains about something else there.
  private static let otherWords: Set<String> = [
    "integer representation too long", "integer too large", "END opcode expected",
    "section size mismatch", "length out of bounds",
  ]

  @Test func quotedModulesMeetTheirExpectations() throws {
    let root = sharedData.appending(path: "spec")
    let files = try FileManager.default.contentsOfDirectory(atPath: root.path).sorted()
    var validator = FunctionValidator()
    var checked = 0
    var worded = 0
    for file in files where file.hasSuffix(".wast") {
      let script = String(file.dropLast(5))
      var scanner = ScriptScanner([UInt8](try Data(contentsOf: root.appending(path: file))))
      for module in scanner.modules(script: script) {
        let error = refusal(of: module.bytes, DecodingOptions(features: allFeatures), &validator)
        let place = Comment(rawValue: "\(file):\(module.line): \(error?.description ?? "valid")")
        if let error, error.kind == .unsupported {
          #expect(Self.later[script]?.contains(error.message) == true, place)
          continue
        }
        checked += 1
        switch module.expectation {
        case .valid: #expect(error == nil, place)
        case .malformed(let text):
          // The script wants 2^32 locals malformed; 50,001 already exceed our limit.
          let isTooMany = text == "too many locals" && error?.kind == .limit
          #expect(error?.kind == .malformed || isTooMany, place)
          let isWorded = error?.message.hasPrefix(text) == true
          #expect(isWorded || Self.otherWords.contains(text), place)
          worded += isWorded ? 1 : 0
        case .invalid(let text):
          #expect(error?.kind == .invalid && error?.message.hasPrefix(text) == true, place)
        }
      }
    }
    #expect(checked > 780 && worded > 690, "checked \(checked), same words \(worded)")
  }
}
