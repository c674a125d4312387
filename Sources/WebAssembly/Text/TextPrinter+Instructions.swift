// SPDX-License-Identifier: Apache-2.0
// Functions and instructions as text: flat, one a line, constructs indented.

import BrolgaEntities

extension TextPrinter {
  /// Spaces before an instruction at most: a deep nest would else take a square of its depth.
  private static let maximumIndentation = 80

  // MARK: Functions

  mutating func printFunction(_ index: UInt32) throws(WasmError) {
    line("(func")
    writeDefinition(.function, index)
    let type = module.typeIndex(ofFunction: index)
    writeTypeUse(type)
    let signature = module.signature(ofType: type)
    localNames.advance(to: index, in: names.locals)
    labelNames.advance(to: index, in: names.labels)
    if localNames.isEmpty {
      writeSignature(signature)
    } else {
      for i in signature.parameters.indices {
        write(" ")
        writeVariable("(param", UInt32(truncatingIfNeeded: i), signature.parameters[i])
      }
      writeTypes(" (result", signature.results)
    }
    let body = module.body(ofFunction: index)
    var reader = reader(of: body)
    try printLocals(&reader, after: UInt32(truncatingIfNeeded: signature.parameters.count))
    try printBody(&reader)
    write(")")
  }

  private func reader(of range: Range<Int>) -> ByteReader {
    var reader = ByteReader(base: base, position: range.lowerBound, end: range.upperBound)
    reader.features = module.features
    return reader
  }

  private mutating func writeVariable(_ word: StaticString, _ index: UInt32, _ type: ValueType) {
    write(word)
    if let name = localNames.name(index, in: names.locals) {
      write(" ")
      writeSymbol(name.bytes(base))
    }
    write(" ")
    write(type)
    write(")")
  }

  private mutating func printLocals(
    _ reader: inout ByteReader, after parameterCount: UInt32
  ) throws(WasmError) {
    var index = parameterCount
    let groups = try reader.readU32()
    guard groups > 0 else { return }
    let place = output.count
    write(localNames.isEmpty ? "\n    (local" : "\n   ")
    for _ in 0..<groups {
      let start = reader.position
      let count = try reader.readU32()
      let type = try reader.readValueType()
      let total = Int(truncatingIfNeeded: index &- parameterCount) &+ Int(count)
      guard total <= ImplementationLimits.locals else {
        throw .limit("locals", at: start, ImplementationLimits.locals)
      }
      for i in 0..<count {
        write(" ")
        if localNames.isEmpty { write(type) } else { writeVariable("(local", index &+ i, type) }
      }
      index = index &+ count
    }
    if index == parameterCount { output.truncate(to: place) }
    if localNames.isEmpty && index != parameterCount { write(")") }
  }

  // MARK: Bodies

  private mutating func printBody(_ reader: inout ByteReader) throws(WasmError) {
    constructs.removeAll()
    var constructCount: UInt32 = 0
    while true {
      let start = reader.position
      let row = try readInstruction(&reader)
      let immediates = instructions.rows[row].immediates
      if immediates == .end && constructs.isEmpty {
        guard reader.isAtEnd else {
          throw reader.malformed("operators after the end of the function", at: start)
        }
        return
      }
      if immediates == .else || immediates == .end {
        guard !constructs.isEmpty else { throw reader.malformed("misplaced else", at: start) }
        if immediates == .end { constructs.popLast() }
        startLine(constructs.count &- (immediates == .else ? 1 : 0))
        output.append(instructions.name(row))
        continue
      }
      startLine(constructs.count)
      output.append(instructions.name(row))
      if Self.isConstruct(immediates) {
        guard constructs.count < ImplementationLimits.controlDepth else {
          throw .limit(
            "nested constructs", at: start, ImplementationLimits.controlDepth)
        }
        if let name = labelNames.name(constructCount, in: names.labels) {
          write(" ")
          writeSymbol(name.bytes(base))
        }
        try writeBlockType(&reader)
        // The construct is not open yet for the labels of its clauses.
        if immediates == .tryTable { try writeCatchClauses(&reader) }
        constructs.append(constructCount)
        constructCount = constructCount &+ 1
      } else {
        try writeImmediates(&reader, row)
      }
    }
  }

  private static func isConstruct(_ immediates: TextImmediates) -> Bool {
    switch immediates {
    case .block, .loop, .if, .tryTable: true
    default: false
    }
  }

  private mutating func startLine(_ depth: Int) {
    write("\n    ")
    for _ in 0..<min(depth, Self.maximumIndentation / 2) { write("  ") }
  }

