// SPDX-License-Identifier: Apache-2.0
// Tables of references.

import BrolgaArtefact
import BrolgaWasm
import Glibc

/// A table; shared by reference with the instances that import it.
public struct Table: Equatable {
  public let store: Store
  let object: TableObject

  /// A table of the host's, full of one reference: of null if none is given.
  ///
  /// - Parameter is64: whether guests index it by 64 bits. It has no more elements for that.
  /// - Throws: `wrongType` or `foreignStore` if the reference cannot be an element; there need be
  ///   none in an empty table. `outOfResources` beyond the engine's limits or the system's.
  public init(
    store: Store, element: ValueType, minimum: Int, maximum: Int? = nil, is64: Bool = false,
    filledWith reference: Reference? = nil
  ) throws(UsageError) {
    guard element.isReference else { throw .notAReference(element) }
    try checkLimits(minimum, maximum)
    if reference != nil || minimum > 0 {
      let initial = reference.map { Value.ref($0) } ?? Value(defaultOf: element)
      try initial.check(element, in: store)
    }
    let type = TableType(
      element: element, minimum: UInt64(minimum), maximum: maximum.map { UInt64($0) }, is64: is64)
    guard let object = TableObject(store: store, type: type, initial: reference?.bits ?? 0) else {
      throw .outOfResources(ExternalType(type))
    }
    self.init(store: store, object: object)
    store.own(object)
  }

  init(store: Store, object: TableObject) {
    self.store = store
    self.object = object
  }

  public static func == (a: Table, b: Table) -> Bool { a.object === b.object }

  public var count: Int { object.record.pointee.length }
  public var elementType: ValueType { object.element }
  /// Whether guests index it by 64 bits.
  public var is64: Bool { object.type.is64 }

  /// - Throws: `tableOutOfBounds` when there is no such element.
  public func get(_ index: Int) throws(UsageError) -> Reference {
    try checkIndex(index)
    return Reference(bits: object.record.pointee.elements[index], type: elementType, store: store)
  }

  /// - Throws: `tableOutOfBounds` when there is no such element; `wrongType` or `foreignStore` when
  ///   `reference` cannot be one.
  public func set(_ index: Int, _ reference: Reference) throws(UsageError) {
    let bits = try checkedBits(reference)
    try checkIndex(index)
    object.record.pointee.elements[index] = bits
  }

  /// - Returns: the previous number of elements; nil if the table cannot grow that far.
  @discardableResult
  public func grow(by delta: Int, with reference: Reference) throws(UsageError) -> Int? {
    let bits = try checkedBits(reference)
    return delta < 0 ? nil : object.grow(by: UInt64(delta), with: bits).map { Int($0) }
  }

  private func checkIndex(_ index: Int) throws(UsageError) {
    guard index >= 0, index < count else { throw .tableOutOfBounds(index: index, count: count) }
  }

  private func checkedBits(_ reference: Reference) throws(UsageError) -> UInt64 {
    try Value.ref(reference).check(elementType, in: store)
    return reference.bits
  }
}

/// What compiled code knows of a table, with the runtime's own part behind it. Safe: the record goes
/// with the object, and the elements too, which never move; the first `length` of them are in use.
struct TableRecord {
  var elements: UnsafeMutablePointer<UInt64>
  var length: Int
  /// The `TableObject`, not retained.
  var object: UnsafeMutableRawPointer
}

final class TableObject {
  /// At a fixed address: instance contexts point to it.
  let record: UnsafeMutablePointer<TableRecord>
  let element: ValueType
  private let declared: TableType
  /// Elements that the table can ever have.
  private let capacity: Int

  /// Nil if the engine's limits, or the system's, do not allow it.
  init?(store: Store, type: TableType, initial: UInt64) {
    let limit = UInt64(store.engine.configuration.maximumTableElements)
    guard type.minimum <= limit else { return nil }
    capacity = Int(max(type.minimum, min(type.maximum ?? limit, limit)))
    guard let elements = TableObject.reserve(capacity) else { return nil }
    if initial != 0 { elements.update(repeating: initial, count: Int(type.minimum)) }
    declared = type
    element = type.element
    record = .allocate(capacity: 1)
    record.initialize(
      to: TableRecord(elements: elements, length: Int(type.minimum), object: elements))
    record.pointee.object = Unmanaged.passUnretained(self).toOpaque()
  }

  deinit {
    if capacity <= TableObject.smallCapacity {
      free(record.pointee.elements)
    } else {
      munmap(record.pointee.elements, capacity * 8)
    }
    record.deallocate()
  }

  /// Tables of up to this many elements are not worth pages of their own.
  private static let smallCapacity = 1024

  /// Null references, all that the table can ever have, so that the elements never move; of a
  /// large table, pages come with use.
  private static func reserve(_ capacity: Int) -> UnsafeMutablePointer<UInt64>? {
    if capacity <= smallCapacity {
      return calloc(max(capacity, 1), 8)?.assumingMemoryBound(to: UInt64.self)
    }
    let mapped = mmap(
      nil, capacity * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    return mapped == MAP_FAILED ? nil : mapped?.assumingMemoryBound(to: UInt64.self)
  }

  /// The type, with the present size as its minimum.
  var type: TableType {
    var type = declared
    type.minimum = UInt64(record.pointee.length)
    return type
  }

  /// Returns the previous number of elements; nil, and nothing happens, if it cannot grow so far.
  func grow(by delta: UInt64, with reference: UInt64) -> UInt64? {
    let old = record.pointee.length
    guard delta <= UInt64(capacity - old) else { return nil }
    if reference != 0 {
      (record.pointee.elements + old).update(repeating: reference, count: Int(delta))
    }
    record.pointee.length = old + Int(delta)
    return UInt64(old)
  }
}
