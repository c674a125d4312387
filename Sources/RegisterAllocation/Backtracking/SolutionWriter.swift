// SPDX-License-Identifier: Apache-2.0
// Last stage: one walk over the instructions that writes places and moves.

import Entities

extension Backtracking {
  /// Writes the solution. False if a move from memory to memory found no register.
  mutating func writeSolution(_ solution: inout Solution) -> Bool {
    solution.allocations.reset(count: view.operandCount, to: .none)
    solution.edits.removeAll()
    writtenAt.reset(count: 256 &+ slots.unitCount, to: 0)
    groupKey = 1
    listPlaces()
    var cursor = 0
    var isPossible = true
    for b in 0..<view.blockCount {
      let range = view.instructionRange(b)
      let last = range.upperBound &- 1
      if !enterBlock(b, range.lowerBound, &cursor, &solution) { isPossible = false }
      for i in range {
        let early = point(i, b)
        take(early &<< 1 | Transition.regular, &cursor)
        let isPassing = placeOperands(i, early, &solution)
        if !flush(i, early, &solution) { isPossible = false }
        if i == last {
          if !leaveBlock(b, i, &cursor, &solution) { isPossible = false }
        } else if isPassing {
          passDefinitions(i, early)
        }
      }
    }
    solution.slotUnits = slots.unitCount
    for c in 0..<3 { used[c] &= allocatable[c] }
    solution.usedRegisters = used.set
    return isPossible || giveUp(.noRegisterForMove)
  }

  /// Notes for each value the place that it has throughout, and which registers hold values.
  private mutating func listPlaces() {
    used = ClassWords()
    for v in 0..<view.valueCount {
      if values[v].bundle == .max {
        parent[v] = Allocation.none.raw
        continue
      }
      let bundle = bundles[Int(truncatingIfNeeded: values[v].bundle)]
      if bundle.flags.contains(.isSplit) {
        parent[v] = Self.changingPlace.raw
      } else {
        let place = singleLocation(bundle)
        parent[v] = place.raw
        if place.isRegister { used.insert(place.packed) }
      }
    }
    for k in placed.indices { used.insert(placed[k].register) }
    for s in shortValues.indices where shortValues[s].register != noRegister {
      let place = Allocation(packed: shortValues[s].register)
      parent[Int(truncatingIfNeeded: shortValues[s].value)] = place.raw
      used.insert(place.packed)
    }
  }

  /// Stands for the places of a value that has several.
  private static var changingPlace: Allocation { Allocation(raw: .max) }

  // MARK: Move groups

  @inline(__always)
  private mutating func add(_ from: Allocation, _ to: Allocation, _ v: Int) {
    if from == to { return }
    let index =
      to.isSlot ? to.slot &+ 256 : Int(truncatingIfNeeded: to.packed)
    // What is moved to one place in one group is the same value.
    if writtenAt[index] == groupKey { return }
    writtenAt[index] = groupKey
    group.add(from, to, view.classes[v])
  }

  /// Adds the moves that were listed under `key`.
  @inline(__always)
  private mutating func take(_ key: UInt32, _ cursor: inout Int) {
    while cursor < transitions.count && transitions[cursor].key == key {
      let move = transitions[cursor]
      add(move.from, move.to, Int(truncatingIfNeeded: move.value))
      cursor &+= 1
    }
  }

  /// Writes the group's moves before instruction `i`, which is at `early`.
  @inline(__always)
  private mutating func flush(
    _ i: Int, _ early: UInt32, _ solution: inout Solution
  ) -> Bool {
    if group.isEmpty { return true }
    groupKey &+= 1
    if group.moves.count > 1 { return resolve(i, early, &solution) }
    // Field by field: what was just written in parts is slow to read as a whole.
    let from = group.moves[0].from
    let to = group.moves[0].to
    if ParallelMoves.isMemory(from, memoryNames) && ParallelMoves.isMemory(to, memoryNames) {
      return resolve(i, early, &solution)
    }
    solution.edits.append(
      Edit(point: .before(i), from: from, to: to, registerClass: group.moves[0].registerClass))
    if to.isRegister { used.insert(to.packed) }
    group.clear()
    return true
  }

