// SPDX-License-Identifier: Apache-2.0
// Which features a refusal names.

import Foundation
import Testing

@testable import BrolgaWasm

/// What a refusal of the module names, and where.
private func features(_ bytes: [UInt8]) throws -> [UnsupportedFeature] {
  let error = try #require(refusal(of: bytes))
  #expect(error.kind == .unsupported)
  return bytes.withUnsafeBytes { unsupportedFeatures(of: $0, refusedFor: error) }
}

@Test func aRefusalNamesEveryFeature() throws {
  var module = TestModule(
    [
      0x41, 0x00, 0xFE, 0x10, 0x02, 0x00, 0x1A,  // i32.atomic.load, twice
      0x41, 0x00, 0xFE, 0x10, 0x02, 0x00, 0x1A,
      0xFD, 0x0C,  // v128.const
    ] + [UInt8](repeating: 0x0B, count: 16) + [
      0x1A, 0xFB, 0x01, 0x00, 0x1A,  // struct.new_default
      0x06, 0x40, 0x19, 0x0B,  // try, catch_all
      0x1F, 0x40, 0x02, 0x00, 0x00, 0x00, 0x02, 0x00, 0x0B,  // try_table
    ])
  module.memories = [[0x03, 0x01, 0x01]]
  module.globals = [[0x7B, 0x00, 0xFD, 0x0C] + [UInt8](repeating: 0x0B, count: 16) + [0x0B]]
  module.exports = [name("t") + [0x04, 0x00]]
  let found = try features(module.bytes)
  #expect(
    found.map(\.name) == [
      "threads", "garbage collection", Features.legacyExceptionHandling.name,
    ])
  #expect(found.map(\.offset) == found.map(\.offset).sorted())
  let bytes = module.bytes
  #expect(bytes[found[0].offset] == 0x03)
  #expect(bytes[found[1].offset] == 0xFB)
  #expect(bytes[found[2].offset] == 0x06)
}

@Test func exceptionsAreFoundWhereTheyAreNotSupported() {
  func found(_ module: TestModule) -> (messages: [String], byte: UInt8?, isComplete: Bool) {
    let bytes = module.bytes
    return bytes.withUnsafeBytes {
      var scan = FeatureScan($0, supported: [])
      scan.scanModule()
      let byte = scan.found.first.map { bytes[$0.offset] }
      return (scan.found.map(\.message), byte, scan.isComplete)
    }
  }
  var modules: [(module: TestModule, byte: UInt8)] = []
  for code: [UInt8] in [
    [0x08, 0x00], [0x0A], [0x1F, 0x40, 0x03, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x02, 0x00, 0x0B],
  ] {
    modules.append((TestModule(code), code[0]))
  }
  var module = TestModule()
  module.tags = [[0x00, 0x00]]
  modules.append((module, 13))
  module.tags = []
  module.imports = [name("a") + name("b") + [0x04, 0x00, 0x00]]
  modules.append((module, 0x04))
  module.imports = []
  module.exports = [name("a") + [0x04, 0x00]]
  modules.append((module, 0x04))
  for (module, byte) in modules {
    let found = found(module)
    #expect(found.messages == ["exception handling"] && found.byte == byte && found.isComplete)
  }
}

@Test func whatCannotBeReadHidesOnlyTheRestOfItsPart() throws {
  var module = TestModule([0xFF, 0xFD, 0x0F])
  module.types.append([0x5D, 0x00])
  module.functions.append([0x00])
  module.bodies.append([0x00, 0xFE, 0x03, 0x00, 0x0B])
  // A component has no sections of a module.
  #expect(try features(module.bytes).map(\.name) == ["stack switching", "threads"])
  let component: [UInt8] = [0x00, 0x61, 0x73, 0x6D, 0x0D, 0, 1, 0, 0xFD]
  #expect(try features(component).map(\.name) == ["component model"])
}

@Test func everyPrefixOfAModuleIsScanned() throws {
  var module = TestModule([0xFD, 0x0F, 0x1A]).furnished()
  module.imports = [name("a") + name("b") + [0x04, 0x00, 0x00]]
  module.types.append([0x5D, 0x00])
  let bytes = module.bytes
  let error = try #require(refusal(of: bytes))
  for count in 0...bytes.count {
    let found = bytes[..<count].withUnsafeBytes { unsupportedFeatures(of: $0, refusedFor: error) }
    #expect(found.first?.name == "stack switching")
  }
}

@Test func theImmediatesOfEveryOperatorAreKnown() {
  for opcode in Opcode.allCases {
    let prefixed = Opcode.prefixed(opcode.rawValue)
    let byte = prefixed?.prefix ?? UInt8(opcode.rawValue)
    let found = Immediates(byte, prefixed: prefixed?.number)
    #expect(found != nil, "\(opcode)")
  }
  for byte in UInt8.min...UInt8.max {
    let isPrefix = (0xFB...0xFE).contains(byte)
    for number in 0..<(isPrefix ? UInt32(0x120) : 1) {
      let prefixed = isPrefix ? number : nil
      if OperatorTable.feature(byte, prefixed: prefixed) != nil {
        #expect(Immediates(byte, prefixed: prefixed) != nil, "\(byte) \(number)")
      }
    }
  }
}
