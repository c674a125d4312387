// SPDX-License-Identifier: Apache-2.0
// What compiled code asks the runtime to do: the helper table.

/// A runtime function that compiled code calls through the table at
/// `ContextLayout.helperTable`.
///
/// Helpers follow the system's C convention; the first argument is the instance context of the
/// caller. 32-bit arguments arrive zero-extended. A helper never unwinds: one that can trap
/// returns a `TrapKind` raw value, 0 for success, and the compiled code raises the trap.
/// Raw values are part of the artefact format.
package enum Helper: UInt8, Sendable, CaseIterable {
  /// `(context, kind) -> never`: ends the innermost activation with the trap.
  case raise = 0
  /// `(context, memory, deltaPages) -> previous size in pages, or -1`
  case memoryGrow = 1
  /// `(context, memory | segment << 32, destination, source, length) -> status`
  case memoryInit = 2
  /// `(context, destinationMemory | sourceMemory << 32, destination, source, length) -> status`
  case memoryCopy = 3
  /// `(context, memory, destination, value, length) -> status`
  case memoryFill = 4
  /// `(context, segment)`
  case dataDrop = 5
  /// `(context, table, delta, initial reference) -> previous size, or -1`
  case tableGrow = 6
  /// `(context, table | segment << 32, destination, source, length) -> status`
  case tableInit = 7
  /// `(context, destinationTable | sourceTable << 32, destination, source, length) -> status`
  case tableCopy = 8
  /// `(context, table, destination, reference, length) -> status`
  case tableFill = 9
  /// `(context, segment)`
  case elementDrop = 10
  /// Not called but jumped to, with everything as a callee finds it but the context: a tail call
  /// of another context's function. xmm14: the function record; eax: words of its arguments on the
  /// stack, and of its results above bit 16. Keeps the argument registers.
  case tailCall = 11
  /// `(context, tag) -> a new exception, 0 if there is no memory`. Its values are to be filled in.
  case exceptionNew = 12
  /// `(context, exception) -> never`: goes on in the handler of the innermost call that has one.
  case `throw` = 13
  /// The same for one that no handler of the function has caught.
  case resumeUnwinding = 15
  /// `(context, exception)`: a handler has it, and has read its values.
  case exceptionCaught = 14

  package enum Result: Sendable { case none, status, value, never }

  /// What the helper returns; a `value` has 64 bits.
  package var result: Result {
    switch self {
    case .raise, .tailCall, .throw, .resumeUnwinding: .never
    case .memoryGrow, .tableGrow, .exceptionNew: .value
    case .dataDrop, .elementDrop, .exceptionCaught: .none
    case .memoryInit, .memoryCopy, .memoryFill, .tableInit, .tableCopy, .tableFill: .status
    }
  }

  /// Byte offset in the helper table.
  package var offset: Int32 { Int32(rawValue) * 8 }
}
