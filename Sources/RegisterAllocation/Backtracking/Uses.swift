// SPDX-License-Identifier: Apache-2.0
// First stage: what each value is used for, which registers are taken when, where calls are.

import Entities

/// One point of a register that a fixed operand takes.
struct Reservation: BitwiseCopyable {
  var point: UInt32
  var value: UInt32
}

/// Until when a value is needed in one of its blocks, and its earlier ones.
struct BlockUse: BitwiseCopyable {
  var block: UInt32
  var until: UInt32
  /// Index of the record of the block before, or `.max`.
  var before: UInt32
}

extension Backtracking {
  /// Fills the tables of blocks, uses, clobbers and reservations in one walk over the instructions,
  /// after one over the operands that counts how often each value is used.
  mutating func collectUses() -> Bool {
    measureBlocks()
    countUses()
    for b in 0..<view.blockCount {
      enterBlock(b)
      if view.predecessorRange(b).count > 1 && !collectJoinClobbers(b) { return false }
      let range = view.instructionRange(b)
      for i in range {
        let mask = Int(truncatingIfNeeded: view.instructions[i].clobberMask)
        let early = point(i, b)
        if mask != 0 { appendClobber(early &+ 1, name(ofMask: mask)) }
        let operands = view.operandRange(i)
        let isLast = i &+ 1 == range.upperBound
        let hasReuse = hasReuse(operands)
        if hasReuse {
          listReuses(operands)
          steps &+= operands.count
          // More than inputs that can be reused, each by one.
          if reusing.count > 32 { return giveUp(.unsolvable) }
        }
        var k = operands.lowerBound
        while k < operands.upperBound {
          let operand = view.operands[k]
          let tag = operand.tag
          let isPlain = tag == .register || tag == .any
          if hasReuse || !(isPlain || tag == .fixed) || isRematerialized(operand) {
            if !collect(k, i, b, operands, hasReuse) { return false }
          } else if isPlain {
            collectPlain(operand, early, b, isLast)
          } else if !collectFixed(operand, early, b, isLast, mask) {
            return false
          }
          k &+= 1
        }
      }
      collectArguments(b, range.upperBound &- 1)
    }
    sortClobbersByMask()
    return true
  }

  /// Whether one of an instruction's operands reuses another's register: what `countUses` noted, a
  /// bit per operand. Instructions have few operands; a loop would mostly end where none expects it.
  @inline(__always) mutating func hasReuse(_ operands: Range<Int>) -> Bool {
    let count = operands.upperBound &- operands.lowerBound
    if count > 32 { return true }
    let first = operands.lowerBound &>> 5
    let words =
      UInt64(truncatingIfNeeded: reuses[first])
      | UInt64(truncatingIfNeeded: reuses[first &+ 1]) &<< 32
    let mask: UInt64 = 1 &<< UInt64(truncatingIfNeeded: count) &- 1
    return words &>> UInt64(truncatingIfNeeded: operands.lowerBound & 31) & mask != 0
  }

  // MARK: Blocks

  private mutating func measureBlocks() {
    let count = view.blockCount
    blockStart.reset(count: count &+ 1, to: 0)
    frequency.reset(count: count, to: 0)
    for b in 0...count {
      blockStart[b] = (view.blocks[b].instructionStart &+ UInt32(truncatingIfNeeded: b)) &<< 1
    }
    let end = Int(truncatingIfNeeded: blockStart[count])
    blockIndex.reset(count: end &>> Self.blockIndexShift &+ 1, to: 0)
    entryLow.reset(count: count, to: .max)
    entryHigh.reset(count: count, to: 0)
    var filled = 0
    highestFrequency = 0
    for b in 0..<count {
      let stated = max(view.blocks[b].frequency, 0.0001)
      frequency[b] = view.blocks[b].isCold ? min(stated, 0.01) : stated
      highestFrequency = max(highestFrequency, frequency[b])
      for k in view.predecessorRange(b) {
        let end = blockStart[Int(truncatingIfNeeded: view.predecessors[k].raw) &+ 1] &- 1
        entryLow[b] = min(entryLow[b], end)
        entryHigh[b] = max(entryHigh[b], end)
      }
      // The block that holds the first point of each stretch.
      let next = Int(truncatingIfNeeded: blockStart[b &+ 1])
      while filled &<< Self.blockIndexShift < next {
        blockIndex[filled] = UInt32(truncatingIfNeeded: b)
        filled &+= 1
      }
    }
  }

