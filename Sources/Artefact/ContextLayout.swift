// SPDX-License-Identifier: Apache-2.0
// Where compiled code finds an instance's state: byte offsets in the instance context.

import BrolgaWasm

/// The layout of an instance context, computed from the module by compiler and runtime alike.
///
/// The context is one block of memory, aligned to 16. A fixed header is followed by arrays, in
/// this order: memories, table pointers, imported function pointers, imported global
/// pointers, tag pointers, type identities, cells of defined globals, records of referenced functions.
package struct ContextLayout: Sendable, Hashable {
  // MARK: Header, the same for every module and for the context of a host function.

  /// Lowest stack pointer at which a function may start (8 bytes).
  package static let stackLimit: Int32 = 0
  /// Base address of memory 0 (8 bytes); zero where there is none. Compiled code keeps it pinned.
  package static let memoryBase: Int32 = 8
  /// Address of the helper table (8 bytes), see `Helper`.
  package static let helperTable: Int32 = 16
  /// The runtime's own word (8 bytes): the instance, or the host function.
  package static let owner: Int32 = 24
  /// Left for fuel (8 bytes) and for the address of the epoch counter (8 bytes).
  package static let fuel: Int32 = 32
  package static let epoch: Int32 = 40
  /// The context's own address (8 bytes): where references to its function records start from.
  package static let selfAddress: Int32 = 48
  /// Address of the array of table pointers (8 bytes): where helpers start from, which do not know
  /// the module's layout.
  package static let tableArray: Int32 = 56
  package static let headerBytes: Int32 = 64

  /// An entry of the array of memories: address of the record, then the memory's base, which never
  /// changes (8 bytes each).
  package enum MemoryEntry {
    package static let record: Int32 = 0
    package static let base: Int32 = 8
    package static let stride: Int32 = 16
  }

  // MARK: What the context's pointers lead to.

  /// A memory record: base address, then current length in bytes (8 bytes each).
  package enum MemoryRecord {
    package static let base: Int32 = 0
    package static let byteLength: Int32 = 8
    package static let stride = 16
  }
  /// A table record: address of the elements, then their number (8 bytes each). An element is
  /// 8 bytes: the address of a function record, or an external reference's handle; 0 is null.
  package enum TableRecord {
    package static let elements: Int32 = 0
    package static let length: Int32 = 8
    package static let stride = 16
  }
  /// A function record: what a function reference points to.
  package enum FunctionRecord {
    /// Entry point, in Brolga's own convention.
    package static let code: Int32 = 0
    /// The context to run it with.
    package static let context: Int32 = 8
    /// Identity of its type (4 bytes), equal for equal types throughout the process.
    package static let typeIdentity: Int32 = 16
    /// The function's index in its module, for messages (4 bytes).
    package static let index: Int32 = 20
    /// Address of the list of its type's supertypes (8 bytes), see `Supertypes`.
    package static let supertypes: Int32 = 24
    package static let stride = 32
  }
  /// A list of supertypes: how many entries there are (4 bytes), then the identities of the types
  /// above a type, the topmost first, and its own (4 bytes each). A type is a subtype of another,
  /// of depth `d`, if entry `d` is the other's identity.
  package enum Supertypes {
    package static let count: Int32 = 0
    package static let first: Int32 = 4
    /// The list has at least so many entries, filled up with zeros, so that the count need not be
    /// looked at for less deep types.
    package static let minimumCount = 8
  }
  /// An exception: the address of its tag, then (at `isShared`, 2 bytes) whether a reference to it was
  /// made, and its values, a word each and two for a vector.
  package enum Exception {
    package static let tag: Int32 = 0
    package static let isShared: Int32 = 12
    package static let words: Int32 = 24
  }
  /// Bytes of a global's cell: wide enough for any value type.
  package static let globalCellBytes: Int32 = 16

  // MARK: Arrays.

  /// Byte offset of the first of each array.
  package let memories: Int32
  package let tables: Int32
  package let importedFunctions: Int32
  package let importedGlobals: Int32
  package let tags: Int32
  package let typeIdentities: Int32
  package let globalCells: Int32
  package let functionRecords: Int32
  /// Size of the whole context in bytes, a multiple of 16.
  package let byteCount: Int

  package struct Counts: Sendable, Hashable {
    package var memories = 0
    package var tables = 0
    package var importedFunctions = 0
    package var importedGlobals = 0
    package var tags = 0
    package var types = 0
    package var definedGlobals = 0
    package var referencedFunctions = 0
    package init() {}
  }

  /// Decoding limits keep every count far below what would overflow the offsets: the sum of all
  /// arrays is at most 1,000,000 entries of 32 bytes each.
  package init(_ counts: Counts) {
    var offset = Int(Self.headerBytes)
    func place(_ count: Int, stride: Int) -> Int32 {
      let start = offset
      offset += count * stride
      return Int32(start)
    }
    memories = place(counts.memories, stride: Int(MemoryEntry.stride))
    tables = place(counts.tables, stride: 8)
    importedFunctions = place(counts.importedFunctions, stride: 8)
    importedGlobals = place(counts.importedGlobals, stride: 8)
    tags = place(counts.tags, stride: 8)
    typeIdentities = place(counts.types, stride: 4)
    offset = (offset + 15) & ~15
    globalCells = place(counts.definedGlobals, stride: Int(Self.globalCellBytes))
    functionRecords = place(counts.referencedFunctions, stride: FunctionRecord.stride)
    byteCount = (offset + 15) & ~15
  }
}
