// SPDX-License-Identifier: Apache-2.0
// The single-pass allocator on instructions of any shape.

import BrolgaEntities

/// What the general path keeps for one instruction.
struct InstructionState: ~Copyable {
  /// A value that was in `register` below and is elsewhere across the instruction.
  struct Displaced: BitwiseCopyable {
    var value: UInt32
    var register: UInt8
    /// Where it is across the instruction; `noRegister` for its slot.
    var across: UInt8
  }

  /// A use that gets a copy of its value in a place of its own.
  struct Copy: BitwiseCopyable {
    var value: UInt32
    var target: UInt8
  }

  /// Registers that nobody else can have before (`early`) or after (`late`) the instruction's work.
  var early = ClassWords()
  var late = ClassWords()
  /// Registers whose value an operand reads there.
  var locked = ClassWords()
  /// Registers held below the instruction.
  var heldBelow = ClassWords()
  /// Where values are across the instruction that are elsewhere below it, and definitions.
  var sources = ClassWords()
  /// Registers that a value reached in this instruction: nobody below expects it there.
  var arrived = ClassWords()
  /// Registers in which the values defined here are expected.
  var expectedSet = ClassWords()
  /// Hardware numbers below the highest limit of the instruction. Where it has one, operands take
  /// the highest registers that they can, and nothing stays low unless it must.
  var limited: UInt64 = 0
  var displaced = Vector<Displaced>()
  var copies = Vector<Copy>()
  /// Per operand: where a defined value is expected below.
  var expected = Vector<UInt8>()
  /// Of `late`, the registers that a fixed operand names.
  var lateFixed = ClassWords()
  // The value that a fixed operand names for a register; meaningful under the bits of `early` as
  // `reserveFixed` leaves it, and of `lateFixed`.
  var earlyOwner = Vector<UInt32>()
  var lateOwner = Vector<UInt32>()

  init() {
    earlyOwner.reset(count: 256, to: 0)
    lateOwner.reset(count: 256, to: 0)
  }
}

/// Hardware numbers that the constraint of `operand` allows, as a mask.
@inline(__always) func limitMask(_ operand: Operand) -> UInt64 {
  if operand.tag != .limit || operand.payload >= 6 { return .max }
  return (1 &<< (1 &<< UInt64(truncatingIfNeeded: operand.payload))) &- 1
}

extension SinglePass {
  mutating func visitGeneral(_ i: Int, _ range: Range<Int>) throws(AllocationError) {
    let mask = Int(truncatingIfNeeded: view.instructions[i].clobberMask)
    instruction.early = ClassWords()
    instruction.late = ClassWords(view.clobberMasks[mask])
    instruction.lateFixed = ClassWords()
    instruction.locked = ClassWords()
    instruction.heldBelow = held
    instruction.sources = ClassWords()
    instruction.arrived = ClassWords()
    instruction.expectedSet = ClassWords()
    instruction.limited = 0
    instruction.displaced.removeAll()
    instruction.copies.removeAll()
    let tags = try reserveFixed(i, range)
    releaseDefinitions(range)
    if tags & ~(1 &<< 7) != 0 { try placeFixedDefinitions(i, range) }
    try clearReserved(i)
    // Operands that need a register at both times, then late ones, then early ones; among those
    // the ones with the fewest registers to choose from first. Last those that memory would do for.
    let needsBoth = tags & 1 &<< 7 != 0
    if needsBoth {
      try placeEarlyDefinitionsAndReuses(i, range)
      try placeUses(i, range, tags, late: true)
    }
    try placeLateDefinitions(i, range)
    try placeUses(i, range, tags, late: false)
    if needsBoth {
      try placeLenientEarlyDefinitions(i, range)
      placeLenientUses(i, range, tags, late: true)
    }
    placeLenientUses(i, range, tags, late: false)
    try emitAfter(i, range)
    try emitCopies(i)
    for k in range {
      let operand = view.operands[k]
      guard operand.isDefinition else { continue }
      let v = Int(operand.register.raw)
      if values[v].slot >= 0 { giveSlot(v) }
    }
  }

