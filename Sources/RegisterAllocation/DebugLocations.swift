// SPDX-License-Identifier: Apache-2.0
// Where labelled values are: read off a solution, whichever algorithm made it.

import BrolgaEntities

/// Follows labelled values through a solved problem.
///
/// A forward data-flow analysis: which place holds which value. At a join a place counts if all
/// ways in agree; a parameter is in every place that its argument is in. Sets only shrink, and a
/// block is visited a bounded number of times; what is not settled then is given up. So an answer
/// may be missing, but is never wrong.
///
/// Cost: nothing without labels. Else linear in instructions, moves and, per block, in the places
/// that hold labelled values at its end.
struct DebugLocations: ~Copyable {
  /// Up to two values in one place: a parameter and its argument, say. A value that was defined in
  /// the block being visited is in those places only that got it after that: then its bit 0 is set.
  struct Held: BitwiseCopyable {
    var first: UInt32 = .max
    var second: UInt32 = .max

    var isEmpty: Bool { first & second == .max }
    mutating func add(_ value: UInt32) {
      if first == .max || first == value { first = value } else { second = value }
    }
  }

  struct Holding: BitwiseCopyable {
    var place: UInt32
    var units: UInt8
    var held: Held
  }

  /// What is known at a block's entry: a run of `holdings`.
  struct Entry: BitwiseCopyable {
    var start: UInt32 = 0
    var end: UInt32 = 0
    var visits: UInt8 = 0
    var isKnown = false
  }

  struct Stretch: BitwiseCopyable {
    var value: UInt32
    var from: UInt32
    var to: UInt32
    var place: Allocation
  }

  /// What is kept of a value that is followed.
  struct Followed: BitwiseCopyable {
    var isFollowed = false
    var isLabelled = false
    /// The block whose parameter it is.
    var block: UInt32 = .max
    /// The visit in which it was last defined.
    var born: UInt32 = 0
    // In the edge being passed: the parameters that it goes to.
    var parameters = Held()
    // Reporting: where it is shown to be, since which instruction, and where else it may be.
    var shown = Allocation.none
    var since: UInt32 = 0
    var other = Allocation.none
  }

  private static let visitLimit: UInt8 = 8

  private var values = Vector<Followed>()
  private var entries = Vector<Entry>()
  private var holdings = Vector<Holding>()
  private var pending = Vector<UInt32>()
  private var isPending = Vector<Bool>()
  /// Per block, its first edit.
  private var firstEdit = Vector<UInt32>()
  /// Per place (256 register names, then slots): the values in it.
  private var content = Vector<Held>()
  /// Per place: how many units what it holds takes.
  private var slotUnits = Vector<UInt8>()
  private var widestSlot = 1
  /// The places that were written in this visit, and per place the visit in which that was so last.
  private var filled = Vector<UInt32>()
  private var filledIn = Vector<UInt32>()
  private var visit: UInt32 = 0
  private var stretches = Vector<Stretch>()
  private var isReporting = false

  init() {}

  /// Fills `solution.debugLocations`.
  mutating func run(_ problem: borrowing Problem, _ solution: inout Solution) {
    solution.debugLocations.removeAll()
    if problem.labels.isEmpty || problem.blockCount <= 0 { return }
    follow(problem)
    begin(problem, solution)
    while !pending.isEmpty {
      let b = Int(pending.popLast())
      isPending[b] = false
      walk(b, problem, solution)
      leave(b, problem)
    }
    isReporting = true
    for b in 0..<problem.blockCount where entries[b].isKnown { walk(b, problem, solution) }
    answer(problem, &solution)
  }

  /// Marks the values with labels and, through parameters, those that they come from.
  private mutating func follow(_ problem: borrowing Problem) {
    values.reset(count: problem.classes.count, to: Followed())
    for b in 0..<problem.blockCount {
      for k in problem.parameterRange(b) {
        values[Int(problem.parameters[k].raw)].block = UInt32(truncatingIfNeeded: b)
      }
    }
    pending.removeAll()
    for k in problem.labels.indices {
      let v = Int(problem.labels[k].value.raw)
      if !values[v].isFollowed { pending.append(problem.labels[k].value.raw) }
      values[v].isFollowed = true
      values[v].isLabelled = true
    }
    // Blocks whose parameters are followed: all their arguments are.
    isPending.reset(count: problem.blockCount, to: false)
    while !pending.isEmpty {
      let target = values[Int(pending.popLast())].block
      if target == .max || isPending[Int(target)] { continue }
      isPending[Int(target)] = true
      for k in problem.predecessorRange(Int(target)) {
        for edge in problem.successorRange(Int(problem.predecessors[k].raw))
        where problem.successors[edge].raw == target {
          for a in problem.argumentRange(edge) {
            let v = Int(problem.arguments[a].raw)
            if !values[v].isFollowed { pending.append(problem.arguments[a].raw) }
            values[v].isFollowed = true
          }
        }
      }
    }
  }

