// SPDX-License-Identifier: Apache-2.0
// Finding the values for a module's imports.

import BrolgaWasm

extension Module {
  /// The values for the module's imports, in their order.
  func resolve(_ imports: Imports, store: Store) throws(LinkError) -> [ExternalValue] {
    var values: [ExternalValue] = []
    values.reserveCapacity(module.imports.count)
    for wanted in module.imports {
      guard let value = imports[wanted.module, wanted.name] else {
        throw .unknownImport(
          module: wanted.module, name: wanted.name, expected: externalType(wanted.type))
      }
      guard matches(value, wanted.type) else {
        throw .incompatibleImport(
          module: wanted.module, name: wanted.name, expected: externalType(wanted.type),
          found: ExternalType(of: value))
      }
      guard value.store === store else {
        throw .foreignStore(module: wanted.module, name: wanted.name)
      }
      values.append(value)
    }
    return values
  }

  /// Source: core specification 3.0, 3.4.
  private func matches(_ value: ExternalValue, _ wanted: ExternType) -> Bool {
    switch (value, wanted) {
    case (.function(let function), .function(let typeIndex)):
      TypeIdentities.isSubtype(
        function.record.pointee.typeIdentity, typeIdentities[Int(typeIndex)])
    case (.table(let table), .table(let type)):
      TypeIdentities.isSubtype(table.object.type, processType(type))
    case (.memory(let memory), .memory(let type)): memory.object.type.isSubtype(of: type)
    case (.global(let global), .global(let type)):
      TypeIdentities.isSubtype(global.type, processType(type))
    case (.tag(let tag), .tag(let typeIndex)):
      tag.object.typeIdentity == typeIdentities[Int(typeIndex)]
    default: false
    }
  }
}
