// SPDX-License-Identifier: Apache-2.0
// Decodes a module's sections and validates everything outside function bodies.

import BrolgaEntities

/// One decoding of one module. Sections are read in order, each validated as it is read: whatever
/// a section may name has been declared by an earlier one.
struct ModuleDecoder: ~Copyable {
  var contents: ModuleContents
  let options: DecodingOptions
  var reader: ByteReader
  /// Operand types of the constant expression being read.
  var operands = Vector<ValueType>()
  /// Set once no section can add functions any more.
  var isFunctionSpaceComplete = false
  var definedFunctionCount = 0
  var codeCount: Int?
  var codeOffset = 0
  var dataOffset = 0
  var nameSection: Range<Int>?

  init(bytes: ModuleBytes, options: DecodingOptions) {
    contents = ModuleContents(bytes: bytes, features: options.features)
    self.options = options
    // An empty buffer may have no address; nothing is read from it then.
    let base =
      bytes.buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
      ?? UnsafePointer(bitPattern: 64).unsafelyUnwrapped
    reader = ByteReader(base: base, position: 0, end: bytes.buffer.count)
    reader.typeCount = 0
    reader.features = options.features
  }

  consuming func finish() -> ModuleContents { contents }

  mutating func decode() throws(WasmError) {
    let moduleEnd = reader.end
    guard moduleEnd <= ImplementationLimits.moduleBytes else {
      throw .limit("bytes in a module", at: 0, ImplementationLimits.moduleBytes)
    }
    try readHeader()
    // The place of the last section in the prescribed order; see `SectionID.order`.
    var lastOrder = 0
    while reader.position < moduleEnd {
      let start = reader.position
      let byte = try reader.readByte()
      guard let id = SectionID(rawValue: byte) else {
        throw malformed("malformed section id \(byte)", at: start)
      }
      let size = Int(truncatingIfNeeded: try reader.readU32())
      guard size <= reader.remaining else {
        throw malformed("length out of bounds", at: start &+ 1)
      }
      if id != .custom {
        guard id.order > lastOrder else {
          throw malformed("unexpected content after last section", at: start)
        }
        lastOrder = id.order
      }
      if id.order > SectionID.function.order { completeFunctionSpace() }
      reader.end = reader.position &+ size
      try readSection(id, at: start)
      guard reader.isAtEnd else { throw malformed("section size mismatch", at: reader.position) }
      reader.end = moduleEnd
    }
    completeFunctionSpace()
    try checkCounts(moduleEnd)
    collectReferences()
    if let nameSection {
      contents.names.read(
        nameSection, base: reader.base, functionCount: contents.functionTypes.count)
    }
  }

  private mutating func readHeader() throws(WasmError) {
    guard reader.end >= 4 else { throw malformed("unexpected end", at: reader.end) }
    guard try reader.readFixed32() == 0x6D73_6100 else {
      throw malformed("magic header not detected", at: 0)
    }
    guard reader.end >= 8 else { throw malformed("unexpected end", at: reader.end) }
    let version = try reader.readFixed32()
    if version == 0x0001_000D { throw .unsupported(.components, at: 4) }
    guard version == 1 else { throw malformed("unknown binary version", at: 4) }
  }

  private mutating func readSection(_ id: SectionID, at start: Int) throws(WasmError) {
    switch id {
    case .custom: try readCustomSection()
    case .type: try readTypeSection()
    case .import: try readImportSection()
    case .function: try readFunctionSection()
    case .table: try readTableSection()
    case .memory: try readMemorySection()
    case .tag: try readTagSection(at: start)
    case .global: try readGlobalSection()
    case .export: try readExportSection()
    case .start: try readStartSection()
    case .element: try readElementSection()
    case .dataCount: contents.dataCount = try readDataCount()
    case .code: try readCodeSection()
    case .data: try readDataSection()
    }
  }

  private func checkCounts(_ moduleEnd: Int) throws(WasmError) {
    let bodiesMissing = codeCount == nil && options.bodiesElsewhere
    guard bodiesMissing || codeCount ?? 0 == definedFunctionCount else {
      throw malformed(
        "function and code section have inconsistent lengths",
        at: codeCount == nil ? moduleEnd : codeOffset)
    }
    if let count = contents.dataCount, Int(truncatingIfNeeded: count) != contents.data.count {
      throw malformed(
        "data count and data section have inconsistent lengths",
        at: dataOffset == 0 ? moduleEnd : dataOffset)
    }
  }

  private mutating func completeFunctionSpace() {
    guard !isFunctionSpaceComplete else { return }
    isFunctionSpaceComplete = true
    contents.referenced.reset(bound: contents.functionTypes.count)
  }

  private mutating func collectReferences() {
    var functions: [UInt32] = []
    contents.referenced.forEach { functions.append(UInt32(truncatingIfNeeded: $0)) }
    contents.referencedFunctions = functions
  }

  // MARK: Helpers of all sections

  func malformed(_ message: String, at offset: Int) -> WasmError {
    WasmError(.malformed, at: offset, message)
  }

  func invalid(_ message: String, at offset: Int) -> WasmError {
    WasmError(.invalid, at: offset, message)
  }

  /// Reads the count of a vector that brings an index space of `present` entities to at most
  /// `limit`.
  mutating func readCount(
    of what: String, present: Int = 0, limit: UInt32
  ) throws(WasmError) -> Int {
    let start = reader.position
    let count = Int(truncatingIfNeeded: try reader.readU32())
    guard count &+ present <= Int(truncatingIfNeeded: limit) else {
      throw .limit(what, at: start, limit)
    }
    return count
  }

  /// How many of `count` entries to make room for: no more than the section's bytes can hold, so
  /// that a few bytes cannot ask for much memory.
  func plausible(_ count: Int) -> Int { min(count, reader.remaining) }

  mutating func readIndex(
    _ what: String, below bound: Int
  ) throws(WasmError) -> UInt32 {
    let start = reader.position
    let index = try reader.readU32()
    guard Int(truncatingIfNeeded: index) < bound else {
      throw invalid("unknown \(what) \(index)", at: start)
    }
    return index
  }

  mutating func readFunctionIndex() throws(WasmError) -> UInt32 {
    try readIndex("function", below: contents.functionTypes.count)
  }
}

/// The sections of a module, by their byte.
enum SectionID: UInt8 {
  case custom, type, `import`, function, table, memory, global, export, start, element, code, data
  case dataCount, tag

  /// Where the section stands among the others; custom sections stand anywhere.
  var order: Int {
    switch self {
    case .custom: 0
    case .type: 1
    case .import: 2
    case .function: 3
    case .table: 4
    case .memory: 5
    case .tag: 6
    case .global: 7
    case .export: 8
    case .start: 9
    case .element: 10
    case .dataCount: 11
    case .code: 12
    case .data: 13
    }
  }
}
