// SPDX-License-Identifier: Apache-2.0
// One walk over the instructions that writes places and moves.

import BrolgaEntities

/// Writes the solution, when all places and all moves between them are known.
struct SolutionWriter: ~Copyable {
  /// The place that each value has throughout, or `changingPlace`, or none.
  private var places = Vector<Allocation>()
  /// Registers that hold a value somewhere.
  private var used = ClassWords()
  /// The moves of the gap at hand.
  private var group = ParallelMoves()
  private var groupNumber: UInt32 = 0
  /// Per place (256 register names, then slots) the number of the last group that writes it.
  private var writtenAt = Vector<UInt32>()
  /// The next transition.
  private var cursor = 0

  init() {}

  /// Writes the solution. False if a move from memory to memory found no register.
  mutating func run(
    _ facts: inout Facts, _ search: inout Search, _ placements: inout Placements,
    _ transitions: inout Transitions, _ slots: inout SpillSlots, _ solution: inout Solution
  ) -> Bool {
    solution.allocations.reset(count: facts.view.operandCount, to: .none)
    solution.edits.removeAll()
    writtenAt.reset(count: 256 &+ slots.unitCount, to: 0)
    groupNumber = 1
    listPlaces(&facts, &search, &placements)
    cursor = 0
    var isPossible = true
    for b in 0..<facts.view.blockCount {
      let range = facts.view.instructionRange(b)
      let last = range.upperBound &- 1
      let head = facts.blocks.start[b] &+ 2
      enterBlock(b, &facts, &placements, &transitions)
      if !flush(range.lowerBound, head, &facts, &search.taken, &slots, &solution) {
        isPossible = false
      }
      storeParameters(b, &facts, &placements)
      for i in range {
        let early = Blocks.point(i, b)
        take(early &<< 1 | Transition.regular, &facts, &transitions)
        let isPassing =
          !facts.view.operandRange(i).isEmpty
          && placeOperands(i, early, &facts, &placements, &solution)
        if !flush(i, early, &facts, &search.taken, &slots, &solution) {
          isPossible = false
        }
        if i == last {
          leaveBlock(b, early, &facts, &placements, &transitions)
          if !flush(i, early, &facts, &search.taken, &slots, &solution) {
            isPossible = false
          }
        } else if isPassing {
          passDefinitions(i, early, &facts, &placements)
        }
      }
    }
    solution.slotUnits = slots.unitCount
    for c in 0..<3 { used[c] &= facts.registers.allocatable[c] }
    solution.usedRegisters = used.set
    return isPossible
  }

  /// Notes for each value the place that it has throughout, and which registers hold values.
  private mutating func listPlaces(
    _ facts: inout Facts, _ search: inout Search, _ placements: inout Placements
  ) {
    used = ClassWords()
    places.removeAll()
    for v in 0..<facts.view.valueCount {
      let b = facts.values[v].bundle
      if b == .max {
        places.append(.none)
        continue
      }
      let bundle = placements.bundles[Int(truncatingIfNeeded: b)]
      if bundle.flags.contains(.isSplit) {
        places.append(Self.changingPlace)
      } else {
        let place = placements.singleLocation(bundle)
        places.append(place)
        if place.isRegister { used.insert(place.packed) }
      }
    }
    for k in placements.placed.indices { used.insert(placements.placed[k].register) }
    for s in search.shortValues.indices where search.shortValues[s].register != noRegister {
      let short = search.shortValues[s]
      places[Int(truncatingIfNeeded: short.value)] = Allocation(packed: short.register)
      used.insert(short.register)
    }
  }

  /// Stands for the places of a value that has several.
  private static var changingPlace: Allocation { Allocation(raw: .max) }

  // MARK: Move groups

  @inline(__always)
  private mutating func add(_ from: Allocation, _ to: Allocation, _ v: Int, _ facts: inout Facts) {
    if from == to { return }
    let index =
      to.isSlot ? to.slot &+ 256 : Int(truncatingIfNeeded: to.packed)
    // What is moved to one place in one group is the same value.
    if writtenAt[index] == groupNumber { return }
    writtenAt[index] = groupNumber
    group.add(from, to, facts.view.shape(of: v))
  }

