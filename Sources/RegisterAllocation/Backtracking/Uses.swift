// SPDX-License-Identifier: Apache-2.0
// First stage: what each value is used for, which registers are taken when, where calls are.

import Entities

/// One point of a register that a fixed operand takes.
struct Reservation: BitwiseCopyable {
  var point: UInt32
  var value: UInt32
}

extension Backtracking {
  /// Fills the tables of blocks, uses, clobbers and reservations. Two walks over the operands.
  mutating func collectUses() -> Bool {
    measureBlocks()
    if !count() { return false }
    for b in 0..<view.blockCount {
      let start = blockStart[b]
      for k in view.parameterRange(b) {
        let v = Int(view.parameters[k].raw)
        values[v].begin = start
        values[v].gap = start &+ 2
        values[v].definingBlock = UInt32(truncatingIfNeeded: b)
        values[v].flags.insert(.parameter)
        note(
          v,
          UseRecord(
            point: start, weight: frequency[b] * UseRecord.edgeWeight, kind: .edge, limit: 6,
            register: noRegister, phase: 5))
      }
      let range = view.instructionRange(b)
      for i in range {
        let operands = view.operandRange(i)
        var hasReuse = false
        for k in operands where view.operands[k].tag == .reuse { hasReuse = true }
        for k in operands {
          if !collect(k, i, b, operands, hasReuse) { return false }
        }
      }
      collectArguments(b, range.upperBound &- 1)
    }
    return true
  }

  private mutating func measureBlocks() {
    blockStart.removeAll()
    frequency.removeAll()
    for b in 0..<view.blockCount {
      blockStart.append((view.blocks[b].instructionStart &+ UInt32(truncatingIfNeeded: b)) &<< 1)
      let stated = max(view.blocks[b].frequency, 0.0001)
      frequency.append(view.blocks[b].isCold ? min(stated, 0.01) : stated)
    }
    blockStart.append(
      UInt32(truncatingIfNeeded: (view.instructionCount &+ view.blockCount) &<< 1))
    entryLow.removeAll()
    entryHigh.removeAll()
    for b in 0..<view.blockCount {
      var low = UInt32.max
      var high: UInt32 = 0
      for k in view.predecessorRange(b) {
        let end = blockStart[Int(truncatingIfNeeded: view.predecessors[k].raw) &+ 1] &- 1
        low = min(low, end)
        high = max(high, end)
      }
      entryLow.append(low)
      entryHigh.append(high)
    }
  }

  // MARK: Counting

  private mutating func count() -> Bool {
    values.reset(count: view.valueCount, to: ValueRecord())
    useStart.reset(count: view.valueCount &+ 2, to: 0)
    reservedStart.reset(count: 257, to: 0)
    candidates.removeAll()
    masks.removeAll()
    clobberPoints.removeAll()
    clobberMask.removeAll()
    markRematerializations()
    var maskCount = 1
    for b in 0..<view.blockCount {
      for k in view.parameterRange(b) { useStart[Int(view.parameters[k].raw) &+ 2] &+= 1 }
      for i in view.instructionRange(b) {
        let mask = Int(view.instructions[i].clobberMask)
        if mask != 0 { maskCount = max(maskCount, mask &+ 1) }
        for k in view.operandRange(i) {
          let operand = view.operands[k]
          if operand.tag == .fixedNonAllocatable { continue }
          let v = Int(truncatingIfNeeded: operand.register.raw)
          useStart[v &+ 2] &+= 1
          if operand.tag == .stack { values[v].flags.remove([.isRematerialized, .slotIsValid]) }
          var register = noRegister
          if operand.tag == .fixed { register = operand.payload }
          if operand.tag == .reuse {
            let input = view.operands[view.operandRange(i).lowerBound &+ Int(operand.payload)]
            if input.tag == .fixed { register = input.payload }
          }
          if register != noRegister && allocatable.contains(register) {
            let isBoth = operand.isDefinition == operand.isEarly
            reservedStart[Int(register) &+ 1] &+= isBoth ? 2 : 1
          }
        }
      }
      for edge in view.successorRange(b) {
        for k in view.argumentRange(edge) { useStart[Int(view.arguments[k].raw) &+ 2] &+= 1 }
      }
    }
    for m in 0..<maskCount { masks.append(view.clobberMasks[m]) }
    if !collectClobbers() { return false }
    var total: UInt32 = 0
    for v in useStart.indices {
      total &+= useStart[v]
      useStart[v] = total
    }
    let empty = UseRecord(
      point: 0, weight: 0, kind: .any, limit: 6, register: noRegister, phase: 0)
    uses.reset(count: Int(total), to: empty)
    total = 0
    for r in reservedStart.indices {
      total &+= reservedStart[r]
      reservedStart[r] = total
    }
    reserved.reset(count: Int(total), to: Reservation(point: 0, value: 0))
    reservedCursor.removeAll()
    for r in 0..<256 { reservedCursor.append(reservedStart[r]) }
    return true
  }

