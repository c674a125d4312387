// SPDX-License-Identifier: Apache-2.0
// Decodes and validates function bodies, operator by operator.

import Entities

/// Reads a function body and checks it against the typing rules in the same walk.
///
/// Working memory that is reused: one per worker. Call `begin`, then `next` until `isAtEnd`. After
/// an error, `begin` starts afresh. State is in stored properties so that reading it costs nothing
/// in another module.
package struct FunctionValidator: ~Copyable {
  /// Offset in the module of the operator that `next` returned last.
  package internal(set) var offset = 0
  /// Whether the function's final `end` has been returned.
  package internal(set) var isAtEnd = true
  /// Constructs open after the operator returned; 1 directly in the function, 0 after its end.
  package internal(set) var controlDepth = 0
  /// Whether the code after the operator returned cannot run.
  package internal(set) var isUnreachable = false
  /// Types of the locals, parameters first.
  package internal(set) var localTypes = Vector<ValueType>()
  package internal(set) var localCount = 0
  /// Of the last `block`, `loop` or `if` returned.
  package internal(set) var blockSignature = Signature.empty
  /// Labels of the last `br_table` returned, the default last.
  package internal(set) var branchTargets = Vector<UInt32>()
  /// What the last `select` chose between; `unknown` when only unreachable code decides.
  package internal(set) var selectType = ValueType.unknown
  /// Operands on the stack after the operator returned, those of outer constructs included.
  package internal(set) var operandCount = 0

  package init() {}

  /// Starts on a defined function and reads its local declarations.
  package mutating func begin(_ module: Module, function: UInt32) throws(WasmError) {
    throw WasmError(.malformed, at: 0, "not built yet")
  }

  /// Decodes and validates the next operator, up to and including the function's final `end`.
  package mutating func next() throws(WasmError) -> Operator {
    throw WasmError(.malformed, at: 0, "not built yet")
  }
}
