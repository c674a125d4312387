// SPDX-License-Identifier: Apache-2.0
// A module as text that parses back to it.

import BrolgaEntities

extension TextFormat {
  /// The text of a module, with the names of its name section.
  ///
  /// - Throws: an error of a function body that cannot be decoded. Bodies are not validated.
  package static func print(_ module: Module) throws(WasmError) -> [UInt8] {
    var printer = TextPrinter(module)
    try printer.printModule()
    return printer.output.toArray()
  }
}

struct TextPrinter: ~Copyable {
  let module: Module
  var output = ByteWriter()
  var names: TextNames
  let base: UnsafePointer<UInt8>
  let instructions = TextInstructionTable.shared
  /// Constructs open in the function being printed: their positions among its constructs.
  var constructs = Vector<UInt32>()
  /// Whether the instruction read last is the `select` that says its type.
  var isTypedSelect = false
  var localNames = InnerNameCursor()
  var labelNames = InnerNameCursor()

  init(_ module: Module) {
    self.module = module
    base =
      module.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
      ?? UnsafePointer(bitPattern: 64).unsafelyUnwrapped
    names = TextNames(module)
    // A byte of code becomes ten of text, or so.
    output.reserve(module.bytes.count &* 8)
  }

  mutating func printModule() throws(WasmError) {
    write("(module")
    if let name = names.moduleName {
      write(" ")
      writeSymbol(name.bytes(base))
    }
    printTypes()
    printImports()
    try printTables()
    printMemories()
    printTags()
    try printGlobals()
    for item in module.exports { printExport(item) }
    if let start = module.start {
      line("(start ")
      writeIndex(.function, start)
      write(")")
    }
    for (index, segment) in module.elements.enumerated() {
      try printElementSegment(UInt32(truncatingIfNeeded: index), segment)
    }
    for index in module.importedFunctionCount..<module.functionCount {
      try printFunction(UInt32(truncatingIfNeeded: index))
    }
    for (index, segment) in module.data.enumerated() {
      try printDataSegment(UInt32(truncatingIfNeeded: index), segment)
    }
    write("\n)\n")
  }

  // MARK: Writing

  mutating func write(_ text: StaticString) { output.append(text) }

  /// Starts a line of a field.
  mutating func line(_ text: StaticString) {
    output.append("\n  " as StaticString)
    output.append(text)
  }

