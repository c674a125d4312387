// SPDX-License-Identifier: Apache-2.0
// Types: value types, function types and their uses, limits.

import BrolgaEntities

extension TextParser {
  // MARK: Value types

  /// Reads a value type.
  mutating func parseValueType() throws(TextFailure) -> ValueType {
    guard let type = try takeValueType() else { throw unexpected() }
    return type
  }

  /// Takes a value type if one is next.
  mutating func takeValueType() throws(TextFailure) -> ValueType? {
    if token.kind == .open {
      guard isOpen(.ref) else { return nil }
      return try parseReferenceType()
    }
    guard token.kind == .word else { return nil }
    let type: ValueType
    switch token.value {
    case Keyword.i32.code: type = .i32
    case Keyword.i64.code: type = .i64
    case Keyword.f32.code: type = .f32
    case Keyword.f64.code: type = .f64
    case Keyword.funcref.code: type = .funcref
    case Keyword.externref.code: type = .externref
    case Keyword.v128.code:
      try require(.simd, at: position)
      type = .v128
    default:
      guard let heap = Self.abbreviation(token.value) else { return nil }
      type = ValueType(reference: heap, isNullable: true)
    }
    position = position &+ 1
    return type
  }

  private static func abbreviation(_ code: UInt32) -> HeapType? {
    switch code {
    case Keyword.anyref.code: .any
    case Keyword.eqref.code: .equality
    case Keyword.i31ref.code: .i31
    case Keyword.structref.code: .structure
    case Keyword.arrayref.code: .array
    case Keyword.exnref.code: .exception
    case Keyword.nullref.code: HeapType.none
    case Keyword.nullfuncref.code: .noFunction
    case Keyword.nullexternref.code: .noExtern
    case Keyword.nullexnref.code: .noException
    default: nil
    }
  }

  /// Reads `(ref null? heap)`.
  private mutating func parseReferenceType() throws(TextFailure) -> ValueType {
    position = position &+ 2
    let isNullable = take(.null)
    let heap = try parseHeapType()
    try expectClose()
    return ValueType(reference: heap, isNullable: isNullable)
  }

  mutating func parseHeapType() throws(TextFailure) -> HeapType {
    if isIndex {
      let place = position
      let index = try parseIndex(.type)
      guard index < ImplementationLimits.types else {
        position = place
        throw failure("unknown type \(index)")
      }
      return HeapType(typeIndex: index)
    }
    guard token.kind == .word else { throw unexpected() }
    let heap: HeapType
    switch token.value {
    case Keyword.func.code: heap = .function
    case Keyword.extern.code: heap = .extern
    case Keyword.any.code: heap = .any
    case Keyword.eq.code: heap = .equality
    case Keyword.i31.code: heap = .i31
    case Keyword.struct.code: heap = .structure
    case Keyword.array.code: heap = .array
    case Keyword.exn.code: heap = .exception
    case Keyword.none.code: heap = HeapType.none
    case Keyword.nofunc.code: heap = .noFunction
    case Keyword.noextern.code: heap = .noExtern
    case Keyword.noexn.code: heap = .noException
    case Keyword.cont.code: throw .unsupported(.stackSwitching, at: Int(token.start))
    default: throw unexpected()
    }
    position = position &+ 1
    return heap
  }

  /// Reads a reference type.
  mutating func parseReference() throws(TextFailure) -> ValueType {
    let start = position
    let type = try parseValueType()
    if !type.isReference {
      position = start
      throw unexpected()
    }
    return type
  }

  // MARK: Function types

  /// Reads `(param …)* (result …)*` into the type being built; the count of parameters, whose
  /// symbols are left in `parameterSymbols`.
  mutating func parseSignature(allowsNames: Bool) throws(TextFailure) -> Int {
    parameterSymbols.removeAll()
    let start = types.pool.count
    while takeOpen(.param) {
      if token.kind == .symbol {
        guard allowsNames else { throw unexpected() }
        parameterSymbols.append(token.value)
        position = position &+ 1
        types.append(try parseValueType())
      } else {
        while token.kind != .close {
          types.append(try parseValueType())
          parameterSymbols.append(SymbolTable.none)
        }
      }
      try expectClose()
    }
    let parameterCount = types.pool.count &- start
    while takeOpen(.result) {
      while token.kind != .close { types.append(try parseValueType()) }
      try expectClose()
    }
    return parameterCount
  }

