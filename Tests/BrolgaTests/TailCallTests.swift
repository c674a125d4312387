// SPDX-License-Identifier: Apache-2.0
// Tail calls run in constant stack, whatever they pass and wherever they lead.

import Brolga
import Testing

private struct Guests {
  let engine = Engine()
  let store: Store
  let level: CompilationOptions.Level

  init(_ level: CompilationOptions.Level) {
    store = Store(engine: engine)
    self.level = level
  }

  func instance(_ text: String, _ imports: Imports = [:]) throws -> Instance {
    let module = try Module(
      engine: engine, compiling: Array(text.utf8),
      options: CompilationOptions(level: level, workers: 1, checksAllocation: true))
    return try module.instantiate(store: store, imports: imports)
  }
}

/// `few` and `many` call each other as often as the counter says; `many` has arguments on the stack
/// (an odd number of words) and both have results there.
private func partners(_ callFew: String, _ callMany: String) -> String {
  let extra = (0..<9).map { "(local.get 0) (i64.const \($0))" }.joined(separator: " ")
  return """
    (func $few (export "few") (type $few)
      (if (i32.eqz (local.get 0)) (then (return (local.get 0) (local.get 1) (f64.const 2.5)
        (i32.const 4) (i32.const 5) (i32.const 6) (i64.const 7) (i32.const 8) (i64.const 9))))
      (i32.sub (local.get 0) (i32.const 1)) (local.get 1) \(extra) (f64.const 1) \(callMany))
    (func $many (export "many") (type $many)
      (i32.sub (local.get 0) (i32.const 1))
      (i64.add (local.get 1) (i64.add (local.get 19) (i64.extend_i32_u (local.get 18))))
      \(callFew))
    """
}

private let types = """
  (rec (type $few (func (param i32 i64)
      (result i32 i64 f64 i32 i32 i32 i64 i32 i64)))
    (type $many (func (param i32 i64)
      (param i32 i64 i32 i64 i32 i64 i32 i64 i32 i64 i32 i64 i32 i64 i32 i64 i32 i64 f64)
      (result i32 i64 f64 i32 i32 i32 i64 i32 i64))))
  """

/// What `few` gives for an even count.
private func outcome(_ count: Int) -> [Value] {
  let sum = stride(from: 2, through: count, by: 2).reduce(0) { $0 + $1 + 8 }
  return [
    .i32(0), .i64(UInt64(sum)), .fromFloat64(2.5), .i32(4), .i32(5), .i32(6), .i64(7), .i32(8),
    .i64(9),
  ]
}

@Test(arguments: [CompilationOptions.Level.o0, .o2])
func tailCallsTakeNoStack(level: CompilationOptions.Level) throws {
  let guests = Guests(level)
  let ways = [
    ("(return_call $few)", "(return_call $many)"),
    (
      "(i32.const 0) (return_call_indirect (type $few))",
      "(i32.const 1) (return_call_indirect (type $many))"
    ),
    (
      "(return_call_ref $few (ref.func $few))",
      "(table.get (i32.const 1)) (ref.as_non_null) (drop) (ref.func $many) (return_call_ref $many)"
    ),
  ]
  for (few, many) in ways {
    let instance = try guests.instance(
      "(module \(types) (table funcref (elem $few $many)) \(partners(few, many)))")
    let function = try #require(instance.exports[function: "few"])
    let count = 2_000_000
    #expect(try function([.i32(UInt32(count)), .i64(0)]) == outcome(count), "\(few)")
  }
}

@Test(arguments: [CompilationOptions.Level.o0, .o2])
func tailCallsCrossInstances(level: CompilationOptions.Level) throws {
  let guests = Guests(level)
  // The first fills its table with the second's function; each has a memory of its own.
  let first = try guests.instance(
    """
    (module \(types) (table (export "table") 1 funcref) (memory (export "memory") 1)
      (data (i32.const 0) "\\2a") (global $g (mut i32) (i32.const 5))
      (func $many (type $many)
        (local.get 0) (local.get 1) \((2..<21).map { "(local.get \($0))" }.joined(separator: " "))
        (i32.const 0) (return_call_indirect (type $many)))
      \(partners("unreachable", "(return_call $many)")
        .replacing("(func $many (export \"many\")", with: "(func $unused"))
      (func $swap (param i32 i32) (result i32 i32) (local.get 1) (local.get 0))
      (func (export "run") (param $n i32) (result i64 i32 i32 i32 i64)
        (local $sum i64) (local $nine i64)
        (call $few (local.get $n) (i64.const 0))
        (local.set $nine) (drop) (drop) (drop) (drop) (drop) (drop) (local.set $sum) (drop)
        (local.get $sum) (i32.load8_u (i32.const 0)) (call $swap (global.get $g) (i32.const 6))
        (local.get $nine)))
    """)
  var imports: Imports = [:]
  imports.define(module: "first", first.exports)
  let second = try guests.instance(
    """
    (module \(types) (import "first" "few" (func $few (type $few)))
      (import "first" "table" (table 1 funcref)) (memory 1) (data (i32.const 0) "\\63")
      \(partners("(return_call $few)", "unreachable")
        .replacing("(func $few (export \"few\")", with: "(func $unused"))
      (elem (i32.const 0) $many))
    """, imports)
  let run = try #require(first.exports[function: "run"])
  let count = 1_000_000
  // r14 and r15 are those of the first instance again after a chain that began in it and went
  // through both: the memory, the global and direct calls are its own.
  #expect(
    try run([.i32(UInt32(count))])
      == [outcome(count)[1], .i32(42), .i32(6), .i32(5), .i64(9)])
  let many = try #require(second.exports[function: "many"])
  let arguments: [Value] =
    [.i32(1), .i64(10)]
    + (0..<18).map { $0 % 2 == 0 ? .i32(UInt32($0)) : .i64(UInt64($0)) } + [.fromFloat64(1)]
  #expect(try many(arguments)[1] == .i64(10 + 17 + 16))
}

