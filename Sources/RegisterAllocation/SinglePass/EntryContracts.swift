// SPDX-License-Identifier: Apache-2.0
// The single-pass allocator between blocks: which values are in registers where a block begins.

import BrolgaEntities

/// A value that a block expects in a register at its head. Parameters are not listed: theirs is
/// `ValueState.contract`.
struct ContractEntry: BitwiseCopyable {
  var value: UInt32
  var register: UInt8
}

/// A block's entries in the pool of contracts; a negative start while they are undecided.
struct ContractRange: BitwiseCopyable {
  var start: Int32 = -1
  var end: Int32 = -1
}

// A block that is visited before all its predecessors asks for the registers as its visit left
// them. A block that some predecessor precedes in the walk, the head of a loop, has its contract
// decided there, for its parameters and some values that the loop uses; moves at its head lead from the contract to what the
// visit wants. A predecessor with several successors, of each of which it is the only
// predecessor, meets the likeliest one's contract and as much of the others' as fits; moves at
// their heads do the rest.
//
// A branch that reads, defines or clobbers could disturb the registers after its moves, and nothing
// can follow it; where that has no other remedy, contracts are empty.
extension SinglePass {
  // MARK: At a block's end

  /// Starts with the registers that the successors expect.
  mutating func enterFromSuccessors(_ position: Int) throws(AllocationError) {
    let edges = view.successorRange(block)
    if edges.isEmpty { return }
    for edge in edges {
      let s = Int(truncatingIfNeeded: view.successors[edge].raw)
      let target = Int(truncatingIfNeeded: order.position[s])
      if target >= position {
        noteOpenEdge(to: target)
        if contractRange[s].start < 0 { decideContract(s, mayUseRegisters: edges.count == 1) }
      }
    }
    if edges.count == 1 {
      adoptContract(Int(truncatingIfNeeded: view.successors[edges.lowerBound].raw))
      return
    }
    var likeliest = Int(truncatingIfNeeded: view.successors[edges.lowerBound].raw)
    for edge in edges.dropFirst() {
      let s = Int(truncatingIfNeeded: view.successors[edge].raw)
      if isLikelier(s, likeliest) { likeliest = s }
    }
    adoptContract(likeliest)
    for edge in edges {
      let s = Int(truncatingIfNeeded: view.successors[edge].raw)
      if s != likeliest { try mergeContract(s) }
    }
  }

  private mutating func isLikelier(_ a: Int, _ b: Int) -> Bool {
    let leaves = order.leavesLoop(block, b)
    if order.leavesLoop(block, a) != leaves { return leaves }
    if view.blocks[a].isCold != view.blocks[b].isCold { return view.blocks[b].isCold }
    return view.blocks[a].frequency > view.blocks[b].frequency
  }

  private mutating func adoptContract(_ s: Int) {
    let range = contractRange[s]
    let now = UInt32(truncatingIfNeeded: blockRange.upperBound)
    for k in Int(range.start)..<Int(range.end) {
      let entry = contracts[k]
      hold(Int(truncatingIfNeeded: entry.value), entry.register)
      lastNamed[Int(truncatingIfNeeded: entry.register)] = now
    }
  }

  /// Meets the contract of `s`, whose only predecessor this block is, as far as registers are free.
  private mutating func mergeContract(_ s: Int) throws(AllocationError) {
    let range = contractRange[s]
    if range.start == range.end { return }
    group.clear()
    var busy = ClassWords()
    let leaves = order.leavesLoop(block, s)
    let isLikely =
      !view.blocks[s].isCold
      && view.blocks[s].frequency * SinglePassLimits.likelyFactor >= view.blocks[block].frequency
    // What the loop itself makes is best kept from there to its end; what was there before the
    // loop would take a register throughout.
    var loopStart = 0
    if leaves {
      loopStart = view.firstPosition(Int(truncatingIfNeeded: order.loop[block]))
    }
    for k in Int(range.start)..<Int(range.end) {
      let entry = contracts[k]
      let v = Int(truncatingIfNeeded: entry.value)
      let register = values[v].register
      busy.insert(entry.register)
      if register == entry.register { continue }
      let c = Int(truncatingIfNeeded: entry.register &>> 6)
      if register != noRegister {
        busy.insert(register)
        group.add(
          Allocation(packed: register), Allocation(packed: entry.register),
          view.shape(of: v))
      } else if leaves
        ? isDefined(v, from: loopStart) && held[c] != registers.allocatable[c]
        : isLikely && held[c] != registers.allocatable[c]
          && (!held.contains(entry.register) || isDefined(v, from: firstPosition))
      {
        let free = registers.allocatable[c] & ~held[c]
        let isFree = free & ClassWords.bit(entry.register) != 0
        let place = isFree ? entry.register : choose(v, c, free)
        hold(v, place)
        busy.insert(place)
        lastNamed[Int(place)] = UInt32(truncatingIfNeeded: blockRange.upperBound)
        group.add(
          Allocation(packed: place), Allocation(packed: entry.register), view.shape(of: v))
      } else {
        group.add(slot(of: v), Allocation(packed: entry.register), view.shape(of: v))
      }
    }
    if !group.isEmpty { try emitGroupAtHead(of: s, busy: busy) }
    group.clear()
  }

