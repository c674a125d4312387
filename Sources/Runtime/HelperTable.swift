// SPDX-License-Identifier: Apache-2.0
// What compiled code calls the runtime for, in the order of Artefact's Helper.

import BrolgaArtefact
import BrolgaCRuntime
import Glibc

enum HelperTable {
  private typealias Context = UnsafeMutableRawPointer
  /// Those written in C, because a short copy costs little more than the way to it.
  private typealias BulkHelper =
    @convention(c) (UnsafePointer<CChar>?, UInt64, UInt64, UInt64, UInt64) -> UInt64

  /// Address of the table of code pointers; made once, never freed.
  // Safe: nothing writes to the table once it is made.
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
    case .memoryCopy: pointer(brolga_memory_copy as BulkHelper)
    case .memoryFill: pointer(brolga_memory_fill as BulkHelper)
    case .dataDrop: pointer(dataDrop)
    case .tableGrow: pointer(tableGrow)
    case .tableInit: pointer(tableInit)
    case .tableCopy: pointer(brolga_table_copy as BulkHelper)
    case .tableFill: pointer(brolga_table_fill as BulkHelper)
    case .elementDrop: pointer(elementDrop)
    case .tailCall: pointer(brolga_tail_call as @convention(c) () -> Void)
    case .exceptionNew:
      pointer(
        brolga_exception_new
          as @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<brolga_tag>?) ->
          UnsafeMutablePointer<brolga_exception>?)
    case .throw: pointer(brolga_throw as @convention(c) () -> Void)
    case .resumeUnwinding: pointer(brolga_resume_unwinding as @convention(c) () -> Void)
    case .exceptionCaught:
      pointer(
        brolga_exception_caught
          as @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<brolga_exception>?) ->
          Void)
    }
  }

  // Safe: `T` is always a C function, whose value is its address.
  private static func pointer<T>(_ function: T) -> UnsafeRawPointer {
    unsafeBitCast(function, to: UnsafeRawPointer.self)
  }

  // MARK: Where a context's memories are

  // Safe, here and below: compiled code passes its own context and indices that were validated with
  // the module; the context and what its records name live as long as the store that runs.
  private static func memory(
    _ context: Context, _ index: UInt64
  ) -> UnsafeMutablePointer<MemoryRecord> {
    let entry = Int(truncatingIfNeeded: index) &* Int(ContextLayout.MemoryEntry.stride)
    let offset = Int(ContextLayout.headerBytes) &+ entry
    return context.load(fromByteOffset: offset, as: UnsafeMutablePointer<MemoryRecord>.self)
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

  private static let elementDrop: @convention(c) (Context, UInt64) -> Void = {
    context, segment in
    InstanceObject.of(context).dropElement(Int(truncatingIfNeeded: segment))
  }
}
