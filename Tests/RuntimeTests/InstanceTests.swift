// SPDX-License-Identifier: Apache-2.0
// Linking modules to one another, and starting them.

import BrolgaWasm
import Testing

@testable import BrolgaArtefact
@testable import BrolgaRuntime

private typealias B = ModuleBuilder

private func importing(_ description: [UInt8]) -> ModuleBuilder {
  var builder = B()
  builder.section(1, [B.type([i32], [i32]), B.type([], [])])
  builder.section(2, [B.import("m", "x", description)])
  return builder
}

private func linkError(
  _ description: [UInt8], _ value: any ExternalValueConvertible, _ store: Store
)
  throws -> LinkError?
{
  let module = try loadedModule(importing(description), engine: store.engine)
  var imports = Imports()
  imports.define(module: "m", name: "x", value)
  do {
    _ = try module.instantiate(store: store, imports: imports)
    return nil
  } catch let error as LinkError {
    return error
  }
}

@Test func aMissingImportIsNamed() throws {
  let engine = Engine()
  let module = try loadedModule(importing([0, 0]), engine: engine)
  #expect(
    throws: LinkError.unknownImport(
      module: "m", name: "x",
      expected: .function(FunctionType(parameters: [.i32], results: [.i32])))
  ) {
    try module.instantiate(store: Store(engine: engine))
  }
}

@Test func importsMustHaveTheDeclaredType() throws {
  let store = Store(engine: Engine())
  let function = Function(store: store, parameters: [.i32], results: [.i32]) { _, a in a }
  #expect(try linkError([0, 0], function, store) == nil)
  #expect(
    try linkError([0, 1], function, store)
      == .incompatibleImport(
        module: "m", name: "x", expected: .function(FunctionType(parameters: [], results: [])),
        found: .function(function.type)))

  let memory = try Memory(store: store, minimumPages: 2, maximumPages: 4)
  #expect(try linkError([2, 0, 2], memory, store) == nil)
  #expect(try linkError([2, 1, 1, 4], memory, store) == nil)
  #expect(try linkError([2, 0, 3], memory, store) != nil)
  #expect(try linkError([2, 1, 2, 3], memory, store) != nil)
  memory.grow(by: 1)
  #expect(try linkError([2, 0, 3], memory, store) == nil)
  #expect(try linkError([2, 4, 2], memory, store) != nil)
  let wide = try Memory(store: store, minimumPages: 2, is64: true)
  #expect(wide.is64 && !memory.is64)
  #expect(try linkError([2, 4, 2], wide, store) == nil)
  #expect(try linkError([2, 0, 2], wide, store) != nil)
  let endless = try Memory(store: store, minimumPages: 0)
  #expect(try linkError([2, 1, 0, 4], endless, store) != nil)

  let table = try Table(store: store, element: .externref, minimum: 1, maximum: 1)
  #expect(try linkError([1, 0x6F, 0, 1], table, store) == nil)
  #expect(try linkError([1, 0x70, 0, 1], table, store) != nil)
  #expect(try linkError([1, 0x6F, 0, 2], table, store) != nil)

  let constant = try Global(store: store, type: .i32, value: 1)
  let variable = try Global(store: store, type: .i32, isMutable: true, value: 1)
  #expect(try linkError([3, i32, 0], constant, store) == nil)
  #expect(try linkError([3, i32, 1], constant, store) != nil)
  #expect(try linkError([3, i32, 0], variable, store) != nil)
  #expect(try linkError([3, i64, 1], variable, store) != nil)
  #expect(try linkError([0, 0], constant, store) != nil)
}

@Test func valuesOfAnotherStoreAreRefused() throws {
  let store = Store(engine: Engine())
  let other = try Memory(store: Store(engine: Engine()), minimumPages: 1)
  #expect(try linkError([2, 0, 1], other, store) == .foreignStore(module: "m", name: "x"))
}

