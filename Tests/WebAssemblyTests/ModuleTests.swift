// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import BrolgaWasm

@Test func everySectionIsDecoded() throws {
  var test = TestModule().furnished()
  test.types.append(functionType([0x7F, 0x7E], [0x7D]))
  test.imports = [
    name("env") + name("f") + [0x00, 0x01],
    name("env") + name("t") + [0x01, 0x70, 0x01, 0x02, 0x03],
    name("env") + name("g") + [0x03, 0x7C, 0x01],
  ]
  test.start = [0x01]
  test.custom = [name("note") + [1, 2, 3]]
  let module = try Module(decoding: test.bytes)
  #expect(module.typeCount == 3)
  #expect(module.functionType(1) == FunctionType(parameters: [.i32, .i64], results: [.f32]))
  #expect(module.typesAreEqual(1, 2) && !module.typesAreEqual(0, 1))
  #expect(module.canonicalType(2) == 1)
  #expect(module.imports.map(\.name) == ["f", "t", "g"])
  #expect(module.imports[0].type == .function(typeIndex: 1))
  #expect(module.imports[0].offset > 8)
  let tableType = TableType(element: .funcref, minimum: 2, maximum: 3)
  #expect(module.imports[1].type == .table(tableType))
  #expect(module.functionCount == 3 && module.importedFunctionCount == 1)
  #expect(module.typeIndex(ofFunction: 0) == 1 && module.typeIndex(ofFunction: 1) == 0)
  #expect(Array(module.signature(ofFunction: 2).results) == [.f32])
  #expect(module.tables.count == 3 && module.importedTableCount == 1)
  #expect(module.tables[2] == TableType(element: .externref, minimum: 2, maximum: 8))
  #expect(module.memories == [MemoryType(minimum: 1, maximum: 2)])
  #expect(module.importedMemoryCount == 0)
  #expect(module.globals.map(\.type) == [.f64, .i32, .i64])
  #expect(module.globals.map(\.isMutable) == [true, false, true])
  #expect(module.importedGlobalCount == 1)
  #expect(module.globalInitializers.map(\.single) == [.i32(7), .i64(8)])
  #expect(module.export(named: "second") == Export(name: "second", kind: .function, index: 1))
  #expect(module.export(named: "other") == nil)
  #expect(module.start == 1)
  #expect(module.elements.map(\.count) == [1, 1])
  #expect(module.elements[0].items == .functions([1]))
  #expect(module.elements[1].type == .externref)
  #expect(module.dataCount == 1)
  #expect(module.data[0].bytes.map { module.bytes[$0] } == [0xAA, 0xBB])
  #expect(module.bodies.count == 2)
  #expect(module.body(ofFunction: 1).map { module.bytes[$0] } == [0x00, 0x0B])
  #expect(module.referencedFunctions == [1])
  #expect(module.isReferenced(function: 1) && !module.isReferenced(function: 0))
  #expect(module.customSections.map(\.name) == ["note"])
  #expect(module.customSections[0].contents.map { module.bytes[$0] } == [1, 2, 3])
}

@Test func functionsNamedOutsideBodiesAreReferenced() throws {
  var test = TestModule()
  test.functions = Array(repeating: [0], count: 8)
  test.bodies = Array(repeating: [0x00, 0x0B], count: 8)
  test.tables = [[0x70, 0x00, 0x08]]
  test.globals = [[0x70, 0x00, 0xD2, 0x06, 0x0B]]
  test.exports = [name("e") + [0x00, 0x05], name("g") + [0x03, 0x00]]
  test.start = [0x07]
  test.elements = [
    [0x00, 0x41, 0x00, 0x0B, 0x01, 0x03],
    [0x03, 0x00, 0x01, 0x01],
    [0x05, 0x70, 0x02, 0xD2, 0x02, 0x0B, 0xD0, 0x70, 0x0B],
  ]
  let module = try Module(decoding: test.bytes)
  #expect(module.referencedFunctions == [1, 2, 3, 5, 6])
  guard case .active(let table, let offset) = module.elements[0].mode else {
    Issue.record("expected an active segment")
    return
  }
  #expect(table == 0 && offset.foldedBits == 0)
  #expect(module.elements[1].mode == .declarative && module.elements[2].mode == .passive)
}