  private mutating func countUses() {
    values.reset(count: view.valueCount, to: ValueRecord())
    blockUses.removeAll()
    candidates.removeAll()
    masks.removeAll()
    masks.append(RegisterSet())
    maskName.reset(count: view.clobberMaskCount, to: 0)
    clobberPoints.removeAll()
    clobberMask.removeAll()
    nextClobber.removeAll()
    nextClobber.reserve(Int(truncatingIfNeeded: blockStart[view.blockCount] &>> 2) &+ 2)
    markRematerializations()
    useStart.reset(count: view.valueCount &+ 2, to: 0)
    reservedCursor.reset(count: 256, to: 0)
    var highest = 0
    reuses.reset(count: view.operandCount &>> 5 &+ 2, to: 0)
    var i = 0
    var k = 0
    while k < view.operandCount {
      let operand = view.operands[k]
      if operand.tag == .reuse {
        reuses[k &>> 5] |= 1 &<< UInt32(truncatingIfNeeded: k & 31)
        while view.operandRange(i).upperBound <= k { i &+= 1 }
        let input = view.operands[view.operandRange(i).lowerBound &+ Int(operand.payload)]
        if input.tag == .fixed { reservedCursor[Int(input.payload)] &+= 1 }
      }
      k &+= 1
      if operand.tag == .fixedNonAllocatable { continue }
      let v = Int(truncatingIfNeeded: operand.register.raw)
      useStart[v &+ 2] &+= 1
      if operand.tag == .stack { values[v].flags.remove([.isRematerialized, .slotIsValid]) }
      if operand.tag == .fixed {
        let register = Int(truncatingIfNeeded: operand.payload)
        reservedCursor[register] &+= operand.isDefinition == operand.isLate ? 1 : 2
        highest = max(highest, register)
      }
    }
    placeReservations(highest)
    let parameters = Int(truncatingIfNeeded: view.blocks[view.blockCount].parameterStart)
    for k in 0..<parameters {
      useStart[Int(truncatingIfNeeded: view.parameters[k].raw) &+ 2] &+= 1
    }
    let edges = Int(truncatingIfNeeded: view.blocks[view.blockCount].successorStart)
    for k in 0..<Int(truncatingIfNeeded: view.argumentStart[edges]) {
      useStart[Int(truncatingIfNeeded: view.arguments[k].raw) &+ 2] &+= 1
    }
    var total: UInt32 = 0
    for v in useStart.indices {
      total &+= useStart[v]
      useStart[v] = total
    }
    uses.reset(count: Int(total), to: UseRecord(point: 0, weight: 0, kind: .any, phase: 0))
  }

  private mutating func enterBlock(_ b: Int) {
    let start = blockStart[b]
    for k in view.parameterRange(b) {
      let v = Int(truncatingIfNeeded: view.parameters[k].raw)
      values[v].begin = start
      values[v].definingBlock = UInt32(truncatingIfNeeded: b)
      values[v].flags.insert(.parameter)
      note(
        v, b,
        UseRecord(
          point: start, weight: frequency[b] * UseRecord.edgeWeight, kind: .edge, phase: 5))
    }
  }

  // MARK: Clobbers

  /// The number of a mask among those that this problem uses.
  @inline(__always) private mutating func name(ofMask mask: Int) -> UInt32 {
    if maskName[mask] == 0 {
      maskName[mask] = UInt32(truncatingIfNeeded: masks.count)
      masks.append(view.clobberMasks[mask])
    }
    return maskName[mask]
  }

