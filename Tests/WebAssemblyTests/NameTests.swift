// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import BrolgaWasm

private func named(_ parts: [UInt8]) throws -> Module {
  var test = TestModule()
  test.functions = Array(repeating: [0], count: 3)
  test.bodies = Array(repeating: [0x00, 0x0B], count: 3)
  test.custom = [name("name") + parts]
  return try Module(decoding: test.bytes)
}

@Test func namesAreFound() throws {
  let functions = vector([[0x00] + name("first"), [0x02] + name("third")])
  let module = try named(section(0, name("mine")) + section(1, functions) + section(2, [0x00]))
  #expect(module.name == "mine")
  #expect(module.functionName(0) == "first")
  #expect(module.functionName(1) == nil)
  #expect(module.functionName(2) == "third")
  #expect(module.functionName(3) == nil)
}

@Test func malformedNameSectionsDoNoHarm() throws {
  let cut = try named(section(1, [0x02, 0x00] + name("first") + [0x01, 0x7F]))
  #expect(cut.functionName(0) == "first" && cut.functionName(1) == nil)
  let outside = try named(section(1, vector([[0x09] + name("none")])))
  #expect(outside.functionName(0) == nil)
  let notUTF8 = try named(section(1, vector([[0x01, 0x01, 0xFF], [0x02] + name("good")])))
  #expect(notUTF8.functionName(1) == nil && notUTF8.functionName(2) == "good")
  #expect(try named([0x01]).functionName(0) == nil)
  #expect(try named([0x01, 0x80, 0x80, 0x80, 0x80, 0x80]).name == nil)
}

@Test func aSkeletonKeepsAllButTheCode() throws {
  var test = TestModule().furnished()
  test.custom = [name("note") + [1, 2, 3], name("name") + section(1, vector([[0] + name("f")]))]
  let module = try Module(decoding: test.bytes)
  let bytes = Module.skeleton(of: module)
  var expected = test
  expected.bodies = []
  expected.custom.removeFirst()
  #expect(bytes == expected.bytes)
  #expect(
    complaint(about: bytes)
      == "malformed: function and code section have inconsistent lengths")
  let skeleton = try Module(decoding: bytes, options: DecodingOptions(bodiesElsewhere: true))
  #expect(skeleton.functionCount == module.functionCount && skeleton.bodies.isEmpty)
  #expect(skeleton.functionName(0) == "f")
  #expect(skeleton.referencedFunctions == module.referencedFunctions)
  #expect(skeleton.data[0].bytes.map { skeleton.bytes[$0] } == [0xAA, 0xBB])
}
