// SPDX-License-Identifier: Apache-2.0
// Cuts a text into tokens.

import BrolgaEntities

/// What a byte can begin or continue.
private enum TextByte: UInt8 {
  case illegal, blank, open, close, semicolon, quote, letter, digit, dollar, other, lone

  /// May continue a word, number or symbol.
  var continues: Bool {
    rawValue >= TextByte.letter.rawValue && rawValue <= TextByte.other.rawValue
  }
}

/// The class of each byte, as a table that is made once.
private final class TextBytes: Sendable {
  static let shared = TextBytes()
  nonisolated(unsafe) let table: UnsafeMutablePointer<TextByte>

  private init() {
    table = .allocate(capacity: 256)
    for byte in 0..<256 { table[byte] = Self.kind(UInt8(byte)) }
  }

  private static func kind(_ byte: UInt8) -> TextByte {
    switch byte {
    case 0x20, 0x09, 0x0A, 0x0D: .blank
    case UInt8(ascii: "("): .open
    case UInt8(ascii: ")"): .close
    case UInt8(ascii: ";"): .semicolon
    case UInt8(ascii: "\""): .quote
    case UInt8(ascii: "$"): .dollar
    case UInt8(ascii: "a")...UInt8(ascii: "z"): .letter
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"): .digit
    case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"),
      UInt8(ascii: "}"):
      .lone
    case 0x21...0x7E: .other
    default: .illegal
    }
  }
}

/// The tokens of a text, with parentheses matched and symbols numbered.
struct TextLexer: ~Copyable {
  var tokens = Vector<TextToken>()
  var symbols = SymbolTable()
  var annotations = Vector<TextAnnotation>()
  /// Symbols whose names are not as the text spells them are made here.
  private var scratch = ByteWriter()
  private let base: UnsafePointer<UInt8>
  private let end: Int
  private var position = 0
  private var openTokens = Vector<UInt32>()
  private let bytes: UnsafeMutablePointer<TextByte>

  init(_ source: UnsafeBufferPointer<UInt8>) {
    base = source.baseAddress ?? UnsafePointer(bitPattern: 64).unsafelyUnwrapped
    end = source.count
    bytes = TextBytes.shared.table
  }

  /// Bytes of a text: positions fit 32 bits.
  private static let maximumBytes = 1 << 31

  mutating func run() throws(TextFailure) {
    guard end <= Self.maximumBytes else {
      throw TextFailure(.limit, at: 0, "too many bytes in a text: the limit is 2^31")
    }
    if let bad = UTF8Check.firstError(UnsafeBufferPointer(start: base, count: end)) {
      throw TextFailure(at: bad, "malformed UTF-8 encoding")
    }
    // The next power of two would be touched for nothing: an average token has five bytes.
    tokens.reserve(end / 5 &+ 16)
    let keywords = Keywords.shared
    while position < end {
      switch bytes[Int(base[position])] {
      case .blank: position = position &+ 1
      case .open: try lexOpen()
      case .close: try lexClose()
      case .semicolon: try lexSemicolon()
      case .letter: try lexWord(keywords)
      case .digit: try lexRun(.number)
      case .dollar: try lexSymbol()
      case .quote: try lexString()
      case .other: try lexRun(.reserved)
      case .lone:
        position = position &+ 1
        append(.reserved, from: position &- 1)
      case .illegal: throw TextFailure(at: position, "illegal character")
      }
    }
    guard openTokens.isEmpty else {
      let start = tokens[Int(truncatingIfNeeded: openTokens.last)].start
      throw TextFailure(at: Int(start), "unclosed parenthesis")
    }
    append(.end, from: position)
  }

