// SPDX-License-Identifier: Apache-2.0
// The walk over a body's operators: the hottest code of decoding.

import BrolgaEntities

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
    case .localGet: return try validateLocalGet()
    case .localSet: return try validateLocalSet()
    case .localTee: return try validateLocalTee()
    case .globalGet: return try validateGlobalGet()
    case .globalSet: return try validateGlobalSet()
    case .i32Const: return try validateI32Const()
    case .i64Const: return try validateI64Const()
    case .f32Const: return try validateF32Const()
    case .f64Const: return try validateF64Const()
    case .unary: try applyUnary(info)
    case .binary: try applyBinary(info)
    case .load: return try validateLoad(info)
    case .store: return try validateStore(info)
    case .block, .loop:
      blockSignature = try readBlockType()
      try enter(opcode)
    case .if:
      blockSignature = try readBlockType()
      try pop(.i32)
      try enter(.if)
    case .else: try validateElse()
    case .end: try validateEnd()
    case .br: return try validateBranch()
    case .brIf: return try validateBranchIf()
    case .brTable: return try validateBranchTable()
    case .return: try validateReturn()
    case .call: return try validateCall()
    case .callIndirect: return try validateCallIndirect()
    case .drop: _ = try popAny()
    case .select: return try validateSelect()
    case .selectTyped: return try validateTypedSelect()
    case .nop: break
    case .unreachable: setUnreachable()
    case .rare: return try validateRare(opcode)
    case .prefix: return try validatePrefixed(byte)
    // All, as a default would cost a comparison per operator.
    case .illegal, .ternary, .shift, .shuffle, .v128Const, .extractLane, .replaceLane, .loadLane,
      .storeLane, .wideSum, .wideProduct:
      throw illegal(byte)
    }
    return Operator(opcode)
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
    guard types.isSubtype(found, expected) else {
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
    OperatorTable.refusal(byte, prefixed: nil, features: reader.features, at: offset)
      ?? WasmError(.malformed, at: offset, "illegal opcode")
  }

  @inline(never)
  private mutating func missingEnd() -> WasmError {
    precondition(!isAtEnd, "the function has ended")
    return reader.unexpectedEnd()
  }
}
