// SPDX-License-Identifier: Apache-2.0
// The name section: the module's and the functions' names.

import BrolgaEntities

/// Where a name's bytes are; `start` is zero when there is none (a module begins with its magic).
struct NameRange: BitwiseCopyable {
  var start: UInt32
  var count: UInt32

  static var none: NameRange { NameRange(start: 0, count: 0) }

  func bytes(_ base: UnsafePointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(
      start: base + Int(truncatingIfNeeded: start), count: Int(truncatingIfNeeded: count))
  }
}

/// The names of a module, as places in its bytes.
struct NameTable: ~Copyable {
  var module = NameRange.none
  /// By function index; empty without a name section.
  var functions = Vector<NameRange>()

  init() {}

  /// Reads the contents of a name section. What is malformed ends the reading, with the names so
  /// far kept: a name section cannot make a module wrong.
  mutating func read(_ section: Range<Int>, base: UnsafePointer<UInt8>, functionCount: Int) {
    var reader = ByteReader(base: base, position: section.lowerBound, end: section.upperBound)
    do throws(WasmError) {
      while !reader.isAtEnd {
        let id = try reader.readByte()
        let size = Int(truncatingIfNeeded: try reader.readU32())
        let place = try reader.readBytes(size)
        var part = ByteReader(base: base, position: place.lowerBound, end: place.upperBound)
        switch id {
        case 0: module = try readRange(&part)
        case 1: try readFunctions(&part, functionCount: functionCount)
        default: break
        }
      }
    } catch {}
  }

  private mutating func readFunctions(
    _ reader: inout ByteReader, functionCount: Int
  ) throws(WasmError) {
    // Once, however many such parts a hostile section has.
    if functions.isEmpty { functions.reset(count: functionCount, to: .none) }
    let count = try reader.readU32()
    for _ in 0..<count {
      let index = Int(truncatingIfNeeded: try reader.readU32())
      let name = try readRange(&reader)
      if index < functionCount { functions[index] = name }
    }
  }

  private func readRange(_ reader: inout ByteReader) throws(WasmError) -> NameRange {
    let count = Int(truncatingIfNeeded: try reader.readU32())
    let place = try reader.readBytes(count)
    return NameRange(
      start: UInt32(truncatingIfNeeded: place.lowerBound),
      count: UInt32(truncatingIfNeeded: place.count))
  }
}
