// SPDX-License-Identifier: Apache-2.0
// Validates what throws exceptions and what catches them.

import BrolgaEntities

extension FunctionValidator {
  mutating func validateException(_ opcode: Opcode) throws(WasmError) -> Operator {
    guard reader.features.contains(.exceptionHandling) else {
      throw .unsupported(.exceptionHandling, at: offset)
    }
    switch opcode {
    case .throw:
      let tag = try reader.readU32()
      try popTypes(try parameters(ofTag: tag))
      setUnreachable()
      return Operator(.throw, index: tag)
    case .throwRef:
      // What is on the stack may be known not to be null.
      let isKnown = height > floor && operands[height &- 1].isReference
      let mayBeNull = !isKnown || operands[height &- 1].isNullable
      try pop(.exnref)
      setUnreachable()
      return Operator(.throwRef, index2: mayBeNull ? 1 : 0)
    default: return try validateTryTable()
    }
  }

  private mutating func parameters(
    ofTag tag: UInt32
  ) throws(WasmError) -> UnsafeBufferPointer<ValueType> {
    guard Int(truncatingIfNeeded: tag) < tagTypes.count else { throw unknown("tag", tag) }
    let type = tagTypes[Int(truncatingIfNeeded: tag)]
    return types.signature(Int(truncatingIfNeeded: type)).parameters
  }

  private mutating func validateTryTable() throws(WasmError) -> Operator {
    blockSignature = try readBlockType()
    let start = reader.position
    let count = try reader.readU32()
    guard count <= ImplementationLimits.catchClauses else {
      if Int(truncatingIfNeeded: count) > reader.remaining { throw reader.unexpectedEnd() }
      throw .limit("clauses in a try_table", at: start, ImplementationLimits.catchClauses)
    }
    catchClauses.removeAll()
    // The construct is not open yet: labels count from the one around it.
    for _ in 0..<count {
      let clause = try reader.readCatchClause()
      try check(clause)
      catchClauses.append(clause)
    }
    try enter(.tryTable)
    return Operator(.tryTable, index: count)
  }

  /// Checks that what the clause passes on is what its label takes.
  private mutating func check(_ clause: CatchClause) throws(WasmError) {
    let values =
      clause.kind.hasTag ? try parameters(ofTag: clause.tag) : Signature.empty.parameters
    guard Int(truncatingIfNeeded: clause.label) < frames.count else {
      throw unknown("label", clause.label)
    }
    let expected = labelTypes(clause.label)
    let count = values.count &+ (clause.kind.passesReference ? 1 : 0)
    guard expected.count == count else {
      throw invalid(
        "type mismatch: the clause passes on \(count) values, its label takes \(expected.count)")
    }
    for i in 0..<count {
      let found = i < values.count ? values[i] : ValueType.exnref.nonNull
      guard types.isSubtype(found, expected[i]) else {
        throw invalid("type mismatch: expected \(expected[i]), found \(found)")
      }
    }
  }
}