  /// Adds the moves that were listed under `key`.
  @inline(__always)
  private mutating func take(
    _ key: UInt32, _ facts: inout Facts, _ transitions: inout Transitions
  ) {
    while cursor < transitions.list.count && transitions.list[cursor].key == key {
      let move = transitions.list[cursor]
      add(move.from, move.to, Int(truncatingIfNeeded: move.value), &facts)
      cursor &+= 1
    }
  }

  /// Writes the group's moves before instruction `i`, which is at `early`.
  @inline(__always)
  private mutating func flush(
    _ i: Int, _ early: UInt32, _ facts: inout Facts, _ taken: inout TakenRegisters,
    _ slots: inout SpillSlots, _ solution: inout Solution
  ) -> Bool {
    if group.isEmpty { return true }
    groupNumber &+= 1
    return writeSingle(i, &facts, &solution)
      || resolve(i, early, &facts, &taken, &slots, &solution)
  }

  /// The usual case: writes a group of one move that is not from memory to memory. False for others.
  @inline(__always)
  private mutating func writeSingle(
    _ i: Int, _ facts: inout Facts, _ solution: inout Solution
  ) -> Bool {
    if group.moves.count > 1 { return false }
    // Field by field: what was just written in parts is slow to read as a whole.
    let from = group.moves[0].from
    let to = group.moves[0].to
    if ParallelMoves.isMemory(from, facts.registers.memoryNames)
      && ParallelMoves.isMemory(to, facts.registers.memoryNames)
    {
      return false
    }
    solution.edits.append(
      Edit(
        point: .before(i), from: from, to: to,
        registerClass: group.moves[0].shape.registerClass, units: group.moves[0].shape.units))
    if to.isRegister { used.insert(to.packed) }
    group.clear()
    return true
  }

  /// Registers that hold nothing just before and at the instruction at `early`. The moves of an edge may
  /// have targets among them.
  private mutating func freeRegisters(
    around early: UInt32, _ c: Int, _ facts: inout Facts, _ taken: inout TakenRegisters
  ) -> UInt64 {
    var free: UInt64 = 0
    var rest = facts.registers.allocatable[c] & (facts.registers.preferred[c] | used[c])
    while rest != 0 {
      let register = ClassWords.lowest(rest, c)
      rest &= rest &- 1
      if taken.isFree(register, early &- 2, early &+ 2) { free |= ClassWords.bit(register) }
    }
    return free
  }

  private mutating func resolve(
    _ i: Int, _ early: UInt32, _ facts: inout Facts, _ taken: inout TakenRegisters,
    _ slots: inout SpillSlots, _ solution: inout Solution
  ) -> Bool {
    var resources = ParallelMoves.Resources()
    resources.borrowable = facts.registers.allocatable
    resources.memory = facts.registers.memoryNames
    if !group.isPlain(facts.registers.memoryNames) {
      for c in 0..<3 {
        resources.free[c] =
          facts.registers.scratch[c] != 0
          ? facts.registers.scratch[c] : freeRegisters(around: early, c, &facts, &taken)
      }
    }
    let isPossible = group.resolve(resources, slots: &slots)
    if writtenAt.count < 256 &+ slots.unitCount {
      writtenAt.append(repeating: 0, count: 256 &+ slots.unitCount &- writtenAt.count)
    }
    for k in group.sequence.indices {
      let move = group.sequence[k]
      solution.edits.append(
        Edit(at: .before(i), move))
      if move.to.isRegister { used.insert(move.to.packed) }
    }
    group.clear()
    return isPossible
  }

  // MARK: Blocks

  private mutating func enterBlock(
    _ b: Int, _ facts: inout Facts, _ placements: inout Placements,
    _ transitions: inout Transitions
  ) {
    let gap = facts.blocks.start[b] &+ 2
    take(gap &<< 1 | Transition.edgeIn, &facts, &transitions)
    let predecessors = facts.view.predecessorRange(b)
    if predecessors.count == 1 && !facts.view.parameterRange(b).isEmpty {
      let p = Int(truncatingIfNeeded: facts.view.predecessors[predecessors.lowerBound].raw)
      passArguments(p, b, at: facts.blocks.start[p &+ 1] &- 1, &facts, &placements)
    }
  }

