// SPDX-License-Identifier: Apache-2.0
// What can go wrong between host and guest, other than a trap.

import BrolgaWasm

/// Why a module could not be instantiated. (A trap in an active segment or the start function is
/// a `Trap` instead.)
public enum LinkError: Error, Hashable, Sendable {
  case unknownImport(module: String, name: String, expected: ExternalType)
  case incompatibleImport(
    module: String, name: String, expected: ExternalType, found: ExternalType)
  /// An import belongs to another store.
  case foreignStore(module: String, name: String)
  /// The engine's limits, or the system's, do not allow a memory or a table of the module's.
  case outOfResources(ExternalType)
}

extension LinkError: CustomStringConvertible {
  // The test scripts of the specification want the first words to be as they are.
  public var description: String {
    switch self {
    case .unknownImport(let module, let name, let expected):
      "unknown import: the module wants \"\(module)\" \"\(name)\" to be a \(expected), and is given nothing"
    case .incompatibleImport(let module, let name, let expected, let found):
      "incompatible import type: the module wants \"\(module)\" \"\(name)\" to be a \(expected), and is given a \(found)"
    case .foreignStore(let module, let name):
      "the import \"\(module)\" \"\(name)\" belongs to another store"
    case .outOfResources(let type): type.noRoom
    }
  }
}

/// A mistake of the host in its use of a function, memory, table or global. A guest is never
/// stopped by one, unless a host function lets it through.
public enum UsageError: Error, Hashable, Sendable {
  case wrongArguments(expected: [ValueType], found: [ValueType])
  /// A host function gave back other values than its type says.
  case wrongResults(expected: [ValueType], found: [ValueType])
  case wrongType(expected: ValueType, found: ValueType)
  /// Tables hold references.
  case notAReference(ValueType)
  /// A size is negative, or a maximum less than the minimum.
  case wrongLimits(minimum: Int, maximum: Int?)
  /// A memory of `byteCount` bytes does not have `count` of them at `offset`.
  case memoryOutOfBounds(offset: UInt64, count: Int, byteCount: Int)
  /// A table of `count` elements has none at `index`.
  case tableOutOfBounds(index: Int, count: Int)
  case immutableGlobal
  /// A function reference of another store.
  case foreignStore
  /// The engine's limits, or the system's, do not allow a memory or a table of the host's.
  case outOfResources(ExternalType)
}

extension UsageError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .wrongArguments(let expected, let found):
      "wrong arguments: expected \(expected), found \(found)"
    case .wrongResults(let expected, let found):
      "wrong results of a host function: expected \(expected), found \(found)"
    case .wrongType(let expected, let found): "wrong type: expected \(expected), found \(found)"
    case .notAReference(let type): "a table holds references, and \(type) is none"
    case .wrongLimits(let minimum, let maximum):
      "a minimum of \(minimum) and \(maximum.map { "a maximum of \($0)" } ?? "no maximum") are no limits of a size"
    case .memoryOutOfBounds(let offset, let count, let byteCount):
      "the memory has \(byteCount) bytes: \(count) bytes at offset \(offset) are not inside"
    case .tableOutOfBounds(let index, let count):
      "the table has \(count) elements: there is none at index \(index)"
    case .immutableGlobal: "the global is immutable"
    case .foreignStore: "the reference belongs to another store"
    case .outOfResources(let type): type.noRoom
    }
  }
}

extension ExternalType {
  /// That there can be no such memory or table.
  fileprivate var noRoom: String {
    switch self {
    case .memory(let pages, _, _): "out of resources: no room for a memory of \(pages) pages"
    case .table(_, let count, _, _): "out of resources: no room for a table of \(count) elements"
    default: "out of resources: no room for a \(self)"
    }
  }
}

/// - Throws: `wrongLimits` unless sizes from `minimum` to `maximum` make sense.
func checkLimits(_ minimum: Int, _ maximum: Int?) throws(UsageError) {
  guard minimum >= 0, maximum.map({ $0 >= minimum }) ?? true else {
    throw .wrongLimits(minimum: minimum, maximum: maximum)
  }
}
