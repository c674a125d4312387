// SPDX-License-Identifier: Apache-2.0
// The nesting of a function's constructs, and which of them had ended at a point.

import BrolgaEntities

/// The constructs of a function whose ends matter to its locals: blocks, `if`s, and the `then` parts
/// of these. Loops are left out: control leaves them at their ends in one way only.
///
/// Constructs nest, so of those that hold a definition and have ended before a point, the outermost
/// ended last: its end is where the local got its latest value. Ends rise from a construct to those
/// around it, so it is found along jump pointers (Myers, "An applicative random-access stack",
/// 1983): O(log n) a search, however deep the nesting.
struct ConstructTree: ~Copyable {
  enum End: UInt8, BitwiseCopyable {
    /// Not reached yet.
    case none
    /// No branch leads to it, so nothing changes there: what the construct defines counts as
    /// defined by the construct around it. `payload` is that one, or one further out.
    case fallThrough
    /// Branches meet. `payload` is the block that they lead to.
    case join
    /// An `else`: control goes back to the `if`. `payload` is the caller's.
    case revert
  }

  struct Construct: BitwiseCopyable {
    var parent: UInt32
    /// A construct around this one, chosen so that jumps and single steps find any in O(log n).
    var jump: UInt32
    var depth: UInt32
    /// The position of the end: `.max` while there is none, 0 for one that is fallen through.
    var end: UInt32 = .max
    var payload: UInt32 = 0
    var kind = End.none
  }

  /// The first is the root, which holds the values on entry and never ends.
  private var constructs = Vector<Construct>()
  /// The innermost one that is open.
  private(set) var current: UInt32 = 0

  init() {}

  mutating func removeAll() {
    constructs.removeAll()
    constructs.append(Construct(parent: 0, jump: 0, depth: 0))
    current = 0
  }

  subscript(_ construct: UInt32) -> Construct {
    @inline(__always) get { constructs[Int(truncatingIfNeeded: construct)] }
  }

  mutating func open() {
    let parent = self[current]
    let jump = self[parent.jump]
    // Two jumps of equal length become one of twice that.
    let isDouble = parent.depth &- jump.depth == jump.depth &- self[jump.jump].depth
    let construct = Construct(
      parent: current, jump: isDouble ? jump.jump : current, depth: parent.depth &+ 1)
    current = UInt32(truncatingIfNeeded: constructs.count)
    constructs.append(construct)
  }

  /// Ends the innermost construct. `position` is the first one behind it.
  mutating func end(_ kind: End, at position: UInt32, payload: UInt32) {
    let index = Int(truncatingIfNeeded: current)
    constructs[index].kind = kind
    constructs[index].end = position
    constructs[index].payload = payload
    current = constructs[index].parent
  }

  /// Ends the innermost construct, to whose end no branch leads.
  mutating func fallThrough() { end(.fallThrough, at: 0, payload: self[current].parent) }

  /// The outermost construct that holds what `construct` defines and had ended at `position`.
  @inline(__always)
  mutating func outermostEnded(around construct: UInt32, at position: UInt32) -> UInt32? {
    self[construct].end > position ? nil : searchEnded(around: construct, at: position)
  }

  private mutating func searchEnded(around construct: UInt32, at position: UInt32) -> UInt32? {
    var found = holder(of: construct)
    if self[found].end > position { return nil }
    while true {
      let jump = holder(of: self[found].jump)
      if self[jump].end <= position {
        found = jump
        continue
      }
      let parent = holder(of: self[found].parent)
      if self[parent].end > position { return found }
      found = parent
    }
  }

  /// The construct whose end matters to what `construct` defines. Halves the path on its way: a row
  /// of constructs that are fallen through would otherwise be walked by every search.
  private mutating func holder(of construct: UInt32) -> UInt32 {
    var construct = construct
    while self[construct].kind == .fallThrough {
      let outer = self[construct].payload
      if self[outer].kind != .fallThrough { return outer }
      let beyond = self[outer].payload
      constructs[Int(truncatingIfNeeded: construct)].payload = beyond
      construct = beyond
    }
    return construct
  }
}
