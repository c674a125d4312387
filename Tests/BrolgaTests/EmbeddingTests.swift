// SPDX-License-Identifier: Apache-2.0
// The façade as an embedder uses it.

import Brolga
import Foundation
import Testing

private func instance(
  of name: String, _ level: CompilationOptions.Level = .o2
) throws -> Instance {
  let engine = Engine()
  let module = try Module(
    engine: engine, compiling: Programs.example(name).bytes,
    options: CompilationOptions(level: level, workers: 1, checksAllocation: true))
  return try module.instantiate(store: Store(engine: engine))
}

@Test(arguments: [CompilationOptions.Level.o0, .o2])
func exportsAreCalledWithValues(level: CompilationOptions.Level) throws {
  let numbers = try instance(of: "numbers", level)
  let exports = numbers.exports
  let gcd = try #require(exports[function: "gcd"])
  #expect(try gcd([.i32(1071), .i32(462)]) == [.i32(21)])
  let fib = try #require(exports[function: "fib"])
  #expect(try fib([.i32(20)]) == [.i32(6765)])
  let power = try #require(exports[function: "power"])
  #expect(try power([.i64(3), .i32(40)]) == [.i64(12_157_665_459_056_928_801)])
  let hypotenuse = try #require(exports[function: "hypotenuse"])
  #expect(
    try hypotenuse([.fromFloat64(3), .fromFloat64(4)]) == [.fromFloat64(5)])
  let element = try #require(exports[function: "element"])
  #expect(try element([.i32(3)]) == [.i32(7)])
}

@Test(arguments: [CompilationOptions.Level.o0, .o2])
func trapsAreErrorsWithABacktrace(level: CompilationOptions.Level) throws {
  let numbers = try instance(of: "numbers", level)
  let divide = try #require(numbers.exports[function: "divide"])
  var trap = #expect(throws: Trap.self) { try divide([.i32(1), .i32(0)]) }
  #expect(trap?.kind == .integerDivideByZero)
  #expect(trap?.backtrace.first?.functionName == "divide")
  trap = #expect(throws: Trap.self) { try divide([.i32(0x8000_0000), .i32(.max)]) }
  #expect(trap?.kind == .integerOverflow)
  let element = try #require(numbers.exports[function: "element"])
  trap = #expect(throws: Trap.self) { try element([.i32(0x2000_0000)]) }
  #expect(trap?.kind == .memoryOutOfBounds)
  let depth = try #require(numbers.exports[function: "depth"])
  #expect(try depth([.i32(100)]) == [.i32(100)])
  trap = #expect(throws: Trap.self) { try depth([.i32(100_000_000)]) }
  #expect(trap?.kind == .stackOverflow)
  // The instance is as good as before.
  #expect(try divide([.i32(7), .i32(2)]) == [.i32(3)])
}

@Test func aProgramRunsInTenLines() throws {
  let engine = Engine()
  let module = try Module(engine: engine, compiling: Programs.example("hello").bytes)
  let result = try run(module, engine: engine)
  #expect(result.status == 0)
  #expect(result.outputText == "Hello from WebAssembly, compiled by Brolga.\n")
}

@Test func theStatusOfAProgramIsItsResult() throws {
  let engine = Engine()
  let module = try Module(engine: engine, compiling: Programs.example("primes").bytes)
  let result = try run(module, engine: engine, args: ["primes", "1000"])
  #expect(result.status == 0)
  #expect(result.outputText == "168 primes below 1000\n")
  #expect(try run(module, engine: engine, args: ["primes", "x"]).status == 2)
}

@Test func badBytesAreTypedErrors() throws {
  let engine = Engine()
  let bytes = Programs.example("numbers").bytes
  #expect(throws: ModuleError.self) { try Module(engine: engine, compiling: []) }
  #expect(throws: ModuleError.self) {
    try Module(engine: engine, compiling: Array(bytes.dropLast(5)))
  }
  #expect(throws: ModuleError.artefact(.notAnArtefact)) {
    try Module(engine: engine, serializedAt: Programs.example("numbers").path)
  }
  #expect(throws: ModuleError.artefact(.cannotRead(path: "/nowhere", ENOENT))) {
    try Module(engine: engine, serializedAt: "/nowhere")
  }
  #expect(throws: ModuleError.isArtefact) {
    try Module(engine: engine, compiling: try Module(engine: engine, compiling: bytes).serialize())
  }
}

