// SPDX-License-Identifier: Apache-2.0
// What lowering reads of the module around a function.

import BrolgaArtefact
import BrolgaEntities
import BrolgaWasm

/// What lowering needs to know of a module. Immutable; shared by all workers.
package final class LoweringUnit: @unchecked Sendable {
  // Unchecked: nothing changes after `init`.

  struct Signature: BitwiseCopyable {
    /// Parameters, then results, in `types`.
    var start: UInt32
    var parameterCount: UInt32
    var resultCount: UInt32
  }

  package let importedFunctionCount: UInt32
  /// Offset in the context of the pointers to the records of imported functions.
  package let importedFunctions: Int32
  /// Offset in the context of the memories' entries.
  package let memories: Int32
  private let signatures: Vector<Signature>
  private let types: Vector<Type>

  package convenience init(_ module: Module, layout: ContextLayout) {
    let signatures = (0..<module.typeCount).map { index in
      let type = UInt32(truncatingIfNeeded: index)
      // Nothing calls what is no function.
      let signature = module.isFunctionType(type) ? module.signature(ofType: type) : .empty
      return (signature.parameters.map { Type($0) }, signature.results.map { Type($0) })
    }
    self.init(
      signatures: signatures,
      importedFunctionCount: UInt32(truncatingIfNeeded: module.importedFunctionCount),
      layout: layout)
  }

  /// A unit without a module, of functions of these types.
  package init(
    signatures list: [(parameters: [Type], results: [Type])], importedFunctionCount: UInt32 = 0,
    layout: ContextLayout
  ) {
    self.importedFunctionCount = importedFunctionCount
    importedFunctions = layout.importedFunctions
    memories = layout.memories
    var signatures = Vector<Signature>()
    var types = Vector<Type>()
    for signature in list {
      signatures.append(
        Signature(
          start: UInt32(truncatingIfNeeded: types.count),
          parameterCount: UInt32(truncatingIfNeeded: signature.parameters.count),
          resultCount: UInt32(truncatingIfNeeded: signature.results.count)))
      types.append(contentsOf: signature.parameters)
      types.append(contentsOf: signature.results)
    }
    self.signatures = signatures
    self.types = types
  }

  func signature(_ type: UInt32) -> Signature { signatures[Int(truncatingIfNeeded: type)] }

  /// Parameter `k` of the signature; results follow the parameters.
  func type(_ signature: Signature, _ k: Int) -> Type {
    types[Int(truncatingIfNeeded: signature.start) &+ k]
  }
}