  private mutating func begin(_ problem: borrowing Problem, _ solution: borrowing Solution) {
    entries.reset(count: problem.blockCount, to: Entry())
    holdings.removeAll()
    isPending.reset(count: problem.blockCount, to: false)
    content.reset(count: 256 + solution.slotUnits, to: Held())
    filledIn.reset(count: content.count, to: 0)
    slotUnits.reset(count: content.count, to: 1)
    let widest = problem.widestUnits
    widestSlot = Int(max(widest[0], max(widest[1], widest[2])))
    filled.removeAll()
    stretches.removeAll()
    isReporting = false
    visit = 0
    firstEdit.removeAll()
    var edit = 0
    for b in 0..<problem.blockCount {
      let start = problem.instructionRange(b).lowerBound
      while edit < solution.edits.count && solution.edits[edit].point.instruction < start {
        edit += 1
      }
      firstEdit.append(UInt32(truncatingIfNeeded: edit))
    }
    entries[0].isKnown = true
    pending.append(0)
    isPending[0] = true
  }

  // MARK: Edges

  /// Passes what the places hold at the end of block `b` to its successors.
  private mutating func leave(_ b: Int, _ problem: borrowing Problem) {
    for edge in problem.successorRange(b) {
      let target = Int(problem.successors[edge].raw)
      let parameters = problem.parameterRange(target)
      let arguments = problem.argumentRange(edge)
      for k in 0..<arguments.count {
        let v = Int(problem.arguments[arguments.lowerBound + k].raw)
        let p = problem.parameters[parameters.lowerBound + k].raw
        if values[Int(p)].isFollowed { values[v].parameters.add(p << 1) }
      }
      let hasChanged = entries[target].isKnown ? meet(target) : copy(to: target)
      for k in arguments { values[Int(problem.arguments[k].raw)].parameters = Held() }
      if hasChanged && !isPending[target] {
        isPending[target] = true
        pending.append(UInt32(truncatingIfNeeded: target))
      }
    }
  }

  /// What a place holds on the other side of the edge: parameters, and what is not one.
  private func passed(_ place: Int, to target: Int) -> Held {
    var result = Held()
    let held = content[place]
    for value in [held.first, held.second] where isCurrent(value) {
      let parameters = values[Int(value >> 1)].parameters
      if parameters.first != .max { result.add(parameters.first) }
      if parameters.second != .max { result.add(parameters.second) }
    }
    for value in [held.first, held.second] where isCurrent(value) {
      if values[Int(value >> 1)].block != UInt32(truncatingIfNeeded: target)
        && (result.first == .max || result.second == .max)
      {
        result.add(value & ~1)
      }
    }
    return result
  }

  private func isCurrent(_ value: UInt32) -> Bool {
    value != .max && (value & 1 != 0 || values[Int(value >> 1)].born != visit)
  }

  /// The first way into a block.
  private mutating func copy(to target: Int) -> Bool {
    entries[target].isKnown = true
    entries[target].start = UInt32(truncatingIfNeeded: holdings.count)
    for k in filled.indices {
      let held = passed(Int(filled[k]), to: target)
      if held.isEmpty { continue }
      holdings.append(
        Holding(place: filled[k], units: slotUnits[Int(filled[k])], held: held))
    }
    entries[target].end = UInt32(truncatingIfNeeded: holdings.count)
    return true
  }

