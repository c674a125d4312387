// SPDX-License-Identifier: Apache-2.0
// Finds what each value is used for, which registers are taken when, and where calls are.

import BrolgaEntities

/// Fills the tables of blocks, uses, clobbers and reservations in one walk over the instructions,
/// after one over the operands that counts how often each value is used.
struct UseCollector: ~Copyable {
  /// In which blocks each value is needed.
  var needs = BlockNeeds()
  /// Values that a move would connect.
  private(set) var affinities = Vector<Affinity>()

  init() {}

  mutating func run(
    _ facts: inout Facts, _ taken: inout TakenRegisters, _ steps: inout StepBudget
  ) -> AllocationStatistics.Fallback {
    let view = facts.view
    facts.blocks.measure(view)
    countUses(&facts)
    taken.reset(facts.registers.allocatable, pointCount: Int(facts.blocks.end) &+ 64)
    for b in 0..<view.blockCount {
      enterBlock(b, &facts)
      if view.predecessorRange(b).count > 1 && !collectJoinClobbers(b, &facts) {
        return .branchOperands
      }
      let range = view.instructionRange(b)
      for i in range {
        let mask = Int(truncatingIfNeeded: view.instructions[i].clobberMask)
        let early = Blocks.point(i, b)
        if mask != 0 {
          facts.clobbers.append(early &+ 1, problemMask: mask, of: view.clobberMasks)
        }
        let operands = view.operandRange(i)
        if operands.isEmpty { continue }
        let isLast = i &+ 1 == range.upperBound
        let hasReuse = facts.reuses.contains(anyOf: operands)
        if hasReuse {
          facts.reuses.list(operands, of: view.operands)
          steps.used &+= operands.count
          // More than inputs that can be reused, each by one.
          if facts.reuses.listed.count > 32 { return .unsolvable }
        }
        var k = operands.lowerBound
        while k < operands.upperBound {
          let operand = view.operands[k]
          let tag = operand.tag
          let isPlain = tag == .register || tag == .any
          if hasReuse || !(isPlain || tag == .fixed) || facts.isRematerialized(operand) {
            if !collect(k, i, b, operands, hasReuse, &facts, &taken) { return .unsolvable }
          } else if isPlain {
            collectPlain(operand, early, b, isLast, &facts)
          } else if !collectFixed(operand, early, b, isLast, mask, &facts, &taken) {
            return .unsolvable
          }
          k &+= 1
        }
      }
      collectArguments(b, range.upperBound &- 1, &facts)
    }
    facts.clobbers.finish(end: facts.blocks.end)
    return .none
  }

  // MARK: Counts

  private mutating func countUses(_ facts: inout Facts) {
    let view = facts.view
    facts.values.reset(count: view.valueCount, to: ValueRecord())
    needs.reset(valueCount: view.valueCount)
    affinities.removeAll()
    facts.clobbers.reset(maskCount: view.clobberMaskCount, end: facts.blocks.end)
    facts.markRematerializations()
    facts.useStart.reset(count: view.valueCount &+ 2, to: 0)
    facts.reservations.reset()
    facts.reuses.reset(operandCount: view.operandCount)
    countOperands(&facts)
    let parameters = Int(truncatingIfNeeded: view.blocks[view.blockCount].parameterStart)
    for k in 0..<parameters {
      facts.useStart[Int(truncatingIfNeeded: view.parameters[k].raw) &+ 2] &+= 1
    }
    let edges = Int(truncatingIfNeeded: view.blocks[view.blockCount].successorStart)
    for k in 0..<Int(truncatingIfNeeded: view.argumentStart[edges]) {
      facts.useStart[Int(truncatingIfNeeded: view.arguments[k].raw) &+ 2] &+= 1
    }
    var total: UInt32 = 0
    for v in facts.useStart.indices {
      total &+= facts.useStart[v]
      facts.useStart[v] = total
    }
    facts.uses.reset(count: Int(total), to: UseRecord(point: 0, weight: 0, kind: .any, phase: 0))
  }

  /// Counts each value's operands at the entry two behind its own, and each register's fixed ones.
  private mutating func countOperands(_ facts: inout Facts) {
    let view = facts.view
    var highest = 0
    var i = 0
    var k = 0
    while k < view.operandCount {
      let operand = view.operands[k]
      if operand.tag == .reuse {
        facts.reuses.mark(k)
        while view.operandRange(i).upperBound <= k { i &+= 1 }
        let input =
          view.operands[view.operandRange(i).lowerBound &+ Int(operand.payload)]
        if input.tag == .fixed { facts.reservations.announce(input.payload, points: 1) }
      }
      k &+= 1
      if operand.tag == .fixedNonAllocatable { continue }
      let v = Int(truncatingIfNeeded: operand.register.raw)
      facts.useStart[v &+ 2] &+= 1
      if operand.tag == .stack { facts.values[v].flags.remove([.isRematerialized, .slotIsValid]) }
      if operand.tag == .fixed {
        facts.reservations.announce(
          operand.payload, points: operand.isDefinition == operand.isLate ? 1 : 2)
        highest = max(highest, Int(truncatingIfNeeded: operand.payload))
      }
    }
    facts.reservations.makeRoom(upTo: highest)
  }

