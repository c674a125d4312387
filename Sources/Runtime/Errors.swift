// SPDX-License-Identifier: Apache-2.0
// What can go wrong between host and guest, other than a trap.

import WebAssembly

/// Why a module could not be instantiated. (A trap in an active segment or the start function is
/// a `Trap` instead.)
public enum LinkError: Error, Hashable, Sendable {
  case unknownImport(module: String, name: String, expected: String)
  case incompatibleImport(module: String, name: String, expected: String, found: String)
  /// An import belongs to another store.
  case foreignStore(module: String, name: String)
  /// The engine's limits, or the system's, do not allow it.
  case outOfResources(String)
}

extension LinkError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownImport(let module, let name, let expected):
      "unknown import: \"\(module)\" \"\(name)\", expected \(expected)"
    case .incompatibleImport(let module, let name, let expected, let found):
      "incompatible import type: \"\(module)\" \"\(name)\", expected \(expected), found \(found)"
    case .foreignStore(let module, let name):
      "import \"\(module)\" \"\(name)\" belongs to another store"
    case .outOfResources(let what): "out of resources: \(what)"
    }
  }
}

/// A misuse of a guest's function, memory, table or global by the host.
public enum UsageError: Error, Hashable, Sendable {
  case wrongArguments(expected: [ValueType], found: [ValueType])
  /// A host function gave back other values than its type says.
  case wrongResults(expected: [ValueType], found: [ValueType])
  case wrongType(expected: ValueType, found: ValueType)
  case immutableGlobal
  /// A function reference of another store.
  case foreignStore
}

extension UsageError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .wrongArguments(let expected, let found):
      "wrong arguments: expected \(expected), found \(found)"
    case .wrongResults(let expected, let found):
      "wrong results of a host function: expected \(expected), found \(found)"
    case .wrongType(let expected, let found): "wrong type: expected \(expected), found \(found)"
    case .immutableGlobal: "the global is immutable"
    case .foreignStore: "the reference belongs to another store"
    }
  }
}