@Test func instancesShareMemoriesTablesAndGlobals() throws {
  let sample = try Sample()
  let store = sample.store
  var builder = B()
  builder.section(1, [B.type([i32], [i32])])
  builder.section(
    2,
    [
      B.import("a", "memory", [2, 0, 1]), B.import("a", "table", [1, 0x70, 0, 4]),
      B.import("a", "global", [3, i64, 1]), B.import("a", "load", [0, 0]),
    ])
  builder.section(
    7,
    [
      B.export("memory", 2, 0), B.export("table", 1, 0), B.export("global", 3, 0),
      B.export("load", 0, 0),
    ])
  // table[3] = load, an import; memory[8...] = "Swan".
  builder.section(9, [[0, 0x41, 3, 0x0B, 1, 0]])
  builder.section(11, [[0, 0x41, 8, 0x0B] + B.name("Swan")])
  let module = try loadedModule(builder, engine: store.engine)
  var imports = Imports()
  imports.define(module: "a", sample.instance.exports)
  let second = try module.instantiate(store: store, imports: imports)
  for name in ["memory", "table", "global", "load"] {
    #expect(second.exports[name] == sample.instance.exports[name])
  }
  #expect(try sample.call("load", [8]) == [.i32(0x6E61_7753)])
  #expect(try sample.call("indirect", [3]) == sample.call("load", [3]))
}

@Test func segmentsStopAtTheFirstThatDoesNotFit() throws {
  let store = Store(engine: Engine())
  let memory = try Memory(store: store, minimumPages: 1)
  var builder = B()
  builder.section(2, [B.import("m", "x", [2, 0, 1])])
  builder.section(
    11,
    [
      [0, 0x41, 0, 0x0B] + B.name("ab"), [0, 0x41, 0xFF, 0xFF, 3, 0x0B] + B.name("cd"),
      [0, 0x41, 4, 0x0B] + B.name("ef"),
    ])
  let module = try loadedModule(builder, engine: store.engine)
  var trap: Trap?
  do { _ = try module.instantiate(store: store, imports: ["m": ["x": memory]]) } catch {
    trap = error as? Trap
  }
  #expect(trap?.kind == .memoryOutOfBounds)
  #expect(try memory.read(at: 0, count: 6) == Array("ab".utf8) + [0, 0, 0, 0])
  #expect(try memory.read(at: 65_535, count: 1) == [0])
}

@Test func theStartFunctionRunsAndMayFail() throws {
  var builder = B()
  builder.section(1, [B.type([], [])])
  builder.section(2, [B.import("m", "x", [0, 0])])
  builder.raw(8, [0])
  let engine = Engine()
  let module = try loadedModule(builder, engine: engine)
  let store = Store(engine: engine)
  var count = 0
  let start = Function(store: store) { _, _ in
    count += 1
    if count == 2 { throw Surprise(what: "start") }
    return []
  }
  try module.instantiate(store: store, imports: ["m": ["x": start]])
  #expect(count == 1)
  #expect(throws: Surprise(what: "start")) {
    try module.instantiate(store: store, imports: ["m": ["x": start]])
  }
}

@Test func globalsAreInitializedFromImportsAndExtendedExpressions() throws {
  let store = Store(engine: Engine())
  let base = try Global(store: store, type: .i32, value: 20)
  var builder = B()
  builder.section(2, [B.import("m", "x", [3, i32, 0])])
  // 20 * 2 + 2
  builder.section(
    6, [[i32, 0, 0x23, 0, 0x41, 2, 0x6C, 0x41, 2, 0x6A, 0x0B], [0x6F, 1, 0xD0, 0x6F, 0x0B]])
  builder.section(7, [B.export("g", 3, 1), B.export("r", 3, 2)])
  let module = try loadedModule(builder, engine: store.engine)
  let instance = try module.instantiate(store: store, imports: ["m": ["x": base]])
  #expect(instance.exports[global: "g"]?.value == .i32(42))
  let reference = instance.exports[global: "r"]!
  #expect(reference.value == .ref(.extern(nil)))
  final class Thing {}
  let thing = Thing()
  let handle = store.reference(to: thing)
  try reference.assign(.externref(handle))
  #expect(reference.value == .externref(handle))
  #expect(store.object(of: handle) === thing)
}

@Test func memoryIsGivenBackWithItsStore() throws {
  // 25,000 reservations of 6 GiB: more than the address space holds at once if they leaked.
  let engine = Engine()
  for _ in 0..<25_000 {
    let store = Store(engine: engine)
    let memory = try Memory(store: store, minimumPages: 1)
    memory.withUnsafeMutableBytes { $0[0] = 1 }
  }
}

@Test func importNamesCompareByBytes() throws {
  let store = Store(engine: Engine())
  var imports = Imports()
  let global = try Global(store: store, type: .i32, value: 1)
  imports.define(module: "m", name: "\u{E9}", global)
  #expect(imports["m", "\u{E9}"] != nil)
  #expect(imports["m", "e\u{301}"] == nil)
}