@Test func theEmptyModuleIsAModule() throws {
  let module = try Module(decoding: header)
  #expect(module.functionCount == 0 && module.typeCount == 0 && module.exports.isEmpty)
  #expect(module.name == nil && module.functionName(0) == nil)
  #expect(Module.skeleton(of: module) == header)
}

@Test func headersAreChecked() {
  #expect(complaint(about: []) == "malformed: unexpected end")
  #expect(complaint(about: [0x00, 0x61]) == "malformed: unexpected end")
  #expect(complaint(about: [0x00, 0x61, 0x73, 0x6E]) == "malformed: magic header not detected")
  let magic: [UInt8] = [0x00, 0x61, 0x73, 0x6D]
  #expect(complaint(about: magic + [1, 0, 0]) == "malformed: unexpected end")
  #expect(complaint(about: magic + [2, 0, 0, 0]) == "malformed: unknown binary version")
  #expect(complaint(about: magic + [0x0D, 0, 1, 0]) == "unsupported: component model")
}

@Test func errorsSayWhereAndWhat() {
  let error = refusal(of: header + [0x0E, 0x00])
  #expect(error?.description == "malformed: malformed section id 14 (at offset 8)")
  let atomic = refusal(of: TestModule([0xFE, 0x10, 2, 0]).bytes)
  #expect(atomic?.description == "unsupported: threads at offset \(atomic?.offset ?? 0)")
  let mismatch = refusal(of: TestModule([0x42, 0x00], results: [0x7F]).bytes)
  #expect(mismatch?.description == "invalid: type mismatch: expected i32, found i64 (at offset 26)")
}

@Test func onlyATagNeedsExceptionHandling() {
  #expect(complaint(about: header + section(13, [0x00]), features: []) == nil)
  #expect(
    complaint(about: header + section(13, [0x00, 0x00])) == "malformed: section size mismatch")
  #expect(
    complaint(about: header + section(13, [0x01, 0, 0]), features: [])
      == "unsupported: exception handling")
}

@Test func sectionsAreCheckedForOrderAndSize() {
  let type = section(1, [0x00])
  let after = "malformed: unexpected content after last section"
  #expect(complaint(about: header + type + type) == after)
  #expect(complaint(about: header + section(3, [0x00]) + type) == after)
  #expect(complaint(about: header + section(10, [0x00]) + section(12, [0x00])) == after)
  #expect(complaint(about: header + section(12, [0x00]) + section(10, [0x00])) == nil)
  #expect(complaint(about: header + [1, 5, 0]) == "malformed: length out of bounds")
  #expect(
    complaint(about: header + section(1, [0x00, 0x00])) == "malformed: section size mismatch")
  let end = "malformed: unexpected end of section or function"
  #expect(complaint(about: header + section(1, [0x01])) == end)
  #expect(complaint(about: header + section(1, [])) == end)
}

@Test func declarationsAreChecked() {
  func complain(_ change: (inout TestModule) -> Void) -> String? {
    var module = TestModule()
    change(&module)
    return complaint(about: module)
  }
  #expect(complain { _ in } == nil)
  #expect(complain { $0.functions = [[0x05]] } == "invalid: unknown type 5")
  #expect(complain { $0.imports = [[0, 0, 0, 9]] } == "invalid: unknown type 9")
  #expect(complain { $0.imports = [[0, 0, 5]] } == "malformed: malformed import kind 5")
  #expect(complain { $0.imports = [[0, 0, 4, 1, 0]] } == "malformed: malformed tag attribute")
  #expect(complain { $0.imports = [[0, 0, 0x7F, 0]] } == "unsupported: compact import section")
  #expect(complain { $0.tables = [[0x7F, 0, 0]] } == "malformed: malformed reference type")
  #expect(complain { $0.tables = [[0x70, 2, 0]] } == "malformed: malformed limits flags")
  #expect(
    complain { $0.tables = [[0x64, 0x70, 0, 0]] }
      == "invalid: type mismatch: a table of non-null references needs a value")
  #expect(
    complain { $0.tables = [[0x70, 1, 2, 1]] }
      == "invalid: size minimum must not be greater than maximum")
  #expect(complain { $0.tables = [[0x70, 4, 2]] } == nil)
  #expect(complain { $0.memories = [[0, 1], [4, 1]] } == nil)
  #expect(complain { $0.memories = [[0x10, 1]] } == "malformed: malformed limits flags")
  #expect(complain { $0.memories = [[3, 1, 1]] } == "unsupported: threads")
  #expect(
    complain { $0.memories = [[8, 1, 0]] }
      == "malformed: malformed limits flags, of custom page sizes")
  #expect(complain { $0.memories = [[0] + unsigned(65_536)] } == nil)
  #expect(
    complain { $0.memories = [[0] + unsigned(65_537)] }
      == "invalid: memory size must be at most 65536 pages (4GiB)")
  #expect(
    complain { $0.globals = [[0x7F, 2, 0x41, 0, 0x0B]] } == "malformed: malformed mutability")
  #expect(complain { $0.globals = [[0x40, 0]] } == "malformed: malformed value type 40")
  #expect(complain { $0.types = [[0x5D, 0]] } == "unsupported: stack switching")
  #expect(complain { $0.types = [[0x61, 0, 0]] } == "malformed: malformed type form")
  #expect(complain { $0.start = [3] } == "invalid: unknown function 3")
}