  /// Adds the stores of parameters that are stored at their definition.
  @inline(__always) private mutating func storeParameters(
    _ b: Int, _ facts: inout Facts, _ placements: inout Placements
  ) {
    for k in facts.view.parameterRange(b) {
      let v = Int(truncatingIfNeeded: facts.view.parameters[k].raw)
      if facts.values[v].flags.contains(.storedAtDefinition) {
        let bundle = Int(facts.values[v].bundle)
        add(
          placements.location(bundle, facts.blocks.start[b]), placements.bundles[bundle].home, v,
          &facts)
      }
    }
  }

  private mutating func leaveBlock(
    _ b: Int, _ early: UInt32, _ facts: inout Facts, _ placements: inout Placements,
    _ transitions: inout Transitions
  ) {
    take(early &<< 1 | Transition.edgeOut, &facts, &transitions)
    let successors = facts.view.successorRange(b)
    if successors.count == 1 {
      let target = Int(truncatingIfNeeded: facts.view.successors[successors.lowerBound].raw)
      if facts.view.predecessorRange(target).count > 1 {
        passArguments(b, target, at: early, &facts, &placements)
      }
    }
  }

  /// Moves the arguments of the edge from `source`, as they are at `point`, to the parameters.
  private mutating func passArguments(
    _ source: Int, _ target: Int, at point: UInt32, _ facts: inout Facts,
    _ placements: inout Placements
  ) {
    let edge = facts.view.successorRange(source).lowerBound
    let arguments = facts.view.argumentRange(edge)
    var parameter = facts.view.parameterRange(target).lowerBound
    for k in arguments {
      let p = Int(truncatingIfNeeded: facts.view.parameters[parameter].raw)
      parameter &+= 1
      if facts.values[p].bundle == .max { continue }
      let to = placements.location(Int(facts.values[p].bundle), facts.blocks.start[target])
      let a = Int(truncatingIfNeeded: facts.view.arguments[k].raw)
      if facts.values[a].bundle == .max { continue }
      if to.isSlot && facts.values[a].bundle == facts.values[p].bundle
        && facts.values[a].flags.contains(.slotIsValid)
      {
        continue
      }
      add(placements.location(Int(facts.values[a].bundle), point), to, a, &facts)
    }
  }

  // MARK: Operands

  /// Where value `v` is at `point`, at or next to the instruction at `early`.
  @inline(__always)
  private mutating func place(
    _ v: Int, _ point: UInt32, _ early: UInt32, _ facts: inout Facts, _ placements: inout Placements
  ) -> Allocation {
    let place = places[v]
    if place != Self.changingPlace { return place }
    return placements.nextLocation(Int(truncatingIfNeeded: facts.values[v].bundle), point, early)
  }

  /// Where value `v` is in the gap before the instruction at `early`, ahead of its moves.
  @inline(__always) private mutating func source(
    _ v: Int, _ early: UInt32, _ facts: inout Facts, _ placements: inout Placements
  ) -> Allocation {
    if facts.values[v].gap == early && facts.values[v].hasPlacedDefinition {
      return placeOfDefinition(v, &facts, &placements)
    }
    return place(v, early &- 1, early, &facts, &placements)
  }

  private mutating func placeOfDefinition(
    _ v: Int, _ facts: inout Facts, _ placements: inout Placements
  ) -> Allocation {
    facts.values[v].place != noRegister
      ? Allocation(packed: facts.values[v].place)
      : placements.bundles[Int(facts.values[v].bundle)].home
  }

