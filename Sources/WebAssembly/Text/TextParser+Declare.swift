// SPDX-License-Identifier: Apache-2.0
// The first pass: which entities a module has, in which order, and what they are called.

import BrolgaEntities

extension TextParser {
  /// Declares what the fields up to the token at `end` define, and defines the types.
  mutating func declareFields(until end: Int) throws(TextFailure) {
    let start = position
    while position < end {
      guard token.kind == .open, tokens[position &+ 1].kind == .word else {
        if token.kind == .open { position = position &+ 1 }
        throw unexpected()
      }
      let close = Int(truncatingIfNeeded: token.value)
      try declareField()
      position = close &+ 1
    }
    position = start
    while position < end {
      let close = Int(truncatingIfNeeded: token.value)
      if isOpen(.type) {
        try parseTypeField()
      } else if isOpen(.rec) {
        try parseTypeGroup()
      }
      position = close &+ 1
    }
  }

  private mutating func declareField() throws(TextFailure) {
    let start = position
    position = position &+ 1
    let word = token.value
    position = position &+ 1
    switch word {
    case Keyword.type.code: try declare(.type)
    case Keyword.rec.code: try declareGroup(Int(truncatingIfNeeded: tokens[start].value))
    case Keyword.func.code: try declareEntity(.function, from: start)
    case Keyword.table.code: try declareEntity(.table, from: start)
    case Keyword.memory.code: try declareEntity(.memory, from: start)
    case Keyword.global.code: try declareEntity(.global, from: start)
    case Keyword.tag.code:
      try require(.exceptionHandling, at: start &+ 1)
      try declareEntity(.tag, from: start)
    case Keyword.elem.code: try declare(.element)
    case Keyword.data.code: try declare(.data)
    case Keyword.import.code: try declareImport(from: start)
    case Keyword.export.code, Keyword.start.code: break
    default:
      position = start &+ 1
      throw unexpected()
    }
  }

  /// Declares the types up to the token at `end`.
  private mutating func declareGroup(_ end: Int) throws(TextFailure) {
    while position < end {
      guard isOpen(.type) else { throw unexpected() }
      let close = Int(truncatingIfNeeded: token.value)
      position = position &+ 2
      try declare(.type)
      position = close &+ 1
    }
  }

  /// Counts an entity, with the name that comes next if there is one.
  private mutating func declare(_ space: TextSpace) throws(TextFailure) {
    let number = Int(space.rawValue)
    let index = declared[number]
    declared[number] = index &+ 1
    guard token.kind == .symbol || hasNameAnnotation else { return }
    let place = position
    var name = token.kind == .symbol ? token.value : SymbolTable.none
    if let symbol = takeSymbol() {
      let slot = number &* symbolCount &+ Int(truncatingIfNeeded: symbol)
      // Symbols that annotations make have no slot, and no token either.
      if indices[slot] != 0 {
        position = place
        throw failure("duplicate \(space.word) \(text(of: token))")
      }
      indices[slot] = index &+ 1
    }
    if let annotated = try nameAnnotation() { name = annotated }
    // The annotation that was in sight may belong to something else.
    guard name != SymbolTable.none else { return }
    nameEntries.append(
      TextNameEntry(subsection: space.nameSubsection, function: 0, index: index, symbol: name))
  }

  func text(of token: TextToken) -> String {
    String(decoding: bytes(token).prefix(80), as: UTF8.self)
  }

  private mutating func declareEntity(
    _ space: TextSpace, from start: Int
  ) throws(TextFailure) {
    try declare(space)
    while isOpen(.export) { position = Int(truncatingIfNeeded: token.value) &+ 1 }
    if isOpen(.import) { return try checkImportOrder(start) }
    hasDefinition = true
    guard space == .table || space == .memory else { return }
    // A segment of its own, without a name.
    while token.kind != .close && token.kind != .end {
      if isOpen(space == .table ? .elem : .data) {
        let segments = Int((space == .table ? TextSpace.element : TextSpace.data).rawValue)
        declared[segments] = declared[segments] &+ 1
      }
      skipTree()
    }
  }

  /// Skips a token, or all between two parentheses.
  mutating func skipTree() {
    if token.kind == .open { position = Int(truncatingIfNeeded: token.value) }
    position = position &+ 1
  }

  private mutating func checkImportOrder(_ start: Int) throws(TextFailure) {
    guard hasDefinition else { return }
    position = start
    throw failure("import after a definition of a function, table, memory, global or tag")
  }

