// SPDX-License-Identifier: Apache-2.0
// What compiled code calls the runtime for, in the order of Artefact's Helper.

import Artefact
import CRuntime
import Glibc

enum HelperTable {
  private typealias Context = UnsafeMutableRawPointer

  /// Address of the table of code pointers; made once, never freed.
  nonisolated(unsafe) static let address: UnsafeRawPointer = {
    let table = UnsafeMutablePointer<UnsafeRawPointer>.allocate(capacity: Helper.allCases.count)
    for helper in Helper.allCases {
      (table + Int(helper.rawValue)).initialize(to: code(of: helper))
    }
    return UnsafeRawPointer(table)
  }()

  private static func code(of helper: Helper) -> UnsafeRawPointer {
    switch helper {
    case .raise: pointer(brolga_raise as @convention(c) () -> Void)
    case .memoryGrow: pointer(memoryGrow)
    case .memoryInit: pointer(memoryInit)
    case .memoryCopy: pointer(memoryCopy)
    case .memoryFill: pointer(memoryFill)
    case .dataDrop: pointer(dataDrop)
    case .tableGrow: pointer(tableGrow)
    case .tableInit: pointer(tableInit)
    case .tableCopy: pointer(tableCopy)
    case .tableFill: pointer(tableFill)
    case .elementDrop: pointer(elementDrop)
    case .tailCall: pointer(brolga_tail_call as @convention(c) () -> Void)
    }
  }

  private static func pointer<T>(_ function: T) -> UnsafeRawPointer {
    unsafeBitCast(function, to: UnsafeRawPointer.self)
  }

  // MARK: Where a context's memories and tables are

  private static func memory(
    _ context: Context, _ index: UInt64
  ) -> UnsafeMutablePointer<MemoryRecord> {
    let entry = Int(truncatingIfNeeded: index) &* Int(ContextLayout.MemoryEntry.stride)
    let offset = Int(ContextLayout.headerBytes) &+ entry
    return context.load(fromByteOffset: offset, as: UnsafeMutablePointer<MemoryRecord>.self)
  }

  private static func table(
    _ context: Context, _ index: UInt64
  ) -> UnsafeMutablePointer<TableRecord> {
    InstanceObject.of(context).tables[Int(truncatingIfNeeded: index)].record
  }

  private static func low(_ pair: UInt64) -> UInt64 { pair & 0xFFFF_FFFF }
  private static func high(_ pair: UInt64) -> UInt64 { pair &>> 32 }

  private static func status(_ kind: TrapKind?) -> UInt64 { UInt64(kind?.rawValue ?? 0) }

  // MARK: Memories

  private static let memoryGrow: @convention(c) (Context, UInt64, UInt64) -> UInt64 = {
    context, index, pages in
    let record = memory(context, index)
    let object = Unmanaged<MemoryObject>.fromOpaque(record.pointee.object).takeUnretainedValue()
    return object.grow(by: pages) ?? .max
  }

  private static let memoryInit:
    @convention(c) (Context, UInt64, UInt64, UInt64, UInt64) -> UInt64 = {
      context, pair, destination, source, count in
      status(
        InstanceObject.of(context).initializeMemory(
          Int(low(pair)), segment: Int(high(pair)), destination: destination, source: source,
          count: count))
    }

  private static let memoryCopy:
    @convention(c) (Context, UInt64, UInt64, UInt64, UInt64) -> UInt64 = {
      context, pair, destination, source, count in
      let to = memory(context, low(pair))
      let from = memory(context, high(pair))
      guard contains(UInt64(truncatingIfNeeded: to.pointee.byteLength), destination, count),
        contains(UInt64(truncatingIfNeeded: from.pointee.byteLength), source, count)
      else { return status(.memoryOutOfBounds) }
      memmove(
        to.pointee.base + Int(truncatingIfNeeded: destination),
        from.pointee.base + Int(truncatingIfNeeded: source), Int(truncatingIfNeeded: count))
      return 0
    }

  private static let memoryFill:
    @convention(c) (Context, UInt64, UInt64, UInt64, UInt64) -> UInt64 = {
      context, index, destination, value, count in
      let record = memory(context, index)
      guard contains(UInt64(truncatingIfNeeded: record.pointee.byteLength), destination, count)
      else { return status(.memoryOutOfBounds) }
      memset(
        record.pointee.base + Int(truncatingIfNeeded: destination),
        Int32(truncatingIfNeeded: value & 0xFF), Int(truncatingIfNeeded: count))
      return 0
    }

  private static let dataDrop: @convention(c) (Context, UInt64) -> Void = { context, segment in
    InstanceObject.of(context).dropData(Int(truncatingIfNeeded: segment))
  }

  // MARK: Tables

  private static let tableGrow: @convention(c) (Context, UInt64, UInt64, UInt64) -> UInt64 = {
    context, index, delta, reference in
    let object = InstanceObject.of(context).tables[Int(truncatingIfNeeded: index)]
    return object.grow(by: delta, with: reference) ?? .max
  }

  private static let tableInit: @convention(c) (Context, UInt64, UInt64, UInt64, UInt64) -> UInt64 =
    {
      context, pair, destination, source, count in
      status(
        InstanceObject.of(context).initializeTable(
          Int(low(pair)), segment: Int(high(pair)), destination: destination, source: source,
          count: count))
    }

  private static let tableCopy: @convention(c) (Context, UInt64, UInt64, UInt64, UInt64) -> UInt64 =
    {
      context, pair, destination, source, count in
      let to = table(context, low(pair))
      let from = table(context, high(pair))
      guard contains(UInt64(truncatingIfNeeded: to.pointee.length), destination, count),
        contains(UInt64(truncatingIfNeeded: from.pointee.length), source, count)
      else { return status(.tableOutOfBounds) }
      memmove(
        to.pointee.elements + Int(truncatingIfNeeded: destination),
        from.pointee.elements + Int(truncatingIfNeeded: source),
        Int(truncatingIfNeeded: count) &* 8)
      return 0
    }

  private static let tableFill: @convention(c) (Context, UInt64, UInt64, UInt64, UInt64) -> UInt64 =
    {
      context, index, destination, reference, count in
      let record = table(context, index)
      guard contains(UInt64(truncatingIfNeeded: record.pointee.length), destination, count)
      else { return status(.tableOutOfBounds) }
      (record.pointee.elements + Int(truncatingIfNeeded: destination))
        .update(repeating: reference, count: Int(truncatingIfNeeded: count))
      return 0
    }

  private static let elementDrop: @convention(c) (Context, UInt64) -> Void = {
    context, segment in
    InstanceObject.of(context).dropElement(Int(truncatingIfNeeded: segment))
  }
}
