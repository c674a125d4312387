// SPDX-License-Identifier: Apache-2.0
// A module brought to life, as embedders see it.

import BrolgaWasm

/// An instance of a module, owned by its store.
public struct Instance: Equatable {
  public let store: Store
  let object: InstanceObject

  public static func == (a: Instance, b: Instance) -> Bool { a.object === b.object }

  public var module: Module { object.module }
  public var exports: Exports { Exports(instance: self) }

  /// The export with this name.
  public func export(_ name: String) -> ExternalValue? { exports[name] }

  /// The memory that host functions work with.
  package var memory: Memory? {
    object.hostMemory.map { Memory(store: store, object: $0) }
  }
}

/// What an instance exports, in the module's order.
public struct Exports: Sequence {
  fileprivate let instance: Instance

  public subscript(_ name: String) -> ExternalValue? {
    let module = instance.object.module
    guard let position = module.exportPosition(name) else { return nil }
    return instance.value(of: module.module.exports[position])
  }

  public subscript(function name: String) -> Function? {
    if case .function(let function)? = self[name] { function } else { nil }
  }
  public subscript(memory name: String) -> Memory? {
    if case .memory(let memory)? = self[name] { memory } else { nil }
  }
  public subscript(table name: String) -> Table? {
    if case .table(let table)? = self[name] { table } else { nil }
  }
  public subscript(global name: String) -> Global? {
    if case .global(let global)? = self[name] { global } else { nil }
  }

  public subscript(tag name: String) -> Tag? {
    if case .tag(let tag)? = self[name] { tag } else { nil }
  }

  public func makeIterator() -> AnyIterator<(name: String, value: ExternalValue)> {
    var exports = instance.object.module.module.exports.makeIterator()
    let instance = instance
    return AnyIterator { exports.next().map { ($0.name, instance.value(of: $0)) } }
  }
}

extension Instance {
  fileprivate func value(of export: Export) -> ExternalValue {
    let index = Int(export.index)
    switch export.kind {
    case .function:
      return .function(Function(store: store, record: object.record(ofFunction: export.index)))
    case .table: return .table(Table(store: store, object: object.tables[index]))
    case .memory: return .memory(Memory(store: store, object: object.memories[index]))
    case .global:
      let type = object.module.processType(object.module.module.globals[index])
      return .global(Global(store: store, cell: object.cell(ofGlobal: index), type: type))
    case .tag: return .tag(Tag(store: store, object: object.tags[index]))
    }
  }
}
