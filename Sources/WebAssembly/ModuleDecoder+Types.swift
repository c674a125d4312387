// SPDX-License-Identifier: Apache-2.0
// The type section: groups of types, their supertypes, functions, structures and arrays.

import BrolgaEntities

extension ModuleDecoder {
  mutating func readTypeSection() throws(WasmError) {
    let count = try readCount(of: "types", limit: ImplementationLimits.typeGroups)
    contents.types.reserve(plausible(count))
    for _ in 0..<count {
      var size = 1
      let start = reader.position
      let isExplicit = start < reader.end && reader.base[start] == 0x4E
      if isExplicit {
        reader.position = start &+ 1
        size = try readCount(
          of: "types", present: contents.types.count, limit: ImplementationLimits.types)
      }
      let first = contents.types.count
      guard first &+ size <= Int(ImplementationLimits.types) else {
        throw .limit("types", at: start, ImplementationLimits.types)
      }
      // Members of a group may name each other.
      reader.typeCount = UInt32(truncatingIfNeeded: first &+ size)
      var mayHaveSupertypes = false
      for _ in 0..<size { if try readSubtype() { mayHaveSupertypes = true } }
      contents.types.finishGroup(count: size, isExplicit: isExplicit)
      if mayHaveSupertypes { try checkSupertypes(from: first, at: start) }
    }
  }

  /// Reads a member of a group; whether it is declared to have a supertype.
  private mutating func readSubtype() throws(WasmError) -> Bool {
    let start = reader.position
    guard start < reader.end, reader.base[start] == 0x4F || reader.base[start] == 0x50 else {
      try readComposite(supertype: nil, isFinal: true)
      return false
    }
    let isFinal = try reader.readByte() == 0x4F
    let countOffset = reader.position
    let count = try reader.readU32()
    guard count <= 1 else {
      if Int(truncatingIfNeeded: count) > reader.remaining { throw reader.unexpectedEnd() }
      throw invalid("sub type: more than one supertype", at: countOffset)
    }
    guard count == 1 else {
      try readComposite(supertype: nil, isFinal: isFinal)
      return false
    }
    let offset = reader.position
    let supertype = try readIndex("type", below: contents.types.count)
    let above = contents.types.view[supertype].pointee
    guard !above.isFinal else {
      throw invalid("sub type: supertype \(supertype) is final", at: offset)
    }
    guard Int(above.depth) < ImplementationLimits.subtypingDepth else {
      throw .limit("supertypes of a type", at: offset, ImplementationLimits.subtypingDepth)
    }
    try readComposite(supertype: supertype, isFinal: isFinal)
    return true
  }

  private mutating func readComposite(
    supertype: UInt32?, isFinal: Bool
  ) throws(WasmError) {
    let start = reader.position
    var kind = TypeKind.function
    var parameterCount = 0
    var resultCount = 0
    switch try reader.readByte() {
    case 0x60:
      parameterCount = try readCount(of: "parameters", limit: ImplementationLimits.parameters)
      for _ in 0..<parameterCount { contents.types.append(try reader.readValueType()) }
      resultCount = try readCount(of: "results", limit: ImplementationLimits.results)
      for _ in 0..<resultCount { contents.types.append(try reader.readValueType()) }
    case 0x5F:
      kind = .structure
      let count = try readCount(of: "fields", limit: ImplementationLimits.fields)
      for _ in 0..<count { try readField() }
      parameterCount = count &* 2
    case 0x5E:
      kind = .array
      try readField()
      parameterCount = 2
    case 0x5D: throw .unsupported(.stackSwitching, at: start)
    case 0x4D: throw .unsupported(.garbageCollection, at: start)
    default:
      // A signed LEB128 of 7 bits by its grammar.
      let isOverlong = reader.base[start] >= 0x80
      let message = isOverlong ? "integer representation too long" : "malformed type form"
      throw malformed(message, at: start)
    }
    contents.types.finishType(
      kind, parameterCount: parameterCount, resultCount: resultCount, supertype: supertype,
      isFinal: isFinal)
  }

  private mutating func readField() throws(WasmError) {
    let byte = reader.position < reader.end ? reader.base[reader.position] : 0
    if byte == 0x78 || byte == 0x77 {
      reader.position = reader.position &+ 1
      contents.types.append(byte == 0x78 ? .i8 : .i16)
    } else {
      contents.types.append(try reader.readValueType())
    }
    let start = reader.position
    let mutability = try reader.readByte()
    guard mutability <= 1 else { throw malformed("malformed mutability", at: start) }
    contents.types.append(mutability == 1 ? .mutable : .immutable)
  }

  /// Checks that the types from `first` on have the structure of their supertypes.
  private func checkSupertypes(from first: Int, at offset: Int) throws(WasmError) {
    let types = contents.types.view
    for index in UInt32(truncatingIfNeeded: first)..<UInt32(truncatingIfNeeded: types.count) {
      let supertype = types[index].pointee.supertype
      guard supertype == .max || types.matchesSupertype(index) else {
        throw invalid("sub type \(index) does not match super type \(supertype)", at: offset)
      }
    }
  }

  mutating func readFunctionTypeIndex() throws(WasmError) -> UInt32 {
    let start = reader.position
    let index = try readIndex("type", below: contents.types.count)
    guard contents.types.view.isFunction(index) else {
      throw invalid("type mismatch: type \(index) is not a function type", at: start)
    }
    return index
  }
}
