// SPDX-License-Identifier: Apache-2.0
// The types of values in the intermediate representation.

import BrolgaWasm

/// The type of a value. References are `i64`: an address, or 0 for null.
package enum Type: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case none, i32, i64, f32, f64, v128

  package var isInteger: Bool { self == .i32 || self == .i64 }
  package var isFloat: Bool { self == .f32 || self == .f64 }
  package var byteCount: Int {
    switch self {
    case .none: 0
    case .i32, .f32: 4
    case .i64, .f64: 8
    case .v128: 16
    }
  }
  package var name: String {
    switch self {
    case .none: "none"
    case .i32: "i32"
    case .i64: "i64"
    case .f32: "f32"
    case .f64: "f64"
    case .v128: "v128"
    }
  }
}

extension Type {
  /// The type that holds values of a WebAssembly type.
  package init(_ type: ValueType) {
    switch type {
    case .i32: self = .i32
    case .f32: self = .f32
    case .f64: self = .f64
    case .v128: self = .v128
    default: self = .i64
    }
  }
}
