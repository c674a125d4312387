// SPDX-License-Identifier: Apache-2.0
// Preview 1 as imports of an instance, and running a program that uses it.

import BrolgaRuntime
import BrolgaWasm

/// The arguments of one call, each in the low bits of a word.
package struct Arguments: BitwiseCopyable {
  /// As many as the longest parameter list has.
  private var words = InlineArray<9, UInt64>(repeating: 0)

  package init(_ words: [UInt64]) {
    for (index, word) in words.enumerated() { self.words[index] = word }
  }

  init(_ call: HostCall, count: Int) {
    for index in 0..<count { words[index] = call.integer(index) }
  }

  subscript(index: Int) -> UInt32 { UInt32(truncatingIfNeeded: words[index]) }

  func wide(_ index: Int) -> UInt64 { words[index] }
}

extension WASIBridgeToHost {
  /// Defines every function of preview 1 in `imports`.
  public func link(to imports: inout Imports, store: Store) {
    for function in Preview1.allCases {
      imports.define(
        module: Preview1.moduleName, name: function.rawValue, hostFunction(function, store))
    }
  }

  /// Runs a program: calls its `_start`, or `_initialize` if it has that instead.
  ///
  /// - Returns: the status that the program ended with, 0 if it just returned. A process that is
  ///   to end with it uses `ExitStatus.processStatus`.
  /// - Throws: whatever else ended it, a `Trap` above all.
  public func start(_ instance: Instance) throws -> UInt32 {
    let exports = instance.exports
    guard let entry = exports[function: "_start"] ?? exports[function: "_initialize"]
    else { return 0 }
    return try run { try entry() }
  }

  /// Runs `body`, which calls a guest.
  ///
  /// - Returns: the status of the guest's `proc_exit`, 0 if it did not call that.
  package func run(_ body: () throws -> Void) throws -> UInt32 {
    do {
      try body()
      return 0
    } catch let exit as ExitStatus {
      return exit.code
    }
  }

  private func hostFunction(_ function: Preview1, _ store: Store) -> Function {
    let parameters: [ValueType] = function.parameters.withUTF8Buffer { letters in
      letters.map { $0 == UInt8(ascii: "I") ? .i64 : .i32 }
    }
    let type = FunctionType(
      parameters: parameters, results: function.returnsErrno ? [.i32] : [])
    let count = parameters.count
    return Function(store: store, type: type) { [self] (call: HostCall) throws in
      let arguments = Arguments(call, count: count)
      if function == .proc_exit { throw ExitStatus(code: arguments[0]) }
      let memory = GuestBytes(
        call.memory?.bytes ?? UnsafeMutableRawBufferPointer(start: nil, count: 0))
      var result = Errno.success
      do throws(Errno) {
        try self.call(function, arguments, memory)
      } catch {
        result = error
      }
      call.setInteger(0, UInt64(result.rawValue))
    }
  }
}
