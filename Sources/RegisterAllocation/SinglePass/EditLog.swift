// SPDX-License-Identifier: Apache-2.0
// Collects moves in the reverse order of the walk and writes them in program order.

import BrolgaEntities

/// The moves of a run: pushed last to first within each block, blocks in any order.
struct EditLog: ~Copyable {
  struct HeadEdit: BitwiseCopyable {
    var edit: Edit
    /// The next one of the same block, or -1.
    var next: Int32
  }

  private var log = Vector<Edit>()
  // Per block: where its moves begin and end in `log`, and the first of its head moves or -1.
  private var start = Vector<UInt32>()
  private var end = Vector<UInt32>()
  private var firstHead = Vector<Int32>()
  private var heads = Vector<HeadEdit>()

  init() {}

  mutating func reset(blockCount: Int) {
    log.removeAll()
    heads.removeAll()
    start.reset(count: blockCount, to: 0)
    end.reset(count: blockCount, to: 0)
    firstHead.removeAll()
  }

  @inline(__always) mutating func beginBlock(_ b: Int) {
    start[b] = UInt32(truncatingIfNeeded: log.count)
  }
  @inline(__always) mutating func endBlock(_ b: Int) {
    end[b] = UInt32(truncatingIfNeeded: log.count)
  }

  /// Adds a move that comes before all those pushed so far in this block.
  @inline(__always) mutating func push(_ edit: Edit) { log.append(edit) }

  /// Adds a move that comes before all others of block `b`, be it finished or not.
  mutating func pushAtHead(of b: Int, _ edit: Edit) {
    if firstHead.isEmpty { firstHead.append(repeating: -1, count: start.count) }
    heads.append(HeadEdit(edit: edit, next: firstHead[b]))
    firstHead[b] = Int32(truncatingIfNeeded: heads.count &- 1)
  }

  mutating func write(to edits: inout Vector<Edit>, _ view: ProblemView) {
    edits.reserve(log.count &+ heads.count)
    for b in 0..<view.blockCount {
      if !firstHead.isEmpty {
        var h = firstHead[b]
        while h >= 0 {
          edits.append(heads[Int(h)].edit)
          h = heads[Int(h)].next
        }
      }
      let first = Int(start[b])
      var k = Int(end[b])
      while k > first {
        k &-= 1
        edits.append(log[k])
      }
    }
  }
}
