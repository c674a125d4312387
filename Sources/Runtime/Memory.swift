// SPDX-License-Identifier: Apache-2.0
// Linear memories: an address space reservation of which the first pages are accessible.

import BrolgaArtefact
import BrolgaCRuntime
import BrolgaWasm
import Glibc

/// A linear memory; shared by reference with the instances that import it.
public struct Memory: Equatable {
  public let store: Store
  let object: MemoryObject

  /// The size of a page.
  static let pageBytes: UInt64 = 65_536

  /// A memory of the host's.
  ///
  /// - Parameter is64: whether guests address it by 64 bits. Such a memory may have 16 GiB.
  /// - Throws: `outOfResources` beyond the engine's limits or the system's.
  public init(
    store: Store, minimumPages: Int, maximumPages: Int? = nil, is64: Bool = false
  ) throws(UsageError) {
    try checkLimits(minimumPages, maximumPages)
    let type = MemoryType(
      minimum: UInt64(minimumPages), maximum: maximumPages.map { UInt64($0) }, is64: is64)
    guard let object = MemoryObject(store: store, type: type) else {
      throw .outOfResources(ExternalType(type))
    }
    self.init(store: store, object: object)
    store.own(object)
  }

  init(store: Store, object: MemoryObject) {
    self.store = store
    self.object = object
  }

  public static func == (a: Memory, b: Memory) -> Bool { a.object === b.object }

  public var byteCount: Int { object.record.pointee.byteLength }
  /// Whether guests address it by 64 bits.
  public var is64: Bool { object.type.is64 }
  public var pageCount: Int { byteCount / Int(Memory.pageBytes) }

  /// A copy of the contents.
  public var data: [UInt8] { withUnsafeMutableBytes { Array($0) } }

  /// Calls `body` with the contents. Growth during the call leaves the buffer valid, and short.
  public func withUnsafeMutableBytes<Result, Failure: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(view.bytes)
  }

  /// Calls `body` with `count` bytes at `offset`.
  ///
  /// - Precondition: they lie within the memory.
  public func withUnsafeMutableBufferPointer<Result>(
    offset: UInt, count: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    guard let bytes = view.bytes(at: UInt64(offset), count: UInt64(count)) else {
      preconditionFailure("\(count) bytes at \(offset) of a memory of \(byteCount)")
    }
    return try body(bytes)
  }

  /// - Throws: `memoryOutOfBounds` unless `count` bytes at `offset` lie within the memory.
  public func read(at offset: UInt64, count: Int) throws(UsageError) -> [UInt8] {
    Array(try bytes(at: offset, count: count))
  }

  /// - Throws: `memoryOutOfBounds` unless `bytes` has room in the memory at `offset`.
  public func write(_ bytes: [UInt8], at offset: UInt64) throws(UsageError) {
    try self.bytes(at: offset, count: bytes.count).copyBytes(from: bytes)
  }

  private func bytes(
    at offset: UInt64, count: Int
  ) throws(UsageError) -> UnsafeMutableRawBufferPointer {
    guard count >= 0, let bytes = view.bytes(at: offset, count: UInt64(count)) else {
      throw .memoryOutOfBounds(offset: offset, count: count, byteCount: byteCount)
    }
    return bytes
  }

  /// - Returns: the previous number of pages; nil if the memory cannot grow that far.
  @discardableResult
  public func grow(by pageCount: Int) -> Int? {
    pageCount < 0 ? nil : object.grow(by: UInt64(pageCount)).map { Int($0) }
  }

  /// The contents, bounds-checked; valid until the store goes, and short after growth.
  package var view: GuestMemory {
    GuestMemory(base: object.record.pointee.base, byteCount: object.record.pointee.byteLength)
  }
}

