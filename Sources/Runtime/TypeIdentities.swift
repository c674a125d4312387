// SPDX-License-Identifier: Apache-2.0
// Numbers for function types, equal throughout the process when the types are.

import Synchronization
import WebAssembly

/// Interns function types. Entries live as long as the process: records in guest memory hold the
/// numbers, and a program meets few distinct types.
enum TypeIdentities {
  private struct Table {
    var identities: [FunctionType: UInt32] = [:]
    var types: [FunctionType] = []
  }

  private static let table = Mutex(Table())

  /// The number of `type`; never zero.
  static func identity(of type: FunctionType) -> UInt32 {
    table.withLock { table in
      if let known = table.identities[type] { return known }
      table.types.append(type)
      let identity = UInt32(table.types.count)
      table.identities[type] = identity
      return identity
    }
  }

  /// The type whose number `identity` is.
  static func type(_ identity: UInt32) -> FunctionType {
    table.withLock { $0.types[Int(identity) - 1] }
  }
}