@Test func aModuleThatWasSerializedIsTheSameModule() throws {
  let engine = Engine()
  let module = try Module(engine: engine, compiling: Programs.example("numbers").bytes)
  let bytes = module.serialize()
  let again = try Module(engine: engine, serialized: bytes)
  #expect(again.serialize() == bytes)
  for module in [module, again] {
    let instance = try module.instantiate(store: Store(engine: engine))
    #expect(try instance.exports[function: "gcd"]!([.i32(1071), .i32(462)]) == [.i32(21)])
  }
  var damaged = bytes
  damaged[bytes.count / 2] ^= 1
  #expect(throws: ModuleError.artefact(.wrongHash)) {
    try Module(engine: engine, serialized: damaged)
  }
  #expect(throws: ModuleError.artefact(.notAnArtefact)) {
    try Module(engine: engine, serialized: [])
  }
}

@Test(arguments: [CompilationOptions.Level.o0, .o2])
func precompilingGivesTheBytesOfTheLoadedModule(level: CompilationOptions.Level) throws {
  let engine = Engine()
  let program = Programs.example("numbers").bytes
  let options = CompilationOptions(level: level)
  let bytes = try Module.precompile(program, options: options)
  #expect(
    bytes == (try Module(engine: engine, compiling: program, options: options).serialize()))
  let instance = try Module(engine: engine, serialized: bytes)
    .instantiate(store: Store(engine: engine))
  #expect(try instance.exports[function: "gcd"]!([.i32(1071), .i32(462)]) == [.i32(21)])
  #expect(throws: ModuleError.isArtefact) { try Module.precompile(bytes) }
}

/// What the first article of the documentation does.
@Test func aModuleOfTextCallsTheHostAndReturns() throws {
  let engine = Engine()
  let text = """
    (module
      (import "env" "log" (func $log (param i32)))
      (memory (export "memory") 1)
      (func (export "run") (param i32) (result i32)
        (call $log (local.get 0))
        (i32.mul (local.get 0) (i32.const 2))))
    """
  let module = try Module(engine: engine, compiling: Array(text.utf8))
  let store = Store(engine: engine)
  var said: [Value] = []
  let log = Function(store: store, parameters: [.i32], results: []) { caller, arguments in
    said += arguments
    return []
  }
  let instance = try module.instantiate(store: store, imports: ["env": ["log": log]])
  #expect(try instance.exports[function: "run"]!([.i32(21)]) == [.i32(42)])
  #expect(said == [.i32(21)])
  let memory = instance.exports[memory: "memory"]!
  #expect(throws: UsageError.memoryOutOfBounds(offset: 65_534, count: 3, byteCount: 65_536)) {
    try memory.write([1, 2, 3], at: 65_534)
  }
}

/// The helper that raises the trap returns to where the module's code ends.
@Test(arguments: [CompilationOptions.Level.o0, .o2])
func theBacktraceHasTheLastCallOfTheCode(level: CompilationOptions.Level) throws {
  let text = """
    (module (memory 1) (func $last (export "f") (param i32)
      (memory.fill (local.get 0) (i32.const 1) (local.get 0))))
    """
  let engine = Engine()
  let module = try Module(
    engine: engine, compiling: Array(text.utf8),
    options: CompilationOptions(level: level, workers: 1, checksAllocation: true))
  let instance = try module.instantiate(store: Store(engine: engine))
  let function = try #require(instance.exports[function: "f"])
  let trap = #expect(throws: Trap.self) { try function([.i32(65_536)]) }
  #expect(trap?.backtrace.map(\.functionName) == ["last"])
}