  /// Reads an opcode; its row.
  private mutating func readInstruction(_ reader: inout ByteReader) throws(WasmError) -> Int {
    let start = reader.position
    let byte = try reader.readByte()
    let isPrefix = byte >= 0xFB && byte <= 0xFE
    let number: UInt32? = isPrefix ? try reader.readU32() : nil
    let place = number.map { Opcode.position(byte, $0) } ?? Int(byte)
    if let place, let row = instructions.row(ofCode: place),
      module.features.isSuperset(of: instructions.rows[row].feature)
    {
      isTypedSelect = byte == 0x1C
      return row
    }
    throw OperatorTable.refusal(byte, prefixed: number, features: module.features, at: start)
      ?? reader.malformed("illegal opcode \(hexadecimal(byte))", at: start)
  }

  private mutating func writeBlockType(_ reader: inout ByteReader) throws(WasmError) {
    let start = reader.position
    if try reader.readByte() == 0x40 { return }
    reader.position = start
    let number = try reader.readS33()
    if number >= 0 {
      let type = UInt32(truncatingIfNeeded: number)
      writeTypeUse(type)
      guard Int(number) < module.typeCount else { return }
      return writeSignature(module.signature(ofType: type))
    }
    reader.position = start
    write(" (result ")
    write(try reader.readValueType())
    write(")")
  }

  // MARK: Immediates

  private mutating func writeImmediates(
    _ reader: inout ByteReader, _ row: Int
  ) throws(WasmError) {
    switch instructions.rows[row].immediates {
    case .none, .block, .loop, .if, .else, .end, .tryTable: break
    case .label: writeLabel(try reader.readU32())
    case .labelTable: try writeLabelTable(&reader)
    case .local: writeLocal(try reader.readU32())
    case .function: writeSpaced(.function, try reader.readU32())
    case .global: writeSpaced(.global, try reader.readU32())
    case .tag: writeSpaced(.tag, try reader.readU32())
    case .type: writeSpaced(.type, try reader.readU32())
    case .element: writeSpaced(.element, try reader.readU32())
    case .data: writeSpaced(.data, try reader.readU32())
    case .functionIndirect:
      let type = try reader.readU32()
      writeUnlessZero(.table, try reader.readU32())
      writeTypeUse(type)
    case .table: writeUnlessZero(.table, try reader.readU32())
    case .memory: writeUnlessZero(.memory, try reader.readU32())
    case .tableCopy: try writeCopy(&reader, .table)
    case .memoryCopy: try writeCopy(&reader, .memory)
    case .tableInit: try writeInit(&reader, .table, .element)
    case .memoryInit: try writeInit(&reader, .memory, .data)
    case .access: try writeAccess(&reader, instructions.rows[row])
    case .i32:
      write(" ")
      write(Int64(try reader.readS32()))
    case .i64:
      write(" ")
      write(try reader.readS64())
    case .f32: writeFloat(UInt64(try reader.readFixed32()), isDouble: false)
    case .f64: writeFloat(try reader.readFixed64(), isDouble: true)
    case .v128:
      write(" ")
      output.append(try reader.readV128().description)
    case .shuffle: for _ in 0..<16 { try writeLane(&reader) }
    case .lane: try writeLane(&reader)
    case .laneAccess:
      try writeAccess(&reader, instructions.rows[row])
      try writeLane(&reader)
    case .heapType:
      write(" ")
      write(try reader.readHeapType())
    case .select: try writeSelect(&reader)
    }
  }

  private mutating func writeSpaced(_ space: TextSpace, _ index: UInt32) {
    write(" ")
    writeIndex(space, index)
  }

  /// Table 0 and memory 0 need not be said.
  private mutating func writeUnlessZero(_ space: TextSpace, _ index: UInt32) {
    if index != 0 { writeSpaced(space, index) }
  }

  private mutating func writeLabel(_ label: UInt32) {
    write(" ")
    let depth = constructs.count &- 1 &- Int(truncatingIfNeeded: label)
    if depth >= 0, let name = labelNames.name(constructs[depth], in: names.labels) {
      writeSymbol(name.bytes(base))
    } else {
      write(label)
    }
  }

  private mutating func writeLabelTable(_ reader: inout ByteReader) throws(WasmError) {
    let count = try reader.readU32()
    for _ in 0...count { writeLabel(try reader.readU32()) }
  }

