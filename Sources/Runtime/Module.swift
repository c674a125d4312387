// SPDX-License-Identifier: Apache-2.0
// A module with its machine code in place, ready to be instantiated.

import BrolgaArtefact
import BrolgaCRuntime
import BrolgaWasm
import Glibc

/// A compiled module, loaded. Immutable; any number of stores and threads may use it at once.
public final class Module: @unchecked Sendable {
  // Unchecked: everything is immutable once `init` returns.
  public let engine: Engine
  package let module: BrolgaWasm.Module
  package let artefact: ArtefactFile
  let layout: ContextLayout
  /// The functions that have a record in the instances' contexts, in rising order.
  let recordedFunctions: ArraySlice<UInt32>
  /// The process-wide identity of each of the module's types.
  let typeIdentities: [UInt32]
  private let exportPositions: [NameKey: Int]
  private var rangeSlot = -1

  /// Loads an artefact file.
  public convenience init(engine: Engine, artefactPath path: String) throws(ArtefactError) {
    try self.init(
      engine: engine,
      artefact: try ArtefactFile(path: path, hostFeatures: Module.hostFeatures))
  }

  /// Loads a copy of an artefact's bytes.
  public convenience init(
    engine: Engine, artefact bytes: UnsafeRawBufferPointer
  ) throws(ArtefactError) {
    try self.init(
      engine: engine,
      artefact: try ArtefactFile(copying: bytes, hostFeatures: Module.hostFeatures))
  }

  /// Loads an artefact that has been read.
  package convenience init(engine: Engine, readArtefact artefact: PrivateBytes)
    throws(ArtefactError)
  {
    try self.init(
      engine: engine,
      artefact: try ArtefactFile(artefact, hostFeatures: Module.hostFeatures))
  }

  /// Loads what the compiler has just made.
  package convenience init(
    engine: Engine, compiled: borrowing CompiledModule
  ) throws(ArtefactError) {
    try self.init(
      engine: engine,
      artefact: try ArtefactFile(compiled, hostFeatures: Module.hostFeatures))
  }

  package init(engine: Engine, artefact: ArtefactFile) throws(ArtefactError) {
    self.engine = engine
    self.artefact = artefact
    do throws(WasmError) {
      module = try BrolgaWasm.Module(
        decoding: ModuleBytes(artefact.skeleton, owner: artefact),
        options: DecodingOptions(bodiesElsewhere: true))
    } catch {
      throw .invalidModule("\(error)")
    }
    guard module.importedFunctionCount == artefact.importedFunctionCount,
      module.functionCount - module.importedFunctionCount == artefact.functionCount
    else { throw .malformed("the code's function count is not the module's") }
    layout = ContextLayout(module)
    recordedFunctions = ContextLayout.referencedDefinedFunctions(module)
    typeIdentities = try TypeIdentities.identities(of: module)
    exportPositions = Dictionary(
      module.exports.enumerated().map { (NameKey(name: $1.name), $0) },
      uniquingKeysWith: { first, _ in first })
    try publishCode()
  }

  /// Makes the code known to the signal handler.
  private func publishCode() throws(ArtefactError) {
    var range = brolga_range()
    range.low = UInt64(UInt(bitPattern: artefact.text.baseAddress))
    range.high = range.low + UInt64(artefact.text.count)
    range.entries = artefact.trapEntries.baseAddress
    range.kinds = artefact.trapKinds.baseAddress?.assumingMemoryBound(to: UInt8.self)
    range.count = UInt64(artefact.trapKinds.count)
    range.functions = artefact.functionTable.baseAddress
    range.function_count = UInt64(artefact.functionCount)
    range.frames = artefact.frames.baseAddress?.assumingMemoryBound(to: UInt32.self)
    range.handlers = artefact.handlers.baseAddress
    range.handler_count = UInt64(artefact.handlers.count / MemoryLayout<HandlerEntry>.size)
    range.owner = Unmanaged.passUnretained(self).toOpaque()
    rangeSlot = brolga_add_range(&range)
    guard rangeSlot >= 0 else { throw .noMemory(ENOMEM) }
  }

  deinit { brolga_remove_range(rangeSlot) }

  package static let hostFeatures = CPUFeatures(rawValue: brolga_cpu_features())

  // MARK: Instantiation

  /// Makes an instance, copies its active segments and calls its start function.
  ///
  /// - Throws: a `LinkError` before anything has run; a `Trap` or a host function's error from
  ///   the segments or the start function, and then what it wrote to imported memories and
  ///   tables stays written.
  @discardableResult
  public func instantiate(store: Store, imports: Imports = [:]) throws -> Instance {
    let values = try resolve(imports, store: store)
    let object = try InstanceObject(self, store: store, imports: values)
    store.own(object)
    try object.start()
    return Instance(store: store, object: object)
  }

  // MARK: Look-ups

  /// A type of the module's as the rest of the process names it.
  func processType(_ type: ValueType) -> ValueType {
    type.replacingIndex { typeIdentities[Int($0)] }
  }

  func processType(_ type: TableType) -> TableType {
    var type = type
    type.element = processType(type.element)
    return type
  }

  func processType(_ type: GlobalType) -> GlobalType {
    GlobalType(type: processType(type.type), isMutable: type.isMutable)
  }

  func exportPosition(_ name: String) -> Int? { exportPositions[NameKey(name: name)] }

  /// Safe: loading has checked that every function lies within the text, which goes with the module.
  func code(ofFunction index: UInt32) -> UnsafeRawPointer {
    let range = artefact.function(Int(index) - module.importedFunctionCount)
    return artefact.text.baseAddress! + Int(range.offset)
  }

  /// The place of a function's record among those in a context. Cost: O(log n).
  func recordPosition(ofFunction index: UInt32) -> Int? {
    var low = recordedFunctions.startIndex
    var high = recordedFunctions.endIndex
    while low < high {
      let middle = (low + high) / 2
      if recordedFunctions[middle] < index { low = middle + 1 } else { high = middle }
    }
    let isFound = low < recordedFunctions.endIndex && recordedFunctions[low] == index
    return isFound ? low - recordedFunctions.startIndex : nil
  }

  /// The function and the place in the module that a code offset belongs to.
  func frame(atCodeOffset offset: UInt32, isReturnAddress: Bool) -> Trap.Frame {
    // A return address may be the next function's first byte.
    let inside = isReturnAddress && offset > 0 ? offset - 1 : offset
    let defined = artefact.functionIndex(atCodeOffset: inside)
    let index = defined.map { $0 + module.importedFunctionCount }
    let wasm = artefact.wasmOffset(atCodeOffset: offset, isCallSite: isReturnAddress)
    return Trap.Frame(
      functionIndex: index ?? -1,
      functionName: defined.flatMap(artefact.functionName) ?? "unknown",
      codeOffset: Int(offset), wasmOffset: wasm.map { Int($0) })
  }
}
