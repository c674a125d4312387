// SPDX-License-Identifier: Apache-2.0
// What each place of a solution holds, and when: for people, and for tools that draw it.

import BrolgaEntities

/// Which value is in which place from where to where, read off a solution that the checker accepts.
///
/// Points count in rows of two: block `b` whose first instruction is `f` has the row `f + b` for its
/// entry; an instruction `i` of block `b` has the row `i + b + 1`. Point `2 * row` is the row's start,
/// where the moves before an instruction are; `2 * row + 1` is the middle, between reads and writes.
///
/// Cost: linear in operands, moves and the places that the checker's last run found to be read across
/// block boundaries.
public struct PlaceHistory: ~Copyable {
  /// A value is in a place that somebody reads later, or it is written there and nobody does.
  public struct Stretch: BitwiseCopyable, Hashable, Sendable {
    public var place: Allocation
    public var value: VirtualRegister
    /// The first point: after the write, or the gap of the move that writes.
    public var from: UInt32
    /// Behind the last point.
    public var to: UInt32
  }

  /// A value is in a place at a block's entry, for somebody to read.
  public struct Entry: BitwiseCopyable, Hashable, Sendable {
    public var place: Allocation
    public var value: VirtualRegister
  }

  /// Stretches of one place do not overlap. They come from the end of the function to its start.
  public private(set) var stretches = Vector<Stretch>()
  /// Block by block, by place.
  public private(set) var entries = Vector<Entry>()
  private var entryStart = Vector<UInt32>()
  /// Parallel to the solution's edits: what each moves, or none if nobody reads what it writes. Before
  /// an edge that is the argument, not the parameter.
  public private(set) var moved = Vector<VirtualRegister>()

  /// What is known of a place during the walk backwards.
  private var live = Vector<LivePlace>()
  private var touched = Vector<UInt32>()
  /// For each parameter of an edge's target, the argument; else none.
  private var argument = Vector<VirtualRegister>()

  struct LivePlace: BitwiseCopyable {
    var value = VirtualRegister.none
    var end: UInt32 = 0
    /// The stretch of the place that starts lowest, plus one.
    var last: UInt32 = 0
    var isTouched = false
  }

  public init() {}

  /// The range in `entries` of block `b`.
  public func entryRange(_ b: Int) -> Range<Int> { Int(entryStart[b])..<Int(entryStart[b + 1]) }

  /// Reads off what `checker` has just accepted.
  public mutating func record(
    _ problem: borrowing Problem, _ solution: borrowing Solution, _ checker: borrowing Checker
  ) {
    stretches.removeAll()
    moved.reset(count: solution.edits.count, to: .none)
    collectEntries(problem, checker)
    argument.reset(count: problem.classes.count, to: .none)
    live.reset(count: 256 + max(0, solution.slotUnits), to: LivePlace())
    var edit = solution.edits.count
    for b in (0..<problem.blockCount).reversed() { walk(b, problem, solution, &edit) }
  }

  /// Where block `b` starts.
  static func start(of b: Int, _ problem: borrowing Problem) -> UInt32 {
    UInt32(problem.instructionRange(b).lowerBound + b) * 2
  }

  private mutating func collectEntries(_ problem: borrowing Problem, _ checker: borrowing Checker) {
    entryStart.reset(count: problem.blockCount + 1, to: 0)
    let demands = checker.demands.count
    entries.reset(count: demands, to: Entry(place: .none, value: .none))
    for k in 0..<demands { entryStart[Int(checker.demands[k].block)] += 1 }
    var total: UInt32 = 0
    for b in entryStart.indices {
      total += entryStart[b]
      entryStart[b] = total
    }
    for k in 0..<demands {
      let demand = checker.demands[k]
      entryStart[Int(demand.block)] -= 1
      entries[Int(entryStart[Int(demand.block)])] = Entry(
        place: Checker.allocation(demand.place), value: VirtualRegister(raw: demand.value))
    }
    for b in 0..<problem.blockCount {
      var part = UnsafeMutableBufferPointer(rebasing: entries.buffer[entryRange(b)])
      part.sort { ($0.place.raw, $0.value.raw) < ($1.place.raw, $1.value.raw) }
    }
  }

