// SPDX-License-Identifier: Apache-2.0
// Global variables.

import BrolgaWasm

/// A global variable; shared by reference with the instances that import it.
public struct Global: Equatable {
  public let store: Store
  /// 16 bytes, in an instance's context or the store's own; live as long as the store, which the
  /// global keeps.
  let cell: UnsafeMutablePointer<UInt64>
  package let type: GlobalType

  /// A global of the host's.
  public init(
    store: Store, type: ValueType, isMutable: Bool = false, value: Value
  ) throws(UsageError) {
    self.init(
      store: store, cell: store.makeGlobalCell(),
      type: GlobalType(type: type, isMutable: isMutable))
    try write(value)
  }

  init(store: Store, cell: UnsafeMutablePointer<UInt64>, type: GlobalType) {
    self.store = store
    self.cell = cell
    self.type = type
  }

  public static func == (a: Global, b: Global) -> Bool { a.cell == b.cell }

  public var valueType: ValueType { type.type }
  public var isMutable: Bool { type.isMutable }

  public var value: Value {
    Value(cell, type: type.type, store: store)
  }

  public func assign(_ value: Value) throws(UsageError) {
    guard type.isMutable else { throw .immutableGlobal }
    try write(value)
  }

  private func write(_ value: Value) throws(UsageError) {
    try value.check(type.type, in: store)
    value.write(to: cell)
  }
}