  /// True if the definition of `v` lies between that position and the end of this block.
  @inline(__always) private func isDefined(_ v: Int, from start: Int) -> Bool {
    let definition = Int(truncatingIfNeeded: values[v].definition)
    return definition >= start && definition < endPosition
  }

  /// Decides the contract of a block that is visited after one of its predecessors.
  private mutating func decideContract(_ s: Int, mayUseRegisters: Bool) {
    let end = Int32(truncatingIfNeeded: contracts.count)
    contractRange[s] = ContractRange(start: end, end: end)
    if !mayUseRegisters || !arePredecessorsPlain(s) { return }
    var free = registersForLoop(s)
    var left = PerClass<Int>(repeating: 0)
    for c in 0..<3 {
      let all = registers.allocatable[c].nonzeroBitCount
      left[c] = (all &* SinglePassLimits.eighthsForParameters) &>> 3
    }
    for k in view.parameterRange(s) {
      let p = Int(view.parameters[k].raw)
      let c = Int(view.classes[p].rawValue)
      if left[c] == 0 || free[c] == 0 { continue }
      left[c] &-= 1
      let register = choose(p, c, free[c])
      free.remove(register)
      values[p].contract = register
      values[p].hint = register
    }
    // What the loop uses and does not define may take an eighth more.
    for c in 0..<3 { left[c] &+= registers.allocatable[c].nonzeroBitCount &>> 3 }
    listInvariants(s, &free, &left)
    contractRange[s].end = Int32(truncatingIfNeeded: contracts.count)
  }

  /// The registers that values can keep throughout the loop: calls on its way destroy the others.
  private mutating func registersForLoop(_ s: Int) -> ClassWords {
    var free = registers.allocatable
    if s > block { return free }
    let last = min(block, s &+ SinglePassLimits.loopBlocks)
    let first = s == 0 ? 0 : Int(survey.clobberEnd[s &- 1])
    let end = Int(survey.clobberEnd[last])
    let threshold = view.blocks[s].frequency * SinglePassLimits.loopPart
    var b = s
    for k in first..<min(end, first &+ SinglePassLimits.loopClobbers) {
      while Int(survey.clobberEnd[b]) <= k { b &+= 1 }
      if view.blocks[b].frequency < threshold || view.blocks[b].isCold { continue }
      let i = Int(survey.clobbers[k])
      let mask = ClassWords(view.clobberMasks[Int(view.instructions[i].clobberMask)])
      free.subtract(mask)
    }
    return free
  }

  /// Adds values to the contract of loop head `s` that the loop uses and does not define.
  ///
  /// The loop is taken to be the blocks from `s` to this one. Where the layout is another, a value
  /// may get in that is not live there; it costs a register and no more. So that nested loops do
  /// not read the same blocks again and again, the reading ends after so many values.
  private mutating func listInvariants(
    _ s: Int, _ free: inout ClassWords, _ left: inout PerClass<Int>
  ) {
    if s > block { return }
    let first = Int(truncatingIfNeeded: survey.visitorStart[s])
    let last = min(block, s &+ SinglePassLimits.loopBlocks)
    let end = Int(truncatingIfNeeded: survey.visitorStart[last &+ 1])
    let head = view.firstPosition(s)
    let threshold = view.blocks[s].frequency * SinglePassLimits.loopPart
    var b = s
    for k in first..<min(end, first &+ SinglePassLimits.loopValues) {
      while Int(truncatingIfNeeded: survey.visitorStart[b &+ 1]) <= k { b &+= 1 }
      if view.blocks[b].frequency < threshold || view.blocks[b].isCold { continue }
      // In another loop, or none; loops further in are worth the try.
      if order.hasLoops && order.depth[b] < order.depth[s] { continue }
      let v = Int(truncatingIfNeeded: survey.visitors[k])
      if isDefined(v, from: head) { continue }
      let c = Int(view.classes[v].rawValue)
      if left[c] == 0 || free[c] == 0 || values[v].register != noRegister { continue }
      left[c] &-= 1
      let register = choose(v, c, free[c])
      free.remove(register)
      // Marks it as listed until the registers are adopted.
      values[v].register = register
      values[v].isGuess = true
      values[v].hint = register
      contracts.append(ContractEntry(value: UInt32(truncatingIfNeeded: v), register: register))
    }
  }