  /// Another way into a block: keeps what both bring. True if that is less than it was.
  private mutating func meet(_ target: Int) -> Bool {
    let entry = entries[target]
    var kept = Int(entry.start)
    var hasChanged = false
    for k in Int(entry.start)..<Int(entry.end) {
      let known = holdings[k]
      let here = passed(Int(known.place), to: target)
      var both = Held()
      for value in [known.held.first, known.held.second] where value != .max {
        if value == here.first || value == here.second { both.add(value) }
      }
      if both.first != known.held.first || both.second != known.held.second { hasChanged = true }
      if both.isEmpty { continue }
      holdings[kept] = Holding(place: known.place, units: known.units, held: both)
      kept += 1
    }
    if hasChanged && entry.visits >= Self.visitLimit { kept = Int(entry.start) }
    entries[target].end = UInt32(truncatingIfNeeded: kept)
    return hasChanged
  }

  // MARK: Blocks

  private mutating func walk(
    _ b: Int, _ problem: borrowing Problem, _ solution: borrowing Solution
  ) {
    visit += 1
    if !isReporting { entries[b].visits = min(entries[b].visits + 1, Self.visitLimit) }
    for k in filled.indices { content[Int(filled[k])] = Held() }
    filled.removeAll()
    let range = problem.instructionRange(b)
    let start = UInt32(truncatingIfNeeded: range.lowerBound)
    for k in Int(entries[b].start)..<Int(entries[b].end) {
      write(
        Self.allocation(holdings[k].place), Int(holdings[k].units), holdings[k].held, start)
    }
    var edit = Int(firstEdit[b])
    for i in range {
      move(.before(i), &edit, problem, solution)
      execute(i, problem, solution)
      move(.after(i), &edit, problem, solution)
    }
    if !isReporting { return }
    let end = UInt32(truncatingIfNeeded: range.upperBound)
    for k in filled.indices {
      let held = content[Int(filled[k])]
      for value in [held.first, held.second] where value != .max {
        hide(Int(value >> 1), end)
      }
    }
  }

  private mutating func move(
    _ point: ProgramPoint, _ edit: inout Int, _ problem: borrowing Problem,
    _ solution: borrowing Solution
  ) {
    while edit < solution.edits.count && solution.edits[edit].point == point {
      let move = solution.edits[edit]
      let i = UInt32(truncatingIfNeeded: point.instruction) + (point.isAfter ? 1 : 0)
      var held = Held()
      if move.from.isRematerialized {
        let v = move.from.rematerializedValue.raw
        if values[Int(v)].isFollowed { held.add(v << 1 | 1) }
      } else {
        held = content[Self.index(move.from)]
      }
      write(
        move.to, Self.units(move.to, Int(move.units)), held, i)
      edit += 1
    }
  }

  private mutating func execute(
    _ i: Int, _ problem: borrowing Problem, _ solution: borrowing Solution
  ) {
    let next = UInt32(truncatingIfNeeded: i) + 1
    let mask = problem.clobberMasks[Int(problem.instructions.storage[i].clobberMask)]
    for c in RegisterClass.allCases {
      var rest = mask[c]
      while rest != 0 {
        write(Allocation(PhysicalRegister(c, rest.trailingZeroBitCount)), 1, Held(), next)
        rest &= rest &- 1
      }
    }
    for scratch in [
      problem.machine.intScratch, problem.machine.floatScratch, problem.machine.vectorScratch,
    ] {
      if let scratch { write(Allocation(scratch), 1, Held(), next) }
    }
    for k in problem.operandRange(i) where problem.operands[k].isDefinition {
      let operand = problem.operands[k]
      let v = Int(operand.register.raw)
      let place = solution.allocations[k]
      var held = Held()
      if values[v].isFollowed {
        values[v].born = visit
        if isReporting { hide(v, next) }
        held.add(operand.register.raw << 1 | 1)
      }
      if place.isNone { continue }
      write(place, Self.units(place, problem.units(of: operand.register)), held, next)
    }
  }

  // MARK: Places

  private static func index(_ place: Allocation) -> Int {
    place.isSlot ? 256 + place.slot : Int(place.register.raw)
  }

  private static func allocation(_ index: UInt32) -> Allocation {
    index < 256
      ? Allocation(PhysicalRegister(raw: UInt8(truncatingIfNeeded: index)))
      : Allocation(slot: Int(index) - 256)
  }

  /// How many places a value takes in `place`.
  private static func units(_ place: Allocation, _ units: Int) -> Int { place.isSlot ? units : 1 }

