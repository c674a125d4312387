// SPDX-License-Identifier: Apache-2.0
// The sections that declare: imports, functions, tables, memories, globals, tags, exports.

import BrolgaEntities

extension ModuleDecoder {
  mutating func readCustomSection() throws(WasmError) {
    let name = try reader.readName()
    let contentsRange = reader.position..<reader.end
    reader.position = reader.end
    if name == "name" { nameSection = contentsRange }
    contents.customSections.append(CustomSection(name: name, contents: contentsRange))
  }

  mutating func readImportSection() throws(WasmError) {
    let count = try readCount(of: "imports", limit: ImplementationLimits.imports)
    contents.imports.reserveCapacity(plausible(count) / 4)
    for _ in 0..<count {
      let offset = reader.position
      let module = try reader.readName()
      let name = try reader.readName()
      // A group of imports, which the proposal writes as an import without a name.
      if name.isEmpty, !reader.isAtEnd, reader.base[reader.position] & 0xFE == 0x7E {
        throw .unsupported(.compactImports, at: reader.position)
      }
      let type = try readImportType()
      contents.imports.append(Import(module: module, name: name, type: type, offset: offset))
    }
    contents.importedFunctionCount = contents.functionTypes.count
    contents.importedTableCount = contents.tables.count
    contents.importedMemoryCount = contents.memories.count
    contents.importedGlobalCount = contents.globals.count
    contents.importedTagCount = contents.tags.count
  }

  private mutating func readImportType() throws(WasmError) -> ExternType {
    let start = reader.position
    switch try reader.readByte() {
    case 0:
      let type = try readFunctionTypeIndex()
      contents.functionTypes.append(type)
      return .function(typeIndex: type)
    case 1:
      let type = try readTableType()
      try append(type, at: start)
      return .table(type)
    case 2:
      let type = try readMemoryType()
      try append(type, at: start)
      return .memory(type)
    case 3:
      let type = try readGlobalType()
      contents.append(type)
      return .global(type)
    case 4:
      try requireExceptions(at: start)
      let type = try readTagType()
      contents.append(tag: type)
      return .tag(typeIndex: type)
    case let kind:
      throw malformed("malformed import kind \(kind)", at: start)
    }
  }

  mutating func readFunctionSection() throws(WasmError) {
    let count = try readCount(
      of: "functions", present: contents.functionTypes.count,
      limit: ImplementationLimits.functions)
    definedFunctionCount = count
    contents.functionTypes.reserve(contents.functionTypes.count &+ plausible(count))
    for _ in 0..<count { contents.functionTypes.append(try readFunctionTypeIndex()) }
  }

  // MARK: Tables and memories

  mutating func readTableSection() throws(WasmError) {
    let count = try readCount(
      of: "tables", present: contents.tables.count, limit: ImplementationLimits.tables)
    for _ in 0..<count {
      let start = reader.position
      // A table with an initial value for its elements.
      let isInitialized = start < reader.end && reader.base[start] == 0x40
      if isInitialized {
        reader.position = start &+ 1
        guard try reader.readByte() == 0 else { throw malformed("malformed table", at: start) }
      }
      let type = try readTableType()
      guard isInitialized || type.element.isNullable else {
        throw invalid("type mismatch: a table of non-null references needs a value", at: start)
      }
      let initializer = isInitialized ? try readConstantExpression(type.element) : nil
      try append(type, at: start)
      contents.tableInitializers.append(initializer)
    }
  }

  private mutating func append(_ type: TableType, at offset: Int) throws(WasmError) {
    guard contents.tables.count < Int(ImplementationLimits.tables) else {
      throw .limit("tables", at: offset, ImplementationLimits.tables)
    }
    contents.tables.append(type)
    contents.tableTypes.append(type)
  }

  mutating func readMemorySection() throws(WasmError) {
    let count = try readCount(
      of: "memories", present: contents.memories.count, limit: ImplementationLimits.memories)
    for _ in 0..<count {
      let start = reader.position
      try append(try readMemoryType(), at: start)
    }
  }

  private mutating func append(_ type: MemoryType, at offset: Int) throws(WasmError) {
    guard contents.memories.count < Int(ImplementationLimits.memories) else {
      throw .limit("memories", at: offset, ImplementationLimits.memories)
    }
    contents.memories.append(type)
  }

  private mutating func readTableType() throws(WasmError) -> TableType {
    let element = try reader.readReferenceType()
    let start = reader.position
    let flags = try reader.readByte()
    guard flags & ~0x05 == 0 else { throw malformed("malformed limits flags", at: start) }
    let is64 = flags & 4 != 0
    let (minimum, maximum) = try readLimits(flags, at: start)
    // How large a table may be in fact is checked where it is made.
    let bound: UInt64 = is64 ? .max : UInt64(UInt32.max)
    guard minimum <= bound, maximum ?? 0 <= bound else {
      throw invalid("table size must be at most 2^32 - 1", at: start)
    }
    return TableType(element: element, minimum: minimum, maximum: maximum, is64: is64)
  }

