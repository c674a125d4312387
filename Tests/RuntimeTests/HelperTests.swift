// SPDX-License-Identifier: Apache-2.0
// The helpers that compiled code calls, called as it calls them.

import BrolgaWasm
import Testing

@testable import BrolgaArtefact
@testable import BrolgaRuntime

private typealias B = ModuleBuilder

/// An instance with one page of memory, two tables of externref (4 to 8, and 6) and passive
/// segments: data "abcdef", and three null references.
private struct Bench {
  let store = Store(engine: Engine())
  let instance: Instance

  init() throws {
    var builder = B()
    builder.section(4, [[0x6F, 1, 4, 8], [0x6F, 0, 6]])
    builder.section(5, [[0, 1]])
    builder.section(7, [B.export("t", 1, 0), B.export("u", 1, 1), B.export("m", 2, 0)])
    let nulls: [UInt8] = [0xD0, 0x6F, 0x0B]
    builder.section(9, [[5, 0x6F, 3] + nulls + nulls + nulls])
    builder.raw(12, [1])
    builder.section(11, [[1] + B.name("abcdef")])
    instance = try loadedModule(builder, engine: store.engine).instantiate(store: store)
  }

  /// Calls a helper that has up to five arguments after the context.
  @discardableResult
  func call(_ helper: Helper, _ arguments: UInt64...) -> UInt64 {
    typealias Code =
      @convention(c) (
        UnsafeMutableRawPointer, UInt64, UInt64, UInt64, UInt64, UInt64
      ) -> UInt64
    let context = instance.object.context
    let table = context.load(
      fromByteOffset: Int(ContextLayout.helperTable), as: UnsafeRawPointer.self)
    let code = table.load(fromByteOffset: Int(helper.offset), as: UnsafeRawPointer.self)
    let a = arguments + [UInt64](repeating: 0xBAD, count: 5 - arguments.count)
    return unsafeBitCast(code, to: Code.self)(context, a[0], a[1], a[2], a[3], a[4])
  }

  func text(_ offset: UInt64, _ count: Int) throws -> String {
    String(
      decoding: try instance.exports[memory: "m"]!.read(at: offset, count: count), as: UTF8.self)
  }

  func references(_ table: String) throws -> [UInt?] {
    let table = instance.exports[table: table]!
    return try (0..<table.count).map {
      guard case .extern(let reference) = try table.get($0) else { return nil }
      return reference?.number
    }
  }
}

private let outOfBounds = UInt64(TrapKind.memoryOutOfBounds.rawValue)
private let outOfTable = UInt64(TrapKind.tableOutOfBounds.rawValue)

@Test func memoryHelpersCopyFillAndInitialize() throws {
  let bench = try Bench()
  #expect(bench.call(.memoryInit, 0, 10, 1, 4) == 0)
  #expect(try bench.text(9, 6) == "\0bcde\0")
  #expect(bench.call(.memoryInit, 0, 10, 3, 4) == outOfBounds)
  #expect(bench.call(.memoryInit, 0, 65_533, 0, 4) == outOfBounds)
  #expect(bench.call(.memoryInit, 0, 65_536, 6, 0) == 0)
  #expect(bench.call(.memoryInit, 0, 65_537, 6, 0) == outOfBounds)
  // Overlapping, both ways.
  #expect(bench.call(.memoryCopy, 0, 11, 10, 4) == 0)
  #expect(try bench.text(10, 5) == "bbcde")
  #expect(bench.call(.memoryCopy, 0, 10, 11, 4) == 0)
  #expect(try bench.text(10, 5) == "bcdee")
  #expect(bench.call(.memoryCopy, 0, 65_533, 0, 4) == outOfBounds)
  #expect(bench.call(.memoryCopy, 0, 0, 65_533, 4) == outOfBounds)
  #expect(bench.call(.memoryCopy, 0, 0xFFFF_FFFF, 0, 0xFFFF_FFFF) == outOfBounds)
  #expect(bench.call(.memoryFill, 0, 10, 0x178, 2) == 0)
  #expect(try bench.text(10, 5) == "xxdee")
  #expect(bench.call(.memoryFill, 0, 65_535, 0, 2) == outOfBounds)
  bench.call(.dataDrop, 0)
  #expect(bench.call(.memoryInit, 0, 0, 0, 1) == outOfBounds)
  #expect(bench.call(.memoryInit, 0, 0, 0, 0) == 0)
  #expect(bench.call(.memoryGrow, 0, 2) == 1)
  #expect(bench.call(.memoryFill, 0, 3 * 65_536 - 1, 1, 1) == 0)
  #expect(bench.call(.memoryGrow, 0, 65_534) == .max)
}

@Test func tableHelpersCopyFillAndInitialize() throws {
  let bench = try Bench()
  // A reference's bits are its number plus one.
  #expect(bench.call(.tableFill, 0, 1, 8, 3) == 0)
  #expect(try bench.references("t") == [nil, 7, 7, 7])
  #expect(bench.call(.tableFill, 0, 2, 8, 3) == outOfTable)
  #expect(bench.call(.tableFill, 0, 4, 8, 0) == 0)
  #expect(bench.call(.tableFill, 0, 5, 8, 0) == outOfTable)
  #expect(bench.call(.tableGrow, 0, 2, 10) == 4)
  #expect(bench.call(.tableGrow, 0, 3, 10) == .max)
  #expect(bench.call(.tableGrow, 1, 0, 10) == 6)
  #expect(try bench.references("t") == [nil, 7, 7, 7, 9, 9])
  // From table 0 to table 1, and within table 0.
  #expect(bench.call(.tableCopy, 1 | 0 << 32, 0, 2, 4) == 0)
  #expect(try bench.references("u") == [7, 7, 9, 9, nil, nil])
  #expect(bench.call(.tableCopy, 0, 1, 0, 5) == 0)
  #expect(try bench.references("t") == [nil, nil, 7, 7, 7, 9])
  #expect(bench.call(.tableCopy, 1 | 0 << 32, 3, 0, 4) == outOfTable)
  #expect(bench.call(.tableCopy, 0 | 1 << 32, 0, 3, 4) == outOfTable)
  #expect(bench.call(.tableInit, 1, 1, 1, 2) == 0)
  #expect(try bench.references("u") == [7, nil, nil, 9, nil, nil])
  #expect(bench.call(.tableInit, 1, 1, 2, 2) == outOfTable)
  #expect(bench.call(.tableInit, 1, 5, 0, 2) == outOfTable)
  bench.call(.elementDrop, 0)
  #expect(bench.call(.tableInit, 1, 0, 0, 1) == outOfTable)
  #expect(bench.call(.tableInit, 1, 0, 0, 0) == 0)
}
