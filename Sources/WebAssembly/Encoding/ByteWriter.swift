// SPDX-License-Identifier: Apache-2.0
// Writes the binary format's primitives: bytes, LEB128 integers, names, value types, sections.

import BrolgaEntities

/// A growing piece of a binary module.
package struct ByteWriter: ~Copyable {
  package private(set) var bytes = Vector<UInt8>()

  package init() {}

  package var count: Int { bytes.count }
  package var isEmpty: Bool { bytes.isEmpty }
  package func toArray() -> [UInt8] { bytes.toArray() }

  /// Forgets the bytes and keeps the memory.
  package mutating func removeAll() { bytes.removeAll() }
  package mutating func truncate(to count: Int) { bytes.truncate(to: count) }
  package mutating func reserve(_ count: Int) { bytes.reserve(count) }

  package subscript(_ position: Int) -> UInt8 {
    get { bytes[position] }
    set { bytes[position] = newValue }
  }

  @inline(__always)
  package mutating func append(_ byte: UInt8) { bytes.append(byte) }

  package mutating func append(_ other: borrowing ByteWriter) {
    bytes.append(contentsOf: UnsafeBufferPointer(other.bytes.buffer))
  }

  package mutating func append(_ other: UnsafeBufferPointer<UInt8>) {
    bytes.append(contentsOf: other)
  }

  /// Appends what `other` holds from `start` on.
  mutating func append(_ other: borrowing ByteWriter, from start: Int) {
    bytes.append(contentsOf: UnsafeBufferPointer(rebasing: other.bytes.buffer[start...]))
  }

  package mutating func append(_ text: StaticString) {
    append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  package mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { append($0) }
  }

  // MARK: Integers (core specification 2.0, 5.2.2), in their shortest form

  @inline(__always)
  package mutating func appendU32(_ value: UInt32) {
    if value < 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value))
    } else {
      appendU64(UInt64(truncatingIfNeeded: value))
    }
  }

  package mutating func appendU64(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest = rest &>> 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  package mutating func appendS32(_ value: Int32) { appendS64(Int64(truncatingIfNeeded: value)) }

  /// Also for integers of 33 bits.
  package mutating func appendS64(_ value: Int64) {
    var rest = value
    while rest < -64 || rest > 63 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest = rest &>> 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest) & 0x7F)
  }

  package mutating func appendFixed32(_ bits: UInt32) {
    for shift: UInt32 in [0, 8, 16, 24] { append(UInt8(truncatingIfNeeded: bits &>> shift)) }
  }

  package mutating func appendFixed64(_ bits: UInt64) {
    appendFixed32(UInt32(truncatingIfNeeded: bits))
    appendFixed32(UInt32(truncatingIfNeeded: bits &>> 32))
  }

  package mutating func append(_ vector: V128) {
    appendFixed64(vector.low)
    appendFixed64(vector.high)
  }

  // MARK: Names, types, sections

  package mutating func appendName(_ utf8: UnsafeBufferPointer<UInt8>) {
    appendU32(UInt32(truncatingIfNeeded: utf8.count))
    append(utf8)
  }

  /// Writes the count of bytes of `other`, and them.
  package mutating func appendSized(_ other: borrowing ByteWriter) {
    appendU32(UInt32(truncatingIfNeeded: other.count))
    append(other)
  }

  /// Writes a value type in its shortest form.
  package mutating func append(_ type: ValueType) {
    guard type.isReference else { return append(UInt8(truncatingIfNeeded: type.raw)) }
    let heap = type.heapType
    if !(heap.isAbstract && type.isNullable) { append(type.isNullable ? 0x63 : 0x64) }
    append(heap)
  }

  package mutating func append(_ heap: HeapType) {
    if let index = heap.typeIndex {
      appendS64(Int64(truncatingIfNeeded: index))
    } else {
      append(UInt8(truncatingIfNeeded: heap.raw))
    }
  }

  package mutating func appendHeader() {
    append(0x00)
    append("asm" as StaticString)
    appendFixed32(1)
  }

  /// Writes a section of `count` entries; nothing if there are none.
  mutating func appendSection(_ id: SectionID, count: Int, _ entries: borrowing ByteWriter) {
    guard count > 0 else { return }
    var prefix = ByteWriter()
    prefix.appendU32(UInt32(truncatingIfNeeded: count))
    append(id.rawValue)
    appendU32(UInt32(truncatingIfNeeded: prefix.count &+ entries.count))
    append(prefix)
    append(entries)
  }
}
