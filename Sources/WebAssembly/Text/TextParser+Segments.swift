// SPDX-License-Identifier: Apache-2.0
// Element and data segments, and the constant expressions of segments and globals.

import BrolgaEntities

/// What an element segment is for.
enum TextElementMode {
  /// Its offset is in `pending`. The table, if the text names one.
  case active(UInt32?)
  case passive, declarative
}

/// The items of an element segment, encoded.
struct TextItems: ~Copyable {
  var bytes = ByteWriter()
  var count = 0
  var areExpressions: Bool
}

extension TextParser {
  // MARK: Constant expressions

  /// Reads instructions up to a closing parenthesis, which stays, into `body`, with an `end`.
  mutating func parseExpression() throws(TextFailure) {
    body.removeAll()
    localCount = 0
    try parseInstructions()
    body.append(0x0B)
  }

  /// The same for what stands within `(keyword …)`, or for one folded instruction without.
  private mutating func parseExpression(in keyword: Keyword) throws(TextFailure) {
    if takeOpen(keyword) {
      try parseExpression()
      return try expectClose()
    }
    guard token.kind == .open else { throw unexpected() }
    body.removeAll()
    localCount = 0
    try parseInstructions(isSingle: true)
    body.append(0x0B)
  }

  // MARK: Element segments

  mutating func parseElementSegment() throws(TextFailure) {
    mark(.element, sections.elements.count, at: position &- 1)
    _ = nextIndex(.element)
    var mode = TextElementMode.passive
    if take(.declare) {
      mode = .declarative
    } else {
      let table = try takeSegmentTarget(.table)
      if table != nil || startsOffset {
        try parseExpression(in: .offset)
        mode = .active(table)
      }
    }
    // Items that are expressions need `body` and `pending`.
    var offset = ByteWriter()
    if case .active = mode { offset.append(body) }
    var type = ValueType.funcref
    var items: TextItems
    if take(.func) {
      items = try parseItemFunctions()
    } else if let found = try takeValueType() {
      guard found.isReference else { throw failure("an element must be a reference") }
      type = found
      items = try parseItemExpressions()
    } else {
      // The word `func` may be left out of an active segment of table 0.
      guard case .active = mode, isIndex || token.kind == .close else { throw unexpected() }
      items = try parseItemFunctions()
    }
    pending.removeAll()
    pending.append(offset)
    writeElementSegment(mode, type, items)
  }

  /// Reads `(table …)` or `(memory …)`, or a plain index, if one is next.
  private mutating func takeSegmentTarget(_ keyword: Keyword) throws(TextFailure) -> UInt32? {
    let space = keyword == .table ? TextSpace.table : TextSpace.memory
    if takeOpen(keyword) {
      let index = try parseIndex(space)
      try expectClose()
      return index
    }
    // Without the parentheses, as version 1.0 wrote it.
    if isIndex, tokens[position &+ 1].kind == .open { return try parseIndex(space) }
    return nil
  }

  /// Whether an offset is next: all but `(ref …)`, which is a type.
  private var startsOffset: Bool {
    mutating get { token.kind == .open && !isOpen(.ref) }
  }

  /// Reads functions, as plain indices or each as an expression.
  mutating func parseItemFunctions(
    asExpressions: Bool = false
  ) throws(TextFailure) -> TextItems {
    var items = TextItems(areExpressions: asExpressions)
    while isIndex {
      let index = try parseIndex(.function)
      if asExpressions { items.bytes.append(0xD2) }
      items.bytes.appendU32(index)
      if asExpressions { items.bytes.append(0x0B) }
      items.count &+= 1
    }
    return items
  }

  mutating func parseItemExpressions() throws(TextFailure) -> TextItems {
    var items = TextItems(areExpressions: true)
    while token.kind == .open {
      try parseExpression(in: .item)
      items.bytes.append(body)
      items.count &+= 1
    }
    return items
  }

  /// Writes a segment, with the index of its table if the text names it.
  mutating func writeElementSegment(
    _ mode: TextElementMode, _ type: ValueType, _ items: borrowing TextItems
  ) {
    let expressions: UInt8 = items.areExpressions ? 4 : 0
    var needsKind = true
    switch mode {
    case .passive: sections.elements.append(1 | expressions)
    case .declarative: sections.elements.append(3 | expressions)
    case .active(nil) where type == .funcref:
      needsKind = false
      sections.elements.append(expressions)
      sections.elements.append(pending)
    case .active(let table):
      sections.elements.append(2 | expressions)
      sections.elements.appendU32(table ?? 0)
      sections.elements.append(pending)
    }
    if needsKind {
      if items.areExpressions {
        sections.elements.append(type)
      } else {
        sections.elements.append(0x00)
      }
    }
    sections.elements.appendU32(UInt32(truncatingIfNeeded: items.count))
    sections.elements.append(items.bytes)
    sections.elementCount &+= 1
  }

  // MARK: Data segments

  mutating func parseDataSegment() throws(TextFailure) {
    mark(.data, sections.data.count, at: position &- 1)
    _ = nextIndex(.data)
    var memory = try takeSegmentTarget(.memory)
    if memory != nil || startsOffset {
      try parseExpression(in: .offset)
      memory = memory ?? 0
    }
    var bytes = ByteWriter()
    while token.kind == .string { try decodeString(into: &bytes) }
    writeDataSegment(memory: memory, bytes)
  }

  /// Writes a segment whose offset, if it has a memory, is in `body`.
  mutating func writeDataSegment(memory: UInt32?, _ bytes: borrowing ByteWriter) {
    if let memory {
      sections.data.append(memory == 0 ? 0 : 2)
      if memory != 0 { sections.data.appendU32(memory) }
      sections.data.append(body)
    } else {
      sections.data.append(1)
    }
    sections.data.appendSized(bytes)
    sections.dataCount &+= 1
  }
}
