// SPDX-License-Identifier: Apache-2.0
// Proves that a solution solves its problem. Shares no code with the allocators.

import BrolgaEntities

/// Checks solutions by abstract interpretation, in memory that it keeps.
///
/// Each block is walked forwards once. A place then holds a value defined in this block, the wreck
/// left by a clobber, or whatever some place held at the block's entry. A use of the last kind
/// becomes a demand: "at the entry of this block, that place holds this value". Demands go to all
/// predecessors, through the summary of what each block does to its places, until none is new.
/// That is the fixed point: a demand that meets another value, a wreck, an older incarnation of
/// its value or the function's entry is a fault. Demands at the head of an unreachable block that
/// nobody jumps to are met by nobody and fall away; all else in such blocks is checked as usual.
///
/// Cost: linear in operands, moves, clobbered registers and demands; there are about as many
/// demands as pairs of a block and a value live into it.
public struct Checker: ~Copyable {
  /// What a place holds.
  struct Content: BitwiseCopyable {
    enum Kind: UInt8, BitwiseCopyable { case entry, value, destroyed }
    var kind: Kind
    /// The class in which a move brought it here; 3 if none did.
    var movedAs: UInt8
    /// The fewest units with which a move brought it here.
    var width: UInt8 = .max
    /// Of a slot at the block's entry, with how many units it was read: what is saved of a register
    /// may be wider than the value in it.
    var entryUnits: UInt8 = 1
    /// A place, a virtual register, or an instruction.
    var payload: UInt32
  }

  /// What is known of one place: a register, or one unit of the spill area.
  struct PlaceState: BitwiseCopyable {
    /// The block (plus one) in which the rest was written.
    var epoch: UInt32 = 0
    /// First unit and size of the slot that was last written over this unit.
    var owner: UInt32 = 0
    var units: UInt32 = 1
    var content = Content(kind: .destroyed, movedAs: 3, payload: 0)
    // The instruction (plus one) that last named it so.
    var usedBy: UInt32 = 0
    var lateUsedBy: UInt32 = 0
    var definedBy: UInt32 = 0
  }

  struct SummaryEntry: BitwiseCopyable {
    var place: UInt32
    var owner: UInt32
    var units: UInt32
    var content: Content
  }

  /// "At the entry of `block`, `place` holds `value`", asked by the use at `point`.
  struct Demand: BitwiseCopyable {
    var block: UInt32
    var place: UInt32
    /// With how many units the place is read.
    var units: UInt8
    var value: UInt32
    var point: ProgramPoint
    var operand: UInt32
  }

  struct Definition: BitwiseCopyable {
    var block: UInt32 = .max
    /// Position among the block's parameters, or `.max`.
    var parameter: UInt32 = .max
    /// The first operand that defines it; others may repeat it.
    var operand: UInt32 = .max
  }

  struct Edge: BitwiseCopyable {
    var source: UInt32
    /// Index in `Problem.successors`.
    var index: UInt32
  }

  var places = Vector<PlaceState>()
  var touched = Vector<UInt32>()
  var summaryStart = Vector<UInt32>()
  var summaries = Vector<SummaryEntry>()
  var definitions = Vector<Definition>()
  var edgeStart = Vector<UInt32>()
  var edges = Vector<Edge>()
  var demands = Vector<Demand>()
  var pending = Vector<UInt32>()
  /// Open addressing over `demands`; entries are index plus one.
  var demandTable = Vector<UInt32>()
  var block = 0
  /// The next move to execute.
  var cursor = 0

  public init() {}

  /// Checks `solution` against `problem`, which must pass `Problem.validate()`.
  public mutating func check(
    _ problem: borrowing Problem, _ solution: borrowing Solution
  ) throws(CheckError) {
    if solution.allocations.count != problem.operands.count {
      throw CheckError(
        fault: .allocationCountDiffers, point: .before(0), index: -1, place: .none, value: .none)
    }
    begin(problem, solution)
    try checkEditOrder(problem, solution)
    for b in 0..<problem.blockCount { try walk(b, problem, solution) }
    summaryStart.append(UInt32(truncatingIfNeeded: summaries.count))
    while !pending.isEmpty {
      try propagate(demands[Int(pending.popLast())], problem)
    }
  }

