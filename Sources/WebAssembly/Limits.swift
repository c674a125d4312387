// SPDX-License-Identifier: Apache-2.0
// How large a module may be: the limits of the WebAssembly JavaScript interface, and our own.

/// The limits of the JavaScript API specification, section "Limits", which every engine shares,
/// so that a module within them runs everywhere; and bounds of ours where that list has none.
/// Exceeding one is an error of kind `limit`.
package enum ImplementationLimits {
  /// Bytes of a module.
  package static let moduleBytes = 1 << 30
  package static let types: UInt32 = 1_000_000
  /// Groups of types, and types of one group.
  package static let typeGroups: UInt32 = 1_000_000
  /// Supertypes above a type.
  package static let subtypingDepth = 63
  /// Fields of a structure.
  package static let fields: UInt32 = 10_000
  /// Functions, imported and defined.
  package static let functions: UInt32 = 1_000_000
  package static let imports: UInt32 = 1_000_000
  package static let exports: UInt32 = 1_000_000
  /// Globals, imported and defined.
  package static let globals: UInt32 = 1_000_000
  /// Tags, imported and defined.
  package static let tags: UInt32 = 1_000_000
  package static let dataSegments: UInt32 = 100_000
  package static let elementSegments: UInt32 = 10_000_000
  /// Tables, imported and defined.
  package static let tables: UInt32 = 100_000
  /// Elements that a table may have when it is made or has grown, and items of one element
  /// segment. A table may declare more: making it then fails.
  package static let tableElements: UInt64 = 10_000_000
  /// Memories, imported and defined.
  package static let memories: UInt32 = 100
  /// Pages of 64 KiB that a 32-bit memory may have: all of its address space.
  package static let memoryPages: UInt64 = 65_536
  /// Pages of 64 KiB that a 64-bit memory may have when it is made or has grown: 16 GiB. It may
  /// declare more: making it then fails if that is its minimum, and growing it beyond fails.
  package static let memory64Pages: UInt64 = 262_144
  /// Pages that a 64-bit memory may declare: all of its address space.
  package static let declaredMemory64Pages: UInt64 = 1 << 48
  /// Bytes of one function body, its local declarations included.
  package static let functionBytes = 7_654_321
  /// Locals of a function, parameters included.
  package static let locals = 50_000
  package static let parameters: UInt32 = 1000
  package static let results: UInt32 = 1000
  /// Labels of one `br_table` besides the default.
  package static let branchTableLabels: UInt32 = 65_520
  /// Bytes of a name.
  package static let stringBytes = 100_000

  // Ours: what follows bounds memory where a few bytes of code can ask for thousands of entries.

  /// Operands on the validator's stack. A body of plain constants cannot reach it; calls of
  /// functions with many results can.
  package static let operands = 1 << 22
  /// Clauses of one `try_table`.
  package static let catchClauses: UInt32 = 10_000
  /// Control constructs open at once.
  package static let controlDepth = 1_000_000
}