  private mutating func writeCatchClauses(_ reader: inout ByteReader) throws(WasmError) {
    for _ in 0..<(try reader.readU32()) {
      let clause = try reader.readCatchClause()
      switch clause.kind {
      case .catch: write(" (catch")
      case .catchRef: write(" (catch_ref")
      case .catchAll: write(" (catch_all")
      case .catchAllRef: write(" (catch_all_ref")
      }
      if clause.kind.hasTag { writeSpaced(.tag, clause.tag) }
      writeLabel(clause.label)
      write(")")
    }
  }

  private mutating func writeLocal(_ index: UInt32) {
    write(" ")
    if let name = localNames.name(index, in: names.locals) {
      writeSymbol(name.bytes(base))
    } else {
      write(index)
    }
  }

  private mutating func writeCopy(
    _ reader: inout ByteReader, _ space: TextSpace
  ) throws(WasmError) {
    let target = try reader.readU32()
    let source = try reader.readU32()
    guard target != 0 || source != 0 else { return }
    writeSpaced(space, target)
    writeSpaced(space, source)
  }

  private mutating func writeInit(
    _ reader: inout ByteReader, _ space: TextSpace, _ segments: TextSpace
  ) throws(WasmError) {
    let segment = try reader.readU32()
    writeUnlessZero(space, try reader.readU32())
    writeSpaced(segments, segment)
  }

  private mutating func writeAccess(
    _ reader: inout ByteReader, _ row: TextInstruction
  ) throws(WasmError) {
    let start = reader.position
    let flags = try reader.readU32()
    guard flags < 0x80 else { throw reader.malformed("malformed memop flags", at: start) }
    if flags & 0x40 != 0 { writeSpaced(.memory, try reader.readU32()) }
    let offset = try reader.readU64()
    if offset != 0 {
      write(" offset=")
      write(offset)
    }
    let alignment = flags & 0x3F
    if alignment != UInt32(row.width) {
      write(" align=")
      write(UInt64(1) &<< UInt64(alignment))
    }
  }

  private mutating func writeLane(_ reader: inout ByteReader) throws(WasmError) {
    write(" ")
    write(UInt32(truncatingIfNeeded: try reader.readByte()))
  }

  private mutating func writeSelect(_ reader: inout ByteReader) throws(WasmError) {
    guard isTypedSelect else { return }
    write(" (result")
    for _ in 0..<(try reader.readU32()) {
      write(" ")
      write(try reader.readValueType())
    }
    write(")")
  }

  /// Writes the shortest decimal number that reads back to the same bits.
  private mutating func writeFloat(_ bits: UInt64, isDouble: Bool) {
    write(" ")
    let precision: UInt64 = isDouble ? 52 : 23
    let exponentMask: UInt64 = isDouble ? 0x7FF : 0xFF
    let payload = bits & ((1 &<< precision) &- 1)
    let isNegative = bits &>> (isDouble ? 63 : 31) != 0
    guard bits &>> precision & exponentMask == exponentMask else {
      let text =
        isDouble
        ? Double(bitPattern: bits).description
        : Float(bitPattern: UInt32(truncatingIfNeeded: bits)).description
      return output.append(text)
    }
    if isNegative { write("-") }
    if payload == 0 { return write("inf") }
    write("nan")
    guard payload != 1 &<< (precision &- 1) else { return }
    write(":0x")
    writeHexadecimal(payload)
  }

  // MARK: Constant expressions

  /// Writes the instructions of a constant expression on one line.
  mutating func printExpression(_ range: Range<Int>) throws(WasmError) {
    try writeExpression(range, isFolded: false)
  }

  /// Writes `(offset …)`, short where one instruction is all.
  mutating func printOffset(_ range: Range<Int>) throws(WasmError) {
    try writeExpression(range, wrapper: "(offset ", isFolded: true)
  }

  /// Writes `(item …)`, short where one instruction is all.
  mutating func printItem(_ range: Range<Int>) throws(WasmError) {
    try writeExpression(range, wrapper: "(item ", isFolded: true)
  }

  private mutating func writeExpression(
    _ range: Range<Int>, wrapper: StaticString = "", isFolded: Bool
  ) throws(WasmError) {
    constructs.removeAll()
    var reader = reader(of: range)
    let place = output.count
    var count = 0
    while true {
      let row = try readInstruction(&reader)
      if instructions.rows[row].immediates == .end { break }
      if count > 0 { write(" ") }
      write("(")
      output.append(instructions.name(row))
      try writeImmediates(&reader, row)
      write(")")
      count = count &+ 1
    }
    guard isFolded && count != 1 else { return }
    // Rare: do it again with the wrapper around it.
    output.truncate(to: place)
    write(wrapper)
    try writeExpression(range, isFolded: false)
    write(")")
  }
}