  /// From before instruction `i` on, `place` holds `held`; only its first unit is said to.
  private mutating func write(_ place: Allocation, _ units: Int, _ held: Held, _ i: UInt32) {
    let index = Self.index(place)
    for unit in index..<(index + units) {
      let lost = content[unit]
      if !lost.isEmpty {
        content[unit] = Held()
        if isReporting { lose(lost, Self.allocation(UInt32(truncatingIfNeeded: unit)), i) }
      }
    }
    forgetWider(place, index, i)
    if held.isEmpty { return }
    content[index] = held
    slotUnits[index] = UInt8(truncatingIfNeeded: units)
    if filledIn[index] != visit {
      filledIn[index] = visit
      filled.append(UInt32(truncatingIfNeeded: index))
    }
    if isReporting { gain(held, place, i) }
  }

  /// Forgets what a wider slot that begins below held. Slots are aligned to their sizes.
  private mutating func forgetWider(_ place: Allocation, _ index: Int, _ i: UInt32) {
    if !place.isSlot { return }
    var units = 2
    while units <= widestSlot {
      let start = 256 + (index - 256) & -units
      let held = content[start]
      if start < index && !held.isEmpty && start + Int(slotUnits[start]) > index {
        content[start] = Held()
        if isReporting { lose(held, Self.allocation(UInt32(truncatingIfNeeded: start)), i) }
      }
      units *= 2
    }
  }

  // MARK: Reporting

  private mutating func gain(_ held: Held, _ place: Allocation, _ i: UInt32) {
    for value in [held.first, held.second] where isCurrent(value) {
      let v = Int(value >> 1)
      if !values[v].isLabelled { continue }
      if values[v].shown.isNone {
        values[v].shown = place
        values[v].since = i
      } else if values[v].shown != place {
        values[v].other = place
      }
    }
  }

  private mutating func lose(_ held: Held, _ place: Allocation, _ i: UInt32) {
    for value in [held.first, held.second] where value != .max {
      let v = Int(value >> 1)
      if values[v].shown != place { continue }
      let other = values[v].other
      hide(v, i)
      if other.isNone || other == place { continue }
      let there = content[Self.index(other)]
      if there.first >> 1 == value >> 1 || there.second >> 1 == value >> 1 {
        values[v].shown = other
        values[v].since = i
      }
    }
  }

  /// Ends the stretch of a value before instruction `i`.
  private mutating func hide(_ v: Int, _ i: UInt32) {
    let value = values[v]
    if !value.shown.isNone && value.since < i {
      stretches.append(
        Stretch(
          value: UInt32(truncatingIfNeeded: v), from: value.since, to: i, place: value.shown))
    }
    values[v].shown = .none
    values[v].other = .none
  }

  /// Cuts the stretches to the labels' ranges.
  private mutating func answer(_ problem: borrowing Problem, _ solution: inout Solution) {
    var sorted = stretches.buffer
    sorted.sort { ($0.value, $0.from) < ($1.value, $1.from) }
    for k in problem.labels.indices {
      let label = problem.labels[k]
      var low = 0
      var high = stretches.count
      while low < high {
        let middle = (low + high) / 2
        let stretch = stretches[middle]
        if (stretch.value, stretch.to) <= (label.value.raw, label.from.raw) {
          low = middle + 1
        } else {
          high = middle
        }
      }
      while low < stretches.count && stretches[low].value == label.value.raw
        && stretches[low].from < label.to.raw
      {
        append(stretches[low], label, &solution)
        low += 1
      }
    }
    var answers = solution.debugLocations.buffer
    answers.sort { ($0.label, $0.from.raw) < ($1.label, $1.from.raw) }
  }

  private func append(_ stretch: Stretch, _ label: DebugLabel, _ solution: inout Solution) {
    let from = max(stretch.from, label.from.raw)
    let to = min(stretch.to, label.to.raw)
    let last = solution.debugLocations.count - 1
    if last >= 0 {
      let before = solution.debugLocations[last]
      // Stretches end with their blocks.
      if before.label == label.label && before.to.raw == from && before.place == stretch.place {
        solution.debugLocations[last].to = InstructionIndex(raw: to)
        return
      }
    }
    if from < to {
      solution.debugLocations.append(
        DebugLocation(
          label: label.label, from: InstructionIndex(raw: from), to: InstructionIndex(raw: to),
          place: stretch.place))
    }
  }
}