  /// Enters the registers of fixed operands into `early` and `late`.
  ///
  /// Returns a bit per constraint that occurs, by its raw value; bit 7 for operands that need
  /// their place at both times.
  private mutating func reserveFixed(
    _ i: Int, _ range: Range<Int>
  ) throws(AllocationError) -> UInt32 {
    var tags: UInt32 = 0
    while instruction.expected.count < range.count { instruction.expected.append(noRegister) }
    for k in range {
      let operand = view.operands[k]
      let tag = operand.tag
      tags |= 1 &<< UInt32(truncatingIfNeeded: tag.rawValue)
      if operand.isDefinition == operand.isEarly || tag == .reuse { tags |= 1 &<< 7 }
      if tag == .limit && operand.payload < 6 { instruction.limited |= limitMask(operand) }
      var register = operand.payload
      if tag == .reuse {
        let input = view.operands[range.lowerBound &+ Int(operand.payload)]
        if input.tag != .fixed { continue }
        register = input.payload
      } else if tag != .fixed {
        continue
      }
      guard registers.allocatable.contains(register) else { continue }
      let v = operand.register.raw
      let r = Int(register)
      if operand.isEarly || operand.isUse {
        if instruction.early.contains(register) && instruction.earlyOwner[r] != v {
          throw .conflictingRegister(InstructionIndex(i), PhysicalRegister(raw: register))
        }
        instruction.early.insert(register)
        instruction.earlyOwner[r] = v
      }
      if operand.isLate || operand.isDefinition {
        // Late also holds the clobbers: a late place in one of them cannot be.
        let isFixed = instruction.lateFixed.contains(register)
        if isFixed ? instruction.lateOwner[r] != v : instruction.late.contains(register) {
          throw .conflictingRegister(InstructionIndex(i), PhysicalRegister(raw: register))
        }
        instruction.late.insert(register)
        instruction.lateFixed.insert(register)
        instruction.lateOwner[r] = v
      }
    }
    return tags
  }

  /// The values defined here are not live above; their registers become free.
  private mutating func releaseDefinitions(_ range: Range<Int>) {
    for k in range {
      let operand = view.operands[k]
      guard operand.isDefinition else { continue }
      let v = Int(operand.register.raw)
      let register = values[v].register
      instruction.expected[k &- range.lowerBound] = register
      if register == noRegister { continue }
      held.remove(register)
      values[v].register = noRegister
      instruction.expectedSet.insert(register)
    }
  }

  private mutating func placeFixedDefinitions(
    _ i: Int, _ range: Range<Int>
  ) throws(AllocationError) {
    for k in range {
      let operand = view.operands[k]
      if operand.tag == .fixedNonAllocatable { out[k] = Allocation(operand.fixedRegister) }
      guard operand.isDefinition, operand.tag == .fixed else { continue }
      out[k] = Allocation(operand.fixedRegister)
      if !registers.memoryNames.contains(operand.payload) {
        instruction.sources.insert(operand.payload)
      }
      used.insert(operand.payload)
      lastNamed[Int(operand.payload)] = UInt32(truncatingIfNeeded: i)
    }
  }

  /// Moves values that live across the instruction out of registers that it takes or destroys.
  private mutating func clearReserved(_ i: Int) throws(AllocationError) {
    for c in 0..<3 {
      var conflicts = held[c] & (instruction.early[c] | instruction.late[c] | instruction.limited)
      while conflicts != 0 {
        let register = ClassWords.lowest(conflicts, c)
        conflicts &= conflicts &- 1
        let r = Int(register)
        let v = occupant[r]
        // A value may stay where a fixed operand wants it, if it can be there all the time.
        let isEarlyOwn =
          !instruction.early.contains(register) || instruction.earlyOwner[r] == v
        let isLateOwn = canStay(register, v)
        let isLow = instruction.limited & ClassWords.bit(register) != 0
        if !(isEarlyOwn && isLateOwn) || isLow { displace(register, c) }
      }
    }
  }

  /// True if `v`, a value that is read here, can be in `register` after the work.
  mutating func canStay(_ register: UInt8, _ v: UInt32) -> Bool {
    !instruction.late.contains(register)
      || (instruction.lateFixed.contains(register) && instruction.lateOwner[Int(register)] == v)
  }