  private mutating func begin(_ problem: borrowing Problem, _ solution: borrowing Solution) {
    places.reset(count: 256 + max(0, solution.slotUnits), to: PlaceState())
    touched.removeAll()
    summaryStart.removeAll()
    summaries.removeAll()
    demands.removeAll()
    pending.removeAll()
    demandTable.reset(count: 64, to: 0)
    cursor = 0
    definitions.reset(count: problem.classes.count, to: Definition())
    edges.removeAll()
    edgeStart.reset(count: problem.blockCount + 1, to: 0)
    for b in 0..<problem.blockCount {
      let parameters = problem.parameterRange(b)
      for k in parameters {
        definitions[Int(problem.parameters[k].raw)] = Definition(
          block: UInt32(b), parameter: UInt32(k - parameters.lowerBound))
      }
      for i in problem.instructionRange(b) {
        for k in problem.operandRange(i) where problem.operands[k].isDefinition {
          let v = Int(problem.operands[k].register.raw)
          if definitions[v].operand != .max { continue }
          definitions[v].block = UInt32(b)
          definitions[v].operand = UInt32(k)
        }
      }
      for edge in problem.successorRange(b) {
        edgeStart[Int(problem.successors[edge].raw) + 1] += 1
      }
    }
    collectEdges(problem)
  }

  /// Sorts the edges by target, then by source.
  private mutating func collectEdges(_ problem: borrowing Problem) {
    for b in 0..<problem.blockCount { edgeStart[b + 1] += edgeStart[b] }
    edges.append(repeating: Edge(source: 0, index: 0), count: problem.successors.count)
    for b in 0..<problem.blockCount {
      for edge in problem.successorRange(b) {
        let target = Int(problem.successors[edge].raw)
        edges[Int(edgeStart[target])] = Edge(source: UInt32(b), index: UInt32(edge))
        edgeStart[target] += 1
      }
    }
    for b in (0..<problem.blockCount).reversed() { edgeStart[b + 1] = edgeStart[b] }
    edgeStart[0] = 0
  }

  private func checkEditOrder(
    _ problem: borrowing Problem, _ solution: borrowing Solution
  ) throws(CheckError) {
    var last = ProgramPoint(raw: 0)
    for k in solution.edits.indices {
      let point = solution.edits[k].point
      var fault: CheckError.Fault?
      if point.instruction >= problem.instructionCount {
        fault = .editOutsideFunction
      } else if point < last {
        fault = .editsOutOfOrder
      } else if point.isAfter && problem.instructions.storage[point.instruction].role != .ordinary {
        fault = .editAfterBlock
      }
      if let fault {
        throw CheckError(fault: fault, point: point, index: k, place: .none, value: .none)
      }
      last = point
    }
  }

  private mutating func walk(
    _ b: Int, _ problem: borrowing Problem, _ solution: borrowing Solution
  ) throws(CheckError) {
    block = b
    for i in problem.instructionRange(b) {
      try execute(editsAt: .before(i), problem, solution)
      try checkInstruction(i, problem, solution)
      try execute(editsAt: .after(i), problem, solution)
    }
    summaryStart.append(UInt32(truncatingIfNeeded: summaries.count))
    let first = summaries.count
    for k in touched.indices {
      let state = places[Int(touched[k])]
      summaries.append(
        SummaryEntry(
          place: touched[k], owner: state.owner, units: state.units, content: state.content))
    }
    touched.removeAll()
    var written = UnsafeMutableBufferPointer(rebasing: summaries.buffer[first...])
    written.sort { $0.place < $1.place }
  }

  // MARK: Places

  static func index(_ place: Allocation) -> Int {
    place.isSlot ? 256 + place.slot : Int(place.register.raw)
  }

  static func allocation(_ index: UInt32) -> Allocation {
    index < 256
      ? Allocation(PhysicalRegister(raw: UInt8(truncatingIfNeeded: index)))
      : Allocation(slot: Int(index) - 256)
  }

  /// What the `units` places from `first` on hold together; nil for parts of different slots.
  func content(_ first: Int, _ units: Int) -> Content? {
    var written = 0
    for k in first..<(first + units) {
      let state = places[k]
      if state.epoch != UInt32(block) + 1 { continue }
      written += 1
      if Int(state.owner) != first || Int(state.units) != units { return nil }
    }
    if written == 0 {
      return Content(
        kind: .entry, movedAs: 3, entryUnits: UInt8(truncatingIfNeeded: units),
        payload: UInt32(first))
    }
    return written == units ? places[first].content : nil
  }

  mutating func write(_ first: Int, _ units: Int, _ content: Content) {
    for k in first..<(first + units) {
      if places[k].epoch != UInt32(block) + 1 {
        places[k].epoch = UInt32(block) + 1
        touched.append(UInt32(k))
      }
      places[k].owner = UInt32(first)
      places[k].units = UInt32(units)
      places[k].content = content
    }
  }
}
