// SPDX-License-Identifier: Apache-2.0
// The types of WebAssembly values in the intermediate representation.

import WebAssembly

extension Type {
  /// The type that holds values of a WebAssembly type.
  package init(_ type: ValueType) {
    switch type {
    case .i32: self = .i32
    case .f32: self = .f32
    case .f64: self = .f64
    default: self = .i64
    }
  }
}
