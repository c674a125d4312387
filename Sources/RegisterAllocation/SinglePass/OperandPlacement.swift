// SPDX-License-Identifier: Apache-2.0
// Where the general path of the single-pass allocator puts each operand of an instruction.

import BrolgaEntities

extension SinglePass {
  // MARK: Definitions

  /// Early definitions and reusing ones, which need a register before and after the work.
  mutating func placeEarlyDefinitionsAndReuses(
    _ i: Int, _ range: Range<Int>
  ) throws(AllocationError) {
    var n: UInt8 = instruction.limited != 0 ? 0 : 6
    while n <= 6 {
      for k in range {
        let operand = view.operands[k]
        guard operand.isDefinition else { continue }
        if operand.tag == .reuse {
          let input = range.lowerBound &+ Int(operand.payload)
          let limit = view.operands[input]
          let rank = limit.tag == .limit ? min(limit.payload, 6) : 6
          if rank == n { try placeReuse(i, range, k, input) }
        } else if operand.isEarly && (operand.tag == .register || operand.tag == .limit) {
          let rank = operand.tag == .limit ? min(operand.payload, 6) : 6
          if rank == n { try placeEarlyDefinition(i, range, k) }
        }
      }
      n &+= 1
    }
  }

  private mutating func placeEarlyDefinition(
    _ i: Int, _ range: Range<Int>, _ k: Int
  ) throws(AllocationError) {
    let operand = view.operands[k]
    let c = Int(operand.registerClass.rawValue)
    let usable =
      registers.allocatable[c] & ~instruction.early[c] & ~instruction.late[c] & limitMask(operand)
    let register = try registerForDefinition(i, range, k, usable)
    define(i, k, register)
    instruction.early.insert(register)
  }

  mutating func placeLenientEarlyDefinitions(
    _ i: Int, _ range: Range<Int>
  ) throws(AllocationError) {
    for k in range where out[k].isNone {
      let operand = view.operands[k]
      guard operand.isDefinition else { continue }
      let v = Int(operand.register.raw)
      let c = Int(operand.registerClass.rawValue)
      let usable = registers.allocatable[c] & ~instruction.early[c] & ~instruction.late[c]
      if operand.tag == .stack || prefersSlot(k, range, v, usable, c) {
        out[k] = slot(of: v)
      } else {
        try placeEarlyDefinition(i, range, k)
      }
    }
  }

  /// True if definition operand `k`, which may be in memory, should be.
  private mutating func prefersSlot(
    _ k: Int, _ range: Range<Int>, _ v: Int, _ usable: UInt64, _ c: Int
  ) -> Bool {
    let expected = instruction.expected[k &- range.lowerBound]
    if expected == noRegister && values[v].slot >= 0 { return true }
    return usable & ~held[c] == 0
  }

  /// The expected register if it is usable, else another.
  private mutating func registerForDefinition(
    _ i: Int, _ range: Range<Int>, _ k: Int, _ usable: UInt64
  ) throws(AllocationError) -> UInt8 {
    let operand = view.operands[k]
    let c = Int(operand.registerClass.rawValue)
    let expected = instruction.expected[k &- range.lowerBound]
    if expected != noRegister && instruction.limited == 0
      && usable & ~held[c] & ClassWords.bit(expected) != 0
    {
      return expected
    }
    return try obtain(i, Int(operand.register.raw), c, usable)
  }

  private mutating func placeReuse(
    _ i: Int, _ range: Range<Int>, _ k: Int, _ input: Int
  ) throws(AllocationError) {
    let operand = view.operands[k]
    let source = view.operands[input]
    let c = Int(operand.registerClass.rawValue)
    let u = Int(source.register.raw)
    var register: UInt8
    if source.tag == .fixed {
      register = source.payload
    } else {
      let usable =
        registers.allocatable[c] & ~instruction.early[c] & ~instruction.late[c] & limitMask(source)
      register = try registerForDefinition(i, range, k, usable)
    }
    define(i, k, register)
    instruction.early.insert(register)
    if source.tag == .fixed { return }
    out[input] = Allocation(packed: register)
    if values[u].register == noRegister {
      arrive(u, register)
      instruction.locked.insert(register)
    } else {
      instruction.copies.append(
        .init(value: UInt32(truncatingIfNeeded: u), target: register))
    }
  }

  /// Places the uses of one position that need a certain place or a register.
  mutating func placeUses(
    _ i: Int, _ range: Range<Int>, _ tags: UInt32, late: Bool
  ) throws(AllocationError) {
    let fixed = UInt32(1) &<< UInt32(Operand.ConstraintTag.fixed.rawValue)
    if tags & fixed != 0 {
      for k in range {
        let operand = view.operands[k]
        if operand.isUse && operand.isLate == late && operand.tag == .fixed {
          placeFixedUse(i, k, operand)
        }
      }
    }
    var n: UInt8 = instruction.limited != 0 ? 0 : 6
    while n <= 6 {
      for k in range where out[k].isNone {
        let operand = view.operands[k]
        guard operand.isUse, operand.isLate == late else { continue }
        let rank = operand.tag == .limit ? min(operand.payload, 6) : 6
        if rank == n && (operand.tag == .register || operand.tag == .limit) {
          try placeRegisterUse(i, k, operand)
        }
      }
      n &+= 1
    }
  }

