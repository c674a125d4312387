// SPDX-License-Identifier: Apache-2.0
// Translation of real programs and of hand-made bodies.

import BrolgaEntities
import BrolgaWasm
import Foundation
import Testing

@testable import BrolgaCompiler

/// The modules of the programs beside the project; empty where they are absent.
func programModules() -> [(name: String, bytes: [UInt8])] {
  let data = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("shared/data")
  var modules: [(name: String, bytes: [UInt8])] = []
  for folder in ["programs", "exceptions"] {
    let files = FileManager.default.enumerator(
      at: data.appendingPathComponent(folder), includingPropertiesForKeys: nil)
    while let url = files?.nextObject() as? URL {
      guard url.pathExtension == "wasm", let data = try? Data(contentsOf: url) else { continue }
      modules.append((url.path, [UInt8](data)))
    }
  }
  return modules.sorted { $0.name < $1.name }
}

@Test(arguments: [false, true])
func programsTranslateToWellFormedFunctions(numbersValues: Bool) throws {
  let programs = programModules()
  if programs.isEmpty { print("skipped: no programs beside the project") }
  for (name, bytes) in programs {
    guard let module = try supportedModule(bytes) else { continue }
    let unit = CompilationUnit(module)
    var translator = Translator()
    for index in module.importedFunctionCount..<module.functionCount {
      guard try isTranslated(&translator, unit, UInt32(index), numbersValues) else { continue }
      checkUses(&translator.builder.function, "\(name) function \(index)")
    }
  }
}

/// False where the function needs a feature that Brolga says it does not have. A function of its own:
/// as a `do` inside the loops above it took the compiler minutes.
func isTranslated(
  _ translator: inout Translator, _ unit: CompilationUnit, _ index: UInt32, _ numbersValues: Bool
) throws -> Bool {
  do {
    try translator.translate(unit, function: index, numbersValues: numbersValues)
    return true
  } catch let error where error.kind == .unsupported {
    return false
  }
}

/// Operands come before their uses in the block order's sense; arguments match parameters.
private func checkUses(_ function: inout Function, _ name: String) {
  for i in 0..<function.instructions.count {
    let instruction = function.instructions[Value(i)]
    var read: [UInt32] = []
    function.forEachOperand(instruction) { read.append($0) }
    for value in read {
      precondition(Int(value) < function.instructions.count, "\(name): v\(i) uses v\(value)")
      let used = function.instructions[Value(raw: value)]
      precondition(
        used.opcode != .nop && used.type != .none || used.opcode == .call, "\(name): v\(i)")
    }
  }
  for e in 0..<function.edges.count {
    let edge = function.edges[Edge(e)]
    precondition(!edge.to.isNone, "\(name): edge \(e) leads nowhere")
    let target = function.blocks[edge.to]
    for k in 0..<Int(target.parameterCount) {
      let argument = function.lists[Int(edge.argumentStart) + k]
      let parameter = function.lists[Int(target.parameterStart) + k]
      let a = function.instructions[Value(raw: argument)]
      let p = function.instructions[Value(raw: parameter)]
      precondition(a.type == p.type && p.opcode == .param, "\(name): edge \(e) argument \(k)")
    }
  }
}

/// The module, or nil where it needs a feature that Brolga says it does not have.
func supportedModule(_ bytes: [UInt8]) throws -> Module? {
  do {
    return try Module(decoding: bytes)
  } catch let error where error.kind == .unsupported {
    return nil
  }
}

/// How often each operation stands in the translation of the last function.
private func operations(
  _ fields: String, keepsLocalsInFrame: Bool
) throws -> [BrolgaCompiler.Opcode: Int] {
  var text = "(module (tag $e (param i32)) (tag $other) (func $f (param i32)) \(fields))"
  let module = try text.withUTF8 { try Module(text: UnsafeRawBufferPointer($0)) }
  var translator = Translator()
  try translator.translate(
    CompilationUnit(module), function: UInt32(module.functionCount - 1), numbersValues: true,
    keepsLocalsInFrame: keepsLocalsInFrame)
  try translator.builder.function.verify()
  var counts: [BrolgaCompiler.Opcode: Int] = [:]
  for i in 0..<translator.builder.function.instructions.count {
    counts[translator.builder.function.instructions[Value(i)].opcode, default: 0] += 1
  }
  return counts
}

@Test(arguments: [false, true])
func aScopeHasOneLandingForAllItsCalls(keepsLocalsInFrame: Bool) throws {
  let call = "(call $f (local.get 0))"
  func scope(_ body: String) throws -> [BrolgaCompiler.Opcode: Int] {
    try operations(
      """
      (func (param i32) (local i32)
        (block $l (result i32) (try_table (catch $e $l) \(body)) (return)) (drop))
      """, keepsLocalsInFrame: keepsLocalsInFrame)
  }
  for count in 1...3 {
    let found = try scope(String(repeating: call, count: count))
    #expect(found[.call] == count && found[.unwind] == count && found[.caught] == count)
    // One comparison with the tag; one helper takes the exception, another passes it on.
    #expect(found[.branch] == 1 && found[.callHelper] == 2)
  }
  // What throws nothing needs no landing; what is caught where it is thrown is no exception.
  for body in ["", "(local.set 1 (i32.const 5))", "(throw $e (i32.const 5))"] {
    let found = try scope(body)
    #expect(found[.unwind] == nil && found[.callHelper] == nil && found[.branch] == nil, "\(body)")
  }
  let other = try scope("(throw $other)")
  #expect(other[.unwind] == nil && other[.callHelper] == 3)
}

/// What does not run need not be compiled; it has to be valid.
@Test(arguments: [false, true])
func scopesInCodeThatDoesNotRunAreLeftOut(keepsLocalsInFrame: Bool) throws {
  let dead = "(func (result i32) (local i32) i32.const 1 return"
  let error = #expect(throws: WasmError.self) {
    try operations(
      "\(dead) (try_table (catch_all_ref 0) (throw_ref)) i32.const 2)",
      keepsLocalsInFrame: keepsLocalsInFrame)
  }
  #expect(error?.kind == .invalid)
  let found = try operations(
    "\(dead) (block (try_table (catch_all 0) (call $f (local.get 0)) (br 0))) i32.const 2)",
    keepsLocalsInFrame: keepsLocalsInFrame)
  #expect(found[.call] == nil && found[.unwind] == nil)
}
