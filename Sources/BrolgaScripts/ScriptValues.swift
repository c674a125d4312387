// SPDX-License-Identifier: Apache-2.0
// Values of test scripts: arguments, and whether results are as expected.

import Brolga
import BrolgaWasm

extension ScriptValue {
  /// What has to be built before guests can get the value; nil when nothing has.
  var need: String? {
    switch self {
    case .unsupported(let feature): feature
    default: nil
    }
  }

  /// The value as guests get it; nil for kinds that are not built.
  var value: Value? {
    switch self {
    case .i32(let bits): .i32(bits)
    case .i64(let bits): .i64(bits)
    case .f32(let bits): .f32(bits)
    case .f64(let bits): .f64(bits)
    case .null(let type?): Value(defaultOf: type)
    case .host(let number): .externref(ExternalReference(UInt(number)))
    case .v128(let vector): .v128(vector)
    case .null, .unsupported: nil
    }
  }
}

extension ScriptExpectation {
  /// What has to be built before the expectation can be met; nil when nothing has.
  var need: String? {
    switch self {
    case .exactly(let value): value.need
    case .either(let choices): choices.lazy.compactMap(\.need).first
    default: nil
    }
  }

  func isMet(by value: Value) -> Bool {
    switch self {
    case .exactly(.null(let type)):
      guard case .ref(let reference) = value, reference.isNull else { return false }
      return type.map(value.isOfType) ?? true
    case .exactly(let expected): return expected.value == value
    case .canonicalNaN(let isDouble): return isNaN(value, isDouble, isCanonical: true)
    case .arithmeticNaN(let isDouble): return isNaN(value, isDouble, isCanonical: false)
    case .function:
      if case .ref(.function(_?)) = value { return true }
      return false
    case .external:
      if case .ref(.extern(_?)) = value { return true }
      return false
    case .exception:
      if case .ref(.exception(_?)) = value { return true }
      return false
    case .lanes:
      if case .v128(let vector) = value { return isMet(byVector: vector) }
      return false
    case .either(let choices): return choices.contains { $0.isMet(by: value) }
    }
  }

  private func isNaN(_ value: Value, _ isDouble: Bool, isCanonical: Bool) -> Bool {
    switch value {
    case .f32(let bits) where !isDouble:
      return BrolgaWasm.isNaN(UInt64(bits), false, isCanonical: isCanonical)
    case .f64(let bits) where isDouble:
      return BrolgaWasm.isNaN(bits, true, isCanonical: isCanonical)
    default: return false
    }
  }
}

extension ScriptExpectation {
  var description: String {
    switch self {
    case .exactly(.null(let type)): "null \(type.map { "\($0)" } ?? "")"
    case .exactly(let value): value.value.map { "\($0)" } ?? "\(value)"
    case .canonicalNaN: "a canonical NaN"
    case .arithmeticNaN: "an arithmetic NaN"
    case .lanes(let lanes): lanes.map(\.description).joined(separator: ", ")
    case .function: "a function"
    case .external: "a reference of the host"
    case .exception: "an exception"
    case .either(let choices): choices.map(\.description).joined(separator: " or ")
    }
  }
}
