// SPDX-License-Identifier: Apache-2.0
// Whether a value may stand for an import; and how messages write types.

import WebAssembly

extension LoadedModule {
  /// The values for the module's imports, in their order.
  func resolve(_ imports: Imports, store: Store) throws(LinkError) -> [ExternalValue] {
    var values: [ExternalValue] = []
    values.reserveCapacity(module.imports.count)
    for wanted in module.imports {
      guard let value = imports[wanted.module, wanted.name] else {
        throw .unknownImport(
          module: wanted.module, name: wanted.name, expected: describe(wanted.type))
      }
      guard matches(value, wanted.type) else {
        throw .incompatibleImport(
          module: wanted.module, name: wanted.name, expected: describe(wanted.type),
          found: LoadedModule.describe(value))
      }
      guard value.store === store else {
        throw .foreignStore(module: wanted.module, name: wanted.name)
      }
      values.append(value)
    }
    return values
  }

  /// Source: core specification 2.0, 4.5.2.
  private func matches(_ value: ExternalValue, _ wanted: ExternType) -> Bool {
    switch (value, wanted) {
    case (.function(let function), .function(let typeIndex)):
      function.record.pointee.typeIdentity == typeIdentities[Int(typeIndex)]
    case (.table(let table), .table(let type)): table.object.type.isSubtype(of: type)
    case (.memory(let memory), .memory(let type)): memory.object.type.isSubtype(of: type)
    case (.global(let global), .global(let type)): global.type.isSubtype(of: type)
    default: false
    }
  }

  private func describe(_ type: ExternType) -> String {
    switch type {
    case .function(let index): "function \(module.functionType(index))"
    case .table(let type): type.text
    case .memory(let type): type.text
    case .global(let type): type.text
    case .tag: "tag"
    }
  }

  private static func describe(_ value: ExternalValue) -> String {
    switch value {
    case .function(let function): "function \(function.type)"
    case .table(let table): table.object.type.text
    case .memory(let memory): memory.object.type.text
    case .global(let global): global.type.text
    }
  }
}

extension TableType {
  fileprivate var text: String { "table \(minimum)\(limitText(maximum)) \(element)" }
}

extension MemoryType {
  fileprivate var text: String { "memory \(minimum)\(limitText(maximum))" }
}

extension GlobalType {
  fileprivate var text: String { "global \(isMutable ? "(mut \(type))" : "\(type)")" }
}

private func limitText(_ maximum: UInt64?) -> String { maximum.map { " \($0)" } ?? "" }
