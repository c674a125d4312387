// SPDX-License-Identifier: Apache-2.0
// The sections that fill: element segments, code and data segments.

import BrolgaEntities

extension ModuleDecoder {
  // MARK: Element segments (core specification 2.0, 5.5.12)

  mutating func readElementSection() throws(WasmError) {
    let count = try readCount(of: "element segments", limit: ImplementationLimits.elementSegments)
    contents.elements.reserveCapacity(plausible(count) / 4)
    for _ in 0..<count {
      let segment = try readElementSegment()
      contents.elements.append(segment)
      contents.elementTypes.append(segment.type)
    }
  }

  private mutating func readElementSegment() throws(WasmError) -> ElementSegment {
    let start = reader.position
    // Bit 0: not active. Bit 1: explicit table, or declarative. Bit 2: expressions.
    let flags = try reader.readU32()
    guard flags <= 7 else { throw malformed("malformed elements segment kind", at: start) }
    let isActive = flags & 1 == 0
    let hasExpressions = flags & 4 != 0
    var table: UInt32 = 0
    var offset: ConstantExpression?
    if isActive {
      let tableOffset = reader.position
      if flags & 2 != 0 { table = try reader.readU32() }
      guard Int(truncatingIfNeeded: table) < contents.tables.count else {
        throw invalid("unknown table \(table)", at: tableOffset)
      }
      offset = try readConstantExpression(contents.tables[Int(table)].addressType)
    }
    // Indices are never null.
    var type = hasExpressions ? ValueType.funcref : ValueType.funcref.nonNull
    if flags & 3 != 0 {
      let kindOffset = reader.position
      if hasExpressions {
        type = try reader.readReferenceType()
      } else if try reader.readByte() != 0 {
        throw malformed("malformed element kind", at: kindOffset)
      }
    }
    if isActive {
      let expected = contents.tables[Int(table)].element
      guard contents.types.view.isSubtype(type, expected) else {
        throw typeMismatch(expected: expected, found: type, at: start)
      }
    }
    let items = hasExpressions ? try readItemExpressions(type) : try readItemFunctions()
    let mode: ElementSegment.Mode =
      if let offset {
        .active(table: table, offset: offset)
      } else if flags & 2 != 0 {
        .declarative
      } else {
        .passive
      }
    let namesTable = isActive && flags & 2 != 0
    return ElementSegment(mode: mode, type: type, items: items, namesTable: namesTable)
  }

  private mutating func readItemFunctions() throws(WasmError) -> ElementSegment.Items {
    let count = try readCount(
      of: "items in an element segment", limit: UInt32(ImplementationLimits.tableElements))
    var functions: [UInt32] = []
    functions.reserveCapacity(plausible(count))
    for _ in 0..<count {
      let index = try readFunctionIndex()
      reference(index)
      functions.append(index)
    }
    return .functions(functions)
  }

  private mutating func readItemExpressions(
    _ type: ValueType
  ) throws(WasmError) -> ElementSegment.Items {
    let count = try readCount(
      of: "items in an element segment", limit: UInt32(ImplementationLimits.tableElements))
    var expressions: [ConstantExpression] = []
    expressions.reserveCapacity(plausible(count) / 3)
    for _ in 0..<count { expressions.append(try readConstantExpression(type)) }
    return .expressions(expressions)
  }

  // MARK: Code

  mutating func readCodeSection() throws(WasmError) {
    codeOffset = reader.position
    let count = try readCount(of: "functions", limit: ImplementationLimits.functions)
    codeCount = count
    contents.bodies.reserve(plausible(count))
    for _ in 0..<count {
      let start = reader.position
      let size = Int(truncatingIfNeeded: try reader.readU32())
      let body = try reader.readBytes(size)
      guard size <= ImplementationLimits.functionBytes else {
        throw .limit("bytes in a function", at: start, ImplementationLimits.functionBytes)
      }
      contents.bodies.append(
        FunctionBody(
          start: UInt32(truncatingIfNeeded: body.lowerBound),
          end: UInt32(truncatingIfNeeded: body.upperBound)))
    }
  }

  // MARK: Data segments

  mutating func readDataCount() throws(WasmError) -> UInt32 {
    UInt32(
      truncatingIfNeeded: try readCount(
        of: "data segments", limit: ImplementationLimits.dataSegments))
  }

  mutating func readDataSection() throws(WasmError) {
    dataOffset = reader.position
    let count = try readCount(of: "data segments", limit: ImplementationLimits.dataSegments)
    contents.data.reserveCapacity(plausible(count) / 2)
    for _ in 0..<count {
      let start = reader.position
      let flags = try reader.readU32()
      guard flags <= 2 else { throw malformed("malformed data segment kind", at: start) }
      var mode = DataSegment.Mode.passive
      if flags != 1 {
        let memoryOffset = reader.position
        let memory = flags == 2 ? try reader.readU32() : 0
        guard Int(truncatingIfNeeded: memory) < contents.memories.count else {
          throw invalid("unknown memory \(memory)", at: memoryOffset)
        }
        let type = contents.memories[Int(memory)].addressType
        mode = .active(memory: memory, offset: try readConstantExpression(type))
      }
      let size = Int(truncatingIfNeeded: try reader.readU32())
      contents.data.append(DataSegment(mode: mode, bytes: try reader.readBytes(size)))
    }
  }
}
