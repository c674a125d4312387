// SPDX-License-Identifier: Apache-2.0
// All unsupported features that a module uses, once it has been refused for one.

/// A part of WebAssembly that a module uses and Brolga does not have.
public struct UnsupportedFeature: Hashable, Sendable {
  public let name: String
  /// Where the module first uses it: bytes from its start.
  public let offset: Int

  /// - Parameter error: a refusal as `unsupported`.
  package init(_ error: WasmError) {
    name = error.message
    offset = error.offset
  }
}

/// Every unsupported feature of a module, in the order of their first uses.
///
/// - Parameter error: what the module was refused for: it is among them whatever else is found.
package func unsupportedFeatures(
  of module: UnsafeRawBufferPointer, refusedFor error: WasmError
) -> [UnsupportedFeature] {
  var scan = FeatureScan(module)
  scan.scanModule()
  var features = scan.found
  if !features.contains(where: { $0.message == error.message }) { features.append(error) }
  features.sort { $0.offset < $1.offset }
  return features.map { UnsupportedFeature($0) }
}

/// Looks for features in a module that need not be valid. Where something cannot be read, the rest
/// of its function or section is left out.
struct FeatureScan {
  private var reader: ByteReader
  /// What the module may use.
  private let supported: Features
  /// One refusal for each feature.
  private(set) var found: [WasmError] = []
  /// Whether everything could be read.
  private(set) var isComplete = true

  init(_ module: UnsafeRawBufferPointer, supported: Features = .standard) {
    self.supported = supported
    // An empty buffer may have no address; nothing is read from it then.
    let base =
      module.baseAddress?.assumingMemoryBound(to: UInt8.self)
      ?? UnsafePointer(bitPattern: 64).unsafelyUnwrapped
    reader = ByteReader(base: base, position: 0, end: module.count)
  }

  private mutating func note(_ feature: Features?, at offset: Int) {
    guard let feature, !supported.contains(feature),
      !found.contains(where: { $0.message == feature.name })
    else { return }
    found.append(.unsupported(feature, at: offset))
  }

  /// Something that nobody knows how to read on from.
  private func stop() -> WasmError { reader.malformed("unknown", at: reader.position) }

  // MARK: Sections

  mutating func scanModule() {
    let end = reader.end
    guard end >= 8, (try? reader.readFixed32()) != nil, (try? reader.readFixed32()) == 1 else {
      return isComplete = false
    }
    while reader.position < end {
      let start = reader.position
      guard let byte = try? reader.readByte(), let size = try? reader.readU32(),
        let place = try? reader.readBytes(Int(size))
      else { return isComplete = false }
      reader.position = place.lowerBound
      scan(upTo: place.upperBound) { scan throws(WasmError) in
        try scan.scanSection(SectionID(rawValue: byte), at: start)
      }
    }
  }

  /// Scans a part that ends at `end`, and goes on there whatever comes of it.
  private mutating func scan(
    upTo end: Int, _ body: (inout FeatureScan) throws(WasmError) -> Void
  ) {
    let outerEnd = reader.end
    reader.end = end
    do throws(WasmError) { try body(&self) } catch { isComplete = false }
    reader.position = end
    reader.end = outerEnd
  }

  private mutating func scanSection(_ id: SectionID?, at start: Int) throws(WasmError) {
    switch id {
    case .type: try each { scan throws(WasmError) in try scan.scanTypeGroup() }
    case .import: try each { scan throws(WasmError) in try scan.scanImport() }
    case .table: try each { scan throws(WasmError) in try scan.scanTable() }
    case .memory: try each { scan throws(WasmError) in try scan.skipLimits(isMemory: true) }
    case .tag: if try reader.readU32() > 0 { note(.exceptionHandling, at: start) }
    case .global:
      try each { scan throws(WasmError) in
        try scan.skipGlobalType()
        try scan.scanExpression()
      }
    case .export:
      try each { scan throws(WasmError) in
        try scan.skipBytes()
        let offset = scan.reader.position
        if try scan.reader.readByte() == 4 { scan.note(.exceptionHandling, at: offset) }
        _ = try scan.reader.readU32()
      }
    case .element: try each { scan throws(WasmError) in try scan.scanElementSegment() }
    case .code:
      try each { scan throws(WasmError) in
        let size = try scan.reader.readU32()
        let body = try scan.reader.readBytes(Int(size))
        scan.reader.position = body.lowerBound
        scan.scan(upTo: body.upperBound) { scan throws(WasmError) in try scan.scanBody() }
      }
    case .data:
      try each { scan throws(WasmError) in
        let flags = try scan.reader.readU32()
        if flags == 2 { _ = try scan.reader.readU32() }
        if flags != 1 { try scan.scanExpression() }
        try scan.skipBytes()
      }
    case .function, .start, .dataCount, .custom, nil: break
    }
  }

  /// Reads a vector.
  private mutating func each(
    _ body: (inout FeatureScan) throws(WasmError) -> Void
  ) throws(WasmError) {
    for _ in 0..<(try reader.readU32()) { try body(&self) }
  }