  // MARK: At a block's head

  /// Hands the registers on: as a contract, or as moves from the one decided before.
  mutating func leaveToPredecessors() throws(AllocationError) {
    if contractRange[block].start >= 0 { return try reconcile() }
    let predecessors = view.predecessorRange(block)
    let start = Int32(truncatingIfNeeded: contracts.count)
    if predecessors.isEmpty {
      // The entry, or a block that nobody reaches.
      try dropRegisters()
      contractRange[block] = ContractRange(start: start, end: start)
      return
    }
    let isFree =
      predecessors.count == 1 && view.parameterRange(block).isEmpty
      || arePredecessorsPlain(block)
    if !isFree {
      contractRange[block] = ContractRange(start: start, end: start)
      return try reconcile()
    }
    offerContract()
    contractRange[block] = ContractRange(
      start: start, end: Int32(truncatingIfNeeded: contracts.count))
  }

  /// True if no predecessor's branch names a value or clobbers.
  private mutating func arePredecessorsPlain(_ b: Int) -> Bool {
    for k in view.predecessorRange(b) {
      let p = Int(truncatingIfNeeded: view.predecessors[k].raw)
      let last = Int(truncatingIfNeeded: view.blocks[p &+ 1].instructionStart) &- 1
      if view.instructions[last].clobberMask != 0 || !view.operandRange(last).isEmpty {
        return false
      }
    }
    return true
  }

  /// The registers as they are become the contract.
  private mutating func offerContract() {
    let first = blockRange.lowerBound
    for c in 0..<3 {
      var rest = held[c]
      while rest != 0 {
        let register = ClassWords.lowest(rest, c)
        rest &= rest &- 1
        let v = Int(truncatingIfNeeded: occupant[Int(register)])
        values[v].register = noRegister
        values[v].hint = register
        if isParameter(v) {
          values[v].contract = register
          if values[v].slot >= 0 {
            emit(.before(first), Allocation(packed: register), slot(of: v), v)
          }
        } else {
          contracts.append(
            ContractEntry(value: UInt32(truncatingIfNeeded: v), register: register))
        }
      }
    }
    held = ClassWords()
  }

  /// True if `v` is a parameter of this block.
  @inline(__always) private func isParameter(_ v: Int) -> Bool {
    values[v].isParameter
      && Int(truncatingIfNeeded: values[v].definition) == firstPosition
  }

  private mutating func dropRegisters() throws(AllocationError) {
    for c in 0..<3 {
      while held[c] != 0 {
        let register = ClassWords.lowest(held[c], c)
        held.remove(register)
        let v = Int(truncatingIfNeeded: occupant[Int(register)])
        values[v].register = noRegister
        if block == 0 && !values[v].isGuess { throw .liveAtEntry(VirtualRegister(v)) }
      }
    }
  }

  /// Moves, at this block's head, from its contract to the registers as they are.
  private mutating func reconcile() throws(AllocationError) {
    group.clear()
    var busy = held
    let range = contractRange[block]
    for k in Int(range.start)..<Int(range.end) {
      let entry = contracts[k]
      busy.insert(entry.register)
      values[Int(truncatingIfNeeded: entry.value)].mark =
        ValueState.listed | UInt32(truncatingIfNeeded: entry.register)
    }
    for k in view.parameterRange(block) {
      let p = Int(view.parameters[k].raw)
      let register = values[p].contract
      if register == noRegister { continue }
      busy.insert(register)
      if values[p].slot >= 0 {
        group.add(Allocation(packed: register), slot(of: p), view.shape(of: p))
      }
    }
    for c in 0..<3 {
      while held[c] != 0 {
        let register = ClassWords.lowest(held[c], c)
        held.remove(register)
        let v = Int(truncatingIfNeeded: occupant[Int(register)])
        values[v].register = noRegister
        let from: Allocation
        if values[v].mark >= ValueState.listed {
          from = Allocation(packed: UInt8(truncatingIfNeeded: values[v].mark))
        } else if isParameter(v) && values[v].contract != noRegister {
          from = Allocation(packed: values[v].contract)
        } else {
          from = slot(of: v)
        }
        group.add(from, Allocation(packed: register), view.shape(of: v))
      }
    }
    for k in Int(range.start)..<Int(range.end) {
      values[Int(truncatingIfNeeded: contracts[k].value)].mark = 0
    }
    if !group.isEmpty { try emitGroup(.before(blockRange.lowerBound), busy: busy) }
    group.clear()
  }
}
