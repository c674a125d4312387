// SPDX-License-Identifier: Apache-2.0
// The context layout of a decoded module.

import WebAssembly

extension ContextLayout {
  /// The layout for a module or its skeleton: the same for both.
  package init(of module: Module) {
    var counts = Counts()
    counts.memories = module.memories.count
    counts.tables = module.tables.count
    counts.importedFunctions = module.importedFunctionCount
    counts.importedGlobals = module.importedGlobalCount
    counts.types = module.typeCount
    counts.definedGlobals = module.globals.count - module.importedGlobalCount
    counts.referencedFunctions = module.referencedFunctions.count
    self.init(counts)
  }
}
