// SPDX-License-Identifier: Apache-2.0
// Reads the binary format's primitives: bytes, LEB128 integers, names, value types.

/// A position in a module's bytes and the end of the section or function that is being read.
struct ByteReader: BitwiseCopyable {
  /// The module's first byte: positions are offsets in the module.
  let base: UnsafePointer<UInt8>
  var position: Int
  var end: Int
  /// Types that references may name by index.
  var typeCount: UInt32 = ImplementationLimits.types
  /// What the module may use.
  var features = Features.standard

  init(base: UnsafePointer<UInt8>, position: Int, end: Int) {
    self.base = base
    self.position = position
    self.end = end
  }

  var isAtEnd: Bool { position == end }
  var remaining: Int { end &- position }

  func unexpectedEnd() -> WasmError {
    WasmError(.malformed, at: end, "unexpected end of section or function")
  }

  func malformed(_ message: String, at offset: Int) -> WasmError {
    WasmError(.malformed, at: offset, message)
  }

  @inline(__always)
  mutating func readByte() throws(WasmError) -> UInt8 {
    guard position < end else { throw unexpectedEnd() }
    let byte = base[position]
    position = position &+ 1
    return byte
  }

  /// Reads bytes of the given count and returns their place.
  mutating func readBytes(_ count: Int) throws(WasmError) -> Range<Int> {
    guard count <= remaining else { throw unexpectedEnd() }
    let start = position
    position = position &+ count
    return start..<position
  }

  // MARK: Integers (core specification 2.0, 5.2.2)

  @inline(__always)
  mutating func readU32() throws(WasmError) -> UInt32 {
    if position < end {
      let byte = base[position]
      if byte < 0x80 {
        position = position &+ 1
        return UInt32(truncatingIfNeeded: byte)
      }
    }
    return try readLongU32()
  }

  /// Two bytes are common: indices, offsets and counts from 128 to 16,383.
  @inline(never)
  private mutating func readLongU32() throws(WasmError) -> UInt32 {
    if remaining >= 2 && base[position &+ 1] < 0x80 {
      let low = UInt32(truncatingIfNeeded: base[position] & 0x7F)
      let high = UInt32(truncatingIfNeeded: base[position &+ 1])
      position = position &+ 2
      return high &<< 7 | low
    }
    return UInt32(truncatingIfNeeded: try readUnsigned(bits: 32))
  }

  mutating func readU64() throws(WasmError) -> UInt64 {
    if remaining >= 2 && base[position] >= 0x80 && base[position &+ 1] < 0x80 {
      return UInt64(truncatingIfNeeded: try readLongU32())
    }
    return try readUnsigned(bits: 64)
  }

  @inline(__always)
  mutating func readS32() throws(WasmError) -> Int32 {
    if position < end {
      let byte = base[position]
      if byte < 0x80 {
        position = position &+ 1
        return Int32(truncatingIfNeeded: Int8(bitPattern: byte &<< 1) &>> 1)
      }
    }
    return try readLongS32()
  }

  @inline(never)
  private mutating func readLongS32() throws(WasmError) -> Int32 {
    if remaining >= 2 && base[position &+ 1] < 0x80 {
      let low = UInt32(truncatingIfNeeded: base[position] & 0x7F)
      let high = UInt32(truncatingIfNeeded: base[position &+ 1])
      position = position &+ 2
      return Int32(bitPattern: (high &<< 7 | low) &<< 18) &>> 18
    }
    return Int32(truncatingIfNeeded: try readSigned(bits: 32))
  }

  mutating func readS33() throws(WasmError) -> Int64 { try readSigned(bits: 33) }
  mutating func readS64() throws(WasmError) -> Int64 { try readSigned(bits: 64) }

