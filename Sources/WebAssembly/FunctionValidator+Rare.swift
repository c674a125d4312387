// SPDX-License-Identifier: Apache-2.0
// Validates the rarer operators: whole memories and tables; leads to references and exceptions.

import BrolgaEntities

extension FunctionValidator {
  @inline(never)
  mutating func validateRare(_ opcode: Opcode) throws(WasmError) -> Operator {
    switch opcode {
    case .memorySize, .memoryGrow, .memoryInit, .dataDrop, .memoryCopy, .memoryFill:
      try validateMemory(opcode)
    case .refNull, .refIsNull, .refFunc, .refAsNonNull: try validateReference(opcode)
    case .throw, .throwRef, .tryTable: try validateException(opcode)
    case .brOnNull: try validateBranchOnNull()
    case .brOnNonNull: try validateBranchOnNonNull()
    case .returnCall, .returnCallIndirect, .callRef, .returnCallRef: try validateRareCall(opcode)
    default: try validateTable(opcode)
    }
  }

  // MARK: Memories

  private mutating func validateMemory(_ opcode: Opcode) throws(WasmError) -> Operator {
    switch opcode {
    case .memorySize:
      let memory = try readMemory()
      push(addressType(ofMemory: memory))
      return Operator(opcode, index: memory)
    case .memoryGrow:
      let memory = try readMemory()
      try pop(addressType(ofMemory: memory))
      push(addressType(ofMemory: memory))
      return Operator(opcode, index: memory)
    case .memoryFill:
      let memory = try readMemory()
      let address = addressType(ofMemory: memory)
      try popThree(address, .i32, address)
      return Operator(opcode, index: memory)
    case .memoryCopy:
      let target = try readMemory()
      let source = try readMemory()
      let targetAddress = addressType(ofMemory: target)
      let sourceAddress = addressType(ofMemory: source)
      try popThree(targetAddress, sourceAddress, narrower(targetAddress, sourceAddress))
      return Operator(opcode, index: target, index2: source)
    case .memoryInit:
      let segment = try reader.readU32()
      let memory = try readMemory()
      try checkDataSegment(segment)
      try popThree(addressType(ofMemory: memory), .i32, .i32)
      return Operator(opcode, index: segment, index2: memory)
    default:
      let segment = try reader.readU32()
      try checkDataSegment(segment)
      return Operator(.dataDrop, index: segment)
    }
  }

  private mutating func readMemory() throws(WasmError) -> UInt32 {
    let memory = try reader.readU32()
    try checkMemory(memory)
    return memory
  }

  private mutating func checkDataSegment(_ index: UInt32) throws(WasmError) {
    guard let dataCount else {
      throw WasmError(.malformed, at: offset, "data count section required")
    }
    guard Int(truncatingIfNeeded: index) < dataCount else {
      throw unknown("data segment", index)
    }
  }

  private mutating func popThree(
    _ first: ValueType, _ second: ValueType, _ third: ValueType
  ) throws(WasmError) {
    try pop(third)
    try pop(second)
    try pop(first)
  }

  private func narrower(_ a: ValueType, _ b: ValueType) -> ValueType {
    a == .i32 || b == .i32 ? .i32 : .i64
  }

  // MARK: Tables

  private mutating func validateTable(_ opcode: Opcode) throws(WasmError) -> Operator {
    switch opcode {
    case .tableInit: return try validateTableInit()
    case .tableCopy: return try validateTableCopy()
    case .elemDrop:
      let segment = try reader.readU32()
      guard Int(truncatingIfNeeded: segment) < elementTypes.count else {
        throw unknown("elem segment", segment)
      }
      return Operator(opcode, index: segment)
    default: break
    }
    let (index, type) = try readTable()
    switch opcode {
    case .tableGet:
      try pop(type.addressType)
      push(type.element)
    case .tableSet:
      try pop(type.element)
      try pop(type.addressType)
    case .tableGrow:
      try pop(type.addressType)
      try pop(type.element)
      push(type.addressType)
    case .tableSize: push(type.addressType)
    default: try popThree(type.addressType, type.element, type.addressType)
    }
    return Operator(opcode, index: index)
  }

  private mutating func readTable() throws(WasmError) -> (UInt32, TableType) {
    let index = try reader.readU32()
    guard Int(truncatingIfNeeded: index) < tables.count else { throw unknown("table", index) }
    return (index, tables[Int(truncatingIfNeeded: index)])
  }

  private mutating func validateTableInit() throws(WasmError) -> Operator {
    let segment = try reader.readU32()
    let (index, type) = try readTable()
    guard Int(truncatingIfNeeded: segment) < elementTypes.count else {
      throw unknown("elem segment", segment)
    }
    try checkElement(elementTypes[Int(truncatingIfNeeded: segment)], fits: type.element)
    try popThree(type.addressType, .i32, .i32)
    return Operator(.tableInit, index: segment, index2: index)
  }

  private mutating func validateTableCopy() throws(WasmError) -> Operator {
    let (target, targetType) = try readTable()
    let (source, sourceType) = try readTable()
    try checkElement(sourceType.element, fits: targetType.element)
    let targetAddress = targetType.addressType
    let sourceAddress = sourceType.addressType
    try popThree(targetAddress, sourceAddress, narrower(targetAddress, sourceAddress))
    return Operator(.tableCopy, index: target, index2: source)
  }

  private mutating func checkElement(
    _ found: ValueType, fits expected: ValueType
  ) throws(WasmError) {
    guard types.isSubtype(found, expected) else {
      throw invalid("type mismatch: expected \(expected), found \(found)")
    }
  }
}
