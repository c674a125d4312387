// SPDX-License-Identifier: Apache-2.0
// The walk over a body's operators: the hottest code of decoding.

import Entities

extension FunctionValidator {
  /// Decodes and validates the next operator, up to and including the function's final `end`.
  package mutating func next() throws(WasmError) -> Operator {
    let start = reader.position
    guard start < reader.end else { throw missingEnd() }
    offset = start
    let byte = reader.base[start]
    reader.position = start &+ 1
    // In place: a copy would load fields that few operators need.
    let info = UnsafePointer(table.buffer.baseAddress.unsafelyUnwrapped) + Int(byte)
    let opcode = info.pointee.opcode
    switch info.pointee.shape {
    case .localGet:
      let index = try readLocal()
      push(localTypes[Int(truncatingIfNeeded: index)])
      return Operator(opcode, index: index)
    case .localSet:
      let index = try readLocal()
      try pop(localTypes[Int(truncatingIfNeeded: index)])
      return Operator(opcode, index: index)
    case .localTee:
      let index = try readLocal()
      let type = localTypes[Int(truncatingIfNeeded: index)]
      try pop(type)
      push(type)
      return Operator(opcode, index: index)
    case .i32Const:
      let value = UInt32(bitPattern: try reader.readS32())
      push(.i32)
      return Operator(opcode, immediate: UInt64(truncatingIfNeeded: value))
    case .binary:
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
      return Operator(opcode)
    case .unary:
      let count = height
      if count > floor && operands[count &- 1] == info.pointee.operandType {
        operands[count &- 1] = info.pointee.resultType
      } else {
        try pop(info.pointee.operandType)
        push(info.pointee.resultType)
      }
      return Operator(opcode)
    case .load:
      let access = try readMemoryAccess(opcode, natural: info.pointee.alignmentLog2)
      try pop(addressType(ofMemory: access.index))
      push(info.pointee.resultType)
      return access
    case .store:
      let access = try readMemoryAccess(opcode, natural: info.pointee.alignmentLog2)
      try pop(info.pointee.operandType)
      try pop(addressType(ofMemory: access.index))
      return access
    case .block, .loop:
      blockSignature = try readBlockType()
      try enter(opcode)
      return Operator(opcode)
    case .if:
      blockSignature = try readBlockType()
      try pop(.i32)
      try enter(.if)
      return Operator(.if)
    case .else:
      try validateElse()
      return Operator(.else)
    case .end:
      try validateEnd()
      return Operator(.end)
    case .br:
      let label = try readLabel()
      try popLabelTypes(label)
      setUnreachable()
      return Operator(.br, index: label)
    case .brIf:
      let label = try readLabel()
      try pop(.i32)
      try checkLabelTypes(label)
      return Operator(.brIf, index: label)
    case .brTable: return try validateBranchTable()
    case .return:
      try popTypes(frames[0].signature.results)
      setUnreachable()
      return Operator(.return)
    case .call:
      let index = try reader.readU32()
      guard Int(truncatingIfNeeded: index) < functionTypes.count else {
        throw unknown("function", index)
      }
      let type = functionTypes[Int(truncatingIfNeeded: index)]
      try applySignature(types.signature(Int(truncatingIfNeeded: type)))
      return Operator(.call, index: index)
    case .callIndirect: return try validateCallIndirect()
    case .drop:
      _ = try popAny()
      return Operator(.drop)
    case .select: return try validateSelect()
    case .selectTyped: return try validateTypedSelect()
    case .globalGet:
      let index = try readGlobal()
      push(globals[Int(truncatingIfNeeded: index)].type)
      return Operator(opcode, index: index)
    case .globalSet:
      let index = try readGlobal()
      let global = globals[Int(truncatingIfNeeded: index)]
      guard global.isMutable else { throw invalid("immutable global") }
      try pop(global.type)
      return Operator(opcode, index: index)
    case .i64Const:
      let value = UInt64(bitPattern: try reader.readS64())
      push(.i64)
      return Operator(opcode, immediate: value)
    case .f32Const:
      let value = UInt64(truncatingIfNeeded: try reader.readFixed32())
      push(.f32)
      return Operator(opcode, immediate: value)
    case .f64Const:
      let value = try reader.readFixed64()
      push(.f64)
      return Operator(opcode, immediate: value)
    case .nop: return Operator(.nop)
    case .unreachable:
      setUnreachable()
      return Operator(.unreachable)
    case .tableGet, .tableSet, .memorySize, .memoryGrow, .refNull, .refIsNull, .refFunc, .bulk:
      return try validateRare(opcode)
    case .prefix: return try validatePrefixed(byte)
    case .illegal: throw illegal(byte)
    }
  }