  /// Places the uses of one position that may or must be in memory.
  mutating func placeLenientUses(
    _ i: Int, _ range: Range<Int>, _ tags: UInt32, late: Bool
  ) {
    let lenient =
      UInt32(1) &<< UInt32(Operand.ConstraintTag.any.rawValue)
      | UInt32(1) &<< UInt32(Operand.ConstraintTag.stack.rawValue)
    if tags & lenient == 0 { return }
    for k in range where out[k].isNone {
      let operand = view.operands[k]
      guard operand.isUse, operand.isLate == late else { continue }
      if operand.tag == .any || operand.tag == .stack { placeLenientUse(i, k, operand) }
    }
  }

  private mutating func placeFixedUse(_ i: Int, _ k: Int, _ operand: Operand) {
    let v = Int(operand.register.raw)
    let c = Int(operand.registerClass.rawValue)
    let register = operand.payload
    out[k] = Allocation(packed: register)
    lastNamed[Int(register)] = UInt32(truncatingIfNeeded: i)
    if values[v].register == register { return }
    if values[v].register == noRegister && registers.allocatable.contains(register)
      && !held.contains(register) && !isCopyTarget(register)
    {
      arrive(v, register)
      instruction.locked.insert(register)
      return
    }
    if isCopyTarget(register) { return }
    if values[v].register == noRegister && !registers.allocatable.contains(register) {
      // Worth a register of its own, so that the copy need not come from memory.
      let taken = held[c] | instruction.early[c] | instruction.late[c] | instruction.limited
      let free = registers.allocatable[c] & ~taken
      if free != 0 { arrive(v, choose(v, c, free)) }
    }
    instruction.copies.append(
      .init(value: UInt32(truncatingIfNeeded: v), target: register))
  }

  /// True if some operand's copy, of the same value, already goes to this register.
  private mutating func isCopyTarget(_ register: UInt8) -> Bool {
    for k in instruction.copies.indices where instruction.copies[k].target == register {
      return true
    }
    return false
  }

  private mutating func placeRegisterUse(
    _ i: Int, _ k: Int, _ operand: Operand
  ) throws(AllocationError) {
    let v = Int(operand.register.raw)
    let c = Int(operand.registerClass.rawValue)
    let allowed = limitMask(operand)
    var usable = registers.allocatable[c] & ~instruction.early[c] & allowed
    if operand.isLate { usable &= ~instruction.late[c] }
    var register = values[v].register
    if register == noRegister {
      register = try obtain(i, v, c, usable)
      arrive(v, register)
      instruction.locked.insert(register)
    } else if allowed & ClassWords.bit(register) != 0
      && (operand.isEarly || canStay(register, operand.register.raw))
    {
      instruction.locked.insert(register)
    } else {
      register = try obtain(i, v, c, usable)
      if values[v].register == noRegister {
        // It was the one that had to go.
        arrive(v, register)
        instruction.locked.insert(register)
      } else {
        instruction.copies.append(
          .init(value: UInt32(truncatingIfNeeded: v), target: register))
        instruction.early.insert(register)
        if operand.isLate { instruction.late.insert(register) }
      }
    }
    out[k] = Allocation(packed: register)
    lastNamed[Int(register)] = UInt32(truncatingIfNeeded: i)
  }

  /// A use that may or must be in memory; it displaces nobody.
  private mutating func placeLenientUse(_ i: Int, _ k: Int, _ operand: Operand) {
    let v = Int(operand.register.raw)
    let c = Int(operand.registerClass.rawValue)
    if operand.tag == .stack {
      out[k] = slot(of: v)
      return
    }
    var register = values[v].register
    if register == noRegister {
      var free = registers.allocatable[c] & ~held[c] & ~instruction.early[c]
      if operand.isLate { free &= ~instruction.late[c] }
      if free == 0 {
        out[k] = slot(of: v)
        return
      }
      register = choose(v, c, free)
      arrive(v, register)
    } else if operand.isLate && !canStay(register, operand.register.raw) {
      out[k] = slot(of: v)
      return
    }
    instruction.locked.insert(register)
    lastNamed[Int(register)] = UInt32(truncatingIfNeeded: i)
    out[k] = Allocation(packed: register)
  }

  mutating func placeLateDefinitions(
    _ i: Int, _ range: Range<Int>
  ) throws(AllocationError) {
    var n: UInt8 = instruction.limited != 0 ? 0 : 6
    while n <= 6 {
      for k in range where out[k].isNone {
        let operand = view.operands[k]
        guard operand.isDefinition, operand.isLate else { continue }
        let rank = operand.tag == .limit ? min(operand.payload, 6) : 6
        if rank == n && (operand.tag == .register || operand.tag == .limit) {
          let c = Int(operand.registerClass.rawValue)
          let usable = registers.allocatable[c] & ~instruction.late[c] & limitMask(operand)
          define(i, k, try registerForDefinition(i, range, k, usable))
        }
      }
      n &+= 1
    }
    for k in range where out[k].isNone {
      let operand = view.operands[k]
      guard operand.isDefinition, operand.isLate else { continue }
      let v = Int(operand.register.raw)
      let c = Int(operand.registerClass.rawValue)
      let usable = registers.allocatable[c] & ~instruction.late[c]
      if operand.tag == .stack || prefersSlot(k, range, v, usable, c) {
        out[k] = slot(of: v)
      } else {
        define(i, k, try registerForDefinition(i, range, k, usable))
      }
    }
  }
}
