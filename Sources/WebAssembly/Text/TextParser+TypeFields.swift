// SPDX-License-Identifier: Apache-2.0
// Type definitions: function types, groups of them, subtypes, structures and arrays.

import BrolgaEntities

extension TextParser {
  /// Reads a field `(type …)`.
  mutating func parseTypeField() throws(TextFailure) {
    try parseTypeDefinition(isAlone: true)
    types.groupCount &+= 1
  }

  /// Reads a field `(rec (type …)*)`.
  mutating func parseTypeGroup() throws(TextFailure) {
    let start = position
    let end = Int(truncatingIfNeeded: token.value)
    position = position &+ 2
    var count: UInt32 = 0
    while position < end {
      skipTree()
      count = count &+ 1
    }
    position = start &+ 2
    types.encoded.append(0x4E)
    types.encoded.appendU32(count)
    while position < end { try parseTypeDefinition(isAlone: count == 1) }
    types.groupCount &+= 1
  }

  /// Reads `(type …)`. A type that is alone in its group may be found by its structure.
  private mutating func parseTypeDefinition(isAlone: Bool) throws(TextFailure) {
    position = position &+ 2
    _ = takeSymbol()
    guard token.kind == .open else { throw unexpected() }
    if isOpen(.sub) {
      try parseSubtype(isAlone: isAlone)
    } else {
      try parseComposite(isPlain: isAlone)
    }
    try expectClose()
  }

  /// Reads `(sub final? supertype* …)`.
  private mutating func parseSubtype(isAlone: Bool) throws(TextFailure) {
    position = position &+ 2
    let isFinal = take(.final)
    var supertypes = ByteWriter()
    var count: UInt32 = 0
    while isIndex {
      supertypes.appendU32(try parseIndex(.type))
      count = count &+ 1
    }
    let isPlain = isFinal && count == 0
    if !isPlain {
      types.encoded.append(isFinal ? 0x4F : 0x50)
      types.encoded.appendU32(count)
      types.encoded.append(supertypes)
    }
    try parseComposite(isPlain: isAlone && isPlain)
    try expectClose()
  }

  /// Reads `(func …)`, `(struct …)` or `(array …)`.
  private mutating func parseComposite(isPlain: Bool) throws(TextFailure) {
    guard token.kind == .open else { throw unexpected() }
    position = position &+ 1
    if take(.func) {
      let start = types.beginType()
      let parameterCount = try parseSignature(allowsNames: true)
      types.define(from: start, parameterCount: parameterCount, isPlain: isPlain)
      return try expectClose()
    }
    guard isWord(.struct) || isWord(.array) else { throw unexpected() }
    if take(.array) {
      types.encoded.append(0x5E)
      try parseStructureField()
    } else {
      position = position &+ 1
      types.encoded.append(0x5F)
      try parseStructureFields()
    }
    types.defineAggregate()
    try expectClose()
  }

  /// Reads the fields of a structure.
  private mutating func parseStructureFields() throws(TextFailure) {
    let start = position
    // The count comes first.
    var count: UInt32 = 0
    while isOpen(.field) {
      position = position &+ 2
      if token.kind == .symbol {
        count = count &+ 1
        position = Int(truncatingIfNeeded: tokens[position &- 2].value)
      }
      while token.kind != .close && token.kind != .end {
        skipTree()
        count = count &+ 1
      }
      try expectClose()
    }
    position = start
    types.encoded.appendU32(count)
    // The scope of locals, which no type has.
    locals.removeAll()
    defer { locals.removeAll() }
    while takeOpen(.field) {
      if let symbol = takeSymbol() {
        guard locals[symbol] == nil else {
          position = position &- 1
          throw failure("duplicate field \(text(of: token))")
        }
        locals.define(symbol, as: 0)
        try parseStructureField()
      } else {
        while token.kind != .close { try parseStructureField() }
      }
      try expectClose()
    }
  }

  /// Reads the type of a field or element.
  private mutating func parseStructureField() throws(TextFailure) {
    let isMutable = takeOpen(.mut)
    if take(.i8) {
      types.encoded.append(0x78)
    } else if take(.i16) {
      types.encoded.append(0x77)
    } else {
      types.encoded.append(try parseValueType())
    }
    if isMutable { try expectClose() }
    types.encoded.append(isMutable ? 1 : 0)
  }
}