  // MARK: Borders of blocks

  private mutating func enterBlock(_ b: Int, _ facts: inout Facts) {
    let start = facts.blocks.start[b]
    for k in facts.view.parameterRange(b) {
      let v = Int(truncatingIfNeeded: facts.view.parameters[k].raw)
      facts.values[v].begin = start
      facts.values[v].definingBlock = UInt32(truncatingIfNeeded: b)
      facts.values[v].flags.insert(.parameter)
      note(
        v, b,
        UseRecord(
          point: start, weight: facts.blocks.frequency[b] * SearchLimits.edgeInMemory, kind: .edge,
          phase: 5),
        &facts)
    }
  }

  /// What a branch into a join destroys, after the moves of its edge, is destroyed at the join's
  /// entry. False if such a branch has operands.
  private mutating func collectJoinClobbers(_ b: Int, _ facts: inout Facts) -> Bool {
    var mask = RegisterSet()
    for k in facts.view.predecessorRange(b) {
      let p = Int(truncatingIfNeeded: facts.view.predecessors[k].raw)
      let last = facts.view.instructionRange(p).upperBound &- 1
      for operand in facts.view.operandRange(last)
      where facts.view.operands[operand].tag != .fixedNonAllocatable {
        return false
      }
      let destroyed = Int(truncatingIfNeeded: facts.view.instructions[last].clobberMask)
      if destroyed != 0 { mask = mask.union(facts.view.clobberMasks[destroyed]) }
    }
    if !mask.isEmpty { facts.clobbers.append(facts.blocks.start[b] &+ 1, mask) }
    return true
  }

  private mutating func collectArguments(_ b: Int, _ last: Int, _ facts: inout Facts) {
    for edge in facts.view.successorRange(b) {
      let target = Int(facts.view.successors[edge].raw)
      let parameters = facts.view.parameterRange(target)
      let isAtHead = facts.view.predecessorRange(target).count == 1
      let frequency = facts.blocks.frequency[b]
      var k = parameters.lowerBound
      for a in facts.view.argumentRange(edge) {
        let v = facts.view.arguments[a].raw
        note(
          Int(truncatingIfNeeded: v), b,
          UseRecord(
            point: Blocks.point(last, b), weight: frequency * SearchLimits.edgeInMemory,
            kind: .edge,
            phase: isAtHead ? 3 : 1),
          &facts)
        affinities.append(
          Affinity(frequency: frequency, first: v, second: facts.view.parameters[k].raw))
        k &+= 1
      }
    }
  }

  // MARK: Operands

  @inline(__always)
  private mutating func note(_ v: Int, _ b: Int, _ use: UseRecord, _ facts: inout Facts) {
    let place = facts.useStart[v &+ 1]
    facts.uses[Int(truncatingIfNeeded: place)] = use
    facts.useStart[v &+ 1] = place &+ 1
    facts.values[v].cost += use.weight
    needs.note(v, b, until: use.neededUntil)
  }

  @inline(__always) private static func weightInMemory(_ operand: Operand) -> Float {
    operand.isDefinition ? SearchLimits.definitionInMemory : SearchLimits.useInMemory
  }

  @inline(__always) private static func phase(_ operand: Operand) -> UInt8 {
    operand.isDefinition ? (operand.isLate ? 6 : 7) : (operand.isLate ? 3 : 1)
  }

  /// An operand that any register will do for, or any place.
  @inline(__always) private mutating func collectPlain(
    _ operand: Operand, _ p: UInt32, _ b: Int, _ isLast: Bool, _ facts: inout Facts
  ) {
    let v = Int(truncatingIfNeeded: operand.register.raw)
    let needsRegister = operand.tag == .register
    var weight = facts.blocks.frequency[b]
    if !needsRegister { weight *= Self.weightInMemory(operand) }
    let use = UseRecord(
      point: p, weight: weight, kind: needsRegister ? .register : .any,
      phase: Self.phase(operand))
    if operand.isDefinition { facts.define(v, use, b, isLast) }
    note(v, b, use, &facts)
  }

  /// An operand in a register of its own. False if something else needs that there.
  @inline(__always) private mutating func collectFixed(
    _ operand: Operand, _ p: UInt32, _ b: Int, _ isLast: Bool, _ mask: Int,
    _ facts: inout Facts, _ taken: inout TakenRegisters
  ) -> Bool {
    let v = Int(truncatingIfNeeded: operand.register.raw)
    let use = UseRecord(
      point: p, weight: facts.blocks.frequency[b] * SearchLimits.copyFromMemory, kind: .fixed,
      phase: Self.phase(operand), register: operand.payload)
    if operand.isDefinition { facts.define(v, use, b, isLast) }
    note(v, b, use, &facts)
    facts.values[v].flags.insert(.hasFixedUse)
    return facts.reserve(use, v, mask, &taken)
  }