  // MARK: Operands

  @inline(__always)
  mutating func push(_ type: ValueType) {
    operands[height] = type
    height = height &+ 1
  }

  @inline(__always)
  mutating func pop(_ expected: ValueType) throws(WasmError) {
    let count = height
    if count > floor && operands[count &- 1] == expected {
      height = count &- 1
    } else {
      try popSlow(expected)
    }
  }

  /// What `pop` does when the top is not exactly what is expected.
  @inline(never)
  mutating func popSlow(_ expected: ValueType) throws(WasmError) {
    if height == floor {
      if isUnreachable { return }
      throw invalid("type mismatch: expected \(expected), but nothing is on the stack")
    }
    let found = operands[height &- 1]
    guard found.isSubtype(of: expected) else {
      throw invalid("type mismatch: expected \(expected), found \(found)")
    }
    height = height &- 1
  }

  @inline(__always)
  mutating func popAny() throws(WasmError) -> ValueType {
    if height > floor {
      height = height &- 1
      return operands[height]
    }
    if isUnreachable { return .unknown }
    throw invalid("type mismatch: expected a value, but nothing is on the stack")
  }

  mutating func popTypes(_ expected: UnsafeBufferPointer<ValueType>) throws(WasmError) {
    var i = expected.count
    while i > 0 {
      i = i &- 1
      try pop(expected[i])
    }
  }

  mutating func pushTypes(_ pushed: UnsafeBufferPointer<ValueType>) throws(WasmError) {
    let count = pushed.count
    guard count > 0 else { return }
    guard height &+ count <= ImplementationLimits.operands else { throw tooManyOperands() }
    makeRoom(for: count)
    for i in 0..<count { push(pushed[i]) }
  }

  @inline(__always)
  mutating func applySignature(_ signature: Signature) throws(WasmError) {
    try popTypes(signature.parameters)
    try pushTypes(signature.results)
  }

  // MARK: Immediates

  @inline(__always)
  mutating func readLocal() throws(WasmError) -> UInt32 {
    let index = try reader.readU32()
    guard Int(truncatingIfNeeded: index) < localCount else { throw unknown("local", index) }
    return index
  }

  @inline(__always)
  mutating func readGlobal() throws(WasmError) -> UInt32 {
    let index = try reader.readU32()
    guard Int(truncatingIfNeeded: index) < globals.count else { throw unknown("global", index) }
    return index
  }

  @inline(__always)
  mutating func readLabel() throws(WasmError) -> UInt32 {
    let label = try reader.readU32()
    guard Int(truncatingIfNeeded: label) < frames.count else { throw unknown("label", label) }
    return label
  }

  /// Reads the alignment, memory and offset of a load or store.
  @inline(__always)
  mutating func readMemoryAccess(
    _ opcode: Opcode, natural: UInt8
  ) throws(WasmError) -> Operator {
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

  // MARK: Errors

  @inline(never)
  mutating func invalid(_ message: String) -> WasmError { WasmError(.invalid, at: offset, message) }

  @inline(never)
  mutating func unknown(_ what: StaticString, _ index: UInt32) -> WasmError {
    WasmError(.invalid, at: offset, "unknown \(what) \(index)")
  }

  @inline(never)
  private mutating func tooManyOperands() -> WasmError {
    .limit("operands", at: offset, ImplementationLimits.operands)
  }

  @inline(never)
  private mutating func illegal(_ byte: UInt8) -> WasmError {
    OperatorTable.refusal(byte, prefixed: nil, at: offset)
      ?? WasmError(.malformed, at: offset, "illegal opcode")
  }

  @inline(never)
  private mutating func missingEnd() -> WasmError {
    precondition(!isAtEnd, "the function has ended")
    return reader.unexpectedEnd()
  }
}
