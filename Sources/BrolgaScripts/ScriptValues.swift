// SPDX-License-Identifier: Apache-2.0
// Values of test scripts: arguments, and whether results are as expected.

import Brolga
import WebAssembly

extension ScriptValue {
  /// The value as guests get it; nil for kinds that are not built.
  var value: Value? {
    switch self {
    case .i32(let bits): .i32(bits)
    case .i64(let bits): .i64(bits)
    case .f32(let bits): .f32(bits)
    case .f64(let bits): .f64(bits)
    case .null(let type?): Value(defaultOf: type)
    case .host(let number): .externref(ExternalReference(UInt(number)))
    case .null, .unsupported: nil
    }
  }
}

extension ScriptExpectation {
  /// What has to be built before the expectation can be met; nil when nothing has.
  var need: String? {
    switch self {
    case .exactly(.unsupported(let feature)): feature
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
    case .either(let choices): return choices.contains { $0.isMet(by: value) }
    }
  }

  /// Whether the payload has the quiet bit, and for a canonical NaN nothing else.
  private func isNaN(_ value: Value, _ isDouble: Bool, isCanonical: Bool) -> Bool {
    switch value {
    case .f32(let bits) where !isDouble:
      return bits & (isCanonical ? 0x7FFF_FFFF : 0x7FC0_0000) == 0x7FC0_0000
    case .f64(let bits) where isDouble:
      let canonical: UInt64 = 0x7FF8_0000_0000_0000
      return bits & (isCanonical ? 0x7FFF_FFFF_FFFF_FFFF : canonical) == canonical
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
    case .function: "a function"
    case .external: "a reference of the host"
    case .either(let choices): choices.map(\.description).joined(separator: " or ")
    }
  }
}
