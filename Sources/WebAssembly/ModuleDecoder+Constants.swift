// SPDX-License-Identifier: Apache-2.0
// Constant expressions, the arithmetic of the extended-constant proposal included.

import BrolgaEntities

extension ModuleDecoder {
  /// Reads a constant expression up to its `end`, whose value must be of type `expected`.
  mutating func readConstantExpression(
    _ expected: ValueType
  ) throws(WasmError) -> ConstantExpression {
    let start = reader.position
    // Nearly all have one operator, which then needs no array.
    guard let first = try readConstantOperator() else {
      throw invalid("type mismatch: expected \(expected), but the expression is empty", at: start)
    }
    operands.removeAll()
    try apply(first, at: start)
    var all: [ConstantOperator] = []
    while true {
      let offset = reader.position
      guard let next = try readConstantOperator() else { break }
      try apply(next, at: offset)
      if all.isEmpty { all.append(first) }
      all.append(next)
    }
    guard operands.count == 1 else {
      throw invalid("type mismatch: a constant expression must leave one value", at: start)
    }
    guard contents.types.view.isSubtype(operands[0], expected) else {
      throw typeMismatch(expected: expected, found: operands[0], at: start)
    }
    let range = start..<reader.position
    guard !all.isEmpty else {
      return ConstantExpression(single: first, type: expected, range: range)
    }
    return ConstantExpression(all, type: expected, range: range)
  }

  /// Reads an operator; nil for `end`.
  private mutating func readConstantOperator() throws(WasmError) -> ConstantOperator? {
    let start = reader.position
    switch try reader.readByte() {
    case 0x0B: return nil
    case 0x41: return .i32(try reader.readS32())
    case 0x42: return .i64(try reader.readS64())
    case 0x43: return .f32(try reader.readFixed32())
    case 0x44: return .f64(try reader.readFixed64())
    case 0x23: return .globalGet(try reader.readU32())
    case 0xD0: return .refNull(ValueType(reference: try reader.readHeapType(), isNullable: true))
    case 0xD2: return .refFunc(try reader.readU32())
    case 0x6A: return .i32Add
    case 0x6B: return .i32Sub
    case 0x6C: return .i32Mul
    case 0x7C: return .i64Add
    case 0x7D: return .i64Sub
    case 0x7E: return .i64Mul
    case 0xFB: throw .unsupported(.garbageCollection, at: start)
    case let byte:
      let prefixed: UInt32? = byte >= 0xFB && byte <= 0xFE ? try reader.readU32() : nil
      let features = reader.features
      if let error = OperatorTable.refusal(byte, prefixed: prefixed, features: features, at: start)
      {
        throw error
      }
      if byte == 0xFD && prefixed == 0x0C { return .v128(try reader.readV128()) }
      throw invalid("constant expression required", at: start)
    }
  }

  /// Checks the operator against the operands before it and leaves its result.
  private mutating func apply(
    _ instruction: ConstantOperator, at offset: Int
  ) throws(WasmError) {
    guard operands.count < ImplementationLimits.operands else {
      throw .limit("operands", at: offset, ImplementationLimits.operands)
    }
    switch instruction {
    case .i32: operands.append(.i32)
    case .i64: operands.append(.i64)
    case .f32: operands.append(.f32)
    case .f64: operands.append(.f64)
    case .v128: operands.append(.v128)
    case .refNull(let type): operands.append(type)
    case .refFunc(let index):
      guard Int(truncatingIfNeeded: index) < contents.functionTypes.count else {
        throw invalid("unknown function \(index)", at: offset)
      }
      reference(index)
      let type = HeapType(
        typeIndex: contents.functionTypes[Int(truncatingIfNeeded: index)])
      operands.append(ValueType(reference: type, isNullable: false))
    case .globalGet(let index):
      guard Int(truncatingIfNeeded: index) < contents.globals.count else {
        throw invalid("unknown global \(index)", at: offset)
      }
      let global = contents.globals[Int(truncatingIfNeeded: index)]
      guard !global.isMutable else { throw invalid("constant expression required", at: offset) }
      operands.append(global.type)
    case .i32Add, .i32Sub, .i32Mul: try applyBinary(.i32, at: offset)
    case .i64Add, .i64Sub, .i64Mul: try applyBinary(.i64, at: offset)
    }
  }

  private mutating func applyBinary(_ type: ValueType, at offset: Int) throws(WasmError) {
    for _ in 0..<2 {
      guard operands.count > 0 else {
        throw invalid("type mismatch: expected \(type), but nothing is on the stack", at: offset)
      }
      let found = operands.popLast()
      guard found == type else { throw typeMismatch(expected: type, found: found, at: offset) }
    }
    operands.append(type)
  }

  func typeMismatch(expected: ValueType, found: ValueType, at offset: Int) -> WasmError {
    invalid("type mismatch: expected \(expected), found \(found)", at: offset)
  }
}
