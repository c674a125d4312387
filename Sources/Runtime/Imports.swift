// SPDX-License-Identifier: Apache-2.0
// What an embedder gives to a module's imports.

import BrolgaWasm

/// Something that an instance exports, or that an import takes.
public enum ExternalValue: Equatable {
  case function(Function)
  case table(Table)
  case memory(Memory)
  case global(Global)
  case tag(Tag)

  var store: Store {
    switch self {
    case .function(let function): function.store
    case .table(let table): table.store
    case .memory(let memory): memory.store
    case .global(let global): global.store
    case .tag(let tag): tag.store
    }
  }

  var kind: ExternKind {
    switch self {
    case .function: .function
    case .table: .table
    case .memory: .memory
    case .global: .global
    case .tag: .tag
    }
  }
}

/// What can stand in a literal of `Imports`.
public protocol ExternalValueConvertible {
  var externalValue: ExternalValue { get }
}

extension ExternalValue: ExternalValueConvertible {
  public var externalValue: ExternalValue { self }
}
extension Function: ExternalValueConvertible {
  public var externalValue: ExternalValue { .function(self) }
}
extension Table: ExternalValueConvertible {
  public var externalValue: ExternalValue { .table(self) }
}
extension Memory: ExternalValueConvertible {
  public var externalValue: ExternalValue { .memory(self) }
}
extension Global: ExternalValueConvertible {
  public var externalValue: ExternalValue { .global(self) }
}
extension Tag: ExternalValueConvertible {
  public var externalValue: ExternalValue { .tag(self) }
}

/// The values for a module's imports, by module name and name.
///
///     ["env": ["log": logFunction, "memory": memory]]
public struct Imports: ExpressibleByDictionaryLiteral {
  private var values: [ImportName: ExternalValue] = [:]

  public init() {}

  public init(
    dictionaryLiteral elements: (String, KeyValuePairs<String, any ExternalValueConvertible>)...
  ) {
    for (module, contents) in elements {
      for (name, value) in contents {
        define(module: module, name: name, value)
      }
    }
  }

  /// Defines, or replaces, one import.
  public mutating func define(
    module: String, name: String, _ value: some ExternalValueConvertible
  ) {
    values[ImportName(module: module, name: name)] = value.externalValue
  }

  public mutating func define(
    module: String, name: String, _ value: any ExternalValueConvertible
  ) {
    values[ImportName(module: module, name: name)] = value.externalValue
  }

  /// Defines everything that `exports` holds under the module name.
  public mutating func define(module: String, _ exports: Exports) {
    for (name, value) in exports { define(module: module, name: name, value) }
  }

  public subscript(_ module: String, _ name: String) -> ExternalValue? {
    values[ImportName(module: module, name: name)]
  }
}

private struct ImportName: Hashable {
  let module: NameKey
  let name: NameKey

  init(module: String, name: String) {
    self.module = NameKey(name: module)
    self.name = NameKey(name: name)
  }
}

/// A name that compares by its UTF-8 bytes; `String` equates different spellings of one character.
struct NameKey: Hashable {
  let name: String

  static func == (a: NameKey, b: NameKey) -> Bool { a.name.utf8.elementsEqual(b.name.utf8) }

  func hash(into hasher: inout Hasher) {
    var utf8 = name
    utf8.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
