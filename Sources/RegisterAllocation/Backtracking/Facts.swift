// SPDX-License-Identifier: Apache-2.0
// What the backtracking allocator knows of a problem before it decides anything.

import BrolgaEntities

/// Tables in which the later stages look things up.
///
/// `UseCollector` and `Liveness` fill them. `Coalescing` appends to `ranges`, the search to `uses`;
/// both only add sorted copies. All stages get the tables `inout`: a struct of this size that is
/// borrowed may be copied at each call.
struct Facts: ~Copyable {
  var view = ProblemView(Problem())
  var registers = MachineRegisters()
  var blocks = Blocks()
  var clobbers = Clobbers()
  var reservations = Reservations()
  var reuses = Reuses()
  var values = Vector<ValueRecord>()
  /// Where each value's uses start in `uses`.
  var useStart = Vector<UInt32>()
  /// In the order of the program, value by value.
  var uses = Vector<UseRecord>()
  /// In rising order, value by value.
  var ranges = Vector<LiveRange>()

  init() {}

  mutating func begin(_ problem: borrowing Problem) {
    view = ProblemView(problem)
    registers.reset(for: problem)
  }
}
