// SPDX-License-Identifier: Apache-2.0
// Text to binary: the parser's state, and a module from its fields.

import BrolgaEntities

/// Parses the modules of a text and encodes them.
///
/// A module is read twice: first its fields' names are declared, since a field may name a later
/// one, then everything is encoded, each section in a buffer of its own.
struct TextParser: ~Copyable {
  let source: UnsafeBufferPointer<UInt8>
  let features: Features
  /// The tokens, in place: reading one must not look at the rest of the lexer.
  let tokens: UnsafeMutablePointer<TextToken>
  let instructions: UnsafePointer<TextInstruction>
  /// The next token.
  var position = 0
  var lexer: TextLexer

  // MARK: Per module

  /// Of each index space the index of each symbol plus one, or zero.
  var indices = Vector<UInt32>()
  /// Symbols of the text; annotations may add others, which nothing refers to.
  var symbolCount = 0
  /// Entities in each index space: declared by the first pass, counted again by the second.
  var declared = Vector<UInt32>()
  var counted = Vector<UInt32>()
  var nameEntries = Vector<TextNameEntry>()
  var types = TextTypeTable()
  var sections = TextSections()
  var hasStart = false
  var usesDataCount = false
  var moduleName = SymbolTable.none
  /// Whether a function, table, memory, global or tag has been defined: imports come before.
  var hasDefinition = false
  /// Annotations before this one have been seen.
  var annotation = 0

  // MARK: Per function or constant expression

  var body = ByteWriter()
  /// Folded instructions whose operands come first, end to end.
  var pending = ByteWriter()
  var frames = Vector<TextFrame>()
  var labels = TextScope()
  var locals = TextScope()
  var labelCount: UInt32 = 0
  var localCount: UInt32 = 0
  /// Constructs with labels that the function has had, for the names of labels.
  var constructCount: UInt32 = 0
  var localTypes = Vector<ValueType>()
  /// Parameters' symbols of the last type use, `SymbolTable.none` for those without.
  var parameterSymbols = Vector<UInt32>()

  // MARK: For errors

  /// Whether to note where in the text each piece of the binary comes from.
  var isMarking = false
  var marks = Vector<TextMark>()

  init(
    _ source: UnsafeBufferPointer<UInt8>, features: Features
  ) throws(TextFailure) {
    self.source = source
    self.features = features.intersection(.known)
    var lexer = TextLexer(source)
    try lexer.run()
    tokens = lexer.tokens.buffer.baseAddress.unsafelyUnwrapped
    self.lexer = lexer
    instructions = TextInstructionTable.shared.rows
  }

  // MARK: Modules

  /// Parses all of the text as one module, with or without `(module …)` around its fields, or
  /// returns nil when there is something else.
  mutating func parseFile() throws(TextFailure) -> [UInt8] {
    beginModule()
    if isOpen(.module) {
      let end = Int(truncatingIfNeeded: tokens[position].value)
      position = position &+ 2
      try parseModuleName()
      let module = try parseFields(until: end)
      position = end &+ 1
      guard token.kind == .end else { throw unexpected() }
      return module
    }
    return try parseFields(until: lexer.tokens.count &- 1)
  }

  mutating func beginModule() {
    sections = TextSections()
    types.removeAll()
    symbolCount = lexer.symbols.count
    indices.reset(count: TextSpace.count &* symbolCount, to: 0)
    declared.reset(count: TextSpace.count, to: 0)
    counted.reset(count: TextSpace.count, to: 0)
    nameEntries.removeAll()
    labels.reset(symbols: symbolCount)
    locals.reset(symbols: symbolCount)
    marks.removeAll()
    hasStart = false
    usesDataCount = false
    hasDefinition = false
    moduleName = SymbolTable.none
    skipAnnotations()
  }

  /// Reads the name after the word `module`, and its annotation.
  mutating func parseModuleName() throws(TextFailure) {
    moduleName = takeSymbol() ?? SymbolTable.none
    if let name = try nameAnnotation() { moduleName = name }
  }

  /// Parses the fields up to the token at `end`, and encodes the module.
  mutating func parseFields(until end: Int) throws(TextFailure) -> [UInt8] {
    let start = position
    let firstAnnotation = annotation
    try declareFields(until: end)
    position = start
    annotation = firstAnnotation
    while position < end { try parseField() }
    try parseCustomAnnotations(from: firstAnnotation, before: end)
    return assemble()
  }

  private mutating func parseField() throws(TextFailure) {
    guard token.kind == .open, tokens[position &+ 1].kind == .word else { throw unexpected() }
    let end = Int(truncatingIfNeeded: token.value)
    position = position &+ 1
    let value = token.value
    position = position &+ 1
    switch value {
    case Keyword.type.code, Keyword.rec.code: position = end
    case Keyword.func.code: try parseFunction()
    case Keyword.import.code: try parseImport()
    case Keyword.global.code: try parseGlobal()
    case Keyword.tag.code: try parseTag()
    case Keyword.table.code: try parseTable()
    case Keyword.memory.code: try parseMemory()
    case Keyword.export.code: try parseExport()
    case Keyword.start.code: try parseStart()
    case Keyword.elem.code: try parseElementSegment()
    case Keyword.data.code: try parseDataSegment()
    default:
      position = position &- 1
      throw unexpected()
    }
    try expectClose()
  }