  private mutating func skipBytes() throws(WasmError) {
    _ = try reader.readBytes(Int(try reader.readU32()))
  }

  private mutating func scanImport() throws(WasmError) {
    try skipBytes()
    try skipBytes()
    let start = reader.position
    switch try reader.readByte() {
    case 0: _ = try reader.readU32()
    case 1:
      try skipValueType()
      try skipLimits(isMemory: false)
    case 2: try skipLimits(isMemory: true)
    case 3: try skipGlobalType()
    case 4:
      note(.exceptionHandling, at: start)
      _ = try reader.readByte()
      _ = try reader.readU32()
    case 0x7E, 0x7F:
      note(.compactImports, at: start)
      throw stop()
    default: throw stop()
    }
  }

  private mutating func scanTable() throws(WasmError) {
    let isInitialized = !reader.isAtEnd && reader.base[reader.position] == 0x40
    if isInitialized { _ = try reader.readBytes(2) }
    try skipValueType()
    try skipLimits(isMemory: false)
    if isInitialized { try scanExpression() }
  }

  private mutating func scanElementSegment() throws(WasmError) {
    let flags = try reader.readU32()
    let isActive = flags & 1 == 0
    let hasExpressions = flags & 4 != 0
    if isActive {
      if flags & 2 != 0 { _ = try reader.readU32() }
      try scanExpression()
    }
    if flags & 3 != 0 {
      if hasExpressions { try skipValueType() } else { _ = try reader.readByte() }
    }
    try each { scan throws(WasmError) in
      if hasExpressions { try scan.scanExpression() } else { _ = try scan.reader.readU32() }
    }
  }

  // MARK: Types

  private mutating func scanTypeGroup() throws(WasmError) {
    guard !reader.isAtEnd, reader.base[reader.position] == 0x4E else { return try scanSubtype() }
    _ = try reader.readByte()
    try each { scan throws(WasmError) in try scan.scanSubtype() }
  }

  private mutating func scanSubtype() throws(WasmError) {
    let start = reader.position
    switch try reader.readByte() {
    case 0x4F, 0x50:
      try each { scan throws(WasmError) in _ = try scan.reader.readU32() }
      try scanSubtype()
    case 0x60:
      try each { scan throws(WasmError) in try scan.skipValueType() }
      try each { scan throws(WasmError) in try scan.skipValueType() }
    case 0x5F: try each { scan throws(WasmError) in try scan.skipField() }
    case 0x5E: try skipField()
    case 0x5D:
      note(.stackSwitching, at: start)
      try skipHeapType()
    case 0x4D:
      note(.garbageCollection, at: start)
      throw stop()
    default: throw stop()
    }
  }

  private mutating func skipField() throws(WasmError) {
    try skipValueType()
    _ = try reader.readByte()
  }

  private mutating func skipGlobalType() throws(WasmError) { try skipField() }

  /// A value type, or the type of a field.
  private mutating func skipValueType() throws(WasmError) {
    let start = reader.position
    let code = try reader.readByte()
    if code == 0x63 || code == 0x64 { return try skipHeapType() }
    noteType(code, at: start)
  }

  private mutating func skipHeapType() throws(WasmError) {
    let start = reader.position
    let number = try reader.readS33()
    if number < 0 { noteType(UInt8(truncatingIfNeeded: number & 0x7F), at: start) }
  }

  private mutating func noteType(_ code: UInt8, at offset: Int) {
    switch code {
    case 0x7B: note(.simd, at: offset)
    case 0x68, 0x75: note(.stackSwitching, at: offset)
    default: break
    }
  }

  private mutating func skipLimits(isMemory: Bool) throws(WasmError) {
    let start = reader.position
    let flags = try reader.readByte()
    if isMemory, flags & 2 != 0 { note(.threads, at: start) }
    _ = try reader.readU64()
    if flags & 1 != 0 { _ = try reader.readU64() }
    if flags & 8 != 0 { _ = try reader.readU32() }
  }

  // MARK: Operators

  private mutating func scanBody() throws(WasmError) {
    try each { scan throws(WasmError) in
      _ = try scan.reader.readU32()
      try scan.skipValueType()
    }
    while !reader.isAtEnd { _ = try scanOperator() }
  }

  /// A constant expression, up to its `end`.
  private mutating func scanExpression() throws(WasmError) {
    while try scanOperator() != 0x0B {}
  }

  /// Returns the operator's first byte.
  private mutating func scanOperator() throws(WasmError) -> UInt8 {
    let start = reader.position
    let byte = try reader.readByte()
    let isPrefix = (0xFB...0xFE).contains(byte)
    let prefixed: UInt32? = isPrefix ? try reader.readU32() : nil
    note(OperatorTable.feature(byte, prefixed: prefixed), at: start)
    guard let immediates = Immediates(byte, prefixed: prefixed) else { throw stop() }
    try skip(immediates)
    return byte
  }