  mutating func write(_ number: UInt64) {
    var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
    withUnsafeMutableBytes(of: &digits) { room in
      var start = room.count
      var rest = number
      repeat {
        start = start &- 1
        room[start] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
        rest = rest / 10
      } while rest > 0
      let text = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(room)[start...])
      output.append(text.bindMemory(to: UInt8.self))
    }
  }

  mutating func write(_ number: UInt32) { write(UInt64(truncatingIfNeeded: number)) }

  mutating func write(_ number: Int64) {
    if number < 0 { write("-") }
    write(number.magnitude)
  }

  mutating func writeHexadecimal(_ number: UInt64) { output.append(String(number, radix: 16)) }

  /// Writes `$name`, with quotation marks if the name needs them.
  mutating func writeSymbol(_ name: UnsafeBufferPointer<UInt8>) {
    write("$")
    if name.allSatisfy(Self.isPlain) { output.append(name) } else { writeString(name) }
  }

  /// Whether the byte may stand in a symbol as it is.
  private static func isPlain(_ byte: UInt8) -> Bool {
    guard byte > 0x20, byte < 0x7F else { return false }
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","),
      UInt8(ascii: ";"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"),
      UInt8(ascii: "}"):
      return false
    default: return true
    }
  }

  mutating func writeString(_ text: String) {
    var text = text
    text.withUTF8 { writeString($0, isText: true) }
  }

  /// Writes a string literal. Text keeps its characters; in other bytes only ASCII is kept.
  mutating func writeString(_ bytes: UnsafeBufferPointer<UInt8>, isText: Bool = true) {
    write("\"")
    var hidden = 0..<0
    for (position, byte) in bytes.enumerated() {
      if byte == 0xE2 && Self.isDirection(bytes, position) { hidden = position..<position &+ 3 }
      let isVisible = byte < 0x80 || (isText && !hidden.contains(position))
      let isPlain = byte >= 0x20 && byte != 0x7F && isVisible
      if isPlain && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") {
        output.append(byte)
      } else {
        write("\\")
        output.append(Self.hexadecimalDigit(byte &>> 4))
        output.append(Self.hexadecimalDigit(byte & 15))
      }
    }
    write("\"")
  }

  /// Whether a character starts here that changes the direction of writing: it could make a text
  /// look like another.
  private static func isDirection(_ bytes: UnsafeBufferPointer<UInt8>, _ position: Int) -> Bool {
    guard position &+ 2 < bytes.count else { return false }
    switch (bytes[position &+ 1], bytes[position &+ 2]) {
    case (0x80, 0x8E...0x8F), (0x80, 0xAA...0xAE), (0x81, 0xA6...0xAF): return true
    default: return false
    }
  }

  private static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "a") &+ value &- 10
  }

  /// Writes the name of an entity, or its index.
  mutating func writeIndex(_ space: TextSpace, _ index: UInt32) {
    if let name = names.name(space, index) {
      writeName(name, index)
    } else {
      write(index)
    }
  }

  /// Writes a symbol for the name: the name itself, or one that tells it from equal ones.
  private mutating func writeName(_ name: TextNames.Name, _ index: UInt32) {
    guard name.isRepeated else { return writeSymbol(name.range.bytes(base)) }
    // No name of a module is made so; and if it were, the index would still be another.
    var unique = ByteWriter()
    unique.append("#" as StaticString)
    unique.append(String(index))
    unique.append("." as StaticString)
    unique.append(name.range.bytes(base))
    writeSymbol(UnsafeBufferPointer(unique.bytes.buffer))
  }

  /// Writes name and index after the word that begins a field.
  mutating func writeDefinition(_ space: TextSpace, _ index: UInt32) {
    if let name = names.name(space, index) {
      write(" ")
      writeName(name, index)
      if name.isRepeated {
        write(" (@name ")
        writeString(name.range.bytes(base))
        write(")")
      }
    }
    write(" (;")
    write(index)
    write(";)")
  }

  // MARK: Types

  mutating func write(_ type: ValueType) {
    if type.isReference, !type.heapType.isAbstract {
      write(type.isNullable ? "(ref null " : "(ref ")
      write(type.heapType)
      write(")")
    } else {
      output.append(type.description)
    }
  }

  mutating func write(_ heap: HeapType) {
    if let index = heap.typeIndex {
      writeIndex(.type, index)
    } else {
      output.append(heap.description)
    }
  }

  mutating func writeSignature(_ signature: Signature) {
    writeTypes(" (param", signature.parameters)
    writeTypes(" (result", signature.results)
  }

  mutating func writeTypes(_ word: StaticString, _ types: UnsafeBufferPointer<ValueType>) {
    guard !types.isEmpty else { return }
    write(word)
    for type in types {
      write(" ")
      write(type)
    }
    write(")")
  }

  mutating func writeTypeUse(_ type: UInt32) {
    write(" (type ")
    writeIndex(.type, type)
    write(")")
  }

  private mutating func writeLimits(_ minimum: UInt64, _ maximum: UInt64?) {
    write(" ")
    write(minimum)
    if let maximum {
      write(" ")
      write(maximum)
    }
  }

  private mutating func write(_ type: TableType) {
    if type.is64 { write(" i64") }
    writeLimits(type.minimum, type.maximum)
    write(" ")
    write(type.element)
  }

  private mutating func write(_ type: MemoryType) {
    if type.is64 { write(" i64") }
    writeLimits(type.minimum, type.maximum)
  }

  private mutating func write(_ type: GlobalType) {
    write(type.isMutable ? " (mut " : " ")
    write(type.type)
    if type.isMutable { write(")") }
  }

  // MARK: Fields

  private mutating func printImports() {
    var counts: [UInt32] = [0, 0, 0, 0, 0]
    for item in module.imports {
      line("(import ")
      writeString(item.module)
      write(" ")
      writeString(item.name)
      write(" (")
      let kind = item.type.kind
      let index = counts[Int(kind.rawValue)]
      counts[Int(kind.rawValue)] += 1
      writeKind(kind)
      writeDefinition(TextSpace(kind), index)
      switch item.type {
      case .function(let type): writeTypeUse(type)
      case .tag(let type): writeTagType(type)
      case .table(let type): write(type)
      case .memory(let type): write(type)
      case .global(let type): write(type)
      }
      write("))")
    }
  }

  private mutating func writeKind(_ kind: ExternKind) {
    switch kind {
    case .function: write("func")
    case .table: write("table")
    case .memory: write("memory")
    case .global: write("global")
    case .tag: write("tag")
    }
  }

  private mutating func printTables() throws(WasmError) {
    for index in module.importedTableCount..<module.tables.count {
      line("(table")
      writeDefinition(.table, UInt32(truncatingIfNeeded: index))
      write(module.tables[index])
      if let value = module.tableInitializers[index - module.importedTableCount] {
        write(" ")
        try printExpression(value.range)
      }
      write(")")
    }
  }

  private mutating func printMemories() {
    for index in module.importedMemoryCount..<module.memories.count {
      line("(memory")
      writeDefinition(.memory, UInt32(truncatingIfNeeded: index))
      write(module.memories[index])
      write(")")
    }
  }

  private mutating func printTags() {
    for index in module.importedTagCount..<module.tags.count {
      line("(tag")
      writeDefinition(.tag, UInt32(truncatingIfNeeded: index))
      writeTagType(module.tags[index])
      write(")")
    }
  }

  private mutating func writeTagType(_ type: UInt32) {
    writeTypeUse(type)
    writeSignature(module.signature(ofType: type))
  }

  private mutating func printGlobals() throws(WasmError) {
    for index in module.importedGlobalCount..<module.globals.count {
      line("(global")
      writeDefinition(.global, UInt32(truncatingIfNeeded: index))
      write(module.globals[index])
      let value = module.globalInitializers[index - module.importedGlobalCount]
      write(" ")
      try printExpression(value.range)
      write(")")
    }
  }

  private mutating func printExport(_ item: Export) {
    line("(export ")
    writeString(item.name)
    write(" (")
    writeKind(item.kind)
    write(" ")
    writeIndex(TextSpace(item.kind), item.index)
    write("))")
  }

  private mutating func printElementSegment(
    _ index: UInt32, _ segment: ElementSegment
  ) throws(WasmError) {
    line("(elem")
    writeDefinition(.element, index)
    switch segment.mode {
    case .passive: break
    case .declarative: write(" declare")
    case .active(let table, let offset):
      if segment.namesTable {
        write(" (table ")
        writeIndex(.table, table)
        write(")")
      }
      write(" ")
      try printOffset(offset.range)
    }
    switch segment.items {
    case .functions(let functions):
      write(" func")
      for function in functions {
        write(" ")
        writeIndex(.function, function)
      }
    case .expressions(let expressions):
      write(" ")
      write(segment.type)
      for expression in expressions {
        write(" ")
        try printItem(expression.range)
      }
    }
    write(")")
  }

  private mutating func printDataSegment(
    _ index: UInt32, _ segment: DataSegment
  ) throws(WasmError) {
    line("(data")
    writeDefinition(.data, index)
    if case .active(let memory, let offset) = segment.mode {
      if memory != 0 {
        write(" (memory ")
        writeIndex(.memory, memory)
        write(")")
      }
      write(" ")
      try printOffset(offset.range)
    }
    write(" ")
    writeString(
      UnsafeBufferPointer(start: base + segment.bytes.lowerBound, count: segment.bytes.count),
      isText: false)
    write(")")
  }
}