  /// What a branch into a join destroys, after the moves of its edge, is destroyed at the join's
  /// entry.
  private mutating func collectJoinClobbers(_ b: Int) -> Bool {
    var mask = RegisterSet()
    for k in view.predecessorRange(b) {
      let p = Int(truncatingIfNeeded: view.predecessors[k].raw)
      let last = view.instructionRange(p).upperBound &- 1
      for operand in view.operandRange(last)
      where view.operands[operand].tag != .fixedNonAllocatable {
        return giveUp(.branchOperands)
      }
      let destroyed = Int(truncatingIfNeeded: view.instructions[last].clobberMask)
      if destroyed != 0 { mask = mask.union(view.clobberMasks[destroyed]) }
    }
    if mask.isEmpty { return true }
    appendClobber(blockStart[b] &+ 1, UInt32(truncatingIfNeeded: masks.count))
    masks.append(mask)
    return true
  }

  @inline(__always) private mutating func appendClobber(_ point: UInt32, _ mask: UInt32) {
    let index = UInt32(truncatingIfNeeded: clobberPoints.count)
    nextClobber.append(
      repeating: index,
      count: max(0, Int(truncatingIfNeeded: point &>> 2) &+ 1 &- nextClobber.count))
    clobberPoints.append(point)
    clobberMask.append(mask)
  }

  private mutating func sortClobbersByMask() {
    while nextClobber.count < Int(truncatingIfNeeded: blockStart[view.blockCount] &>> 2 &+ 2) {
      nextClobber.append(UInt32(truncatingIfNeeded: clobberPoints.count))
    }
    // One mask: its points are all points.
    if masks.count <= 2 { return }
    maskStart.reset(count: masks.count &+ 2, to: 0)
    for k in clobberMask.indices { maskStart[Int(clobberMask[k]) &+ 2] &+= 1 }
    for m in 1..<maskStart.count { maskStart[m] &+= maskStart[m &- 1] }
    maskPoints.reset(count: clobberPoints.count, to: 0)
    for k in clobberMask.indices {
      let m = Int(clobberMask[k]) &+ 1
      maskPoints[Int(maskStart[m])] = clobberPoints[k]
      maskStart[m] &+= 1
    }
  }

  // MARK: Uses

  @inline(__always) private mutating func note(_ v: Int, _ b: Int, _ use: UseRecord) {
    let place = useStart[v &+ 1]
    uses[Int(truncatingIfNeeded: place)] = use
    useStart[v &+ 1] = place &+ 1
    values[v].cost += use.weight
    let until = use.neededUntil
    if values[v].lastBlock == UInt32(truncatingIfNeeded: b) {
      values[v].lastUntil = max(values[v].lastUntil, until)
    } else {
      if values[v].lastBlock != .max { closeBlock(of: v) }
      values[v].lastBlock = UInt32(truncatingIfNeeded: b)
      values[v].lastUntil = until
    }
  }

  /// Enters the last block of a value among those that it has been used in.
  mutating func closeBlock(of v: Int) {
    let record = BlockUse(
      block: values[v].lastBlock, until: values[v].lastUntil, before: values[v].earlierBlocks)
    values[v].earlierBlocks = UInt32(truncatingIfNeeded: blockUses.count)
    blockUses.append(record)
  }

  @inline(__always) private static func phase(_ operand: Operand) -> UInt8 {
    operand.isDefinition ? (operand.isLate ? 6 : 7) : (operand.isLate ? 3 : 1)
  }

  /// An operand that any register will do for, or any place.
  @inline(__always) private mutating func collectPlain(
    _ operand: Operand, _ p: UInt32, _ b: Int, _ isLast: Bool
  ) {
    let v = Int(truncatingIfNeeded: operand.register.raw)
    let needsRegister = operand.tag == .register
    var weight = frequency[b]
    if !needsRegister { weight *= UseRecord.anyWeight(isDefinition: operand.isDefinition) }
    let use = UseRecord(
      point: p, weight: weight, kind: needsRegister ? .register : .any,
      phase: Self.phase(operand))
    if operand.isDefinition { define(v, use, b, isLast) }
    note(v, b, use)
  }

  /// An operand in a register of its own.
  @inline(__always) private mutating func collectFixed(
    _ operand: Operand, _ p: UInt32, _ b: Int, _ isLast: Bool, _ mask: Int
  ) -> Bool {
    let v = Int(truncatingIfNeeded: operand.register.raw)
    let use = UseRecord(
      point: p, weight: frequency[b] * UseRecord.copyWeight, kind: .fixed,
      phase: Self.phase(operand), register: operand.payload)
    if operand.isDefinition { define(v, use, b, isLast) }
    note(v, b, use)
    values[v].flags.insert(.hasFixedUse)
    return reserve(use, v, mask)
  }

