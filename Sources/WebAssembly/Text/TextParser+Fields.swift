// SPDX-License-Identifier: Apache-2.0
// The second pass: imports, exports, functions, tables, memories, globals, tags.

import BrolgaEntities

/// The sections of a module but the types, as far as they have been encoded.
struct TextSections: ~Copyable {
  var imports = ByteWriter()
  var functions = ByteWriter()
  var tables = ByteWriter()
  var memories = ByteWriter()
  var tags = ByteWriter()
  var globals = ByteWriter()
  var exports = ByteWriter()
  var start = ByteWriter()
  var elements = ByteWriter()
  var code = ByteWriter()
  var data = ByteWriter()
  var importCount = 0
  var functionCount = 0
  var tableCount = 0
  var memoryCount = 0
  var tagCount = 0
  var globalCount = 0
  var exportCount = 0
  var elementCount = 0
  var dataCount = 0
  var customs: [TextCustomSection] = []
}

extension TextParser {
  /// Notes that the entry of a section that begins at `offset` comes from the token at `position`.
  mutating func mark(_ section: SectionID, _ offset: Int, at position: Int) {
    guard isMarking else { return }
    marks.append(
      TextMark(
        section: UInt32(section.rawValue), offset: UInt32(truncatingIfNeeded: offset),
        source: tokens[position].start))
  }

  // MARK: Imports and exports

  mutating func parseImport() throws(TextFailure) {
    mark(.import, sections.imports.count, at: position &- 1)
    try parseImportNames()
    position = position &+ 1
    let kind = try parseExternKind()
    _ = nextIndex(TextSpace(kind))
    try parseImportType(kind)
    try expectClose()
  }

  private mutating func parseImportNames() throws(TextFailure) {
    for _ in 0..<2 {
      let name = try parseName()
      sections.imports.appendSized(name)
    }
  }

  /// Reads what follows the name of an import.
  private mutating func parseImportType(_ kind: ExternKind) throws(TextFailure) {
    pending.removeAll()
    switch kind {
    case .function: pending.appendU32(try parseTypeUse(allowsNames: true))
    case .table: try parseTableType()
    case .memory: try parseMemoryType()
    case .global: try parseGlobalType()
    case .tag: try parseTagType()
    }
    sections.imports.append(kind.rawValue)
    sections.imports.append(pending)
    sections.importCount &+= 1
  }

  /// Reads `(export …)* (import …)?` after a name, and the type that follows such an import;
  /// whether there was one.
  private mutating func parseInline(
    _ kind: ExternKind, _ index: UInt32
  ) throws(TextFailure) -> Bool {
    while takeOpen(.export) {
      mark(.export, sections.exports.count, at: position &- 1)
      let name = try parseName()
      try expectClose()
      writeExport(name, kind, index)
    }
    guard takeOpen(.import) else { return false }
    mark(.import, sections.imports.count, at: position &- 1)
    try parseImportNames()
    try expectClose()
    try parseImportType(kind)
    return true
  }

  private mutating func writeExport(
    _ name: borrowing ByteWriter, _ kind: ExternKind, _ index: UInt32
  ) {
    sections.exports.appendSized(name)
    sections.exports.append(kind.rawValue)
    sections.exports.appendU32(index)
    sections.exportCount &+= 1
  }

  mutating func parseExport() throws(TextFailure) {
    mark(.export, sections.exports.count, at: position &- 1)
    let name = try parseName()
    guard token.kind == .open else { throw unexpected() }
    position = position &+ 1
    let kind = try parseExternKind()
    let index = try parseIndex(TextSpace(kind))
    try expectClose()
    writeExport(name, kind, index)
  }

  mutating func parseStart() throws(TextFailure) {
    if hasStart {
      position = position &- 1
      throw failure("multiple start sections")
    }
    hasStart = true
    mark(.start, 0, at: position &- 1)
    sections.start.appendU32(try parseIndex(.function))
  }

  // MARK: Functions

  mutating func parseFunction() throws(TextFailure) {
    let start = position &- 1
    let index = nextIndex(.function)
    if try parseInline(.function, index) { return }
    mark(.function, sections.functions.count, at: start)
    let type = try parseTypeUse(allowsNames: true)
    sections.functions.appendU32(type)
    sections.functionCount &+= 1
    try beginLocals(type, function: index)
    body.removeAll()
    try parseLocals(function: index)
    let firstMark = marks.count
    constructCount = 0
    try parseInstructions(function: index)
    mark(.code, body.count, at: position)
    body.append(0x0B)
    sections.code.appendU32(UInt32(truncatingIfNeeded: body.count))
    for i in firstMark..<marks.count {
      marks[i].offset &+= UInt32(truncatingIfNeeded: sections.code.count)
    }
    sections.code.append(body)
    locals.removeAll()
  }

  /// Makes the parameters of the type use just read the first locals.
  private mutating func beginLocals(_ type: UInt32, function: UInt32) throws(TextFailure) {
    locals.removeAll()
    let position = Int(truncatingIfNeeded: type)
    localCount = 0
    if !parameterSymbols.isEmpty {
      for i in parameterSymbols.indices { try addLocal(parameterSymbols[i], function) }
    } else if position < types.count {
      localCount = types.entries[position].parameterCount
    }
  }

