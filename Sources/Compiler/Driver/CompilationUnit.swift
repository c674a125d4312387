// SPDX-License-Identifier: Apache-2.0
// What compiling a function needs to know of its module, in flat tables shared by all workers.

import BrolgaArtefact
import BrolgaEntities
import BrolgaWasm

/// How compiled code reaches a global.
package struct GlobalAccess: BitwiseCopyable, Sendable {
  package enum Place: UInt8, BitwiseCopyable, Sendable {
    /// Never changes and starts from a constant: the value is `bits`.
    case constant
    /// In the context, at `offset`.
    case cell
    /// The context holds the address of the cell at `offset`.
    case imported
  }
  package var place: Place
  package var type: Type
  package var isMutable: Bool
  package var offset: UInt32
  package var bits: UInt64
}

/// A module as its function compilers see it. Immutable.
package final class CompilationUnit: @unchecked Sendable {
  // Unchecked: nothing changes after `init`.
  package let module: Module
  package let layout: ContextLayout
  package let lowering: LoweringUnit
  package let importedFunctionCount: UInt32
  /// One per global of the index space.
  package let globals: Vector<GlobalAccess>
  /// Per function of the index space: byte offset of its record in the context, or 0. Imported
  /// functions have none: the context holds the address of theirs.
  package let recordOffsets: Vector<UInt32>
  /// Relaxed operators do what they do on every machine.
  package let relaxesDeterministically: Bool
  /// Arithmetic makes canonical NaNs only.
  package let canonicalizesNaNs: Bool

  package init(_ module: Module, _ options: CompilerOptions = CompilerOptions()) {
    self.module = module
    relaxesDeterministically = options.relaxesDeterministically
    canonicalizesNaNs = options.canonicalizesNaNs
    layout = ContextLayout(module)
    lowering = LoweringUnit(module, layout: layout)
    importedFunctionCount = UInt32(module.importedFunctionCount)

    var globals = Vector<GlobalAccess>()
    for (index, global) in module.globals.enumerated() {
      let type = Type(global.type)
      let defined = index - module.importedGlobalCount
      if defined < 0 {
        globals.append(
          GlobalAccess(
            place: .imported, type: type, isMutable: global.isMutable,
            offset: UInt32(layout.importedGlobals) + UInt32(index) * 8, bits: 0))
        continue
      }
      let bits = global.isMutable ? nil : module.globalInitializers[defined].foldedBits
      globals.append(
        GlobalAccess(
          place: bits == nil ? .cell : .constant, type: type, isMutable: global.isMutable,
          offset: UInt32(layout.globalCells) + UInt32(defined)
            * UInt32(ContextLayout.globalCellBytes),
          bits: bits ?? 0))
    }
    self.globals = globals

    var offsets = Vector<UInt32>()
    offsets.reset(count: module.functionCount, to: 0)
    var offset = UInt32(layout.functionRecords)
    for function in ContextLayout.referencedDefinedFunctions(module) {
      offsets[Int(function)] = offset
      offset += UInt32(ContextLayout.FunctionRecord.stride)
    }
    recordOffsets = offsets
  }
}