@Test func exportsAreChecked() {
  func complain(_ exports: [UInt8]...) -> String? {
    var module = TestModule()
    module.exports = exports
    return complaint(about: module)
  }
  #expect(complain(name("a") + [0, 0], name("b") + [0, 0]) == nil)
  #expect(
    complain(name("a") + [0, 0], name("a") + [0, 0])
      == "invalid: duplicate export name \"a\"")
  #expect(complain(name("a") + [0, 1]) == "invalid: unknown function 1")
  #expect(complain(name("a") + [1, 0]) == "invalid: unknown table 0")
  #expect(complain(name("a") + [2, 0]) == "invalid: unknown memory 0")
  #expect(complain(name("a") + [3, 0]) == "invalid: unknown global 0")
  #expect(complain(name("a") + [5, 0]) == "malformed: malformed export kind 5")
  // One character as two code points and as one: equal as `String`s, different as names.
  let twoPoints = "e\u{301}"
  let onePoint = "\u{E9}"
  #expect(twoPoints == onePoint)
  #expect(complain(name(twoPoints) + [0, 0], name(onePoint) + [0, 0]) == nil)
}

@Test func manyExportsAreDistinguished() {
  var module = TestModule()
  module.exports = (0..<3000).map { name("export \($0)") + [0, 0] }
  #expect(complaint(about: module) == nil)
  module.exports.append(name("export 17") + [0, 0])
  #expect(complaint(about: module) == "invalid: duplicate export name \"export 17\"")
}

@Test func namesMustBeUTF8() {
  let wrong: [[UInt8]] = [
    [0x80], [0xC3], [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80],
    [0xF4, 0x90, 0x80, 0x80], [0xFF],
  ]
  for bytes in wrong {
    var module = TestModule()
    module.exports = [[UInt8(bytes.count)] + bytes + [0, 0]]
    #expect(complaint(about: module) == "malformed: malformed UTF-8 encoding")
  }
  let long = String(repeating: "a", count: 100_001)
  #expect(
    complaint(about: header + section(0, name(long)))
      == "limit: too many bytes in a name: the limit is 100000")
}

@Test func theStartFunctionTakesAndGivesNothing() {
  var module = TestModule([0x41, 0x00], results: [0x7F])
  module.start = [0]
  #expect(
    complaint(about: module)
      == "invalid: start function must have no parameters and no results")
}

