// SPDX-License-Identifier: Apache-2.0
// An assembler: instructions into a code buffer, and labels.

import BrolgaEntities

/// A place in the code of the function being emitted, printed `l7`. Blocks come first.
package struct Label: EntityID {
  package static var prefix: StaticString { "l" }
  package let raw: UInt32
  @inline(__always) package init(raw: UInt32) { self.raw = raw }
}

/// Where a label is: its offset, and how many branches stand before it, from which its offset after
/// their shrinking follows.
struct LabelRecord: BitwiseCopyable {
  var offset: UInt32
  var branchesBefore: UInt32

  static var unbound: LabelRecord { LabelRecord(offset: .max, branchesBefore: 0) }
}

/// A jump to a label, or padding: what changes its size when the function is finished.
struct BranchRecord: BitwiseCopyable {
  var offset: UInt32
  var label: UInt32
  /// A number of the target's, or `padding`.
  var kind: UInt8
  var isShort: Bool

  /// Padding where what is up to the label would cross a boundary of lines.
  static var padding: UInt8 { .max }
}

/// Writes the instructions of an instruction set into a code buffer: one method for each, in the
/// target's extensions. Labels and the branches to them are common to all.
package struct Assembler<ISA: InstructionSet>: ~Copyable {
  package var code = CodeBuffer()

  // Tables of the current function, emptied by `beginFunction`.
  var labels = Pool<Label, LabelRecord>()
  var branches = Vector<BranchRecord>()
  /// Bytes saved by the branches before each one, and by all.
  var saved = Vector<UInt32>()

  package init() {}

  /// Labels `0 ..< count` are the blocks.
  mutating func beginFunction(index: UInt32, blocks count: Int) {
    branches.removeAll()
    saved.removeAll()
    code.beginFunction(index: index)
    labels.reset(count: count, to: .unbound)
  }

  /// Marks the current place as one at which an activation may stop.
  @inline(__always) mutating func markSite(_ origin: UInt32, kind: UInt8) {
    code.markSite(origin, kind: kind)
  }

  // MARK: Labels.

  @inline(__always) mutating func makeLabel() -> Label { labels.append(.unbound) }

  @inline(__always) mutating func bind(_ label: Label) {
    assert(labels[label].offset == .max, "label bound twice")
    labels[label] = LabelRecord(
      offset: UInt32(truncatingIfNeeded: code.offset),
      branchesBefore: UInt32(truncatingIfNeeded: branches.count))
  }
}