  private mutating func skip(_ immediates: Immediates) throws(WasmError) {
    switch immediates {
    case .nothing: break
    case .bytes(let count): _ = try reader.readBytes(count)
    case .index: _ = try reader.readU32()
    case .twoIndices: for _ in 0..<2 { _ = try reader.readU32() }
    case .integer: _ = try reader.readS64()
    case .access(let laneBytes):
      // Bit 6 says that a memory is named.
      if try reader.readU32() & 0x40 != 0 { _ = try reader.readU32() }
      _ = try reader.readU64()
      _ = try reader.readBytes(laneBytes)
    case .blockType:
      let isReference = !reader.isAtEnd && reader.base[reader.position] & 0xFE == 0x62
      if isReference { return try skipValueType() }
      try skipHeapType()
    case .types: try each { scan throws(WasmError) in try scan.skipValueType() }
    case .labels:
      try each { scan throws(WasmError) in _ = try scan.reader.readU32() }
      _ = try reader.readU32()
    case .heapType: try skipHeapType()
    case .cast:
      _ = try reader.readByte()
      _ = try reader.readU32()
      try skipHeapType()
      try skipHeapType()
    case .catches:
      try skip(.blockType)
      try each { scan throws(WasmError) in
        // The first two kinds name a tag.
        if try scan.reader.readByte() < 2 { _ = try scan.reader.readU32() }
        _ = try scan.reader.readU32()
      }
    case .handlers(let indices):
      for _ in 0..<indices { _ = try reader.readU32() }
      try each { scan throws(WasmError) in
        // The first kind names a label.
        if try scan.reader.readByte() == 0 { _ = try scan.reader.readU32() }
        _ = try scan.reader.readU32()
      }
    }
  }
}

/// What follows an operator's code.
enum Immediates {
  case nothing
  /// Of a fixed size: floating-point numbers, lanes, vectors.
  case bytes(Int)
  case index, twoIndices
  /// A signed integer.
  case integer
  /// Alignment, memory and offset of a memory access, then the lane of some.
  case access(laneBytes: Int)
  case blockType
  /// Those of `select`.
  case types
  /// Those of `br_table`.
  case labels
  case heapType
  /// Those of `br_on_cast`.
  case cast
  /// Those of `try_table`.
  case catches
  /// Those of `resume`, after some indices.
  case handlers(after: Int)

  /// Nil for a code that is no operator of any known feature.
  init?(_ byte: UInt8, prefixed: UInt32?) {
    let found: Immediates? =
      switch byte {
      case 0xFB: Self.ofGarbageCollection(prefixed!)
      case 0xFC: Self.ofMiscellaneous(prefixed!)
      case 0xFD: Self.ofVectors(prefixed!)
      case 0xFE: Self.ofThreads(prefixed!)
      default: Self.ofByte(byte)
      }
    guard let found else { return nil }
    self = found
  }

  private static func ofByte(_ byte: UInt8) -> Immediates? {
    switch byte {
    case 0x00, 0x01, 0x05, 0x0A, 0x0B, 0x0F, 0x19...0x1B, 0x45...0xC4, 0xD1, 0xD3, 0xD4:
      .nothing
    case 0x02...0x04, 0x06: .blockType
    case 0x07...0x09, 0x0C, 0x0D, 0x10, 0x12, 0x14, 0x15, 0x18, 0x20...0x26, 0x3F, 0x40, 0xD2, 0xD5,
      0xD6, 0xE0, 0xE2:
      .index
    case 0x11, 0x13, 0xE1, 0xE5: .twoIndices
    case 0x0E: .labels
    case 0x1C: .types
    case 0x1F: .catches
    case 0x28...0x3E: .access(laneBytes: 0)
    case 0x41, 0x42: .integer
    case 0x43: .bytes(4)
    case 0x44: .bytes(8)
    case 0xD0: .heapType
    case 0xE3: .handlers(after: 1)
    case 0xE4: .handlers(after: 2)
    default: nil
    }
  }

  private static func ofGarbageCollection(_ number: UInt32) -> Immediates? {
    switch number {
    case 0, 1, 6, 7, 11...14, 16: .index
    case 2...5, 8...10, 17...19: .twoIndices
    case 20...23: .heapType
    case 24, 25: .cast
    case 15, 26...30: .nothing
    default: nil
    }
  }

  private static func ofMiscellaneous(_ number: UInt32) -> Immediates? {
    switch number {
    case 0...7, 19...22: .nothing
    case 9, 11, 13, 15...17: .index
    case 8, 10, 12, 14: .twoIndices
    default: nil
    }
  }

  private static func ofVectors(_ number: UInt32) -> Immediates? {
    switch number {
    case 0...11, 92, 93: .access(laneBytes: 0)
    case 12, 13: .bytes(16)
    case 21...34: .bytes(1)
    case 84...91: .access(laneBytes: 1)
    case 0...0x113: .nothing
    default: nil
    }
  }

  private static func ofThreads(_ number: UInt32) -> Immediates? {
    switch number {
    case 3: .bytes(1)
    case 0...2, 0x10...0x4E: .access(laneBytes: 0)
    default: nil
    }
  }
}
