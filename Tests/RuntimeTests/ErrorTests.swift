// SPDX-License-Identifier: Apache-2.0
// Mistakes of the host, and imports that do not fit: what is thrown, and what it says.

import BrolgaArtefact
import BrolgaWasm
import Testing

@testable import BrolgaRuntime

@Test func readingAndWritingOutsideAMemoryIsAMistakeOfTheHost() throws {
  let memory = try Memory(store: Store(engine: Engine()), minimumPages: 1)
  let places: [(offset: UInt64, count: Int)] = [
    (65_536, 1), (65_535, 2), (.max, 1), (65_537, 0), (0, .max), (1, -1),
  ]
  for (offset, count) in places {
    #expect(
      throws: UsageError.memoryOutOfBounds(offset: offset, count: count, byteCount: 65_536)
    ) { try memory.read(at: offset, count: count) }
  }
  #expect(throws: UsageError.memoryOutOfBounds(offset: 65_535, count: 2, byteCount: 65_536)) {
    try memory.write([1, 2], at: 65_535)
  }
  #expect(try memory.read(at: 65_535, count: 1) == [0])
  #expect(try memory.read(at: 65_536, count: 0) == [])
}

@Test func anElementThatATableDoesNotHaveIsAMistakeOfTheHost() throws {
  let table = try Table(store: Store(engine: Engine()), element: .externref, minimum: 3)
  for index in [3, -1, .min, .max] {
    #expect(throws: UsageError.tableOutOfBounds(index: index, count: 3)) { try table.get(index) }
    #expect(throws: UsageError.tableOutOfBounds(index: index, count: 3)) {
      try table.set(index, .extern(nil))
    }
  }
}

@Test func aReferenceThatATableCannotHoldIsAMistakeOfTheHost() throws {
  let store = Store(engine: Engine())
  let own = Function(store: store) { _, _ in [] }
  let foreign = Function(store: Store(engine: Engine())) { _, _ in [] }
  let table = try Table(
    store: store, element: .funcref, minimum: 1, filledWith: .function(own))
  #expect(throws: UsageError.wrongType(expected: .funcref, found: .externref)) {
    try table.set(0, .extern(nil))
  }
  #expect(throws: UsageError.foreignStore) { try table.set(0, .function(foreign)) }
  #expect(throws: UsageError.foreignStore) { try table.grow(by: 1, with: .function(foreign)) }
  #expect(try table.get(0) == .function(own) && table.count == 1)

  #expect(throws: UsageError.wrongType(expected: .externref, found: .funcref)) {
    try Table(store: store, element: .externref, minimum: 0, filledWith: .function(own))
  }
  #expect(throws: UsageError.foreignStore) {
    try Table(store: store, element: .funcref, minimum: 1, filledWith: .function(foreign))
  }
  let nonNull = ValueType.funcref.nonNull
  #expect(throws: UsageError.wrongType(expected: nonNull, found: .funcref)) {
    try Table(store: store, element: nonNull, minimum: 1)
  }
  #expect(try Table(store: store, element: nonNull, minimum: 0).count == 0)
  #expect(throws: UsageError.notAReference(.i32)) {
    try Table(store: store, element: .i32, minimum: 0)
  }
}

@Test func aValueThatAGlobalCannotHoldIsAMistakeOfTheHost() throws {
  let store = Store(engine: Engine())
  let constant = try Global(store: store, type: .i32, value: 1)
  #expect(throws: UsageError.immutableGlobal) { try constant.assign(2) }
  let variable = try Global(store: store, type: .i32, isMutable: true, value: 1)
  #expect(throws: UsageError.wrongType(expected: .i32, found: .f32)) {
    try variable.assign(.fromFloat32(1))
  }
  let foreign = Function(store: Store(engine: Engine())) { _, _ in [] }
  #expect(throws: UsageError.foreignStore) {
    try Global(store: store, type: .funcref, value: .funcref(foreign))
  }
  #expect(constant.value == 1 && variable.value == 1)
}

@Test func sizesThatMakeNoSenseAreAMistakeOfTheHost() throws {
  let store = Store(engine: Engine())
  for (minimum, maximum) in [(-1, nil), (2, 1), (0, -1)] as [(Int, Int?)] {
    let wrong = UsageError.wrongLimits(minimum: minimum, maximum: maximum)
    #expect(throws: wrong) {
      try Memory(store: store, minimumPages: minimum, maximumPages: maximum)
    }
    #expect(throws: wrong) {
      try Table(store: store, element: .funcref, minimum: minimum, maximum: maximum)
    }
  }
}

@Test func whatTheEngineHasNoRoomForIsNamed() throws {
  var configuration = EngineConfiguration()
  configuration.maximumMemoryBytes = 65_536
  configuration.maximumTableElements = 10
  let engine = Engine(configuration: configuration)
  let store = Store(engine: engine)
  #expect(
    throws: UsageError.outOfResources(.memory(minimum: 2, maximum: 3, is64: false))
  ) { try Memory(store: store, minimumPages: 2, maximumPages: 3) }
  let type = ExternalType.table(element: .funcref, minimum: 11, maximum: nil, is64: true)
  #expect(throws: UsageError.outOfResources(type)) {
    try Table(store: store, element: .funcref, minimum: 11, is64: true)
  }
  var builder = ModuleBuilder()
  builder.section(4, [[0x70, 4, 11]])
  let module = try loadedModule(builder, engine: engine)
  #expect(throws: LinkError.outOfResources(type)) { try module.instantiate(store: store) }
}

@Test func aMistakeThatAHostFunctionLetsThroughEndsTheGuestAsItIs() throws {
  var mistake: any Error = Surprise(what: "none")
  let sample = try Sample(host: { caller, arguments in
    let memory = try #require(caller.memory)
    return [.i32(UInt32(try memory.read(at: UInt64(arguments[0].i32), count: 1)[0]))]
  })
  #expect(try sample.call("callhost", [8]) == [.i32(UInt32(UInt8(ascii: "B")))])
  do {
    try sample.call("callhost", [.i32(.max)])
  } catch {
    mistake = error
  }
  #expect(
    mistake as? UsageError
      == .memoryOutOfBounds(offset: UInt64(UInt32.max), count: 1, byteCount: 65_536))
  // The instance is as good as before.
  #expect(try sample.call("callhost", [8]) == [.i32(UInt32(UInt8(ascii: "B")))])
}

@Test func errorsAreSentences() {
  let function = ExternalType.function(FunctionType(parameters: [.i32], results: []))
  let memory = ExternalType.memory(minimum: 3, maximum: 4, is64: false)
  #expect(
    LinkError.unknownImport(module: "m", name: "x", expected: function).description
      == "unknown import: the module wants \"m\" \"x\" to be a function [i32] -> [], and is given nothing"
  )
  #expect(
    LinkError.incompatibleImport(module: "m", name: "x", expected: memory, found: function)
      .description
      == "incompatible import type: the module wants \"m\" \"x\" to be a memory 3 4, and is given a function [i32] -> []"
  )
  #expect(
    LinkError.outOfResources(memory).description
      == "out of resources: no room for a memory of 3 pages")
  #expect(
    UsageError.memoryOutOfBounds(offset: 9, count: 2, byteCount: 10).description
      == "the memory has 10 bytes: 2 bytes at offset 9 are not inside")
  #expect(
    UsageError.tableOutOfBounds(index: -1, count: 4).description
      == "the table has 4 elements: there is none at index -1")
  #expect(
    UsageError.wrongLimits(minimum: 3, maximum: 1).description
      == "a minimum of 3 and a maximum of 1 are no limits of a size")
}
