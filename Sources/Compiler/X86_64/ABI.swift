// SPDX-License-Identifier: Apache-2.0
// The target's conventions as the allocator and lowering see them.

import Artefact
import Entities
import RegisterAllocation
import WebAssembly

/// The registers that allocation may use, and what calls destroy.
package enum X64Convention {
  /// rax, rcx, rdx, rsi, rdi, r8, r9, r11.
  package static let callerSaved: UInt64 = 0b1011_1100_0111
  /// rbx, r10, r12, r13: without rbp, which chains the frames.
  package static let calleeSaved = UInt64(CallingConvention.calleeSaved & ~(1 &<< 5))
  /// r10: helpers follow the system's convention, in which it is the callee's.
  package static let helpersDestroy: UInt64 = 1 &<< 10
  /// xmm0 to xmm14: none survives a call.
  package static let floats: UInt64 = 0x7fff

  package static var machine: Machine {
    var machine = Machine()
    machine.preferred = RegisterSet(int: callerSaved, float: floats)
    machine.nonPreferred = RegisterSet(int: calleeSaved)
    // Nearly always some integer register is free where a move needs one.
    machine.floatScratch = X64Register.xmm15
    return machine
  }

  @inline(__always) package static func argument(integer k: UInt8) -> PhysicalRegister {
    PhysicalRegister(.int, Int(truncatingIfNeeded: CallingConvention.argumentInteger(k)))
  }
  @inline(__always) package static func result(integer k: UInt8) -> PhysicalRegister {
    PhysicalRegister(.int, Int(truncatingIfNeeded: CallingConvention.resultInteger(k)))
  }
  @inline(__always) package static func float(_ k: UInt8) -> PhysicalRegister {
    PhysicalRegister(.float, Int(truncatingIfNeeded: k))
  }

  /// What a call destroys beside its results, of which so many are in registers.
  package static func clobbers(
    resultIntegers: Int, resultFloats: Int, ofHelper isHelper: Bool = false
  ) -> RegisterSet {
    var set = RegisterSet(
      int: isHelper ? callerSaved | helpersDestroy : callerSaved, float: floats)
    for k in 0..<resultIntegers { set.remove(result(integer: UInt8(truncatingIfNeeded: k))) }
    for k in 0..<resultFloats { set.remove(float(UInt8(truncatingIfNeeded: k))) }
    return set
  }
}

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

  package init(_ module: Module, layout: ContextLayout) {
    importedFunctionCount = UInt32(truncatingIfNeeded: module.importedFunctionCount)
    importedFunctions = layout.importedFunctions
    memories = layout.memories
    var signatures = Vector<Signature>()
    var types = Vector<Type>()
    signatures.reserve(module.typeCount)
    for index in 0..<module.typeCount {
      let type = UInt32(truncatingIfNeeded: index)
      // Nothing calls what is no function.
      let signature = module.isFunctionType(type) ? module.signature(ofType: type) : .empty
      signatures.append(
        Signature(
          start: UInt32(truncatingIfNeeded: types.count),
          parameterCount: UInt32(truncatingIfNeeded: signature.parameters.count),
          resultCount: UInt32(truncatingIfNeeded: signature.results.count)))
      for type in signature.parameters { types.append(Type(type)) }
      for type in signature.results { types.append(Type(type)) }
    }
    self.signatures = signatures
    self.types = types
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