  /// Any operand. False if it is fixed and something else needs the register there.
  private mutating func collect(
    _ k: Int, _ i: Int, _ b: Int, _ operands: Range<Int>, _ hasReuse: Bool,
    _ facts: inout Facts, _ taken: inout TakenRegisters
  ) -> Bool {
    let operand = facts.view.operands[k]
    if operand.tag == .fixedNonAllocatable { return true }
    let v = Int(truncatingIfNeeded: operand.register.raw)
    let f = facts.blocks.frequency[b]
    var phase = Self.phase(operand)
    var kind = UseRecord.Kind.register
    var weight = f
    var limit: UInt8 = 6
    var register = noRegister
    switch operand.tag {
    case .any:
      kind = .any
      weight = f * Self.weightInMemory(operand)
    case .register: break
    case .stack:
      kind = .stack
      weight = 0
      if operand.isUse { facts.values[v].flags.insert(.hasStackUse) }
    case .fixed:
      kind = .fixed
      register = operand.payload
      weight = f * SearchLimits.copyFromMemory
    case .limit: limit = operand.payload
    case .reuse:
      let input = facts.view.operands[operands.lowerBound &+ Int(operand.payload)]
      if input.tag == .fixed {
        kind = .fixed
        register = input.payload
        weight = f * SearchLimits.copyFromMemory
      } else {
        phase = 7
        if input.tag == .limit { limit = input.payload }
        affinities.append(
          Affinity(frequency: f, first: input.register.raw, second: operand.register.raw))
      }
    case .fixedNonAllocatable: break
    }
    if operand.isUse && hasReuse
      && facts.reuses.server(of: k, operands, of: facts.view.operands) >= 0
    {
      kind = .copied
      weight = f * SearchLimits.copyFromMemory
      limit = 6
    }
    if facts.values[v].flags.contains(.isRematerialized) {
      if operand.isDefinition {
        // May be left out.
        kind = .any
        weight = 0
      } else {
        // Not found in memory; a use that costs nothing would get no register.
        if kind == .any { kind = .register }
        weight *= max(facts.view.rematerializationCost(v), SearchLimits.leastRematerializationCost)
      }
    }
    let use = UseRecord(
      point: Blocks.point(i, b), weight: weight, kind: kind, phase: phase, limit: limit,
      register: register)
    if operand.isDefinition { facts.define(v, use, b, facts.isLastInstruction(i, b)) }
    note(v, b, use, &facts)
    facts.values[v].limit = min(facts.values[v].limit, use.limit)
    if kind == .fixed { facts.values[v].flags.insert(.hasFixedUse) }
    return kind != .fixed
      || facts.reserve(
        use, v, Int(truncatingIfNeeded: facts.view.instructions[i].clobberMask), &taken)
  }
}

extension Facts {
  @inline(__always) fileprivate func isLastInstruction(_ i: Int, _ b: Int) -> Bool {
    i &+ 1 == Int(truncatingIfNeeded: view.blocks[b &+ 1].instructionStart)
  }

  /// What is stored anyway, for a use on the stack, is not made again: `countOperands` takes the mark
  /// away.
  fileprivate mutating func markRematerializations() {
    for k in 0..<view.rematerializationCount {
      values[Int(view.rematerializations[k].value.raw)].flags.insert(
        [.isRematerialized, .slotIsValid])
    }
  }

  @inline(__always) fileprivate func isRematerialized(_ operand: Operand) -> Bool {
    values[Int(truncatingIfNeeded: operand.register.raw)].flags.contains(.isRematerialized)
  }

  @inline(__always)
  fileprivate mutating func define(_ v: Int, _ use: UseRecord, _ b: Int, _ isLast: Bool) {
    values[v].definingBlock = UInt32(truncatingIfNeeded: b)
    values[v].begin = use.begin
    if use.kind == .fixed {
      values[v].begin = use.point &+ 2
      values[v].place = use.register
    }
    if use.kind == .stack { values[v].flags.insert(.definedInSlot) }
    if isLast { values[v].flags.insert(.definedByBranch) }
  }

  /// Enters the points of a fixed operand. False if two values are wanted in its register.
  @inline(__always)
  fileprivate mutating func reserve(
    _ use: UseRecord, _ v: Int, _ mask: Int, _ taken: inout TakenRegisters
  ) -> Bool {
    if !registers.allocatable.contains(use.register) { return true }
    if use.phase & 2 != 0 && mask != 0
      && ClassWords(view.clobberMasks[mask]).contains(use.register)
    {
      return false
    }
    let value = UInt32(truncatingIfNeeded: v)
    if use.phase & 1 != 0 && !reservations.reserve(use.register, use.point, value, &taken) {
      return false
    }
    return use.phase & 2 == 0
      || reservations.reserve(use.register, use.point &+ 1, value, &taken)
  }
}
