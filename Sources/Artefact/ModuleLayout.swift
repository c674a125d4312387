// SPDX-License-Identifier: Apache-2.0
// Derives the instance context's layout from a module.

import BrolgaWasm

extension ContextLayout {
  /// The layout of the module's instances.
  package init(_ module: Module) {
    var counts = Counts()
    counts.memories = module.memories.count
    counts.tables = module.tables.count
    counts.importedFunctions = module.importedFunctionCount
    counts.importedGlobals = module.importedGlobalCount
    counts.tags = module.tags.count
    counts.types = module.typeCount
    counts.definedGlobals = module.globals.count - module.importedGlobalCount
    // Imported functions have their record in the instance that defines them.
    counts.referencedFunctions = Self.referencedDefinedFunctions(module).count
    self.init(counts)
  }

  /// The defined functions that have a record in the context, in its order.
  package static func referencedDefinedFunctions(_ module: Module) -> ArraySlice<UInt32> {
    let all = module.referencedFunctions
    let first = all.firstIndex { Int($0) >= module.importedFunctionCount } ?? all.endIndex
    return all[first...]
  }
}
