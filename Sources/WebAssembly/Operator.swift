// SPDX-License-Identifier: Apache-2.0
// One decoded operator of a function body.

/// An operator with its immediates. Fields that an operator does not have are zero.
package struct Operator: BitwiseCopyable {
  package var opcode: Opcode
  /// Index of the local, global, function, type, label, table, data or element segment; for
  /// loads, stores and `memory.*`, of the memory. Of a copy, the destination; of `call_indirect`,
  /// `call_ref` and their tail calls the type; of `throw` the tag; of `memory.init` and `table.init`
  /// the segment. Of `br_table` the count of labels without the default, of `try_table` that of
  /// clauses.
  package var index: UInt32
  /// The second index: the table of `call_indirect` and `table.init`, the memory of `memory.init`,
  /// the source of `memory.copy` and `table.copy`. For loads and stores the alignment's log2, below
  /// `lane`. Of `call_ref`, its tail call, `ref.as_non_null` and `throw_ref` 1 if the reference may be
  /// null.
  package var index2: UInt32
  /// The bits of a constant (an `i32` zero-extended), the offset of a load or store, the raw value
  /// of the type of `ref.null` and of a typed `select`. Of `v128.const` and `i8x16.shuffle`, whose 16
  /// bytes have no room here, where in the module they are: `Module.vector(at:)` reads them.
  package var immediate: UInt64

  @inline(__always)
  package init(
    _ opcode: Opcode, index: UInt32 = 0, index2: UInt32 = 0, immediate: UInt64 = 0
  ) {
    self.opcode = opcode
    self.index = index
    self.index2 = index2
    self.immediate = immediate
  }

  /// Of operators on one lane, memory accesses among them, its number. It has no field of its own,
  /// which every other operator would pay for.
  package var lane: UInt8 {
    get { UInt8(truncatingIfNeeded: index2 &>> 8) }
    set { index2 = index2 & 0xFF | UInt32(truncatingIfNeeded: newValue) &<< 8 }
  }
}

/// A clause of `try_table`: which exceptions it catches, and where it takes them.
package struct CatchClause: BitwiseCopyable, Hashable, Sendable {
  /// Raw values are the binary format's.
  package enum Kind: UInt8, BitwiseCopyable, Sendable {
    case `catch`, catchRef, catchAll, catchAllRef

    /// Whether it catches the exceptions of one tag only, whose values it passes on.
    package var hasTag: Bool { rawValue < 2 }

    /// Whether it passes on a reference to the exception, after the values: a `(ref exn)`.
    package var passesReference: Bool { rawValue & 1 != 0 }
  }

  package var kind: Kind
  /// Zero where the kind has no tag.
  package var tag: UInt32
  /// The construct whose label gets what is caught: 0 is the one right around `try_table`. So it is
  /// what `br` would name before `try_table`, and one less than what `br` names within it.
  package var label: UInt32

  package init(_ kind: Kind, tag: UInt32 = 0, label: UInt32) {
    self.kind = kind
    self.tag = tag
    self.label = label
  }
}