  /// Any operand.
  private mutating func collect(
    _ k: Int, _ i: Int, _ b: Int, _ operands: Range<Int>, _ hasReuse: Bool
  ) -> Bool {
    let operand = view.operands[k]
    if operand.tag == .fixedNonAllocatable { return true }
    let v = Int(truncatingIfNeeded: operand.register.raw)
    let f = frequency[b]
    var phase = Self.phase(operand)
    var kind = UseRecord.Kind.register
    var weight = f
    var limit: UInt8 = 6
    var register = noRegister
    switch operand.tag {
    case .any:
      kind = .any
      weight = f * UseRecord.anyWeight(isDefinition: operand.isDefinition)
    case .register: break
    case .stack:
      kind = .stack
      weight = 0
      if operand.isUse { values[v].flags.insert(.hasStackUse) }
    case .fixed:
      kind = .fixed
      register = operand.payload
      weight = f * UseRecord.copyWeight
    case .limit: limit = operand.payload
    case .reuse:
      let input = view.operands[operands.lowerBound &+ Int(operand.payload)]
      if input.tag == .fixed {
        kind = .fixed
        register = input.payload
        weight = f * UseRecord.copyWeight
      } else {
        phase = 7
        if input.tag == .limit { limit = input.payload }
        candidates.append(
          Affinity(
            frequency: f, first: input.register.raw, second: operand.register.raw))
      }
    case .fixedNonAllocatable: break
    }
    if operand.isUse && hasReuse && servedBy(k, operands) >= 0 {
      kind = .copied
      weight = f * UseRecord.copyWeight
      limit = 6
    }
    if values[v].flags.contains(.isRematerialized) {
      if operand.isDefinition {
        // May be left out.
        kind = .any
        weight = 0
      } else {
        // Not found in memory; a use that costs nothing would get no register.
        if kind == .any { kind = .register }
        weight *= max(rematerializationCost(v), 0.01)
      }
    }
    let use = UseRecord(
      point: point(i, b), weight: weight, kind: kind, phase: phase, limit: limit,
      register: register)
    if operand.isDefinition { define(v, use, b, isLastInstruction(i, b)) }
    note(v, b, use)
    values[v].limit = min(values[v].limit, use.limit)
    if kind == .fixed { values[v].flags.insert(.hasFixedUse) }
    return kind != .fixed
      || reserve(use, v, Int(truncatingIfNeeded: view.instructions[i].clobberMask))
  }

  // MARK: Values that are made again

  /// What is stored anyway, for a use on the stack, is not made again: `countUses` takes the mark away.
  private mutating func markRematerializations() {
    for k in 0..<view.rematerializationCount {
      values[Int(view.rematerializations[k].value.raw)].flags.insert(
        [.isRematerialized, .slotIsValid])
    }
  }

  @inline(__always) private func isRematerialized(_ operand: Operand) -> Bool {
    values[Int(truncatingIfNeeded: operand.register.raw)].flags.contains(.isRematerialized)
  }

  func rematerializationCost(_ v: Int) -> Float {
    var low = 0
    var high = view.rematerializationCount
    while low < high {
      let middle = (low &+ high) &>> 1
      if Int(view.rematerializations[middle].value.raw) < v {
        low = middle &+ 1
      } else {
        high = middle
      }
    }
    return view.rematerializations[low].cost
  }

  /// Lists the instruction's definitions that share the register of a use. A solvable instruction
  /// has at most 32.
  mutating func listReuses(_ operands: Range<Int>) {
    reusing.removeAll()
    for k in operands where view.operands[k].tag == .reuse {
      let input = operands.lowerBound &+ Int(view.operands[k].payload)
      if view.operands[input].tag != .fixed { reusing.append(UInt32(truncatingIfNeeded: k)) }
    }
  }

