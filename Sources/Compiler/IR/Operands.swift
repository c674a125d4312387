// SPDX-License-Identifier: Apache-2.0
// The one walk over what an instruction reads, and over where it leads.

import BrolgaEntities

extension Function {
  /// Calls `body` with each value that an instruction reads, but for the arguments of its edges.
  @inline(__always)
  package func forEachOperand<E: Error>(
    _ i: Instruction, _ body: (UInt32) throws(E) -> Void
  ) throws(E) {
    try forEachOperand(i, i.opcode.traits, body)
  }

  /// The same, for one who has looked up the traits already.
  @inline(__always)
  func forEachOperand<E: Error>(
    _ i: Instruction, _ traits: Traits, _ body: (UInt32) throws(E) -> Void
  ) throws(E) {
    if traits.readsA { try body(i.a) }
    if traits.readsB { try body(i.b) }
    if traits.readsC { try body(i.c) }
    if !traits.readsList { return }
    for k in Self.listRange(i, traits) { try body(lists[k]) }
  }

  /// Replaces each value that the instructions read by what `body` makes of it.
  @inline(__always)
  mutating func mapOperands(_ body: (UInt32) -> UInt32) {
    for index in 0..<instructions.count {
      let traits = instructions.storage[index].opcode.traits
      if traits.readsNothing { continue }
      var i = instructions.storage[index]
      if traits.readsA { i.a = body(i.a) }
      if traits.readsB { i.b = body(i.b) }
      if traits.readsC { i.c = body(i.c) }
      instructions.storage[index] = i
      if !traits.readsList { continue }
      for k in Self.listRange(i, traits) { lists[k] = body(lists[k]) }
    }
  }

  /// Where in `lists` the values stand that an instruction reads.
  @inline(__always)
  static func listRange(_ i: Instruction, _ traits: Traits) -> Range<Int> {
    let start = Int(truncatingIfNeeded: i.b) &+ (traits.hasTail ? 1 : 0)
    return Range(uncheckedBounds: (start, start &+ Int(truncatingIfNeeded: i.c)))
  }

  /// The edges of a terminator, repeated ones repeated.
  @inline(__always)
  package func forEachEdge<E: Error>(
    _ i: Instruction, _ body: (UInt32) throws(E) -> Void
  ) throws(E) {
    let fields = i.opcode.info.shape.fields
    if fields.a == .edge { try body(i.a) }
    if fields.b == .edge { try body(i.b) }
    if fields.c == .edge { try body(i.c) }
    if fields.list != .edges { return }
    for k in 0..<Int(truncatingIfNeeded: i.c) {
      try body(lists[Int(truncatingIfNeeded: i.b) &+ k])
    }
  }
}
