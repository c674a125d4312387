// SPDX-License-Identifier: Apache-2.0
// What is wrong with a module, and where.

/// Why a module was refused.
///
/// The message starts with the words of the specification's test scripts where they have any.
package struct WasmError: Error, Hashable {
  package enum Kind: UInt8, Sendable {
    /// The bytes are not a module.
    case malformed
    /// The bytes are a module that breaks a typing rule.
    case invalid
    /// The module uses a part of WebAssembly that is not built or not switched on.
    case unsupported
    /// The module is larger than `ImplementationLimits` allows.
    case limit
  }

  package var kind: Kind
  /// Bytes from the start of the module.
  package var offset: Int
  package var message: String

  package init(_ kind: Kind, at offset: Int, _ message: String) {
    self.kind = kind
    self.offset = offset
    self.message = message
  }

  static func limit(_ what: String, at offset: Int, _ limit: some BinaryInteger) -> WasmError {
    WasmError(.limit, at: offset, "too many \(what): the limit is \(limit)")
  }

  static func unsupported(_ feature: Features, at offset: Int) -> WasmError {
    WasmError(.unsupported, at: offset, feature.name)
  }
}

extension WasmError: CustomStringConvertible {
  package var description: String {
    switch kind {
    case .malformed: "malformed: \(message) (at offset \(offset))"
    case .invalid: "invalid: \(message) (at offset \(offset))"
    case .unsupported: "unsupported: \(message) at offset \(offset)"
    case .limit: "limit exceeded: \(message) (at offset \(offset))"
    }
  }
}
