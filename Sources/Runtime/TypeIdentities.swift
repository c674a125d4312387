// SPDX-License-Identifier: Apache-2.0
// Numbers for types, equal throughout the process when the types are.

import BrolgaArtefact
import BrolgaEntities
import BrolgaWasm
import Synchronization

/// Interns defined types, group by group. Entries live as long as the process: records in guest
/// memory hold the numbers, and a program meets few distinct types.
///
/// Outside of a `WebAssembly.Module`, a value type that refers to a defined type does so by this
/// number: two such types are equal when they are equal as values.
enum TypeIdentities {
  private struct Registry: ~Copyable {
    var table = TypeTable()
    /// By number.
    var functionTypes: [FunctionType?] = []
    /// By number; never freed, and unchanged once made.
    var supertypes: [UnsafePointer<UInt32>?] = []

    init() {
      // Number zero stands for none.
      table.finishType(.structure, parameterCount: 0, resultCount: 0)
      table.finishGroup(count: 1, isExplicit: false)
    }
  }

  private static let registry = Mutex(Registry())

  /// The most numbers there can be: a value type has 23 bits for one.
  private static let limit = 1 << 23

  /// The numbers of a module's types, by type index.
  static func identities(of module: BrolgaWasm.Module) throws(ArtefactError) -> [UInt32] {
    let identities: [UInt32]? = registry.withLock { registry in
      guard registry.table.count + module.typeCount <= limit else { return nil }
      return module.copyTypes(to: &registry.table)
    }
    guard let identities else { throw .tooLarge }
    return identities
  }

  /// The number of `type`, declared alone and final.
  static func identity(of type: FunctionType) -> UInt32 {
    registry.withLock { registry in
      precondition(registry.table.count < limit, "the process has met too many types")
      let mark = registry.table.mark
      for part in type.parameters + type.results { registry.table.append(part) }
      registry.table.finishType(
        .function, parameterCount: type.parameters.count, resultCount: type.results.count)
      let next = UInt32(registry.table.count - 1)
      let identity = registry.table.finishGroup(count: 1, isExplicit: false)
      if identity != next { registry.table.removeRepeated(since: mark) }
      return identity
    }
  }

  /// The function type whose number `identity` is.
  static func type(_ identity: UInt32) -> FunctionType {
    registry.withLock { registry in
      let index = Int(identity)
      while registry.functionTypes.count <= index { registry.functionTypes.append(nil) }
      if let known = registry.functionTypes[index] { return known }
      let type = registry.table.view.signature(index).functionType
      registry.functionTypes[index] = type
      return type
    }
  }

  /// The type and all those above it; see `ContextLayout.Supertypes`. Never freed.
  static func supertypes(of identity: UInt32) -> UnsafePointer<UInt32> {
    registry.withLock { registry in
      let index = Int(identity)
      while registry.supertypes.count <= index { registry.supertypes.append(nil) }
      if let known = registry.supertypes[index] { return known }
      let chain = registry.table.view.chain(of: identity)
      let count = max(chain.count, ContextLayout.Supertypes.minimumCount)
      let list = UnsafeMutablePointer<UInt32>.allocate(capacity: count + 1)
      list.initialize(repeating: 0, count: count + 1)
      list[0] = UInt32(count)
      for (position, type) in chain.enumerated() { list[position + 1] = type }
      registry.supertypes[index] = UnsafePointer(list)
      return UnsafePointer(list)
    }
  }

  // MARK: Relations

  static func isSubtype(_ a: ValueType, _ b: ValueType) -> Bool {
    a == b || registry.withLock { $0.table.view.isSubtype(a, b) }
  }

  static func isSubtype(_ a: UInt32, _ b: UInt32) -> Bool {
    a == b || registry.withLock { $0.table.view.isSubtype(a, b) }
  }

  static func isSubtype(_ a: TableType, _ b: TableType) -> Bool {
    registry.withLock { a.isSubtype(of: b, in: $0.table.view) }
  }

  static func isSubtype(_ a: GlobalType, _ b: GlobalType) -> Bool {
    registry.withLock { a.isSubtype(of: b, in: $0.table.view) }
  }
}

extension ValueType {
  /// A reference to functions of a type.
  public static func reference(to type: FunctionType, isNullable: Bool = true) -> ValueType {
    ValueType(
      reference: HeapType(typeIndex: TypeIdentities.identity(of: type)), isNullable: isNullable)
  }

  /// Whether the values are references to functions.
  var isFunctionReference: Bool {
    guard isReference else { return false }
    return self == .funcref || TypeIdentities.isSubtype(self, .funcref)
  }
}
