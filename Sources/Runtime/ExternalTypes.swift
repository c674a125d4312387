// SPDX-License-Identifier: Apache-2.0
// What a module asks for and offers, as embedders see it.

import BrolgaWasm

/// The type of an import or export.
public enum ExternalType: Hashable, Sendable {
  case function(FunctionType)
  /// `is64`: whether indices have 64 bits.
  case table(element: ValueType, minimum: UInt64, maximum: UInt64?, is64: Bool)
  /// Sizes in pages of 64 KiB. `is64`: whether addresses have 64 bits.
  case memory(minimum: UInt64, maximum: UInt64?, is64: Bool)
  case global(ValueType, isMutable: Bool)
  /// An exception's tag, by the values it carries.
  case tag(FunctionType)
}

public struct ImportType: Hashable, Sendable {
  public let module: String
  public let name: String
  public let type: ExternalType
}

public struct ExportType: Hashable, Sendable {
  public let name: String
  public let type: ExternalType
}

extension Module {
  /// In the order of the module.
  public var imports: [ImportType] {
    module.imports.map {
      ImportType(module: $0.module, name: $0.name, type: externalType($0.type))
    }
  }

  /// In the order of the module.
  public var exports: [ExportType] {
    module.exports.map {
      ExportType(name: $0.name, type: externalType(module.externType($0.kind, $0.index)))
    }
  }

  func externalType(_ type: ExternType) -> ExternalType {
    switch type {
    case .function(let index): .function(TypeIdentities.type(typeIdentities[Int(index)]))
    case .table(let type): ExternalType(processType(type))
    case .memory(let type): ExternalType(type)
    case .global(let type): ExternalType(processType(type))
    case .tag(let index): .tag(TypeIdentities.type(typeIdentities[Int(index)]))
    }
  }
}

extension ExternalType {
  init(_ type: TableType) {
    self = .table(
      element: type.element, minimum: type.minimum, maximum: type.maximum, is64: type.is64)
  }
  init(_ type: MemoryType) {
    self = .memory(minimum: type.minimum, maximum: type.maximum, is64: type.is64)
  }
  init(_ type: GlobalType) { self = .global(type.type, isMutable: type.isMutable) }

  /// The type of a value, with the present size where there is one.
  init(of value: ExternalValue) {
    switch value {
    case .function(let function): self = .function(function.type)
    case .table(let table): self.init(table.object.type)
    case .memory(let memory): self.init(memory.object.type)
    case .global(let global): self.init(global.type)
    case .tag(let tag): self = .tag(tag.object.type)
    }
  }
}

extension ExternalType: CustomStringConvertible {
  public var description: String {
    func limits(_ minimum: UInt64, _ maximum: UInt64?, _ is64: Bool) -> String {
      (is64 ? "i64 " : "") + "\(minimum)" + (maximum.map { " \($0)" } ?? "")
    }
    switch self {
    case .function(let type): return "function \(type)"
    case .table(let element, let minimum, let maximum, let is64):
      return "table \(limits(minimum, maximum, is64)) \(element)"
    case .memory(let minimum, let maximum, let is64):
      return "memory \(limits(minimum, maximum, is64))"
    case .global(let type, let isMutable):
      return isMutable ? "global (mut \(type))" : "global \(type)"
    case .tag(let type): return "tag \(type)"
    }
  }
}
