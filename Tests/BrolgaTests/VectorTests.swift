// SPDX-License-Identifier: Apache-2.0
// Vectors between the host and compiled guests, and on the command line.

import Brolga
import Foundation
import Testing

private var vectors: [Value] {
  (0..<10).map { k in
    .v128(V128(low: 0x0102_0304_0506_0708 &* UInt64(k + 1), high: ~(UInt64(k) &<< 32)))
  }
}
private let tenTypes = [ValueType](repeating: .v128, count: 10)
private let ten = Array(repeating: "v128", count: 10).joined(separator: " ")
private let wide = "(param \(ten) f32) (result \(ten) f32)"
private let all = (0..<11).map { "(local.get \($0))" }.joined(separator: " ")
private let rotated = ([1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 10] as [Int])
  .map { "(local.get \($0))" }.joined(separator: " ")

/// Ten vectors and a float: two of them, in both directions, take two words each on the stack.
private let guestText = """
  (module
    (import "env" "few" (func $few (param v128 i32 f64 v128) (result v128 i32 v128)))
    (import "env" "wide" (func $wide \(wide)))
    (import "env" "variable" (global $variable (mut v128)))
    (import "env" "constant" (global $constant v128))
    (global $own (export "own") (mut v128) (v128.const i32x4 1 2 3 0xffffffff))
    (global (export "same") v128 (global.get $constant))
    (type $wide (func \(wide)))
    (table (export "table") 2 funcref)
    (elem (i32.const 0) $rotate)
    (memory 1) (data (i32.const 0) "\\07")
    (func (export "exchange") (param v128 i32 f64 v128) (result v128 i32 f64 v128)
      (local.get 3) (local.get 1) (local.get 2) (local.get 0))
    (func $rotate (export "rotate") \(wide) \(rotated))
    (func (export "few") (param v128 i32 f64 v128) (result v128 i32 v128)
      (call $few (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
    (func (export "wide") \(wide) (call $wide \(all)))
    (func (export "swap") (global.get $variable) (global.get $own)
      (global.set $variable) (global.set $own))
    (func $indirect (export "indirect") (param \(ten) f32 i32) (result \(ten) f32)
      \(all) (call_indirect (type $wide) (local.get 11)))
    (func $tail (export "tail") (param \(ten) f32 i32) (result \(ten) f32)
      \(all) (return_call_indirect (type $wide) (local.get 11)))
    (func (export "tailTwice") (param \(ten) f32 i32) (result \(ten) f32 i32)
      (call $tail \(all) (local.get 11)) (i32.load8_u (i32.const 0))))
  """

private struct Guests {
  let store = Store(engine: Engine())
  let level: CompilationOptions.Level
  let variable: Global
  let constant: Global
  let few: Function
  let reversing: Function

  init(_ level: CompilationOptions.Level) throws {
    self.level = level
    variable = try Global(store: store, type: .v128, isMutable: true, value: vectors[3])
    constant = try Global(store: store, type: .v128, value: vectors[4])
    few = Function(
      store: store, parameters: [.v128, .i32, .f64, .v128], results: [.v128, .i32, .v128]
    ) { _, arguments in
      [arguments[3], .i32(arguments[1].i32 + UInt32(arguments[2].f64)), arguments[0]]
    }
    reversing = Function(store: store, parameters: tenTypes + [.f32], results: tenTypes + [.f32]) {
      _, arguments in arguments[..<10].reversed() + [.fromFloat32(-arguments[10].f32)]
    }
  }

  func instance() throws -> Instance {
    let module = try Module(
      engine: store.engine, compiling: Array(guestText.utf8),
      options: CompilationOptions(level: level, workers: 1, checksAllocation: true))
    return try module.instantiate(
      store: store,
      imports: [
        "env": ["few": few, "wide": reversing, "variable": variable, "constant": constant]
      ])
  }
}

@Suite
struct VectorTests {
  private static let levels: [CompilationOptions.Level] = [.o0, .o2]
  private let arguments = vectors + [.fromFloat32(2.5)]

