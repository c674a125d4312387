// SPDX-License-Identifier: Apache-2.0
// The module from its sections: custom sections, names, and what comes from where.

import BrolgaEntities

/// A section that an annotation asks for.
struct TextCustomSection {
  /// Twice the order of the section that it stands beside, and one more if it stands after it.
  var place: Int
  /// Name and contents, encoded.
  var bytes: [UInt8]
}

extension TextParser {
  /// Encodes the module; its marks then count from its start.
  mutating func assemble() -> [UInt8] {
    var output = ByteWriter()
    output.appendHeader()
    var starts = [Int](repeating: 0, count: 16)
    let order: [SectionID] = [
      .type, .import, .function, .table, .memory, .tag, .global, .export, .start, .element,
      .dataCount, .code, .data,
    ]
    appendCustoms(0...1, to: &output)
    for id in order {
      appendCustoms((2 &* id.order)...(2 &* id.order), to: &output)
      appendSection(id, to: &output)
      starts[Int(id.rawValue)] = output.count
      appendCustoms((2 &* id.order &+ 1)...(2 &* id.order &+ 1), to: &output)
    }
    appendCustoms(100...101, to: &output)
    appendNames(to: &output)
    if isMarking {
      for i in marks.indices {
        let id = Int(truncatingIfNeeded: marks[i].section)
        // The entries end where the section does.
        let start = starts[id] &- entryBytes(SectionID(rawValue: UInt8(id)) ?? .custom)
        marks[i].offset &+= UInt32(truncatingIfNeeded: start)
      }
    }
    return output.toArray()
  }

  private mutating func appendSection(_ id: SectionID, to output: inout ByteWriter) {
    switch id {
    case .type: output.appendSection(id, count: types.groupCount, types.encoded)
    case .import: output.appendSection(id, count: sections.importCount, sections.imports)
    case .function: output.appendSection(id, count: sections.functionCount, sections.functions)
    case .table: output.appendSection(id, count: sections.tableCount, sections.tables)
    case .memory: output.appendSection(id, count: sections.memoryCount, sections.memories)
    case .tag: output.appendSection(id, count: sections.tagCount, sections.tags)
    case .global: output.appendSection(id, count: sections.globalCount, sections.globals)
    case .export: output.appendSection(id, count: sections.exportCount, sections.exports)
    case .element: output.appendSection(id, count: sections.elementCount, sections.elements)
    case .code: output.appendSection(id, count: sections.functionCount, sections.code)
    case .data: output.appendSection(id, count: sections.dataCount, sections.data)
    case .start:
      guard hasStart else { return }
      output.append(id.rawValue)
      output.appendSized(sections.start)
    case .dataCount:
      guard usesDataCount else { return }
      var count = ByteWriter()
      count.appendU32(UInt32(truncatingIfNeeded: sections.dataCount))
      output.append(id.rawValue)
      output.appendSized(count)
    case .custom: break
    }
  }

  private func entryBytes(_ id: SectionID) -> Int {
    switch id {
    case .import: sections.imports.count
    case .function: sections.functions.count
    case .table: sections.tables.count
    case .memory: sections.memories.count
    case .tag: sections.tags.count
    case .global: sections.globals.count
    case .export: sections.exports.count
    case .start: sections.start.count
    case .element: sections.elements.count
    case .code: sections.code.count
    case .data: sections.data.count
    default: 0
    }
  }

  // MARK: Custom sections

  private mutating func appendCustoms(_ places: ClosedRange<Int>, to output: inout ByteWriter) {
    for custom in sections.customs where places.contains(custom.place) {
      output.append(0x00)
      output.appendU32(UInt32(truncatingIfNeeded: custom.bytes.count))
      custom.bytes.withUnsafeBufferPointer { output.append($0) }
    }
  }

  /// Reads the annotations `(@custom "name" place? "bytes"*)` of the module.
  mutating func parseCustomAnnotations(
    from first: Int, before endToken: Int
  ) throws(TextFailure) {
    var i = first
    while i < lexer.annotations.count, Int(lexer.annotations[i].token) <= endToken {
      let found = lexer.annotations[i]
      i = i &+ 1
      guard found.kind == .custom else { continue }
      let end = Int(truncatingIfNeeded: found.end)
      var place = Int(truncatingIfNeeded: found.contents)
      var name = ByteWriter()
      let start = place
      guard try decodeAnnotationString(&place, end, &name) else {
        throw TextFailure(at: start, "@custom annotation: missing section name")
      }
      if UTF8Check.firstError(UnsafeBufferPointer(name.bytes.buffer)) != nil {
        throw TextFailure(at: start, "@custom annotation: malformed UTF-8 encoding")
      }
      var bytes = ByteWriter()
      bytes.appendSized(name)
      let section = try parsePlacement(&place, end)
      while try decodeAnnotationString(&place, end, &bytes) {}
      guard place == end else {
        throw TextFailure(at: place, "@custom annotation: unexpected token")
      }
      sections.customs.append(TextCustomSection(place: section, bytes: bytes.toArray()))
    }
    annotation = i
  }