  /// Registers that hold nothing just before and at the instruction at `early`. The moves of an edge may
  /// have targets among them.
  private mutating func freeRegisters(around early: UInt32, _ c: Int) -> UInt64 {
    var free: UInt64 = 0
    var rest = allocatable[c] & (preferred[c] | used[c])
    while rest != 0 {
      let register = ClassWords.lowest(rest, c)
      rest &= rest &- 1
      if taken.isFree(register, early &- 2, early &+ 2) { free |= ClassWords.bit(register) }
    }
    return free
  }

  private mutating func resolve(
    _ i: Int, _ early: UInt32, _ solution: inout Solution
  ) -> Bool {
    var resources = ParallelMoves.Resources()
    resources.borrowable = allocatable
    resources.memory = memoryNames
    if !group.isPlain(memoryNames) {
      for c in 0..<3 {
        resources.free[c] = scratch[c] != 0 ? scratch[c] : freeRegisters(around: early, c)
      }
    }
    let isPossible = group.resolve(resources, slots: &slots)
    if writtenAt.count < 256 &+ slots.unitCount {
      writtenAt.append(repeating: 0, count: 256 &+ slots.unitCount &- writtenAt.count)
    }
    for k in group.sequence.indices {
      let move = group.sequence[k]
      solution.edits.append(
        Edit(
          point: .before(i), from: move.from, to: move.to, registerClass: move.registerClass))
      if move.to.isRegister { used.insert(move.to.packed) }
    }
    group.clear()
    return isPossible
  }

  // MARK: Blocks

  private mutating func enterBlock(
    _ b: Int, _ i: Int, _ cursor: inout Int, _ solution: inout Solution
  ) -> Bool {
    let gap = blockStart[b] &+ 2
    take(gap &<< 1 | Transition.edgeIn, &cursor)
    let predecessors = view.predecessorRange(b)
    let parameters = view.parameterRange(b)
    if predecessors.count == 1 && !parameters.isEmpty {
      let p = Int(truncatingIfNeeded: view.predecessors[predecessors.lowerBound].raw)
      passArguments(p, b, at: blockStart[p &+ 1] &- 1)
    }
    let isPossible = flush(i, gap, &solution)
    for k in parameters {
      let v = Int(truncatingIfNeeded: view.parameters[k].raw)
      if values[v].flags.contains(.storedAtDefinition) {
        let bundle = Int(values[v].bundle)
        add(location(bundle, blockStart[b]), Allocation(slot: Int(bundles[bundle].slot)), v)
      }
    }
    return isPossible
  }

  private mutating func leaveBlock(
    _ b: Int, _ i: Int, _ cursor: inout Int, _ solution: inout Solution
  ) -> Bool {
    let early = point(i, b)
    take(early &<< 1 | Transition.edgeOut, &cursor)
    let successors = view.successorRange(b)
    if successors.count == 1 {
      let target = Int(truncatingIfNeeded: view.successors[successors.lowerBound].raw)
      if view.predecessorRange(target).count > 1 { passArguments(b, target, at: early) }
    }
    return flush(i, early, &solution)
  }

  /// Moves the arguments of the edge from `source`, as they are at `point`, to the parameters.
  private mutating func passArguments(_ source: Int, _ target: Int, at point: UInt32) {
    let edge = view.successorRange(source).lowerBound
    let arguments = view.argumentRange(edge)
    var parameter = view.parameterRange(target).lowerBound
    for k in arguments {
      let p = Int(truncatingIfNeeded: view.parameters[parameter].raw)
      parameter &+= 1
      if values[p].bundle == .max { continue }
      let to = location(Int(values[p].bundle), blockStart[target])
      let a = Int(truncatingIfNeeded: view.arguments[k].raw)
      if values[a].bundle == .max { continue }
      if to.isSlot && values[a].bundle == values[p].bundle
        && values[a].flags.contains(.slotIsValid)
      {
        continue
      }
      add(location(Int(values[a].bundle), point), to, a)
    }
  }

  // MARK: Operands

  /// Where value `v` is at `point`, at or next to the instruction at `early`.
  @inline(__always)
  private mutating func place(_ v: Int, _ point: UInt32, _ early: UInt32) -> Allocation {
    let place = Allocation(raw: parent[v])
    if place != Self.changingPlace { return place }
    return nextLocation(Int(truncatingIfNeeded: values[v].bundle), point, early)
  }

