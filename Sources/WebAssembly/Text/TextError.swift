// SPDX-License-Identifier: Apache-2.0
// What is wrong with a text, and where: line, column, the line itself, a caret.

/// Why a text was refused.
package struct TextError: Error, Hashable, Sendable {
  package var kind: WasmError.Kind
  /// Counted from 1.
  package var line: Int
  /// In characters (Unicode scalars), counted from 1.
  package var column: Int
  package var message: String
  /// The line, or the part of a long one around the column.
  package var excerpt: String
  /// The characters of `excerpt` before the column.
  package var excerptColumn: Int

  /// How much of a long line is shown on either side of the column.
  private static let excerptRadius = 60

  init(_ failure: TextFailure, in source: UnsafeBufferPointer<UInt8>) {
    kind = failure.kind
    message = failure.message
    let place = min(failure.position, source.count)
    line = 1
    var start = 0
    for i in 0..<place where source[i] == 0x0A {
      line = line &+ 1
      start = i &+ 1
    }
    var end = place
    while end < source.count, source[end] != 0x0A, source[end] != 0x0D { end = end &+ 1 }
    column = 1 &+ TextError.scalars(source, start, place)
    var from = max(start, place &- TextError.excerptRadius)
    while from < place, source[from] & 0xC0 == 0x80 { from = from &+ 1 }
    var to = min(end, place &+ TextError.excerptRadius)
    while to < end, source[to] & 0xC0 == 0x80 { to = to &+ 1 }
    excerpt = String(decoding: source[from..<max(from, to)], as: UTF8.self)
    excerptColumn = TextError.scalars(source, from, place)
  }

  private static func scalars(_ source: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Int
  {
    var count = 0
    for i in start..<max(start, end) where source[i] & 0xC0 != 0x80 { count = count &+ 1 }
    return count
  }
}

extension TextError: CustomStringConvertible {
  package var description: String {
    let words =
      switch kind {
      case .malformed: "malformed: "
      case .invalid: "invalid: "
      case .unsupported: "unsupported: "
      case .limit: "limit exceeded: "
      }
    var caret = ""
    for scalar in excerpt.unicodeScalars.prefix(excerptColumn) {
      caret += scalar == "\t" ? "\t" : " "
    }
    return "\(line):\(column): \(words)\(message)\n\(excerpt)\n\(caret)^"
  }
}

/// The same, before anyone has counted lines.
struct TextFailure: Error {
  var kind: WasmError.Kind
  /// Bytes from the start of the text.
  var position: Int
  var message: String

  init(_ kind: WasmError.Kind = .malformed, at position: Int, _ message: String) {
    self.kind = kind
    self.position = position
    self.message = message
  }

  static func unsupported(_ feature: Features, at position: Int) -> TextFailure {
    TextFailure(.unsupported, at: position, feature.name)
  }
}
