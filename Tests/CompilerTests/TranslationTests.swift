// SPDX-License-Identifier: Apache-2.0
// Translation of real programs and of hand-made bodies.

import BrolgaEntities
import BrolgaWasm
import Foundation
import Testing

@testable import BrolgaCompiler

/// The modules of the programs beside the project; empty where they are absent.
func programModules() -> [(name: String, bytes: [UInt8])] {
  let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("shared/data/programs")
  let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
  var modules: [(name: String, bytes: [UInt8])] = []
  while let url = files?.nextObject() as? URL {
    guard url.pathExtension == "wasm", let data = try? Data(contentsOf: url) else { continue }
    modules.append((url.path, [UInt8](data)))
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

@Test(arguments: [false, true])
func exceptionsAreValidatedAndNotCompiled(keepsLocalsInFrame: Bool) throws {
  var options = CompilerOptions()
  options.keepsLocalsInFrame = keepsLocalsInFrame
  func refusal(_ fields: String) throws -> WasmError? {
    var text = "(module \(fields))"
    let module = try text.withUTF8 { try Module(text: UnsafeRawBufferPointer($0)) }
    do throws(CompileError) {
      _ = try compile(module, options)
      return nil
    } catch {
      guard case .module(let error) = error else { return nil }
      return error
    }
  }
  for fields in [
    "(tag)", "(import \"m\" \"t\" (tag (param i32)))", "(func (try_table (catch_all 0)))",
    "(func (throw_ref (ref.null exn)))",
  ] {
    let error = try refusal(fields)
    #expect(error?.kind == .unsupported && error?.message == "exception handling", "\(fields)")
  }
  // What does not run need not be compiled; it has to be valid.
  let dead = "(func (result i32) (local i32) i32.const 1 return"
  #expect(
    try refusal("\(dead) (try_table (catch_all_ref 0) (throw_ref)) i32.const 2)")?.kind == .invalid)
  #expect(try refusal("\(dead) (try_table (local.set 0 (i32.const 1)) (br 0)) i32.const 2)") == nil)
}