  /// Where value `v` is in the gap before the instruction at `early`, ahead of its moves.
  @inline(__always) private mutating func source(_ v: Int, _ early: UInt32) -> Allocation {
    if values[v].gap == early && values[v].hasPlacedDefinition { return placeOfDefinition(v) }
    return place(v, early &- 1, early)
  }

  private mutating func placeOfDefinition(_ v: Int) -> Allocation {
    values[v].place != noRegister
      ? Allocation(packed: values[v].place)
      : Allocation(slot: Int(bundles[Int(values[v].bundle)].slot))
  }

  /// Returns whether a definition needs moves in the gap after.
  @inline(__always) private mutating func placeOperands(
    _ i: Int, _ early: UInt32, _ solution: inout Solution
  ) -> Bool {
    let operands = view.operandRange(i)
    let hasReuse = hasReuse(operands)
    if hasReuse { listReuses(operands) }
    var isPassing = false
    var next = operands.lowerBound
    while next < operands.upperBound {
      let k = next
      next &+= 1
      let operand = view.operands[k]
      let v = Int(truncatingIfNeeded: operand.register.raw)
      switch operand.tag {
      case .any, .register, .limit:
        let shared = hasReuse ? servedBy(k, operands) : -1
        if shared >= 0 {
          let d = Int(truncatingIfNeeded: view.operands[shared].register.raw)
          let to = place(d, early, early)
          add(source(v, early), to, v)
          solution.allocations[k] = to
        } else {
          solution.allocations[k] = place(v, operand.isLate ? early &+ 1 : early, early)
        }
      case .fixed:
        let to = Allocation(operand.fixedRegister)
        solution.allocations[k] = to
        if operand.isUse { add(source(v, early), to, v) } else { used.insert(to.packed) }
      case .reuse:
        let input = view.operands[operands.lowerBound &+ Int(operand.payload)]
        let isFixed = input.tag == .fixed
        let to = isFixed ? Allocation(input.fixedRegister) : place(v, early, early)
        solution.allocations[k] = to
        if isFixed { used.insert(to.packed) }
      case .stack:
        let to = Allocation(slot: Int(bundles[Int(values[v].bundle)].slot))
        solution.allocations[k] = to
        if operand.isUse && !values[v].flags.contains(.slotIsValid) {
          add(source(v, early), to, v)
        }
      case .fixedNonAllocatable:
        solution.allocations[k] = Allocation(operand.fixedRegister)
        continue
      }
      if operand.isUse { continue }
      // A definition that only others would make again is left out.
      if solution.allocations[k].isRematerialized { solution.allocations[k] = .none }
      if values[v].hasPlacedDefinition || values[v].flags.contains(.storedAtDefinition) {
        isPassing = true
      }
    }
    return isPassing
  }

  /// Adds, to the next gap's group, the moves out of the places of definitions.
  private mutating func passDefinitions(_ i: Int, _ early: UInt32) {
    for k in view.operandRange(i) {
      let operand = view.operands[k]
      if !operand.isDefinition || operand.tag == .fixedNonAllocatable { continue }
      let v = Int(truncatingIfNeeded: operand.register.raw)
      let value = values[v]
      if value.bundle == .max { continue }
      let b = Int(truncatingIfNeeded: value.bundle)
      let isStored = value.flags.contains(.storedAtDefinition)
      if !isStored && !value.hasPlacedDefinition { continue }
      // A value that is dead by then has lost its slot.
      if !livesOn(v, early &+ 2) { continue }
      let from =
        value.hasPlacedDefinition ? placeOfDefinition(v) : location(b, early &+ 1)
      if isStored { add(from, Allocation(slot: Int(bundles[b].slot)), v) }
      if value.hasPlacedDefinition { add(from, location(b, early &+ 2), v) }
    }
  }

  /// Whether `v` is needed at `point`, the gap after its definition.
  private mutating func livesOn(_ v: Int, _ point: UInt32) -> Bool {
    var low = Int(truncatingIfNeeded: values[v].rangeStart)
    let end = Int(truncatingIfNeeded: values[v].rangeEnd)
    var high = end
    while low < high {
      let middle = (low &+ high) &>> 1
      if ranges[middle].to <= point { low = middle &+ 1 } else { high = middle }
    }
    return low < end && ranges[low].from <= point
  }
}
