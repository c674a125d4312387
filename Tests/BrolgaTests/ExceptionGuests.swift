// SPDX-License-Identifier: Apache-2.0
// Guests with exceptions, compiled in each way that places values differently.

import Brolga
import BrolgaCRuntime
import Testing

import struct BrolgaCompiler.CompilerOptions
import struct BrolgaWasm.ModuleBytes

@testable import BrolgaRuntime

/// How a guest is compiled. With locals in the frame, handlers read them from there.
enum GuestForm: CaseIterable, CustomTestStringConvertible {
  case o0, o2, localsInFrame

  var testDescription: String { "\(self)" }

  fileprivate var options: CompilerOptions {
    var options = CompilerOptions()
    options.level = self == .o0 ? .o0 : .o2
    options.keepsLocalsInFrame = self == .localsInFrame
    options.verifies = true
    options.checksAllocation = true
    return options
  }
}

/// A store and what its guests throw.
struct ExceptionGuests {
  let engine = Engine()
  let store: Store
  let form: GuestForm

  init(_ form: GuestForm) {
    store = Store(engine: engine)
    self.form = form
  }

  func instance(_ text: String, _ imports: Imports = [:]) throws -> Instance {
    let module = try Module(
      engine: engine, compiling: ModuleBytes(Array(text.utf8)), form.options)
    return try module.instantiate(store: store, imports: imports)
  }

  /// An instance's function, called with these arguments.
  func call(
    _ instance: Instance, _ name: String, _ arguments: [Value] = []
  ) throws -> [Value] {
    let function = try #require(instance.exports[function: name])
    return try function(arguments)
  }

  /// The exception that a call ends with.
  func exception(
    _ instance: Instance, _ name: String, _ arguments: [Value] = []
  ) throws -> Exception {
    let error = #expect(throws: Exception.self) { try call(instance, name, arguments) }
    return try #require(error)
  }

  /// The trap that a call ends with.
  func trap(_ instance: Instance, _ name: String, _ arguments: [Value] = []) throws -> TrapKind {
    let error = #expect(throws: Trap.self) { try call(instance, name, arguments) }
    return try #require(error).kind
  }

  /// A host function that does nothing but `body`.
  func action(_ body: @escaping () throws -> Void) -> Function {
    Function(store: store) { _, _ in
      try body()
      return []
    }
  }
}

extension Store {
  /// Exceptions whose memory has not been given back.
  var exceptionCount: Int { Int(exceptionHeap.pointee.count) }
}