  /// Sends the value of `register` elsewhere, from before the instruction until after it.
  private mutating func displace(_ register: UInt8, _ c: Int) {
    let w = Int(occupant[Int(register)])
    held.remove(register)
    let bit = ClassWords.bit(register)
    let taken = held[c] | instruction.early[c] | instruction.late[c] | instruction.expectedSet[c]
    let free = registers.allocatable[c] & ~taken & ~bit & ~instruction.limited
    var across = noRegister
    if free != 0 {
      across = choose(w, c, free)
      hold(w, across)
      instruction.sources.insert(across)
    } else {
      values[w].register = noRegister
      _ = slot(of: w)
    }
    if instruction.arrived.contains(register) {
      instruction.arrived.remove(register)
      if across != noRegister { instruction.arrived.insert(across) }
      return
    }
    if instruction.sources.contains(register) {
      // It came here within this instruction.
      for d in instruction.displaced.indices where instruction.displaced[d].across == register {
        if instruction.displaced[d].value == UInt32(truncatingIfNeeded: w) {
          instruction.displaced[d].across = across
          return
        }
      }
    }
    instruction.displaced.append(
      .init(value: UInt32(truncatingIfNeeded: w), register: register, across: across))
  }

  /// Puts `v`, which is in no register below, in `register`.
  mutating func arrive(_ v: Int, _ register: UInt8) {
    hold(v, register)
    instruction.arrived.insert(register)
  }

  /// A register for `v` out of `usable`; if none of them is free, the value of one is displaced.
  mutating func obtain(
    _ i: Int, _ v: Int, _ c: Int, _ usable: UInt64
  ) throws(AllocationError) -> UInt8 {
    let free = usable & ~held[c]
    if instruction.limited != 0 {
      let highest = usable & ~(held[c] & instruction.locked[c])
      if highest == 0 { throw .tooManyLiveRegisters(InstructionIndex(i)) }
      let register = ClassWords.highest(highest, c)
      if held.contains(register) { displace(register, c) }
      return register
    }
    if free != 0 {
      let unexpected = free & ~instruction.expectedSet[c]
      return choose(v, c, unexpected != 0 ? unexpected : free)
    }
    let candidates = usable & held[c] & ~instruction.locked[c]
    if candidates == 0 { throw .tooManyLiveRegisters(InstructionIndex(i)) }
    let register = victim(candidates, c)
    displace(register, c)
    return register
  }

  /// Marks `register` as written by definition operand `k`.
  mutating func define(_ i: Int, _ k: Int, _ register: UInt8) {
    out[k] = Allocation(packed: register)
    instruction.late.insert(register)
    instruction.sources.insert(register)
    used.insert(register)
    lastNamed[Int(register)] = UInt32(truncatingIfNeeded: i)
  }

  // MARK: Moves around the instruction

  /// Brings what is defined or displaced here to where it is expected below.
  private mutating func emitAfter(_ i: Int, _ range: Range<Int>) throws(AllocationError) {
    group.clear()
    for k in range {
      let operand = view.operands[k]
      guard operand.isDefinition else { continue }
      let v = Int(operand.register.raw)
      let expected = instruction.expected[k &- range.lowerBound]
      if expected != noRegister {
        group.add(out[k], Allocation(packed: expected), view.shape(of: v))
      }
      if values[v].slot >= 0 { group.add(out[k], slot(of: v), view.shape(of: v)) }
    }
    for d in instruction.displaced.indices {
      let displaced = instruction.displaced[d]
      let v = Int(displaced.value)
      let from =
        displaced.across != noRegister
        ? Allocation(packed: displaced.across) : slot(of: v)
      group.add(from, Allocation(packed: displaced.register), view.shape(of: v))
    }
    if group.isEmpty { return }
    if view.instructions[i].role != .ordinary { return try emitAtHeads(i) }
    var busy = instruction.heldBelow
    for c in 0..<3 { busy[c] |= instruction.sources[c] }
    try emitGroup(.after(i), busy: busy)
  }

  private mutating func emitCopies(_ i: Int) throws(AllocationError) {
    if instruction.copies.isEmpty { return }
    group.clear()
    var busy = held
    for k in instruction.copies.indices {
      let copy = instruction.copies[k]
      let v = Int(copy.value)
      let register = values[v].register
      let from = register != noRegister ? Allocation(packed: register) : slot(of: v)
      group.add(from, Allocation(packed: copy.target), view.shape(of: v))
    }
    for c in 0..<3 { busy[c] |= instruction.early[c] }
    if !group.isEmpty { try emitGroup(.before(i), busy: busy) }
  }
}