  // MARK: Tokens

  @inline(__always)
  var token: TextToken { tokens[position] }

  @inline(__always)
  mutating func isWord(_ keyword: Keyword) -> Bool {
    token.kind == .word && token.value == keyword.code
  }

  /// Whether `(` and the keyword come next.
  @inline(__always)
  mutating func isOpen(_ keyword: Keyword) -> Bool {
    guard token.kind == .open else { return false }
    let next = tokens[position &+ 1]
    return next.kind == .word && next.value == keyword.code
  }

  /// Takes the keyword if it is next.
  mutating func take(_ keyword: Keyword) -> Bool {
    guard isWord(keyword) else { return false }
    position = position &+ 1
    return true
  }

  /// Takes `(` and the keyword if they are next.
  mutating func takeOpen(_ keyword: Keyword) -> Bool {
    guard isOpen(keyword) else { return false }
    position = position &+ 2
    return true
  }

  mutating func takeSymbol() -> UInt32? {
    guard token.kind == .symbol else { return nil }
    position = position &+ 1
    return tokens[position &- 1].value
  }

  mutating func expectClose() throws(TextFailure) {
    guard token.kind == .close else { throw unexpected() }
    position = position &+ 1
  }

  func bytes(_ token: TextToken) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(rebasing: source[token.range])
  }

  /// Appends the bytes of the string that is next to `output`.
  mutating func decodeString(into output: inout ByteWriter) throws(TextFailure) {
    guard token.kind == .string else { throw unexpected() }
    let range = token.range
    TextString.decode(
      source.baseAddress.unsafelyUnwrapped, (range.lowerBound &+ 1)..<(range.upperBound &- 1),
      into: &output)
    position = position &+ 1
  }

  /// Reads a string that must be UTF-8.
  mutating func parseName() throws(TextFailure) -> ByteWriter {
    var name = ByteWriter()
    let start = Int(token.start)
    try decodeString(into: &name)
    if UTF8Check.firstError(UnsafeBufferPointer(name.bytes.buffer)) != nil {
      throw TextFailure(at: start, "malformed UTF-8 encoding")
    }
    guard name.count <= ImplementationLimits.stringBytes else {
      let limit = ImplementationLimits.stringBytes
      throw TextFailure(.limit, at: start, "too many bytes in a name: the limit is \(limit)")
    }
    return name
  }

  // MARK: Errors

  @inline(never)
  func failure(_ message: String) -> TextFailure {
    TextFailure(at: Int(tokens[position].start), message)
  }

  /// The next token cannot stand where it does.
  @inline(never)
  func unexpected() -> TextFailure {
    let token = tokens[position]
    let start = Int(token.start)
    if token.kind == .end { return TextFailure(at: start, "unexpected end") }
    let isFirst = position > 0 && tokens[position &- 1].kind == .open
    let text = String(decoding: bytes(token).prefix(40), as: UTF8.self)
    guard token.kind == .word || token.kind == .reserved else {
      return TextFailure(at: start, "unexpected token \(text)")
    }
    if token.value == Keywords.unknown, let feature = Keywords.feature(ofUnknown: bytes(token)) {
      return .unsupported(feature, at: start)
    }
    if let feature = Self.feature(ofKeyword: token.value), !features.contains(feature) {
      return .unsupported(feature, at: start)
    }
    let isKnown = token.kind == .word && token.value != Keywords.unknown
    if isKnown && !isFirst { return TextFailure(at: start, "unexpected token \(text)") }
    return TextFailure(at: start, "unknown operator \(text)")
  }

  private static func feature(ofKeyword code: UInt32) -> Features? {
    switch code {
    case Keyword.v128.code: .simd
    case Keyword.rec.code, Keyword.sub.code, Keyword.struct.code, Keyword.array.code,
      Keyword.refEq.code, Keyword.refI31.code:
      .garbageCollection
    case Keyword.tag.code: .exceptionHandling
    case Keyword.shared.code: .threads
    case Keyword.pagesize.code: .customPageSizes
    case Keyword.cont.code: .stackSwitching
    default: nil
    }
  }

  /// The features must be on for what starts at the token at `position`.
  func require(_ needed: Features, at position: Int) throws(TextFailure) {
    guard features.isSuperset(of: needed) else {
      throw .unsupported(needed, at: Int(tokens[position].start))
    }
  }
}

/// Where in a section a piece of the text went.
struct TextMark: BitwiseCopyable {
  var section: UInt32
  /// In the section's entries.
  var offset: UInt32
  /// In the text.
  var source: UInt32
}
