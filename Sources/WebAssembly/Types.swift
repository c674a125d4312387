// SPDX-License-Identifier: Apache-2.0
// Function types and the types of what modules import and export.

/// What a function takes and gives back.
public struct FunctionType: Hashable, Sendable {
  public var parameters: [ValueType]
  public var results: [ValueType]

  public init(parameters: [ValueType], results: [ValueType]) {
    self.parameters = parameters
    self.results = results
  }
}

extension FunctionType: CustomStringConvertible {
  public var description: String {
    let sides = [parameters, results].map { types in
      "[" + types.map(\.description).joined(separator: " ") + "]"
    }
    return sides.joined(separator: " -> ")
  }
}

/// A function type in place, without a count of its own; valid while its module lives.
package struct Signature: BitwiseCopyable {
  package var parameters: UnsafeBufferPointer<ValueType>
  package var results: UnsafeBufferPointer<ValueType>

  package init(
    parameters: UnsafeBufferPointer<ValueType>, results: UnsafeBufferPointer<ValueType>
  ) {
    self.parameters = parameters
    self.results = results
  }

  package static var empty: Signature {
    let none = UnsafeBufferPointer<ValueType>(start: nil, count: 0)
    return Signature(parameters: none, results: none)
  }

  package var functionType: FunctionType {
    FunctionType(parameters: Array(parameters), results: Array(results))
  }
}

/// A linear memory's type. Sizes count pages of `1 << pageSizeLog2` bytes.
package struct MemoryType: BitwiseCopyable, Hashable, Sendable {
  package var minimum: UInt64
  package var maximum: UInt64?
  package var is64: Bool
  package var isShared: Bool
  package var pageSizeLog2: UInt8

  package init(
    minimum: UInt64, maximum: UInt64? = nil, is64: Bool = false, isShared: Bool = false,
    pageSizeLog2: UInt8 = 16
  ) {
    self.minimum = minimum
    self.maximum = maximum
    self.is64 = is64
    self.isShared = isShared
    self.pageSizeLog2 = pageSizeLog2
  }

  /// The type of addresses into it.
  package var addressType: ValueType { is64 ? .i64 : .i32 }

  /// Whether a memory of this type satisfies an import of type `wanted`. For a memory that
  /// exists, `minimum` is its present size.
  package func isSubtype(of wanted: MemoryType) -> Bool {
    is64 == wanted.is64 && isShared == wanted.isShared && pageSizeLog2 == wanted.pageSizeLog2
      && limitsMatch(minimum, maximum, wanted.minimum, wanted.maximum)
  }
}

/// A table's type. Sizes count elements.
package struct TableType: BitwiseCopyable, Hashable, Sendable {
  package var element: ValueType
  package var minimum: UInt64
  package var maximum: UInt64?
  package var is64: Bool

  package init(element: ValueType, minimum: UInt64, maximum: UInt64? = nil, is64: Bool = false) {
    self.element = element
    self.minimum = minimum
    self.maximum = maximum
    self.is64 = is64
  }

  /// The type of indices into it.
  package var addressType: ValueType { is64 ? .i64 : .i32 }

  /// Whether a table of this type satisfies an import of type `wanted`. For a table that exists,
  /// `minimum` is its present size. Elements are written as well as read, so they must be equal;
  /// both types' defined types are those of `types`.
  package func isSubtype(of wanted: TableType, in types: TypeTable.View) -> Bool {
    types.isEqual(element, wanted.element) && is64 == wanted.is64
      && limitsMatch(minimum, maximum, wanted.minimum, wanted.maximum)
  }
}

private func limitsMatch(
  _ minimum: UInt64, _ maximum: UInt64?, _ wantedMinimum: UInt64, _ wantedMaximum: UInt64?
) -> Bool {
  guard minimum >= wantedMinimum else { return false }
  guard let wantedMaximum else { return true }
  guard let maximum else { return false }
  return maximum <= wantedMaximum
}

package struct GlobalType: BitwiseCopyable, Hashable, Sendable {
  package var type: ValueType
  package var isMutable: Bool

  package init(type: ValueType, isMutable: Bool) {
    self.type = type
    self.isMutable = isMutable
  }

  /// Whether a global of this type satisfies an import of type `wanted`; both types' defined types
  /// are those of `types`.
  package func isSubtype(of wanted: GlobalType, in types: TypeTable.View) -> Bool {
    guard isMutable == wanted.isMutable else { return false }
    return isMutable
      ? types.isEqual(type, wanted.type) : types.isSubtype(type, wanted.type)
  }
}

/// The type of an import or export. Type indices are those of the module that it came from.
package enum ExternType: BitwiseCopyable, Hashable, Sendable {
  case function(typeIndex: UInt32)
  case table(TableType)
  case memory(MemoryType)
  case global(GlobalType)
  case tag(typeIndex: UInt32)

  package var kind: ExternKind {
    switch self {
    case .function: .function
    case .table: .table
    case .memory: .memory
    case .global: .global
    case .tag: .tag
    }
  }
}

/// The five index spaces that imports and exports reach. Raw values are the binary format's.
package enum ExternKind: UInt8, BitwiseCopyable, Hashable, Sendable {
  case function, table, memory, global, tag
}