@Test func segmentsAreChecked() {
  func complain(_ change: (inout TestModule) -> Void) -> String? {
    var module = TestModule()
    module.tables = [[0x70, 0, 1], [0x6F, 0, 1]]
    module.memories = [[0, 1]]
    change(&module)
    return complaint(about: module)
  }
  let zero: [UInt8] = [0x41, 0x00, 0x0B]
  #expect(complain { $0.elements = [[0] + zero + [1, 0]] } == nil)
  #expect(
    complain { $0.elements = [[2, 1] + zero + [0, 1, 0]] }
      == "invalid: type mismatch: expected externref, found (ref func)")
  #expect(complain { $0.elements = [[2, 2] + zero + [0, 1, 0]] } == "invalid: unknown table 2")
  #expect(complain { $0.elements = [[0] + zero + [1, 1]] } == "invalid: unknown function 1")
  #expect(complain { $0.elements = [[8]] } == "malformed: malformed elements segment kind")
  #expect(complain { $0.elements = [[1, 1, 0]] } == "malformed: malformed element kind")
  #expect(complain { $0.elements = [[6, 1] + zero + [0x6F, 1, 0xD0, 0x6F, 0x0B]] } == nil)
  #expect(
    complain { $0.elements = [[7, 0x70, 1, 0x41, 0, 0x0B]] }
      == "invalid: type mismatch: expected funcref, found i32")
  #expect(complain { $0.data = [[0] + zero + [1, 9]] } == nil)
  #expect(complain { $0.data = [[2, 1] + zero + [0]] } == "invalid: unknown memory 1")
  #expect(complain { $0.data = [[3]] } == "malformed: malformed data segment kind")
  #expect(complain { $0.data = [[1, 2, 9]] } == "malformed: unexpected end of section or function")
  let counts = "malformed: data count and data section have inconsistent lengths"
  #expect(complain { $0.dataCount = [1] } == counts)
  #expect(
    complain {
      $0.dataCount = [0]; $0.data = [[1, 0]]
    } == counts)
}

@Test func bodiesMustBeAsManyAsFunctions() {
  var module = TestModule()
  module.bodies = []
  let counts = "malformed: function and code section have inconsistent lengths"
  #expect(complaint(about: module) == counts)
  module.bodies = [[0, 0x0B], [0, 0x0B]]
  #expect(complaint(about: module) == counts)
  #expect(complaint(about: TestModule()) == nil)
}

@Test func implementationLimitsHold() {
  func counted(_ id: UInt8, _ count: UInt64) -> String? {
    complaint(about: header + section(id, unsigned(count)))
  }
  #expect(counted(1, 1_000_001) == "limit: too many types: the limit is 1000000")
  #expect(counted(2, 1_000_001) == "limit: too many imports: the limit is 1000000")
  #expect(counted(3, 1_000_001) == "limit: too many functions: the limit is 1000000")
  #expect(counted(4, 100_001) == "limit: too many tables: the limit is 100000")
  #expect(counted(6, 1_000_001) == "limit: too many globals: the limit is 1000000")
  #expect(counted(7, 1_000_001) == "limit: too many exports: the limit is 1000000")
  #expect(counted(9, 10_000_001) == "limit: too many element segments: the limit is 10000000")
  #expect(counted(11, 100_001) == "limit: too many data segments: the limit is 100000")
  // Within the limit, a count that nothing follows reserves nothing and ends the section.
  #expect(counted(7, 1_000_000) == "malformed: unexpected end of section or function")
  let thousandOne = [UInt8](repeating: 0x7F, count: 1001)
  var module = TestModule()
  module.types = [functionType(thousandOne, [])]
  #expect(complaint(about: module) == "limit: too many parameters: the limit is 1000")
  module.types = [functionType([], thousandOne)]
  #expect(complaint(about: module) == "limit: too many results: the limit is 1000")
  let locals = TestModule(locals: [unsigned(50_001) + [0x7F]])
  #expect(complaint(about: locals) == "limit: too many locals: the limit is 50000")
  #expect(complaint(about: TestModule(locals: [unsigned(50_000) + [0x7F]])) == nil)
  let long = TestModule([UInt8](repeating: 0x01, count: 7_654_320))
  #expect(complaint(about: long) == "limit: too many bytes in a function: the limit is 7654321")
}

@Test func bytesCanBelongToSomeoneElse() throws {
  final class Owner {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 1)
    nonisolated(unsafe) static var freed = 0
    deinit {
      memory.deallocate()
      Owner.freed += 1
    }
  }
  do {
    let owner = Owner()
    let bytes = TestModule().bytes
    owner.memory.copyBytes(from: bytes)
    let place = UnsafeRawBufferPointer(rebasing: owner.memory[..<bytes.count])
    let module = try Module(decoding: ModuleBytes(place, owner: owner))
    #expect(Owner.freed == 0 && module.functionCount == 1)
  }
  #expect(Owner.freed == 1)
}