  private mutating func addLocal(_ symbol: UInt32, _ function: UInt32) throws(TextFailure) {
    if symbol != SymbolTable.none {
      guard locals[symbol] == nil else {
        let name = String(decoding: lexer.symbols.name(symbol).prefix(80), as: UTF8.self)
        throw failure("duplicate local $\(name)")
      }
      locals.define(symbol, as: localCount)
      nameEntries.append(
        TextNameEntry(subsection: 2, function: function, index: localCount, symbol: symbol))
    }
    localCount = localCount &+ 1
  }

  /// Reads the declarations of locals and writes them to `body`, equal neighbours as one group.
  private mutating func parseLocals(function: UInt32) throws(TextFailure) {
    localTypes.removeAll()
    while takeOpen(.local) {
      if token.kind == .symbol {
        try addLocal(token.value, function)
        position = position &+ 1
        localTypes.append(try parseValueType())
      } else {
        while token.kind != .close {
          localTypes.append(try parseValueType())
          try addLocal(SymbolTable.none, function)
        }
      }
      try expectClose()
    }
    var groups: UInt32 = 0
    for i in localTypes.indices where i == 0 || localTypes[i] != localTypes[i &- 1] {
      groups = groups &+ 1
    }
    body.appendU32(groups)
    var start = 0
    for i in localTypes.indices {
      guard i &+ 1 == localTypes.count || localTypes[i &+ 1] != localTypes[i] else { continue }
      body.appendU32(UInt32(truncatingIfNeeded: i &+ 1 &- start))
      body.append(localTypes[i])
      start = i &+ 1
    }
  }

  // MARK: Tables, memories, globals, tags

  mutating func parseTable() throws(TextFailure) {
    let start = position &- 1
    let index = nextIndex(.table)
    if try parseInline(.table, index) { return }
    mark(.table, sections.tables.count, at: start)
    pending.removeAll()
    sections.tableCount &+= 1
    let place = position
    let is64 = try takeAddressType()
    guard token.kind == .number else { return try parseTableWithElements(index, is64: is64) }
    position = place
    try parseTableType()
    if token.kind == .close { return sections.tables.append(pending) }
    // An initial value for all elements.
    sections.tables.append(0x40)
    sections.tables.append(0x00)
    sections.tables.append(pending)
    try parseExpression()
    sections.tables.append(body)
  }

  /// Reads a table's element type and its elements, which say how many there are.
  private mutating func parseTableWithElements(
    _ table: UInt32, is64: Bool
  ) throws(TextFailure) {
    let type = try parseReference()
    guard takeOpen(.elem) else { throw unexpected() }
    counted[Int(TextSpace.element.rawValue)] &+= 1
    mark(.element, sections.elements.count, at: position &- 1)
    let items =
      token.kind == .open
      ? try parseItemExpressions()
        // Plain indices are of type `funcref`.
      : try parseItemFunctions(asExpressions: type != .funcref)
    try expectClose()
    pending.removeAll()
    pending.append(type)
    writeLimits(UInt64(items.count), UInt64(items.count), is64: is64)
    sections.tables.append(pending)
    pending.removeAll()
    pending.append(is64 ? 0x42 : 0x41)
    pending.append(0x00)
    pending.append(0x0B)
    writeElementSegment(.active(table), type, items)
  }

  mutating func parseMemory() throws(TextFailure) {
    let start = position &- 1
    let index = nextIndex(.memory)
    if try parseInline(.memory, index) { return }
    mark(.memory, sections.memories.count, at: start)
    pending.removeAll()
    sections.memoryCount &+= 1
    let place = position
    let is64 = try takeAddressType()
    guard takeOpen(.data) else {
      position = place
      try parseMemoryType()
      return sections.memories.append(pending)
    }
    counted[Int(TextSpace.data.rawValue)] &+= 1
    mark(.data, sections.data.count, at: position &- 1)
    var bytes = ByteWriter()
    while token.kind == .string { try decodeString(into: &bytes) }
    try expectClose()
    let pages = UInt64((bytes.count &+ 0xFFFF) &>> 16)
    writeLimits(pages, pages, is64: is64)
    sections.memories.append(pending)
    body.removeAll()
    body.append(is64 ? 0x42 : 0x41)
    body.append(0x00)
    body.append(0x0B)
    writeDataSegment(memory: index, bytes)
  }

  mutating func parseGlobal() throws(TextFailure) {
    let start = position &- 1
    let index = nextIndex(.global)
    if try parseInline(.global, index) { return }
    mark(.global, sections.globals.count, at: start)
    pending.removeAll()
    try parseGlobalType()
    sections.globals.append(pending)
    sections.globalCount &+= 1
    try parseExpression()
    sections.globals.append(body)
  }

  mutating func parseTag() throws(TextFailure) {
    let start = position &- 1
    let index = nextIndex(.tag)
    if try parseInline(.tag, index) { return }
    mark(.tag, sections.tags.count, at: start)
    pending.removeAll()
    try parseTagType()
    sections.tags.append(pending)
    sections.tagCount &+= 1
  }
}