  /// The definition whose register use `k` shares, being its input or the same value; or -1.
  mutating func servedBy(_ k: Int, _ operands: Range<Int>) -> Int {
    let operand = view.operands[k]
    if operand.isDefinition || operand.isLate { return -1 }
    switch operand.tag {
    case .any, .register, .limit: break
    default: return -1
    }
    var shared = -1
    for index in reusing.indices {
      let d = Int(truncatingIfNeeded: reusing[index])
      let input = operands.lowerBound &+ Int(view.operands[d].payload)
      if input == k { return d }
      // A use with a limit of its own would narrow the definition's choice.
      if shared < 0 && operand.tag != .limit && view.operands[input].register == operand.register {
        shared = d
      }
    }
    return shared
  }

  @inline(__always)
  private mutating func define(_ v: Int, _ use: UseRecord, _ b: Int, _ isLast: Bool) {
    values[v].definingBlock = UInt32(truncatingIfNeeded: b)
    values[v].begin = use.begin
    if use.kind == .fixed {
      values[v].begin = use.point &+ 2
      values[v].place = use.register
    }
    if use.kind == .stack { values[v].flags.insert(.definedInSlot) }
    if isLast { values[v].flags.insert(.definedByBranch) }
  }

  // MARK: Fixed operands

  /// Makes room for the points of fixed operands, register by register.
  private mutating func placeReservations(_ highest: Int) {
    var total: UInt32 = 0
    reservedStart.reset(count: 256, to: 0)
    for r in 0...highest {
      reservedStart[r] = total
      total &+= reservedCursor[r]
      reservedCursor[r] = reservedStart[r]
    }
    reservedEnd.reset(count: 256, to: 0)
    for r in 0...highest { reservedEnd[r] = reservedStart[r] }
    reserved.reset(count: Int(total), to: Reservation(point: 0, value: 0))
    taken.reset(allocatable, pointCount: Int(blockStart[view.blockCount]) &+ 64)
  }

  /// Enters the points of a fixed operand. False if two values are wanted in its register.
  @inline(__always)
  private mutating func reserve(_ use: UseRecord, _ v: Int, _ mask: Int) -> Bool {
    if !allocatable.contains(use.register) { return true }
    if use.phase & 2 != 0 && mask != 0
      && ClassWords(view.clobberMasks[mask]).contains(use.register)
    {
      return giveUp(.unsolvable)
    }
    let value = UInt32(truncatingIfNeeded: v)
    if use.phase & 1 != 0 && !reserve(use.register, use.point, value) { return false }
    if use.phase & 2 != 0 && !reserve(use.register, use.point &+ 1, value) { return false }
    return true
  }

  @inline(__always)
  private mutating func reserve(_ register: UInt8, _ point: UInt32, _ value: UInt32) -> Bool {
    let r = Int(truncatingIfNeeded: register)
    let first = Int(truncatingIfNeeded: reservedStart[r])
    let end = Int(truncatingIfNeeded: reservedEnd[r])
    // Operands of one instruction may come out of order: by one place, each point being there once.
    let isBehindLate = end > first && reserved[end &- 1].point > point
    let place = isBehindLate ? end &- 1 : end
    if place > first && reserved[place &- 1].point == point {
      return reserved[place &- 1].value == value || giveUp(.unsolvable)
    }
    if isBehindLate { reserved[end] = reserved[end &- 1] }
    reserved[place] = Reservation(point: point, value: value)
    reservedEnd[r] &+= 1
    taken.insert(register, at: point)
    return true
  }

  private mutating func collectArguments(_ b: Int, _ last: Int) {
    for edge in view.successorRange(b) {
      let target = Int(view.successors[edge].raw)
      let parameters = view.parameterRange(target)
      let isAtHead = view.predecessorRange(target).count == 1
      var k = parameters.lowerBound
      for a in view.argumentRange(edge) {
        let v = view.arguments[a].raw
        note(
          Int(truncatingIfNeeded: v), b,
          UseRecord(
            point: point(last, b), weight: frequency[b] * UseRecord.edgeWeight, kind: .edge,
            phase: isAtHead ? 3 : 1))
        candidates.append(
          Affinity(frequency: frequency[b], first: v, second: view.parameters[k].raw))
        k &+= 1
      }
    }
  }
}