  /// Reads `(type …)? (param …)* (result …)*`; the index of the type.
  mutating func parseTypeUse(allowsNames: Bool) throws(TextFailure) -> UInt32 {
    let named = try takeNamedType()
    let place = position
    let start = types.beginType()
    let parameterCount = try parseSignature(allowsNames: allowsNames)
    guard let named else { return types.intern(from: start, parameterCount: parameterCount) }
    if position == place {
      types.abandon(from: start)
      return named
    }
    guard Int(truncatingIfNeeded: named) < types.count else {
      position = place
      throw failure("unknown type \(named)")
    }
    guard types.matches(named, from: start, parameterCount: parameterCount) else {
      position = place
      throw failure("inline function type does not match type \(named)")
    }
    return named
  }

  /// Takes `(type …)` if it is next.
  private mutating func takeNamedType() throws(TextFailure) -> UInt32? {
    guard takeOpen(.type) else { return nil }
    let index = try parseIndex(.type)
    try expectClose()
    return index
  }

  /// Reads the type of a block and writes it to `pending`.
  mutating func parseBlockType() throws(TextFailure) {
    if token.kind != .open { return pending.append(0x40) }
    if isOpen(.type) {
      let type = try parseTypeUse(allowsNames: false)
      return pending.appendS64(Int64(truncatingIfNeeded: type))
    }
    let start = types.beginType()
    let parameterCount = try parseSignature(allowsNames: false)
    let count = types.pool.count &- start
    if parameterCount == 0 && count <= 1 {
      if count == 0 {
        pending.append(0x40)
      } else {
        pending.append(types.pool[start])
      }
      types.abandon(from: start)
    } else {
      let type = types.intern(from: start, parameterCount: parameterCount)
      pending.appendS64(Int64(truncatingIfNeeded: type))
    }
  }

  // MARK: Tables, memories, globals, tags

  /// Takes `i32` or `i64` if it is next; whether it is `i64`.
  mutating func takeAddressType() throws(TextFailure) -> Bool {
    if take(.i32) { return false }
    return take(.i64)
  }

  /// Writes limits to `pending`.
  mutating func writeLimits(_ minimum: UInt64, _ maximum: UInt64?, is64: Bool) {
    pending.append((maximum == nil ? 0 : 1) | (is64 ? 4 : 0))
    pending.appendU64(minimum)
    if let maximum { pending.appendU64(maximum) }
  }

  mutating func parseLimits() throws(TextFailure) -> (UInt64, UInt64?) {
    // The address type bounds them, which is for validation to say.
    let minimum = try parseUnsigned(bits: 64, what: "i64 constant")
    guard token.kind == .number else { return (minimum, nil) }
    return (minimum, try parseUnsigned(bits: 64, what: "i64 constant"))
  }

  /// Reads a memory's type and writes it to `pending`.
  mutating func parseMemoryType() throws(TextFailure) {
    let is64 = try takeAddressType()
    let (minimum, maximum) = try parseLimits()
    if isWord(.shared) || isOpen(.pagesize) {
      if token.kind == .open { position = position &+ 1 }
      throw unexpected()
    }
    writeLimits(minimum, maximum, is64: is64)
  }

  /// Reads a table's type and writes it to `pending`.
  mutating func parseTableType() throws(TextFailure) {
    let is64 = try takeAddressType()
    let (minimum, maximum) = try parseLimits()
    if isWord(.shared) { throw unexpected() }
    pending.append(try parseReference())
    writeLimits(minimum, maximum, is64: is64)
  }

  /// Reads a global's type and writes it to `pending`.
  mutating func parseGlobalType() throws(TextFailure) {
    let isMutable = takeOpen(.mut)
    pending.append(try parseValueType())
    if isMutable { try expectClose() }
    pending.append(isMutable ? 1 : 0)
  }

  /// Reads a tag's type and writes it to `pending`.
  mutating func parseTagType() throws(TextFailure) {
    // The attribute, of which there is only one: an exception's.
    pending.append(0)
    pending.appendU32(try parseTypeUse(allowsNames: true))
  }
}