@Test(arguments: [CompilationOptions.Level.o0, .o2])
func tailCallsOfHostFunctions(level: CompilationOptions.Level) throws {
  let guests = Guests(level)
  let eight = Array(repeating: ValueType.i32, count: 8)
  struct Refusal: Error {}
  let host = Function(store: guests.store, parameters: eight + [.i64], results: eight + [.i64]) {
    caller, arguments in
    // The caller is the instance that made the tail call, not one that it returns to.
    let memory = try #require(caller.memory)
    let byte = try memory.read(at: 0, count: 1)[0]
    if arguments[0] == .i32(99) { throw Refusal() }
    return Array(arguments.dropLast().reversed()) + [.i64(UInt64(byte))]
  }
  let signature = "(param i32 i32 i32 i32 i32 i32 i32 i32 i64)"
  let results = signature.replacing("param", with: "result")
  let all = (0..<9).map { "(local.get \($0))" }.joined(separator: " ")
  func module(_ byte: Int, _ callee: String) -> String {
    """
    (module (import "" "f" (func $f \(signature) \(results)))
      (memory 1) (data (i32.const 0) "\\0\(byte)")
      (func $g (export "g") \(signature) \(results) \(all) (return_call $f))
      (func (export "call") (param i32) (result i32 i64 i32) (local i32 i64)
        (call $g (local.get 0) (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4)
          (i32.const 5) (i32.const 6) (i32.const 7) (i64.const 8))
        (local.set 2) (local.set 1) (drop) (drop) (drop) (drop) (drop) (drop) (drop)
        (local.get 1) (local.get 2) (i32.load8_u (i32.const 0))))
    """
  }
  let inner = try guests.instance(module(3, "f"), ["": ["f": host]])
  let through = try #require(inner.exports[function: "g"])
  let outer = try guests.instance(module(7, "f"), ["": ["f": through]])
  let one = try #require(inner.exports[function: "call"])
  #expect(try one([.i32(11)]) == [.i32(11), .i64(3), .i32(3)])
  let two = try #require(outer.exports[function: "call"])
  #expect(try two([.i32(12)]) == [.i32(12), .i64(3), .i32(7)])
  #expect(throws: Refusal.self) { try two([.i32(99)]) }
  #expect(try two([.i32(13)]) == [.i32(13), .i64(3), .i32(7)])
}

@Test(arguments: [CompilationOptions.Level.o0, .o2])
func aTrapBehindATailCallNamesItsRealCallers(level: CompilationOptions.Level) throws {
  let guests = Guests(level)
  let callee = try guests.instance(
    "(module (func $stop (export \"stop\") (param i32) unreachable))")
  let stop = try #require(callee.exports[function: "stop"])
  let caller = try guests.instance(
    """
    (module (import "" "stop" (func $stop (param i32)))
      (func $between (param i32) (return_call $stop (local.get 0)))
      (func $outer (export "outer") (param i32) (call $between (local.get 0)) (drop (i32.const 1))))
    """, ["": ["stop": stop]])
  let outer = try #require(caller.exports[function: "outer"])
  let trap = #expect(throws: Trap.self) { try outer([.i32(1)]) }
  #expect(trap?.kind == .unreachable)
  #expect(trap?.backtrace.map(\.functionName) == ["stop", "outer"])
}

@Test(arguments: [CompilationOptions.Level.o0, .o2])
func deepRecursionThroughTailCallsOverflowsTheStack(level: CompilationOptions.Level) throws {
  let guests = Guests(level)
  let text = """
    (module (table (export "t") 1 funcref) (type $f (func (param i32) (result i32)))
      (func $down (export "down") (param i32) (result i32)
        (i32.add (i32.const 1) (call $tail (local.get 0))))
      (func $tail (param i32) (result i32)
        (return_call_indirect (type $f) (local.get 0) (i32.const 0))))
    """
  let first = try guests.instance(text)
  let second = try guests.instance(text)
  let functions = try [first, second].map { try #require($0.exports[function: "down"]) }
  try #require(first.exports[table: "t"]).set(0, .function(functions[1]))
  try #require(second.exports[table: "t"]).set(0, .function(functions[0]))
  let trap = #expect(throws: Trap.self) { try functions[0]([.i32(1)]) }
  #expect(trap?.kind == .stackOverflow)
  #expect(trap?.backtrace.allSatisfy { $0.functionName == "down" } == true)
}