  /// Lists clobbers in order and per mask. What a branch into a join destroys, after the moves of
  /// its edge, is destroyed at the join's entry.
  private mutating func collectClobbers() -> Bool {
    for b in 0..<view.blockCount {
      let predecessors = view.predecessorRange(b)
      if predecessors.count > 1 {
        var mask = RegisterSet()
        for k in predecessors {
          let p = Int(view.predecessors[k].raw)
          let last = view.instructionRange(p).upperBound &- 1
          for operand in view.operandRange(last)
          where view.operands[operand].tag != .fixedNonAllocatable {
            return giveUp(.branchOperands)
          }
          mask = mask.union(view.clobberMasks[Int(view.instructions[last].clobberMask)])
        }
        if !mask.isEmpty {
          if masks.count > 0xffff { return giveUp(.branchOperands) }
          clobberPoints.append(blockStart[b] &+ 1)
          clobberMask.append(UInt16(truncatingIfNeeded: masks.count))
          masks.append(mask)
        }
      }
      for i in view.instructionRange(b) where view.instructions[i].clobberMask != 0 {
        clobberPoints.append(point(i, b) &+ 1)
        clobberMask.append(view.instructions[i].clobberMask)
      }
    }
    maskStart.reset(count: masks.count &+ 2, to: 0)
    for k in clobberMask.indices { maskStart[Int(clobberMask[k]) &+ 2] &+= 1 }
    for m in 1..<maskStart.count { maskStart[m] &+= maskStart[m &- 1] }
    clobberCursor = 0
    // One mask: its points are all points.
    if masks.count == 2 { return true }
    maskPoints.reset(count: clobberPoints.count, to: 0)
    for k in clobberMask.indices {
      let m = Int(clobberMask[k]) &+ 1
      maskPoints[Int(maskStart[m])] = clobberPoints[k]
      maskStart[m] &+= 1
    }
    return true
  }

  // MARK: Uses

  @inline(__always) private mutating func note(_ v: Int, _ use: UseRecord) {
    let place = useStart[v &+ 1]
    uses[Int(truncatingIfNeeded: place)] = use
    useStart[v &+ 1] = place &+ 1
  }

  private mutating func collect(
    _ k: Int, _ i: Int, _ b: Int, _ operands: Range<Int>, _ hasReuse: Bool
  ) -> Bool {
    let operand = view.operands[k]
    if operand.tag == .fixedNonAllocatable { return true }
    let v = Int(truncatingIfNeeded: operand.register.raw)
    let p = point(i, b)
    let f = frequency[b]
    var phase: UInt8 = operand.isDefinition ? 6 : 1
    if operand.isDefinition == operand.isEarly { phase |= 3 }
    var use = UseRecord(
      point: p, weight: f, kind: .register, limit: 6, register: noRegister, phase: phase)
    switch operand.tag {
    case .any:
      use.kind = .any
      use.weight = f * (operand.isDefinition ? 0.6 : 0.5)
    case .register: break
    case .stack:
      use.kind = .stack
      use.weight = 0
      if operand.isUse { values[v].flags.insert(.hasStackUse) }
    case .fixed:
      use.kind = .fixed
      use.register = operand.payload
      use.weight = f * UseRecord.copyWeight
    case .limit: use.limit = operand.payload
    case .reuse:
      let input = view.operands[operands.lowerBound &+ Int(operand.payload)]
      if input.tag == .fixed {
        use.kind = .fixed
        use.register = input.payload
        use.weight = f * UseRecord.copyWeight
      } else {
        use.phase = 7
        if input.tag == .limit { use.limit = input.payload }
        candidates.append(
          Affinity(
            frequency: f, first: input.register.raw, second: operand.register.raw))
      }
    case .fixedNonAllocatable: break
    }
    if operand.isUse && hasReuse && servedBy(k, operands) >= 0 {
      use.kind = .copied
      use.weight = f * UseRecord.copyWeight
      use.limit = 6
    }
    if values[v].flags.contains(.isRematerialized) { adaptToRematerialization(&use, v) }
    if operand.isDefinition { define(v, use, i, b) }
    note(v, use)
    if use.kind == .fixed && allocatable.contains(use.register) {
      return reserve(use, v, Int(view.instructions[i].clobberMask))
    }
    return true
  }