  @Test(arguments: levels) func guestsTakeAndReturnVectors(level: CompilationOptions.Level) throws {
    let instance = try Guests(level).instance()
    let exchange = try #require(instance.exports[function: "exchange"])
    #expect(
      try exchange([vectors[0], .i32(6), .fromFloat64(0.5), vectors[1]])
        == [vectors[1], .i32(6), .fromFloat64(0.5), vectors[0]])
    let rotate = try #require(instance.exports[function: "rotate"])
    #expect(try rotate(arguments) == vectors[1...] + [vectors[0], .fromFloat32(2.5)])
  }

  @Test(arguments: levels) func guestsPassVectorsToTheHost(level: CompilationOptions.Level) throws {
    let instance = try Guests(level).instance()
    let few = try #require(instance.exports[function: "few"])
    #expect(
      try few([vectors[0], .i32(6), .fromFloat64(4), vectors[1]])
        == [vectors[1], .i32(10), vectors[0]])
    let wide = try #require(instance.exports[function: "wide"])
    #expect(try wide(arguments) == vectors.reversed() + [.fromFloat32(-2.5)])
  }

  @Test(arguments: levels) func globalsHoldVectors(level: CompilationOptions.Level) throws {
    let guests = try Guests(level)
    let instance = try guests.instance()
    let own = try #require(instance.exports[global: "own"])
    #expect(own.value == .v128(V128(low: 0x2_0000_0001, high: 0xffff_ffff_0000_0003)))
    #expect(instance.exports[global: "same"]?.value == vectors[4])
    let initial = own.value
    let swap = try #require(instance.exports[function: "swap"])
    try swap()
    #expect(own.value == vectors[3])
    #expect(guests.variable.value == initial)
    try own.assign(vectors[8])
    try swap()
    #expect(guests.variable.value == vectors[8])
  }

  @Test(arguments: levels) func vectorsPassThroughTablesAndTailCallsToOtherInstances(
    level: CompilationOptions.Level
  ) throws {
    let guests = try Guests(level)
    let (first, second) = (try guests.instance(), try guests.instance())
    let table = try #require(first.exports[table: "table"])
    for callee in [try #require(second.exports[function: "rotate"]), guests.reversing] {
      try table.set(1, .function(callee))
      for name in ["indirect", "tail", "tailTwice"] {
        let function = try #require(first.exports[function: name])
        // The memory of the first instance is its own again afterwards.
        let rest: [Value] = name == "tailTwice" ? [.i32(7)] : []
        #expect(
          try function(arguments + [.i32(0)]) == vectors[1...] + [vectors[0], arguments[10]] + rest)
        #expect(try function(arguments + [.i32(1)]) == callee(arguments) + rest, "\(name)")
      }
    }
  }

  @Test(arguments: levels) func aTrapLeavesVectorsOfItsCallerAlone(
    level: CompilationOptions.Level
  ) throws {
    let guests = try Guests(level)
    let module = try Module(
      engine: guests.store.engine,
      compiling: Array("(module (func (export \"f\") (param v128) unreachable))".utf8),
      options: CompilationOptions(level: level))
    let stop = try #require(
      module.instantiate(store: guests.store).exports[function: "f"])
    let trapping = Function(
      store: guests.store, parameters: tenTypes + [.f32], results: tenTypes + [.f32]
    ) { _, arguments in
      let trap = #expect(throws: Trap.self) { try stop([arguments[2]]) }
      #expect(trap?.kind == .unreachable)
      return arguments
    }
    let instance = try guests.instance()
    let table = try #require(instance.exports[table: "table"])
    try table.set(1, .function(trapping))
    let indirect = try #require(instance.exports[function: "indirect"])
    #expect(try indirect(arguments + [.i32(1)]) == arguments)
  }

  @Test func messagesNameTheTypeOfVectors() throws {
    let guests = try Guests(.o0)
    let instance = try guests.instance()
    let exchange = try #require(instance.exports[function: "exchange"])
    let error = #expect(throws: UsageError.self) {
      try exchange([.i64(0), .i32(0), .fromFloat64(0), vectors[0]])
    }
    #expect(error.map { "\($0)".contains("v128") } == true)
    let module = try Module(
      engine: guests.store.engine,
      compiling: Array("(module (import \"env\" \"g\" (global v128)))".utf8))
    let global = try Global(store: guests.store, type: .i64, value: .i64(0))
    let refusal = #expect(throws: LinkError.self) {
      try module.instantiate(store: guests.store, imports: ["env": ["g": global]])
    }
    #expect(refusal.map { "\($0)".contains("global v128") } == true)
  }

  @Test(.enabled(if: binary != nil, "the brolga product is not built"))
  func theCommandLineReadsAndWritesLanes() throws {
    let folder = TemporaryFolder()
    let file = folder.path + "/vector.wat"
    folder.write(
      "vector.wat", "(module (func (export \"f\") (param v128) (result v128) (local.get 0)))")
    let cases = [
      ("i32x4:1,-2,0x3,4294967295", "i32x4 0x00000001 0xfffffffe 0x00000003 0xffffffff"),
      ("i32x4 0x00000001 2 3 4", "i32x4 0x00000001 0x00000002 0x00000003 0x00000004"),
      (
        "i8x16:-128,255,0,1,2,3,4,5,6,7,8,9,10,11,12,13",
        "i32x4 0x0100ff80 0x05040302 0x09080706 0x0d0c0b0a"
      ),
      ("i16x8:65535,-1,0,0,0,0,0,1", "i32x4 0xffffffff 0x00000000 0x00000000 0x00010000"),
      ("i64x2:-1,2", "i32x4 0xffffffff 0xffffffff 0x00000002 0x00000000"),
      ("f32x4:1,-0.0,nan,inf", "i32x4 0x3f800000 0x80000000 0x7fc00000 0x7f800000"),
      ("f64x2:1,0x1p-1", "i32x4 0x00000000 0x3ff00000 0x00000000 0x3fe00000"),
    ]
    for (argument, expected) in cases {
      let result = try brolga("run", "--invoke", "f", file, argument)
      #expect(result.outputText == expected + "\n", "\(argument)")
    }
    for wrong in [
      "0", "i32x4", "i32x4:", "i32x4:1,2,3", "i32x4:1,2,3,4,5", "i32x4:1,2,3,", "i31x4:1,2,3,4",
      "i8x16:256,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0", "i16x8:-32769,0,0,0,0,0,0,0", "null", "",
    ] {
      let result = try brolga("run", "--invoke", "f", file, wrong)
      #expect(result.status == 1, "\(wrong)")
      #expect(result.errorText.contains("'\(wrong)' is no v128"), "\(wrong)")
    }
    let types = try brolga("inspect", file).outputText
    #expect(types.contains("v128"))
    let observed = try brolga("observe", file).outputText
    #expect(observed.contains("v128:"))
  }
}
