// SPDX-License-Identifier: Apache-2.0
// Modules for tests: a binary builder, and the sample program around the hand-written code.

import BrolgaWasm

@testable import BrolgaArtefact
@testable import BrolgaRuntime

/// Writes modules without bodies, section by section.
struct ModuleBuilder {
  private(set) var bytes: [UInt8] = [0, 0x61, 0x73, 0x6D, 1, 0, 0, 0]

  static func leb(_ value: Int) -> [UInt8] {
    var rest = value
    var bytes: [UInt8] = []
    while rest >= 128 {
      bytes.append(UInt8(rest & 127) | 128)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  static func name(_ text: String) -> [UInt8] { leb(text.utf8.count) + Array(text.utf8) }

  static func type(_ parameters: [UInt8], _ results: [UInt8]) -> [UInt8] {
    [0x60] + leb(parameters.count) + parameters + leb(results.count) + results
  }

  static func export(_ text: String, _ kind: UInt8, _ index: Int) -> [UInt8] {
    name(text) + [kind] + leb(index)
  }

  static func `import`(_ module: String, _ text: String, _ description: [UInt8]) -> [UInt8] {
    name(module) + name(text) + description
  }

  mutating func section(_ id: UInt8, _ entries: [[UInt8]]) {
    raw(id, ModuleBuilder.leb(entries.count) + entries.flatMap { $0 })
  }

  mutating func raw(_ id: UInt8, _ contents: [UInt8]) {
    bytes += [id] + ModuleBuilder.leb(contents.count) + contents
  }
}

let i32: UInt8 = 0x7F
let i64: UInt8 = 0x7E
let f32: UInt8 = 0x7D
let f64: UInt8 = 0x7C
let i64x8 = [UInt8](repeating: i64, count: 8)

/// The types of the sample program's functions, in the order of `sampleFunctions`.
private let sampleTypes: [[UInt8]] = [
  ModuleBuilder.type([i32], [i32]),
  ModuleBuilder.type([], [i32]),
  ModuleBuilder.type([i32, i32], [i32]),
  ModuleBuilder.type([], []),
  ModuleBuilder.type([i32, i32], []),
  ModuleBuilder.type(i64x8, i64x8),
  ModuleBuilder.type([UInt8](repeating: f64, count: 9) + [f32], [f64, f64]),
  ModuleBuilder.type([i32, i32, i32], []),
]
let sampleImportCount = 3
private let sampleFunctionTypes = [
  1, 2, 3, 2, 0, 4, 3, 0, 0, 5, 6, 0, 7, 3, 3, 3, 3, 3, 0, 3, 0, 0, 5,
]

/// Imports `env.host` (i32 to i32), `env.callback` and `env.wide` (eight i64 to as many); exports each function by its name, and
/// `memory` (1 to 3 pages), `table` (4 to 6 functions) and `global` (a mutable i64, 7).
func sampleSkeleton() -> [UInt8] {
  typealias B = ModuleBuilder
  var builder = B()
  builder.section(1, sampleTypes)
  builder.section(
    2,
    [
      B.import("env", "host", [0, 0]), B.import("env", "callback", [0, 3]),
      B.import("env", "wide", [0, 5]),
    ])
  builder.section(3, sampleFunctionTypes.map { B.leb($0) })
  builder.section(4, [[0x70, 1, 4, 6]])
  builder.section(5, [[1, 1, 3]])
  builder.section(6, [[i64, 1, 0x42, 7, 0x0B]])
  var exports = sampleFunctions.enumerated().map { B.export($1.name, 0, $0 + sampleImportCount) }
  exports += [B.export("table", 1, 0), B.export("memory", 2, 0), B.export("global", 3, 0)]
  builder.section(7, exports)
  let callhost = sampleFunctions.firstIndex { $0.name == "callhost" }! + sampleImportCount
  builder.section(9, [[0, 0x41, 0, 0x0B, 2] + B.leb(callhost) + B.leb(2)])
  builder.section(11, [[0, 0x41, 8, 0x0B] + B.name("Brolga")])
  return builder.bytes
}

/// The sample program, compiled.
func sampleCompiledModule() -> CompiledModule {
  var module = CompiledModule()
  module.skeleton.append(contentsOf: sampleSkeleton())
  module.importedFunctionCount = sampleImportCount
  module.optimizationLevel = 2
  for (position, function) in sampleFunctions.enumerated() {
    // The first function keeps its default name.
    module.append(function, isNamed: position > 0)
  }
  return module
}

extension CompiledModule {
  /// WebAssembly offsets are a thousand times the place's number.
  mutating func append(_ function: SampleFunction, isNamed: Bool = true) {
    let start = text.count
    let bytes = function.bytes
    functions.append(FunctionRange(offset: UInt32(start), size: UInt32(bytes.count)))
    text.append(contentsOf: bytes)
    frames.append(FrameInfo())
    for (offset, kind) in function.places {
      let wasm = UInt32(1000 * (traps.count + 1))
      traps.append(TrapEntry(codeOffset: UInt32(start + offset), wasmOffset: wasm))
      trapKinds.append(kind)
    }
    let name = isNamed ? Array(function.name.utf8) : []
    nameSpans.append(NameSpan(start: UInt32(names.count), count: UInt32(name.count)))
    names.append(contentsOf: name)
  }
}

/// A module of these bytes, without functions of its own.
func loadedModule(_ builder: ModuleBuilder, engine: Engine) throws -> BrolgaRuntime.Module {
  var compiled = CompiledModule()
  compiled.skeleton.append(contentsOf: builder.bytes)
  compiled.importedFunctionCount = try Module(
    decoding: builder.bytes, options: DecodingOptions(bodiesElsewhere: true)
  ).importedFunctionCount
  return try BrolgaRuntime.Module(engine: engine, compiled: compiled)
}

/// The sample program in a store of its own.
struct Sample {
  let store: Store
  let instance: Instance

  init(
    configuration: EngineConfiguration = EngineConfiguration(),
    host: @escaping (Caller, [Value]) throws -> [Value] = { _, arguments in arguments },
    callback: @escaping (Caller) throws -> Void = { _ in }
  ) throws {
    let engine = Engine(configuration: configuration)
    try self.init(
      module: BrolgaRuntime.Module(engine: engine, compiled: sampleCompiledModule()), host: host,
      callback: callback)
  }

  init(
    module: BrolgaRuntime.Module,
    host: @escaping (Caller, [Value]) throws -> [Value] = { _, arguments in arguments },
    callback: @escaping (Caller) throws -> Void = { _ in }
  ) throws {
    let store = Store(engine: module.engine)
    let hostFunction = Function(
      store: store, parameters: [.i32], results: [.i32], body: host)
    let callbackFunction = Function(store: store) { caller, _ in
      try callback(caller)
      return []
    }
    let wide = [ValueType](repeating: .i64, count: 8)
    let wideFunction = Function(store: store, parameters: wide, results: wide) { _, arguments in
      arguments.reversed()
    }
    self.store = store
    instance = try module.instantiate(
      store: store,
      imports: [
        "env": ["host": hostFunction, "callback": callbackFunction, "wide": wideFunction]
      ])
  }

  @discardableResult
  func call(_ name: String, _ arguments: [Value] = []) throws -> [Value] {
    try instance.exports[function: name]!(arguments)
  }

  /// The trap that the call ends with.
  func trap(_ name: String, _ arguments: [Value] = []) throws -> Trap {
    do {
      let results = try call(name, arguments)
      throw Surprise(what: "\(name) returned \(results)")
    } catch let trap as Trap {
      return trap
    }
  }
}

struct Surprise: Error, Equatable { let what: String }