  @inline(never)
  mutating func readUnsigned(bits: UInt64) throws(WasmError) -> UInt64 {
    let start = position
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try readByte()
      let payload = UInt64(truncatingIfNeeded: byte & 0x7F)
      value |= payload &<< shift
      let left = bits &- shift
      if left < 7 {
        // The last byte that the width allows.
        if byte >= 0x80 { throw malformed("integer representation too long", at: start) }
        if payload &>> left != 0 { throw malformed("integer too large", at: start) }
      }
      if byte < 0x80 { return value }
      shift = shift &+ 7
    }
  }

  @inline(never)
  mutating func readSigned(bits: UInt64) throws(WasmError) -> Int64 {
    let start = position
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try readByte()
      value |= UInt64(truncatingIfNeeded: byte & 0x7F) &<< shift
      let left = bits &- shift
      if left < 7 {
        if byte >= 0x80 { throw malformed("integer representation too long", at: start) }
        // The unused bits must repeat the sign bit.
        let sign = Int8(bitPattern: byte &<< 1) &>> Int8(truncatingIfNeeded: left)
        if sign != 0 && sign != -1 { throw malformed("integer too large", at: start) }
      }
      shift = shift &+ 7
      if byte < 0x80 {
        if shift >= 64 { return Int64(bitPattern: value) }
        let unused = 64 &- Int64(truncatingIfNeeded: shift)
        return Int64(bitPattern: value &<< UInt64(bitPattern: unused)) &>> unused
      }
    }
  }

  mutating func readFixed32() throws(WasmError) -> UInt32 {
    let place = try readBytes(4)
    let raw = UnsafeRawPointer(base + place.lowerBound)
    return UInt32(littleEndian: raw.loadUnaligned(as: UInt32.self))
  }

  mutating func readFixed64() throws(WasmError) -> UInt64 {
    let place = try readBytes(8)
    let raw = UnsafeRawPointer(base + place.lowerBound)
    return UInt64(littleEndian: raw.loadUnaligned(as: UInt64.self))
  }

  mutating func readV128() throws(WasmError) -> V128 {
    let place = try readBytes(16)
    return V128(UnsafeRawPointer(base + place.lowerBound))
  }

  // MARK: Names

  mutating func readName() throws(WasmError) -> String {
    let start = position
    let count = Int(truncatingIfNeeded: try readU32())
    guard count <= ImplementationLimits.stringBytes else {
      if count > remaining { throw malformed("unexpected end of section or function", at: start) }
      throw WasmError.limit("bytes in a name", at: start, ImplementationLimits.stringBytes)
    }
    let place = try readBytes(count)
    let utf8 = UnsafeBufferPointer(start: base + place.lowerBound, count: count)
    guard let name = String(validating: utf8, as: UTF8.self) else {
      throw malformed("malformed UTF-8 encoding", at: place.lowerBound)
    }
    return name
  }

  // MARK: Types

  @inline(__always)
  mutating func readValueType() throws(WasmError) -> ValueType {
    if position < end {
      let byte = base[position]
      if byte &- 0x7C < 4 {
        position = position &+ 1
        return ValueType(raw: UInt32(truncatingIfNeeded: byte))
      }
    }
    return try readOtherValueType()
  }

  @inline(never)
  private mutating func readOtherValueType() throws(WasmError) -> ValueType {
    let start = position
    let byte = try readByte()
    if byte == 0x7B {
      guard features.contains(.simd) else { throw .unsupported(.simd, at: start) }
      return .v128
    }
    position = start
    guard let type = try readReferenceTypeIfAny() else {
      throw malformed("malformed value type \(hexadecimal(byte))", at: start)
    }
    return type
  }

  mutating func readReferenceType() throws(WasmError) -> ValueType {
    let start = position
    guard let type = try readReferenceTypeIfAny() else {
      throw malformed("malformed reference type", at: start)
    }
    return type
  }

  private mutating func readReferenceTypeIfAny() throws(WasmError) -> ValueType? {
    let start = position
    switch try readByte() {
    case 0x63: return ValueType(reference: try readHeapType(), isNullable: true)
    case 0x64: return ValueType(reference: try readHeapType(), isNullable: false)
    case let byte:
      guard let heap = try Self.abstractHeapType(byte, at: start) else { return nil }
      return ValueType(reference: heap, isNullable: true)
    }
  }

  /// Reads a clause of `try_table`. Its indices may be out of bounds.
  mutating func readCatchClause() throws(WasmError) -> CatchClause {
    let start = position
    let byte = try readByte()
    guard let kind = CatchClause.Kind(rawValue: byte) else {
      throw malformed("malformed catch clause", at: start)
    }
    let tag = kind.hasTag ? try readU32() : 0
    return CatchClause(kind, tag: tag, label: try readU32())
  }

  mutating func readHeapType() throws(WasmError) -> HeapType {
    let start = position
    let number = try readS33()
    if number >= 0 {
      guard number < Int64(typeCount) else {
        throw WasmError(.invalid, at: start, "unknown type \(number)")
      }
      return HeapType(typeIndex: UInt32(truncatingIfNeeded: number))
    }
    let byte = UInt8(truncatingIfNeeded: number & 0x7F)
    guard number >= -0x40, let heap = try Self.abstractHeapType(byte, at: start) else {
      throw malformed("malformed heap type", at: start)
    }
    return heap
  }

  private static func abstractHeapType(
    _ code: UInt8, at start: Int
  ) throws(WasmError) -> HeapType? {
    switch code {
    case 0x69...0x74: return HeapType(code: code)
    case 0x68, 0x75: throw .unsupported(.stackSwitching, at: start)
    default: return nil
    }
  }
}

/// A byte as the test scripts print it: two lower-case digits.
func hexadecimal(_ byte: UInt8) -> String {
  let digits = String(byte, radix: 16)
  return digits.utf8.count == 1 ? "0" + digits : digits
}
