// SPDX-License-Identifier: Apache-2.0
// An instance's state: the context that compiled code works with, and what it points to.

import BrolgaArtefact
import BrolgaCRuntime
import BrolgaWasm

final class InstanceObject {
  let module: Module
  // Safe: the store owns the instance, and every value by which one is reached keeps the store.
  unowned(unsafe) let store: Store
  /// Laid out by `ContextLayout`, and as long as that says: all offsets below are its.
  let context: UnsafeMutableRawPointer
  private(set) var memories: [MemoryObject] = []
  /// The memory that host functions work with: the export `memory`, as WASI has it; memory 0 if
  /// nothing of that name is exported.
  private(set) var hostMemory: MemoryObject?
  private(set) var tables: [TableObject] = []
  private(set) var tags: [TagObject] = []
  /// The references of each element segment; empty once dropped.
  private(set) var elements: [[UInt64]] = []
  /// Which data segments have been dropped.
  private var droppedData: [Bool]
  /// Records of functions that the outside asked for although the module refers to them nowhere.
  private var extraRecords: [UInt32: UnsafeMutablePointer<FunctionRecord>] = [:]

  var layout: ContextLayout { module.layout }
  private var wasm: BrolgaWasm.Module { module.module }

  /// Allocates everything; runs and copies nothing yet.
  init(_ module: Module, store: Store, imports: [ExternalValue]) throws(LinkError) {
    self.module = module
    self.store = store
    let byteCount = module.layout.byteCount
    context = .allocate(byteCount: byteCount, alignment: 16)
    context.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    droppedData = Array(repeating: false, count: module.module.data.count)
    storeWord(ContextLayout.selfAddress, UInt(bitPattern: context))
    storeWord(ContextLayout.helperTable, UInt(bitPattern: HelperTable.address))
    storeWord(ContextLayout.tableArray, UInt(bitPattern: context + Int(layout.tables)))
    storeWord(
      ContextLayout.owner, UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque()))
    for (index, identity) in module.typeIdentities.enumerated() {
      let offset = Int(layout.typeIdentities) + index * 4
      context.storeBytes(of: identity, toByteOffset: offset, as: UInt32.self)
    }
    link(imports)
    for type in wasm.memories[wasm.importedMemoryCount...] {
      guard let memory = MemoryObject(store: store, type: type) else {
        throw .outOfResources(ExternalType(type))
      }
      store.own(memory)
      add(memory)
    }
    for type in wasm.tags[wasm.importedTagCount...] {
      add(
        TagObject(
          store: store, typeIdentity: module.typeIdentities[Int(type)],
          definition: (module, tags.count)))
    }
    hostMemory = exportedMemory("memory") ?? memories.first
    makeRecords()
    for (type, initializer) in zip(wasm.tables[wasm.importedTableCount...], wasm.tableInitializers)
    {
      let type = module.processType(type)
      let initial = initializer.map(evaluate) ?? 0
      guard let table = TableObject(store: store, type: type, initial: initial) else {
        throw .outOfResources(ExternalType(type))
      }
      store.own(table)
      add(table)
    }
    for (position, initializer) in wasm.globalInitializers.enumerated() {
      initialize(cell(ofGlobal: wasm.importedGlobalCount + position), by: initializer)
    }
    elements = wasm.elements.map { segment in
      switch segment.items {
      case .functions(let functions): functions.map(reference)
      case .expressions(let expressions): expressions.map(evaluate)
      }
    }
  }

  deinit {
    for record in extraRecords.values { record.deallocate() }
    context.deallocate()
  }

  /// The instance whose context this is. Safe: contexts are made by `init`, which writes their
  /// owner, and go with it; so too below.
  static func of(_ context: UnsafeMutableRawPointer) -> InstanceObject {
    let owner = context.load(
      fromByteOffset: Int(ContextLayout.owner), as: UnsafeRawPointer.self)
    return Unmanaged<InstanceObject>.fromOpaque(owner).takeUnretainedValue()
  }

  /// The record of `hostMemory`, without counting a reference: for every call of a host function.
  static func hostMemory(
    ofContext context: UnsafeMutableRawPointer
  ) -> UnsafeMutablePointer<MemoryRecord>? {
    let owner = context.load(
      fromByteOffset: Int(ContextLayout.owner), as: UnsafeRawPointer.self)
    return Unmanaged<InstanceObject>.fromOpaque(owner)._withUnsafeGuaranteedRef {
      $0.hostMemory?.record
    }
  }

  private func exportedMemory(_ name: String) -> MemoryObject? {
    guard let position = module.exportPosition(name) else { return nil }
    let export = wasm.exports[position]
    return export.kind == .memory ? memories[Int(export.index)] : nil
  }

  func setStackLimit(_ limit: UInt64) { storeWord(ContextLayout.stackLimit, UInt(limit)) }

  // MARK: Filling the context

  private func storeWord(_ offset: Int32, _ word: UInt) {
    context.storeBytes(of: word, toByteOffset: Int(offset), as: UInt.self)
  }

  private func link(_ imports: [ExternalValue]) {
    var functionCount: Int32 = 0
    var globalCount: Int32 = 0
    for value in imports {
      switch value {
      case .function(let function):
        storeWord(layout.importedFunctions + functionCount * 8, UInt(bitPattern: function.record))
        functionCount += 1
      case .global(let global):
        storeWord(layout.importedGlobals + globalCount * 8, UInt(bitPattern: global.cell))
        globalCount += 1
      case .memory(let memory): add(memory.object)
      case .table(let table): add(table.object)
      case .tag(let tag): add(tag.object)
      }
    }
  }

  private func add(_ memory: MemoryObject) {
    let entry = layout.memories + Int32(memories.count) * ContextLayout.MemoryEntry.stride
    let base = UInt(bitPattern: memory.record.pointee.base)
    storeWord(entry + ContextLayout.MemoryEntry.record, UInt(bitPattern: memory.record))
    storeWord(entry + ContextLayout.MemoryEntry.base, base)
    if memories.isEmpty { storeWord(ContextLayout.memoryBase, base) }
    memories.append(memory)
  }

  private func add(_ table: TableObject) {
    storeWord(layout.tables + Int32(tables.count) * 8, UInt(bitPattern: table.record))
    tables.append(table)
  }

  private func add(_ tag: TagObject) {
    storeWord(layout.tags + Int32(tags.count) * 8, UInt(bitPattern: tag.record))
    tags.append(tag)
  }

  private func makeRecords() {
    let records = (context + Int(layout.functionRecords))
      .assumingMemoryBound(to: FunctionRecord.self)
    for (position, index) in module.recordedFunctions.enumerated() {
      (records + position).initialize(to: makeRecord(ofFunction: index))
    }
  }

  private func makeRecord(ofFunction index: UInt32) -> FunctionRecord {
    FunctionRecord(
      code: module.code(ofFunction: index), context: context,
      typeIdentity: module.typeIdentities[Int(wasm.typeIndex(ofFunction: index))], index: index)
  }

  // MARK: Index spaces

  private func importedRecord(_ index: UInt32) -> UnsafeMutablePointer<FunctionRecord> {
    context.load(
      fromByteOffset: Int(layout.importedFunctions) + Int(index) * 8,
      as: UnsafeMutablePointer<FunctionRecord>.self)
  }

  /// The record of any function of the module, at a fixed address.
  func record(ofFunction index: UInt32) -> UnsafeMutablePointer<FunctionRecord> {
    if index < wasm.importedFunctionCount { return importedRecord(index) }
    if let position = module.recordPosition(ofFunction: index) {
      let offset = Int(layout.functionRecords) + position * ContextLayout.FunctionRecord.stride
      return (context + offset).assumingMemoryBound(to: FunctionRecord.self)
    }
    if let record = extraRecords[index] { return record }
    let record = UnsafeMutablePointer<FunctionRecord>.allocate(capacity: 1)
    record.initialize(to: makeRecord(ofFunction: index))
    extraRecords[index] = record
    return record
  }

  private func reference(toFunction index: UInt32) -> UInt64 {
    UInt64(UInt(bitPattern: record(ofFunction: index)))
  }

  func cell(ofGlobal index: Int) -> UnsafeMutablePointer<UInt64> {
    let defined = index - wasm.importedGlobalCount
    if defined >= 0 {
      let offset = Int(layout.globalCells) + defined * Int(ContextLayout.globalCellBytes)
      return (context + offset).assumingMemoryBound(to: UInt64.self)
    }
    return context.load(
      fromByteOffset: Int(layout.importedGlobals) + index * 8,
      as: UnsafeMutablePointer<UInt64>.self)
  }

  private func initialize(
    _ cell: UnsafeMutablePointer<UInt64>, by expression: ConstantExpression
  ) {
    if expression.type == .v128 {
      let vector = expression.evaluateVector { V128(self.cell(ofGlobal: Int($0))) }
      Value.v128(vector).write(to: cell)
    } else {
      cell.pointee = evaluate(expression)
    }
  }

  private func evaluate(_ expression: ConstantExpression) -> UInt64 {
    expression.evaluate(
      global: { cell(ofGlobal: Int($0)).pointee }, function: reference)
  }

  /// Every word in which the instance itself may refer to an exception.
  func forEachExceptionReference(_ body: (UInt64) -> Void) {
    for index in wasm.importedGlobalCount..<wasm.globals.count
    where wasm.globals[index].type.isExceptionReference {
      body(cell(ofGlobal: index).pointee)
    }
    for (segment, references) in zip(wasm.elements, elements)
    where segment.type.isExceptionReference {
      references.forEach(body)
    }
  }

  // MARK: Starting

  /// Copies the active segments, in order, and calls the start function.
  ///
  /// - Throws: a `Trap`; what came before it stays done.
  func start() throws {
    for (index, segment) in wasm.elements.enumerated() {
      switch segment.mode {
      case .passive: continue
      case .declarative: break
      case .active(let table, let offset):
        let count = UInt64(segment.count)
        let start = evaluate(offset)
        try check(
          initializeTable(
            Int(table), segment: index, destination: start, source: 0, count: count))
      }
      dropElement(index)
    }
    for (index, segment) in wasm.data.enumerated() {
      guard case .active(let memory, let offset) = segment.mode else { continue }
      let start = evaluate(offset)
      let count = UInt64(segment.bytes.count)
      try check(
        initializeMemory(
          Int(memory), segment: index, destination: start, source: 0, count: count))
      dropData(index)
    }
    if let start = wasm.start {
      try Function(store: store, record: record(ofFunction: start))()
    }
  }

  private func check(_ kind: TrapKind?) throws(Trap) {
    if let kind { throw Trap(kind) }
  }

  // MARK: Segments

  func dropElement(_ segment: Int) { elements[segment] = [] }
  func dropData(_ segment: Int) { droppedData[segment] = true }

  /// Returns the trap that it is, with nothing written, if either range is out of bounds.
  func initializeTable(
    _ table: Int, segment: Int, destination: UInt64, source: UInt64, count: UInt64
  ) -> TrapKind? {
    let record = tables[table].record
    let items = elements[segment]
    guard contains(UInt64(items.count), source, count),
      contains(UInt64(record.pointee.length), destination, count)
    else { return .tableOutOfBounds }
    // Safe: both ranges have just been compared with the sizes; so too below.
    items.withUnsafeBufferPointer { items in
      guard count > 0, let first = items.baseAddress else { return }
      (record.pointee.elements + Int(destination))
        .update(from: first + Int(source), count: Int(count))
    }
    return nil
  }

  func initializeMemory(
    _ memory: Int, segment: Int, destination: UInt64, source: UInt64, count: UInt64
  ) -> TrapKind? {
    let record = memories[memory].record
    let range = droppedData[segment] ? 0..<0 : wasm.data[segment].bytes
    guard contains(UInt64(range.count), source, count),
      contains(UInt64(record.pointee.byteLength), destination, count)
    else { return .memoryOutOfBounds }
    guard count > 0, let bytes = wasm.bytes.baseAddress else { return nil }
    (record.pointee.base + Int(destination))
      .copyMemory(from: bytes + range.lowerBound + Int(source), byteCount: Int(count))
    return nil
  }
}

/// Whether `count` entries from `start` lie in a row of `size`.
@inline(__always)
func contains(_ size: UInt64, _ start: UInt64, _ count: UInt64) -> Bool {
  start <= size && count <= size &- start
}