  /// Reads `(before …)` or `(after …)`; the end of the module if neither is there.
  private func parsePlacement(_ place: inout Int, _ end: Int) throws(TextFailure) -> Int {
    skipBlanks(&place, end)
    guard place < end, source[place] == UInt8(ascii: "(") else { return 100 }
    let start = place
    place = place &+ 1
    let side = word(&place, end)
    let section = word(&place, end)
    skipBlanks(&place, end)
    guard place < end, source[place] == UInt8(ascii: ")"), side == "before" || side == "after"
    else { throw TextFailure(at: start, "@custom annotation: malformed placement") }
    place = place &+ 1
    if section == "first", side == "before" { return 0 }
    if section == "last", side == "after" { return 100 }
    guard let id = Self.sections[section] else {
      throw TextFailure(at: start, "@custom annotation: malformed section kind")
    }
    return 2 &* id.order &+ (side == "after" ? 1 : 0)
  }

  private func skipBlanks(_ place: inout Int, _ end: Int) {
    while place < end, source[place] <= 0x20 { place = place &+ 1 }
  }

  private func word(_ place: inout Int, _ end: Int) -> String {
    skipBlanks(&place, end)
    let start = place
    while place < end, source[place] &- UInt8(ascii: "a") < 26 { place = place &+ 1 }
    return String(decoding: source[start..<place], as: UTF8.self)
  }

  private static var sections: [String: SectionID] {
    [
      "type": .type, "import": .import, "func": .function, "table": .table, "memory": .memory,
      "tag": .tag, "global": .global, "export": .export, "start": .start, "elem": .element,
      "datacount": .dataCount, "code": .code, "data": .data,
    ]
  }

  // MARK: Names

  /// Writes the name section, if anything has a name.
  private mutating func appendNames(to output: inout ByteWriter) {
    guard moduleName != SymbolTable.none || !nameEntries.isEmpty else { return }
    var section = ByteWriter()
    section.append(4)
    section.append("name" as StaticString)
    var part = ByteWriter()
    if moduleName != SymbolTable.none {
      part.appendName(lexer.symbols.name(moduleName))
      section.append(0)
      section.appendSized(part)
    }
    for subsection: UInt8 in [1, 2, 3, 4, 5, 6, 7, 8, 9, 11] {
      let isIndirect = subsection == 2 || subsection == 3
      part.removeAll()
      if isIndirect {
        appendIndirectNames(subsection, to: &part)
      } else {
        appendNames(subsection, to: &part)
      }
      if part.isEmpty { continue }
      section.append(subsection)
      section.appendSized(part)
    }
    output.append(0x00)
    output.appendSized(section)
  }

  private mutating func appendNames(_ subsection: UInt8, to part: inout ByteWriter) {
    var names = ByteWriter()
    var count: UInt32 = 0
    for i in nameEntries.indices where nameEntries[i].subsection == subsection {
      names.appendU32(nameEntries[i].index)
      names.appendName(lexer.symbols.name(nameEntries[i].symbol))
      count = count &+ 1
    }
    guard count > 0 else { return }
    part.appendU32(count)
    part.append(names)
  }

  /// Names of locals and labels stand in the order of functions, and of indices within one.
  private mutating func appendIndirectNames(_ subsection: UInt8, to part: inout ByteWriter) {
    var functions = ByteWriter()
    var functionCount: UInt32 = 0
    var names = ByteWriter()
    var count: UInt32 = 0
    var current: UInt32 = 0
    for i in 0...nameEntries.count {
      let isEnd = i == nameEntries.count
      if !isEnd && nameEntries[i].subsection != subsection { continue }
      if count > 0, isEnd || nameEntries[i].function != current {
        functions.appendU32(current)
        functions.appendU32(count)
        functions.append(names)
        functionCount = functionCount &+ 1
        names.removeAll()
        count = 0
      }
      if isEnd { break }
      current = nameEntries[i].function
      names.appendU32(nameEntries[i].index)
      names.appendName(lexer.symbols.name(nameEntries[i].symbol))
      count = count &+ 1
    }
    guard functionCount > 0 else { return }
    part.appendU32(functionCount)
    part.append(functions)
  }
}
