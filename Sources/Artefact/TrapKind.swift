// SPDX-License-Identifier: Apache-2.0
// Why a guest stops: the numbers that compiled code, artefact and runtime share.

/// Why a guest was stopped. Raw values are part of the artefact format.
public enum TrapKind: UInt8, Sendable, CaseIterable, CustomStringConvertible {
  // 0 means "no trap" in a helper's status and "a call site" in the trap table.
  case unreachable = 1
  case memoryOutOfBounds = 2
  case tableOutOfBounds = 3
  case indirectCallToNull = 4
  case indirectCallTypeMismatch = 5
  case integerDivideByZero = 6
  case integerOverflow = 7
  case invalidConversionToInteger = 8
  case stackOverflow = 9
  case undefinedElement = 10
  case nullReference = 11
  /// A host function threw; the error itself travels beside the trap.
  case hostError = 12
  /// The guest ran out of fuel or time.
  case interrupted = 13
  /// A call through a reference, that is.
  case nullFunctionReference = 14
  /// `throw_ref` of null.
  case nullExceptionReference = 15
  /// An exception that no handler of the guest's catches; it itself travels beside the trap.
  case uncaughtException = 16
  /// The system has none left for an exception.
  case outOfMemory = 17

  /// The wording of the specification's scripts.
  public var description: String {
    switch self {
    case .unreachable: "unreachable"
    case .memoryOutOfBounds: "out of bounds memory access"
    case .tableOutOfBounds: "out of bounds table access"
    case .indirectCallToNull: "uninitialized element"
    case .indirectCallTypeMismatch: "indirect call type mismatch"
    case .integerDivideByZero: "integer divide by zero"
    case .integerOverflow: "integer overflow"
    case .invalidConversionToInteger: "invalid conversion to integer"
    case .stackOverflow: "call stack exhausted"
    case .undefinedElement: "undefined element"
    case .nullReference: "null reference"
    case .hostError: "host error"
    case .interrupted: "interrupt"
    case .nullFunctionReference: "null function reference"
    case .nullExceptionReference: "null exception reference"
    case .uncaughtException: "uncaught exception"
    case .outOfMemory: "out of memory"
    }
  }
}