/// A memory's bytes at one moment. Every access is checked against the length it then had, which
/// never shrinks.
///
/// Safe: a memory never moves and goes with its store, which whoever holds a view keeps.
package struct GuestMemory: BitwiseCopyable {
  package let base: UnsafeMutableRawPointer
  package let byteCount: Int

  package var bytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base, count: byteCount)
  }

  /// `count` bytes at `address`; nil if they are not all inside.
  package func bytes(at address: UInt64, count: UInt64) -> UnsafeMutableRawBufferPointer? {
    let size = UInt64(truncatingIfNeeded: byteCount)
    guard address <= size, count <= size &- address else { return nil }
    return UnsafeMutableRawBufferPointer(
      start: base + Int(truncatingIfNeeded: address), count: Int(truncatingIfNeeded: count))
  }

  package func load<T: BitwiseCopyable>(at address: UInt32, as type: T.Type = T.self) -> T? {
    bytes(at: UInt64(address), count: UInt64(MemoryLayout<T>.size))?.loadUnaligned(as: type)
  }

  /// - Returns: false, with nothing written, if the place is not inside.
  package func store<T: BitwiseCopyable>(_ value: T, at address: UInt32) -> Bool {
    let place = bytes(at: UInt64(address), count: UInt64(MemoryLayout<T>.size))
    guard let place else { return false }
    place.storeBytes(of: value, as: T.self)
    return true
  }
}

/// What compiled code knows of a memory, with the runtime's own part behind it. Safe: the record
/// goes with the object, and the address space at `base` too; the first `byteLength` bytes are
/// accessible.
struct MemoryRecord {
  var base: UnsafeMutableRawPointer
  var byteLength: Int
  /// The `MemoryObject`, not retained.
  var object: UnsafeMutableRawPointer
}

final class MemoryObject {
  /// At a fixed address: instance contexts point to it.
  let record: UnsafeMutablePointer<MemoryRecord>
  private let declared: MemoryType
  // Safe: the store owns the memory, and whoever grows it, host or guest, keeps the store.
  private unowned(unsafe) let store: Store
  private let rangeSlot: Int

  /// Nil if the engine's limits, or the system's, do not allow it.
  init?(store: Store, type: MemoryType) {
    let limit = MemoryReservation.indexBytes(is64: type.is64)
    let bytes = type.minimum &* Memory.pageBytes
    let isInside = type.minimum <= limit / Memory.pageBytes && !type.isShared
    guard isInside, store.mayAddMemory(bytes) else { return nil }
    let reserved = MemoryReservation.byteCount(is64: type.is64)
    let mapped = mmap(
      nil, reserved, PROT_NONE,
      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let base = mapped, base != MAP_FAILED else { return nil }
    guard bytes == 0 || mprotect(base, Int(bytes), PROT_READ | PROT_WRITE) == 0 else {
      munmap(base, reserved)
      return nil
    }
    var range = brolga_range()
    range.low = UInt64(UInt(bitPattern: base))
    range.high = range.low + UInt64(reserved)
    rangeSlot = brolga_add_range(&range)
    guard rangeSlot >= 0 else {
      munmap(base, reserved)
      return nil
    }
    declared = type
    self.store = store
    record = .allocate(capacity: 1)
    record.initialize(to: MemoryRecord(base: base, byteLength: Int(bytes), object: base))
    record.pointee.object = Unmanaged.passUnretained(self).toOpaque()
    store.memoryBytes += bytes
  }

  deinit {
    brolga_remove_range(rangeSlot)
    munmap(record.pointee.base, MemoryReservation.byteCount(is64: declared.is64))
    record.deallocate()
  }

  /// The type, with the present size as its minimum.
  var type: MemoryType {
    var type = declared
    type.minimum = UInt64(record.pointee.byteLength) / Memory.pageBytes
    return type
  }

  /// Returns the previous number of pages; nil, and nothing happens, if it cannot grow so far.
  func grow(by pages: UInt64) -> UInt64? {
    let old = type.minimum
    let possible = MemoryReservation.indexBytes(is64: declared.is64) / Memory.pageBytes
    let limit = min(declared.maximum ?? possible, possible)
    guard old <= limit, pages <= limit - old else { return nil }
    if pages == 0 { return old }
    let bytes = pages * Memory.pageBytes
    guard store.mayAddMemory(bytes) else { return nil }
    let end = record.pointee.base + record.pointee.byteLength
    guard mprotect(end, Int(bytes), PROT_READ | PROT_WRITE) == 0 else { return nil }
    record.pointee.byteLength += Int(bytes)
    store.memoryBytes += bytes
    return old
  }
}

extension Store {
  fileprivate func mayAddMemory(_ bytes: UInt64) -> Bool {
    let limit = engine.configuration.maximumMemoryBytes
    return memoryBytes <= limit && bytes <= limit - memoryBytes
  }
}