  // MARK: One block, backwards

  private mutating func walk(
    _ b: Int, _ problem: borrowing Problem, _ solution: borrowing Solution, _ edit: inout Int
  ) {
    takeFromSuccessors(b, problem)
    for i in problem.instructionRange(b).reversed() {
      let early = UInt32(i + b + 1) * 2
      undoEdits(at: .after(i), gap: early + 2, solution, &edit)
      for k in problem.operandRange(i) where problem.operands[k].isDefinition {
        let place = solution.allocations[k]
        if place.isNone { continue }
        let point = problem.operands[k].isEarly ? early : early + 1
        write(place, problem.operands[k].register, at: point)
      }
      for k in problem.operandRange(i) where problem.operands[k].isUse {
        let operand = problem.operands[k]
        if operand.tag == .fixedNonAllocatable { continue }
        read(
          solution.allocations[k], operand.register, until: operand.isLate ? early + 2 : early + 1)
      }
      undoEdits(at: .before(i), gap: early, solution, &edit)
    }
    let start = Self.start(of: b, problem)
    for k in touched.indices {
      let place = Int(touched[k])
      if !live[place].value.isNone { end(Checker.allocation(UInt32(place)), from: start) }
      live[place].isTouched = false
    }
    touched.removeAll()
  }

  /// What the successors want to find is live at the end of the block.
  private mutating func takeFromSuccessors(_ b: Int, _ problem: borrowing Problem) {
    let last = Self.start(of: b + 1, problem)
    for edge in problem.successorRange(b) {
      let target = Int(problem.successors[edge].raw)
      let arguments = problem.argumentRange(edge)
      let parameters = problem.parameterRange(target)
      for (a, p) in zip(arguments, parameters) {
        argument[Int(problem.parameters[p].raw)] = problem.arguments[a]
      }
      for k in entryRange(target) {
        let entry = entries[k]
        let passed = argument[Int(entry.value.raw)]
        read(entry.place, passed.isNone ? entry.value : passed, until: last)
      }
      for p in parameters { argument[Int(problem.parameters[p].raw)] = .none }
    }
  }

  private mutating func undoEdits(
    at point: ProgramPoint, gap: UInt32, _ solution: borrowing Solution, _ edit: inout Int
  ) {
    while edit > 0 && solution.edits[edit - 1].point >= point {
      edit -= 1
      let move = solution.edits[edit]
      let value = live[Checker.index(move.to)].value
      // Nobody reads what it writes: then it keeps nothing alive.
      if value.isNone { continue }
      moved[edit] = value
      end(move.to, from: gap)
      if !move.from.isRematerialized { read(move.from, value, until: gap) }
    }
  }

  // MARK: Places

  private mutating func touch(_ place: Int) {
    if live[place].isTouched { return }
    live[place].isTouched = true
    touched.append(UInt32(place))
  }

  private mutating func read(_ place: Allocation, _ value: VirtualRegister, until point: UInt32) {
    let k = Checker.index(place)
    if !live[k].value.isNone {
      // Another operand of the instruction may read it longer.
      live[k].end = max(live[k].end, point)
      return
    }
    touch(k)
    live[k].value = value
    live[k].end = point
  }

  private mutating func write(_ place: Allocation, _ value: VirtualRegister, at point: UInt32) {
    let k = Checker.index(place)
    if live[k].value.isNone {
      // An operand that repeats this definition was here before.
      let last = Int(live[k].last) - 1
      if last >= 0 && stretches[last].from == point && stretches[last].value == value { return }
      live[k].value = value
      live[k].end = (point | 1) + 1
    }
    end(place, from: point)
  }

  /// Ends what the walk found in a place where it starts; joins it with what follows without a gap.
  private mutating func end(_ place: Allocation, from: UInt32) {
    let k = Checker.index(place)
    let found = live[k]
    live[k].value = .none
    if from >= found.end { return }
    if found.last > 0 {
      let next = Int(found.last) - 1
      if stretches[next].from == found.end && stretches[next].value == found.value {
        stretches[next].from = from
        return
      }
    }
    stretches.append(Stretch(place: place, value: found.value, from: from, to: found.end))
    live[k].last = UInt32(stretches.count)
  }
}
