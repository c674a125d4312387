// SPDX-License-Identifier: Apache-2.0
// Which fields of an instruction are values.

/// The fields of an instruction that hold values.
package struct ValueFields: OptionSet, BitwiseCopyable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }
  package static let a = ValueFields(rawValue: 1)
  package static let b = ValueFields(rawValue: 2)
  package static let c = ValueFields(rawValue: 4)
  /// `lists[b ..< b + c]`.
  package static let list = ValueFields(rawValue: 8)
  /// `lists[b + 1 ..< b + 1 + c]`: the first entry is a type index.
  package static let typedList = ValueFields(rawValue: 16)
}

extension Shape {
  package var valueFields: ValueFields {
    switch self {
    case .empty, .parameter, .constant, .contextLoad, .frameLoad, .jump, .trap: []
    case .unary, .load, .contextStore, .pointerLoad, .frameStore, .branch, .branchTable, .trapIf:
      .a
    // The call is a value like any other.
    case .result: .a
    case .binary: [.a, .b]
    case .ternary: [.a, .b, .c]
    case .store, .pointerStore: [.a, .c]
    case .call, .callHelper: .typedList
    case .callReference: [.a, .typedList]
    case .returns: .list
    }
  }
}