  @inline(__always)
  private mutating func append(_ kind: TextToken.Kind, from start: Int, _ value: UInt32 = 0) {
    tokens.append(
      TextToken(
        start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: position),
        value: value, kind: kind))
  }

  private func byte(_ distance: Int) -> UInt8 {
    position &+ distance < end ? base[position &+ distance] : 0
  }

  // MARK: Parentheses, comments, annotations

  private mutating func lexOpen() throws(TextFailure) {
    switch byte(1) {
    case UInt8(ascii: ";"): try skipBlockComment()
    case UInt8(ascii: "@"): try lexAnnotation()
    default:
      openTokens.append(UInt32(truncatingIfNeeded: tokens.count))
      position = position &+ 1
      append(.open, from: position &- 1)
    }
  }

  private mutating func lexClose() throws(TextFailure) {
    guard !openTokens.isEmpty else { throw TextFailure(at: position, "unexpected token )") }
    let open = Int(truncatingIfNeeded: openTokens.popLast())
    tokens[open].value = UInt32(truncatingIfNeeded: tokens.count)
    position = position &+ 1
    append(.close, from: position &- 1)
  }

  private mutating func lexSemicolon() throws(TextFailure) {
    guard byte(1) == UInt8(ascii: ";") else {
      position = position &+ 1
      return append(.reserved, from: position &- 1)
    }
    // A comment ends at a line feed, or a carriage return.
    while position < end, base[position] != 0x0A, base[position] != 0x0D {
      position = position &+ 1
    }
  }

  private mutating func skipBlockComment() throws(TextFailure) {
    let start = position
    var depth = 0
    repeat {
      guard position < end else { throw TextFailure(at: start, "unclosed comment") }
      if base[position] == UInt8(ascii: "("), byte(1) == UInt8(ascii: ";") {
        depth = depth &+ 1
        position = position &+ 2
      } else if base[position] == UInt8(ascii: ";"), byte(1) == UInt8(ascii: ")") {
        depth = depth &- 1
        position = position &+ 2
      } else {
        position = position &+ 1
      }
    } while depth > 0
  }

  /// Skips an annotation, whose tokens need only be tokens. Notes where those are that matter.
  private mutating func lexAnnotation() throws(TextFailure) {
    let start = position
    position = position &+ 2
    let idStart = position
    if byte(0) == UInt8(ascii: "\"") {
      try skipString(mustBeUTF8: true)
    } else {
      while position < end, bytes[Int(base[position])].continues { position = position &+ 1 }
    }
    let id = idStart..<position
    guard !id.isEmpty, !(id.count == 2 && base[idStart] == UInt8(ascii: "\"")) else {
      throw TextFailure(at: start, "empty annotation id")
    }
    let contents = position
    try skipAnnotationContents(from: start)
    let kind: TextAnnotation.Kind? =
      `is`(id, "name") ? .name : `is`(id, "custom") ? .custom : nil
    if let kind {
      annotations.append(
        TextAnnotation(
          kind: kind, contents: UInt32(truncatingIfNeeded: contents),
          end: UInt32(truncatingIfNeeded: position &- 1),
          token: UInt32(truncatingIfNeeded: tokens.count)))
    }
  }

  private func `is`(_ range: Range<Int>, _ word: StaticString) -> Bool {
    UnsafeBufferPointer(start: base + range.lowerBound, count: range.count).elementsEqual(
      UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
  }

  private mutating func skipAnnotationContents(from start: Int) throws(TextFailure) {
    var depth = 1
    while depth > 0 {
      guard position < end else { throw TextFailure(at: start, "unclosed annotation") }
      switch bytes[Int(base[position])] {
      case .open:
        if byte(1) == UInt8(ascii: ";") {
          try skipBlockComment()
        } else {
          depth = depth &+ 1
          position = position &+ 1
        }
      case .close:
        depth = depth &- 1
        position = position &+ 1
      case .semicolon where byte(1) == UInt8(ascii: ";"):
        while position < end, base[position] != 0x0A, base[position] != 0x0D {
          position = position &+ 1
        }
      case .quote: try skipString(mustBeUTF8: false)
      case .illegal: throw TextFailure(at: position, "illegal character")
      default: position = position &+ 1
      }
    }
  }

  // MARK: Words, numbers, symbols

  private mutating func lexWord(_ keywords: Keywords) throws(TextFailure) {
    let start = position
    var hash = Keywords.hashStart
    while position < end, bytes[Int(base[position])].continues {
      hash = Keywords.hash(hash, base[position])
      position = position &+ 1
    }
    if position < end, base[position] == UInt8(ascii: "\"") {
      return try lexReserved(from: start)
    }
    let word = UnsafeBufferPointer(start: base + start, count: position &- start)
    append(.word, from: start, keywords.code(word, hash: hash))
  }

  private mutating func lexRun(_ kind: TextToken.Kind) throws(TextFailure) {
    let start = position
    while position < end, bytes[Int(base[position])].continues { position = position &+ 1 }
    if position < end, base[position] == UInt8(ascii: "\"") {
      return try lexReserved(from: start)
    }
    append(kind, from: start)
  }

  private mutating func lexSymbol() throws(TextFailure) {
    let start = position
    position = position &+ 1
    if byte(0) == UInt8(ascii: "\"") {
      try skipString(mustBeUTF8: true)
      if position < end, touches(base[position]) { return try lexReserved(from: start) }
      scratch.removeAll()
      TextString.decode(base, (start &+ 2)..<(position &- 1), into: &scratch)
    } else {
      while position < end, bytes[Int(base[position])].continues { position = position &+ 1 }
      if position < end, base[position] == UInt8(ascii: "\"") {
        return try lexReserved(from: start)
      }
      let name = UnsafeBufferPointer(start: base + start + 1, count: position &- start &- 1)
      guard !name.isEmpty else { throw TextFailure(at: start, "empty identifier") }
      return append(.symbol, from: start, symbols.symbol(name))
    }
    guard !scratch.isEmpty else { throw TextFailure(at: start, "empty identifier") }
    let symbol = symbols.symbol(UnsafeBufferPointer(scratch.bytes.buffer))
    append(.symbol, from: start, symbol)
  }

  /// Whether a token cannot end before this byte.
  private func touches(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "\"") || bytes[Int(byte)].continues
  }

  /// Takes all that touches as one token, of which nothing can be made.
  private mutating func lexReserved(from start: Int) throws(TextFailure) {
    while position < end, touches(base[position]) {
      if base[position] == UInt8(ascii: "\"") {
        try skipString(mustBeUTF8: false)
      } else {
        position = position &+ 1
      }
    }
    append(.reserved, from: start)
  }

  // MARK: Strings

  private mutating func lexString() throws(TextFailure) {
    let start = position
    try skipString(mustBeUTF8: false)
    if position < end, touches(base[position]) { return try lexReserved(from: start) }
    append(.string, from: start)
  }

  /// Skips a string and checks its escapes, so that whoever decodes it need not.
  private mutating func skipString(mustBeUTF8: Bool) throws(TextFailure) {
    let start = position
    position = position &+ 1
    while true {
      guard position < end else { throw TextFailure(at: start, "unclosed string") }
      let byte = base[position]
      if byte == UInt8(ascii: "\"") { break }
      if byte == UInt8(ascii: "\\") {
        guard let count = TextString.escapeCount(base, position..<end) else {
          throw TextFailure(at: position, "illegal escape")
        }
        position = position &+ count
        continue
      }
      if byte == 0x0A { throw TextFailure(at: start, "unclosed string") }
      if byte < 0x20 || byte == 0x7F {
        throw TextFailure(at: position, "illegal character in string")
      }
      position = position &+ 1
    }
    position = position &+ 1
    guard mustBeUTF8 else { return }
    scratch.removeAll()
    TextString.decode(base, (start &+ 1)..<(position &- 1), into: &scratch)
    if UTF8Check.firstError(UnsafeBufferPointer(scratch.bytes.buffer)) != nil {
      throw TextFailure(at: start, "malformed UTF-8 encoding")
    }
  }
}
