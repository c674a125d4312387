// SPDX-License-Identifier: Apache-2.0
// Tags, by which exceptions are told apart.

import BrolgaArtefact
import BrolgaCRuntime
import BrolgaWasm

/// What exceptions are told apart by: two tags are the same only if they are one.
public struct Tag: Equatable {
  public let store: Store
  let object: TagObject

  /// A tag of the host's, whose exceptions carry values of these types.
  public init(store: Store, parameters: [ValueType] = []) {
    let type = FunctionType(parameters: parameters, results: [])
    self.init(
      store: store,
      object: TagObject(store: store, typeIdentity: TypeIdentities.identity(of: type)))
  }

  init(store: Store, object: TagObject) {
    self.store = store
    self.object = object
  }

  public static func == (a: Tag, b: Tag) -> Bool { a.object === b.object }

  /// The types of the values that its exceptions carry.
  public var parameters: [ValueType] { object.type.parameters }
}

/// Owned by its store.
final class TagObject {
  /// What compiled code knows the tag by.
  let record: UnsafeMutablePointer<brolga_tag>
  let typeIdentity: UInt32
  /// Where it is defined, if that is a module.
  private let definition: (module: Module, index: Int)?

  init(store: Store, typeIdentity: UInt32, definition: (module: Module, index: Int)? = nil) {
    self.definition = definition
    self.typeIdentity = typeIdentity
    let type = TypeIdentities.type(typeIdentity)
    let words = type.parameters.reduce(0) { $0 + Int($1.kind.words) }
    record = .allocate(capacity: 1)
    record.initialize(
      to: brolga_tag(heap: store.exceptionHeap, word_count: UInt64(words), owner: nil))
    record.pointee.owner = Unmanaged.passUnretained(self).toOpaque()
    store.own(self)
  }

  deinit { record.deallocate() }

  /// The name by which its module exports it, for messages.
  var name: String {
    guard let (module, index) = definition else { return "tag" }
    let export = module.module.exports.first { $0.kind == .tag && Int($0.index) == index }
    return export?.name ?? "tag[\(index)]"
  }

  var type: FunctionType { TypeIdentities.type(typeIdentity) }

  /// Safe: `init` writes the owner, and a store keeps its tags as long as their exceptions.
  static func of(_ exception: UnsafeMutablePointer<brolga_exception>) -> TagObject {
    Unmanaged<TagObject>.fromOpaque(exception.pointee.tag.pointee.owner).takeUnretainedValue()
  }
}