  // MARK: Values that are made again

  /// What is stored anyway, for a use on the stack, is not made again: `count` takes the mark away.
  private mutating func markRematerializations() {
    for k in 0..<view.rematerializationCount {
      values[Int(view.rematerializations[k].value.raw)].flags.insert(
        [.isRematerialized, .slotIsValid])
    }
  }

  /// Its definition may be left out; no use finds it in memory.
  private mutating func adaptToRematerialization(_ use: inout UseRecord, _ v: Int) {
    if use.isDefinition {
      use.kind = .any
      use.weight = 0
    } else {
      if use.kind == .any { use.kind = .register }
      // A use that costs nothing would get no register.
      use.weight *= max(rematerializationCost(v), 0.01)
    }
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

  /// The definition whose register use `k` shares, being its input or the same value; or -1.
  mutating func servedBy(_ k: Int, _ operands: Range<Int>) -> Int {
    let operand = view.operands[k]
    if operand.isDefinition || operand.isLate { return -1 }
    switch operand.tag {
    case .any, .register, .limit: break
    default: return -1
    }
    var shared = -1
    for d in operands where view.operands[d].tag == .reuse {
      let input = operands.lowerBound &+ Int(view.operands[d].payload)
      if view.operands[input].tag == .fixed { continue }
      if input == k { return d }
      // A use with a limit of its own would narrow the definition's choice.
      if shared < 0 && operand.tag != .limit && view.operands[input].register == operand.register {
        shared = d
      }
    }
    return shared
  }

  private mutating func define(_ v: Int, _ use: UseRecord, _ i: Int, _ b: Int) {
    values[v].definingBlock = UInt32(truncatingIfNeeded: b)
    values[v].gap = use.point &+ 2
    values[v].begin = use.begin
    if use.kind == .fixed {
      values[v].begin = use.point &+ 2
      values[v].place = use.register
    }
    if use.kind == .stack { values[v].flags.insert(.definedInSlot) }
    if isLastInstruction(i, b) { values[v].flags.insert(.definedByBranch) }
  }

  /// Enters the points of a fixed operand in its register's list.
  private mutating func reserve(_ use: UseRecord, _ v: Int, _ mask: Int) -> Bool {
    if use.phase & 2 != 0 && mask != 0 && ClassWords(masks[mask]).contains(use.register) {
      return giveUp(.unsolvable)
    }
    var at = use.begin
    let end = use.end
    while at < end {
      let entry = Reservation(point: at, value: UInt32(truncatingIfNeeded: v))
      let r = Int(use.register)
      let first = Int(reservedStart[r])
      var place = Int(reservedCursor[r])
      reservedCursor[r] &+= 1
      // Operands of one instruction may come out of order.
      while place > first && reserved[place &- 1].point > at {
        reserved[place] = reserved[place &- 1]
        place &-= 1
      }
      reserved[place] = entry
      if place > first {
        let before = reserved[place &- 1]
        if before.point == at && before.value != entry.value { return giveUp(.unsolvable) }
      }
      at &+= 1
    }
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
          Int(v),
          UseRecord(
            point: point(last, b), weight: frequency[b] * UseRecord.edgeWeight, kind: .edge,
            limit: 6,
            register: noRegister, phase: isAtHead ? 3 : 1))
        candidates.append(
          Affinity(frequency: frequency[b], first: v, second: view.parameters[k].raw))
        k &+= 1
      }
    }
  }
}
