// SPDX-License-Identifier: Apache-2.0
// Validates the operators that make up most of a body; all of it is inlined into `next`.

import BrolgaEntities

extension FunctionValidator {
  // MARK: Variables

  @inline(__always)
  mutating func validateLocalGet() throws(WasmError) -> Operator {
    let index = try readLocal(isSet: false)
    push(localTypes[Int(truncatingIfNeeded: index)])
    return Operator(.localGet, index: index)
  }

  @inline(__always)
  mutating func validateLocalSet() throws(WasmError) -> Operator {
    let index = try readLocal(isSet: true)
    try pop(localTypes[Int(truncatingIfNeeded: index)])
    return Operator(.localSet, index: index)
  }

  @inline(__always)
  mutating func validateLocalTee() throws(WasmError) -> Operator {
    let index = try readLocal(isSet: true)
    let type = localTypes[Int(truncatingIfNeeded: index)]
    try pop(type)
    push(type)
    return Operator(.localTee, index: index)
  }

  @inline(__always)
  mutating func validateGlobalGet() throws(WasmError) -> Operator {
    let index = try readGlobal()
    push(globals[Int(truncatingIfNeeded: index)].type)
    return Operator(.globalGet, index: index)
  }

  @inline(__always)
  mutating func validateGlobalSet() throws(WasmError) -> Operator {
    let index = try readGlobal()
    let global = globals[Int(truncatingIfNeeded: index)]
    guard global.isMutable else { throw invalid("immutable global") }
    try pop(global.type)
    return Operator(.globalSet, index: index)
  }

  @inline(__always)
  private mutating func readLocal(isSet: Bool) throws(WasmError) -> UInt32 {
    let index = try reader.readU32()
    if _slowPath(Int(truncatingIfNeeded: index) >= firstUninitialized) {
      try checkTrackedLocal(index, isSet: isSet)
    }
    return index
  }

  @inline(__always)
  private mutating func readGlobal() throws(WasmError) -> UInt32 {
    let index = try reader.readU32()
    guard Int(truncatingIfNeeded: index) < globals.count else { throw unknown("global", index) }
    return index
  }

  // MARK: Constants

  @inline(__always)
  mutating func validateI32Const() throws(WasmError) -> Operator {
    let value = UInt32(bitPattern: try reader.readS32())
    push(.i32)
    return Operator(.i32Const, immediate: UInt64(truncatingIfNeeded: value))
  }

  @inline(__always)
  mutating func validateI64Const() throws(WasmError) -> Operator {
    let value = UInt64(bitPattern: try reader.readS64())
    push(.i64)
    return Operator(.i64Const, immediate: value)
  }

  @inline(__always)
  mutating func validateF32Const() throws(WasmError) -> Operator {
    let value = UInt64(truncatingIfNeeded: try reader.readFixed32())
    push(.f32)
    return Operator(.f32Const, immediate: value)
  }

  @inline(__always)
  mutating func validateF64Const() throws(WasmError) -> Operator {
    let value = try reader.readFixed64()
    push(.f64)
    return Operator(.f64Const, immediate: value)
  }

  // MARK: Numbers

  @inline(__always)
  mutating func applyUnary(_ info: UnsafePointer<OperatorInfo>) throws(WasmError) {
    let count = height
    if count > floor && operands[count &- 1] == info.pointee.operandType {
      operands[count &- 1] = info.pointee.resultType
    } else {
      try pop(info.pointee.operandType)
      push(info.pointee.resultType)
    }
  }

  @inline(__always)
  mutating func applyBinary(_ info: UnsafePointer<OperatorInfo>) throws(WasmError) {
    let type = info.pointee.operandType
    let count = height
    if count &- 2 >= floor && operands[count &- 1] == type && operands[count &- 2] == type {
      height = count &- 1
      operands[count &- 2] = info.pointee.resultType
    } else {
      try pop(type)
      try pop(type)
      push(info.pointee.resultType)
    }
  }

  // MARK: Memory

  @inline(__always)
  mutating func validateLoad(_ info: UnsafePointer<OperatorInfo>) throws(WasmError) -> Operator {
    let access = try readMemoryAccess(info)
    try pop(addressType(ofMemory: access.index))
    push(info.pointee.resultType)
    return access
  }

  @inline(__always)
  mutating func validateStore(_ info: UnsafePointer<OperatorInfo>) throws(WasmError) -> Operator {
    let access = try readMemoryAccess(info)
    try pop(info.pointee.operandType)
    try pop(addressType(ofMemory: access.index))
    return access
  }

  /// Reads the alignment, memory and offset of a load or store.
  @inline(__always)
  mutating func readMemoryAccess(
    _ info: UnsafePointer<OperatorInfo>
  ) throws(WasmError) -> Operator {
    let opcode = info.pointee.opcode
    let natural = info.pointee.width
    let position = reader.position
    if position < reader.end && memoryCount != 0 && addressType == .i32 {
      let alignment = reader.base[position]
      if alignment <= natural {
        reader.position = position &+ 1
        var offset: UInt64 = 0
        if position &+ 1 < reader.end && reader.base[position &+ 1] < 0x80 {
          offset = UInt64(truncatingIfNeeded: reader.base[position &+ 1])
          reader.position = position &+ 2
        } else {
          offset = try readMemoryOffset(0)
        }
        return Operator(
          opcode, index2: UInt32(truncatingIfNeeded: alignment), immediate: offset)
      }
    }
    return try readOtherMemoryAccess(opcode, natural: natural)
  }

  @inline(never)
  private mutating func readOtherMemoryAccess(
    _ opcode: Opcode, natural: UInt8
  ) throws(WasmError) -> Operator {
    let start = reader.position
    let flags = try reader.readU32()
    // Bit 6 says that a memory index follows.
    guard flags < 0x80 else { throw reader.malformed("malformed memop flags", at: start) }
    let memory = flags & 0x40 != 0 ? try reader.readU32() : 0
    try checkMemory(memory)
    let alignment = flags & 0x3F
    guard alignment <= UInt32(truncatingIfNeeded: natural) else {
      throw WasmError(.invalid, at: start, "alignment must not be larger than natural")
    }
    let offset = try readMemoryOffset(memory)
    return Operator(opcode, index: memory, index2: alignment, immediate: offset)
  }

  /// An offset has 64 bits in version 3.0 whatever the address type, but must be an address.
  @inline(never)
  private mutating func readMemoryOffset(_ memory: UInt32) throws(WasmError) -> UInt64 {
    let start = reader.position
    let offset = try reader.readU64()
    guard offset <= UInt64(UInt32.max) || addressType(ofMemory: memory) == .i64 else {
      throw WasmError(.invalid, at: start, "offset out of range")
    }
    return offset
  }

  mutating func checkMemory(_ index: UInt32) throws(WasmError) {
    guard Int(truncatingIfNeeded: index) < memoryCount else { throw unknown("memory", index) }
  }

  @inline(__always)
  mutating func addressType(ofMemory index: UInt32) -> ValueType {
    index == 0 ? addressType : otherAddressType(index)
  }

  @inline(never)
  private mutating func otherAddressType(_ index: UInt32) -> ValueType {
    module.unsafelyUnwrapped.memories[Int(truncatingIfNeeded: index)].addressType
  }
}