  /// Returns whether a definition needs moves in the gap after.
  @inline(__always) private mutating func placeOperands(
    _ i: Int, _ early: UInt32, _ facts: inout Facts, _ placements: inout Placements,
    _ solution: inout Solution
  ) -> Bool {
    let view = facts.view
    let operands = view.operandRange(i)
    let hasReuse = facts.reuses.contains(anyOf: operands)
    if hasReuse { facts.reuses.list(operands, of: view.operands) }
    var isPassing = false
    var next = operands.lowerBound
    while next < operands.upperBound {
      let k = next
      next &+= 1
      let operand = view.operands[k]
      let v = Int(truncatingIfNeeded: operand.register.raw)
      switch operand.tag {
      case .any, .register, .limit:
        let shared =
          hasReuse ? facts.reuses.server(of: k, operands, of: view.operands) : -1
        if shared >= 0 {
          let d = Int(truncatingIfNeeded: view.operands[shared].register.raw)
          let to = place(d, early, early, &facts, &placements)
          add(source(v, early, &facts, &placements), to, v, &facts)
          solution.allocations[k] = to
        } else {
          solution.allocations[k] = place(
            v, operand.isLate ? early &+ 1 : early, early, &facts, &placements)
        }
      case .fixed:
        let to = Allocation(operand.fixedRegister)
        solution.allocations[k] = to
        if operand.isUse {
          add(source(v, early, &facts, &placements), to, v, &facts)
        } else {
          used.insert(to.packed)
        }
      case .reuse:
        let input = view.operands[operands.lowerBound &+ Int(operand.payload)]
        let isFixed = input.tag == .fixed
        let to =
          isFixed ? Allocation(input.fixedRegister) : place(v, early, early, &facts, &placements)
        solution.allocations[k] = to
        if isFixed { used.insert(to.packed) }
      case .stack:
        let to = placements.bundles[Int(facts.values[v].bundle)].home
        solution.allocations[k] = to
        if operand.isUse && !facts.values[v].flags.contains(.slotIsValid) {
          add(source(v, early, &facts, &placements), to, v, &facts)
        }
      case .fixedNonAllocatable:
        solution.allocations[k] = Allocation(operand.fixedRegister)
        continue
      }
      if operand.isUse { continue }
      // A definition that only others would make again is left out.
      if solution.allocations[k].isRematerialized { solution.allocations[k] = .none }
      if facts.values[v].hasPlacedDefinition || facts.values[v].flags.contains(.storedAtDefinition)
      {
        isPassing = true
      }
    }
    return isPassing
  }

  /// Adds, to the next gap's group, the moves out of the places of definitions.
  private mutating func passDefinitions(
    _ i: Int, _ early: UInt32, _ facts: inout Facts, _ placements: inout Placements
  ) {
    for k in facts.view.operandRange(i) {
      let operand = facts.view.operands[k]
      if !operand.isDefinition || operand.tag == .fixedNonAllocatable { continue }
      let v = Int(truncatingIfNeeded: operand.register.raw)
      let value = facts.values[v]
      if value.bundle == .max { continue }
      let b = Int(truncatingIfNeeded: value.bundle)
      let isStored = value.flags.contains(.storedAtDefinition)
      if !isStored && !value.hasPlacedDefinition { continue }
      // A value that is dead by then has lost its slot.
      if !livesOn(v, early &+ 2, &facts) { continue }
      let from =
        value.hasPlacedDefinition
        ? placeOfDefinition(v, &facts, &placements) : placements.location(b, early &+ 1)
      if isStored { add(from, placements.bundles[b].home, v, &facts) }
      if value.hasPlacedDefinition { add(from, placements.location(b, early &+ 2), v, &facts) }
    }
  }

  /// Whether `v` is needed at `point`, the gap after its definition.
  private mutating func livesOn(_ v: Int, _ point: UInt32, _ facts: inout Facts) -> Bool {
    var low = Int(truncatingIfNeeded: facts.values[v].rangeStart)
    let end = Int(truncatingIfNeeded: facts.values[v].rangeEnd)
    var high = end
    while low < high {
      let middle = (low &+ high) &>> 1
      if facts.ranges[middle].to <= point { low = middle &+ 1 } else { high = middle }
    }
    return low < end && facts.ranges[low].from <= point
  }
}