  private mutating func declareImport(from start: Int) throws(TextFailure) {
    let place = position
    try checkImportOrder(start)
    position = place
    for _ in 0..<2 {
      guard token.kind == .string else { throw unexpected() }
      position = position &+ 1
    }
    guard token.kind == .open else { throw unexpected() }
    position = position &+ 1
    try declare(TextSpace(try parseExternKind()))
  }

  /// Reads the word for a kind of imports and exports.
  mutating func parseExternKind() throws(TextFailure) -> ExternKind {
    guard let kind = Self.externKind(token) else { throw unexpected() }
    if kind == .tag { try require(.exceptionHandling, at: position) }
    position = position &+ 1
    return kind
  }

  private static func externKind(_ token: TextToken) -> ExternKind? {
    guard token.kind == .word else { return nil }
    return switch token.value {
    case Keyword.func.code: .function
    case Keyword.table.code: .table
    case Keyword.memory.code: .memory
    case Keyword.global.code: .global
    case Keyword.tag.code: .tag
    default: nil
    }
  }

  // MARK: Second pass

  /// Takes the name of the entity of this space that comes next in the text; its index.
  mutating func nextIndex(_ space: TextSpace) -> UInt32 {
    if token.kind == .symbol { position = position &+ 1 }
    let number = Int(space.rawValue)
    counted[number] = counted[number] &+ 1
    return counted[number] &- 1
  }

  /// Whether an index is next.
  var isIndex: Bool { token.kind == .number || token.kind == .symbol }

  /// Reads an index of a space: a number, or a symbol that it has.
  mutating func parseIndex(_ space: TextSpace) throws(TextFailure) -> UInt32 {
    let token = token
    guard token.kind == .symbol else { return try parseU32() }
    let slot = Int(space.rawValue) &* symbolCount &+ Int(truncatingIfNeeded: token.value)
    guard slot < indices.count, indices[slot] != 0 else {
      throw failure("unknown \(space.word) \(text(of: token))")
    }
    position = position &+ 1
    return indices[slot] &- 1
  }

  mutating func parseU32() throws(TextFailure) -> UInt32 {
    UInt32(truncatingIfNeeded: try parseUnsigned(bits: 32, what: "i32 constant"))
  }

  /// Reads an unsigned integer.
  mutating func parseUnsigned(bits: UInt64, what: String) throws(TextFailure) -> UInt64 {
    guard token.kind == .number else { throw unexpected() }
    do throws(TextNumberError) {
      let value = try TextNumber.integer(bytes(token), bits: bits, isSigned: false)
      position = position &+ 1
      return value
    } catch {
      throw failure(error == .outOfRange ? "\(what) out of range" : "unknown operator")
    }
  }

  // MARK: Annotations

  /// Forgets annotations before the next token.
  mutating func skipAnnotations() {
    while annotation < lexer.annotations.count,
      Int(lexer.annotations[annotation].token) < position
    {
      annotation = annotation &+ 1
    }
  }

  private var hasNameAnnotation: Bool {
    var i = annotation
    while i < lexer.annotations.count, Int(lexer.annotations[i].token) <= position &+ 1 {
      if lexer.annotations[i].kind == .name { return true }
      i = i &+ 1
    }
    return false
  }

  /// The symbol with the name in an annotation right before the next token.
  mutating func nameAnnotation() throws(TextFailure) -> UInt32? {
    skipAnnotations()
    var i = annotation
    while i < lexer.annotations.count, Int(lexer.annotations[i].token) == position {
      let found = lexer.annotations[i]
      i = i &+ 1
      guard found.kind == .name else { continue }
      var name = ByteWriter()
      var place = Int(truncatingIfNeeded: found.contents)
      guard try decodeAnnotationString(&place, Int(truncatingIfNeeded: found.end), &name) else {
        throw TextFailure(at: Int(found.contents), "@name annotation: a string is missing")
      }
      return lexer.symbols.symbol(UnsafeBufferPointer(name.bytes.buffer))
    }
    return nil
  }

  /// Appends the string that is next within an annotation, if one is.
  mutating func decodeAnnotationString(
    _ place: inout Int, _ end: Int, _ output: inout ByteWriter
  ) throws(TextFailure) -> Bool {
    while place < end, source[place] <= 0x20 { place = place &+ 1 }
    guard place < end, source[place] == UInt8(ascii: "\"") else { return false }
    let start = place &+ 1
    place = start
    while source[place] != UInt8(ascii: "\"") {
      place = place &+ (source[place] == UInt8(ascii: "\\") ? 2 : 1)
    }
    TextString.decode(source.baseAddress.unsafelyUnwrapped, start..<place, into: &output)
    place = place &+ 1
    return true
  }
}