  private mutating func readMemoryType() throws(WasmError) -> MemoryType {
    let start = reader.position
    let flags = try reader.readByte()
    // Version 3.0 has no other flags; 8 is that of a proposal.
    if flags & 8 != 0 { throw malformed("malformed limits flags, of custom page sizes", at: start) }
    guard flags & ~0x07 == 0 else { throw malformed("malformed limits flags", at: start) }
    if flags & 2 != 0 { throw .unsupported(.threads, at: start) }
    let is64 = flags & 4 != 0
    let (minimum, maximum) = try readLimits(flags, at: start)
    let bound =
      is64 ? ImplementationLimits.declaredMemory64Pages : ImplementationLimits.memoryPages
    guard minimum <= bound, maximum ?? 0 <= bound else {
      let size = is64 ? "2^48 pages" : "65536 pages (4GiB)"
      throw invalid("memory size must be at most \(size)", at: start)
    }
    return MemoryType(minimum: minimum, maximum: maximum, is64: is64)
  }

  private mutating func readLimits(
    _ flags: UInt8, at start: Int
  ) throws(WasmError) -> (UInt64, UInt64?) {
    // Of 64 bits in version 3.0 whatever the address type.
    let minimum = try reader.readU64()
    guard flags & 1 != 0 else { return (minimum, nil) }
    let maximum = try reader.readU64()
    guard minimum <= maximum else {
      throw invalid("size minimum must not be greater than maximum", at: start)
    }
    return (minimum, maximum)
  }

  // MARK: Globals

  private mutating func readGlobalType() throws(WasmError) -> GlobalType {
    let type = try reader.readValueType()
    let start = reader.position
    let mutability = try reader.readByte()
    guard mutability <= 1 else { throw malformed("malformed mutability", at: start) }
    return GlobalType(type: type, isMutable: mutability == 1)
  }

  mutating func readGlobalSection() throws(WasmError) {
    let count = try readCount(
      of: "globals", present: contents.globals.count, limit: ImplementationLimits.globals)
    let plausibleCount = plausible(count) / 4
    contents.globalInitializers.reserveCapacity(plausibleCount)
    for _ in 0..<count {
      let type = try readGlobalType()
      // The global itself is not yet in scope.
      contents.globalInitializers.append(try readConstantExpression(type.type))
      contents.append(type)
    }
  }

  // MARK: Tags

  private func requireExceptions(at offset: Int) throws(WasmError) {
    guard reader.features.contains(.exceptionHandling) else {
      throw .unsupported(.exceptionHandling, at: offset)
    }
  }

  mutating func readTagSection(at start: Int) throws(WasmError) {
    let count = try readCount(
      of: "tags", present: contents.tags.count, limit: ImplementationLimits.tags)
    if count > 0 { try requireExceptions(at: start) }
    for _ in 0..<count { contents.append(tag: try readTagType()) }
  }

  /// Reads a tag's type; its index.
  private mutating func readTagType() throws(WasmError) -> UInt32 {
    let start = reader.position
    guard try reader.readByte() == 0 else { throw malformed("malformed tag attribute", at: start) }
    let typeOffset = reader.position
    let type = try readFunctionTypeIndex()
    guard contents.types.view.signature(Int(truncatingIfNeeded: type)).results.isEmpty else {
      throw invalid("non-empty tag result type", at: typeOffset)
    }
    return type
  }

  // MARK: Exports

  mutating func readExportSection() throws(WasmError) {
    let count = try readCount(of: "exports", limit: ImplementationLimits.exports)
    contents.exports.reserveCapacity(plausible(count) / 4)
    var names = NameSet(expecting: plausible(count) / 3)
    for _ in 0..<count {
      let offset = reader.position
      let name = try reader.readName()
      let nameEnd = reader.position
      let nameStart = nameEnd &- name.utf8.count
      let kindOffset = reader.position
      let byte = try reader.readByte()
      guard let kind = ExternKind(rawValue: byte) else {
        throw malformed("malformed export kind \(byte)", at: kindOffset)
      }
      let index: UInt32
      switch kind {
      case .function:
        index = try readFunctionIndex()
        reference(index)
      case .table: index = try readIndex("table", below: contents.tables.count)
      case .memory: index = try readIndex("memory", below: contents.memories.count)
      case .global: index = try readIndex("global", below: contents.globals.count)
      case .tag:
        try requireExceptions(at: kindOffset)
        index = try readIndex("tag", below: contents.tags.count)
      }
      guard names.insert(nameStart..<nameEnd, base: reader.base) else {
        throw invalid("duplicate export name \"\(name)\"", at: offset)
      }
      contents.exports.append(Export(name: name, kind: kind, index: index))
    }
  }

  /// Notes that something outside function bodies names function `index`.
  mutating func reference(_ index: UInt32) {
    contents.referenced.insert(Int(truncatingIfNeeded: index))
  }

  mutating func readStartSection() throws(WasmError) {
    let start = reader.position
    let index = try readFunctionIndex()
    let type = contents.functionTypes[Int(truncatingIfNeeded: index)]
    let signature = contents.types.view.signature(Int(truncatingIfNeeded: type))
    guard signature.parameters.isEmpty, signature.results.isEmpty else {
      throw invalid("start function must have no parameters and no results", at: start)
    }
    contents.start = index
  }
}
