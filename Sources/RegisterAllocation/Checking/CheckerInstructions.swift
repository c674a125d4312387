// SPDX-License-Identifier: Apache-2.0
// The checker within a block: operands, clobbers, moves.

import BrolgaEntities

extension Checker {
  /// Checks and executes one instruction, in the order of its phases.
  mutating func checkInstruction(
    _ i: Int, _ problem: borrowing Problem, _ solution: borrowing Solution
  ) throws(CheckError) {
    let range = problem.operandRange(i)
    let mask = Int(problem.instructions.storage[i].clobberMask)
    let clobbers = problem.clobberMasks[mask]
    for k in range {
      if isLeftOut(k, problem, solution) { continue }
      try checkConstraint(i, k, range.lowerBound, problem, solution)
    }
    // Reads, before anything is written.
    for k in range where problem.operands[k].isUse {
      try checkUse(i, k, clobbers, problem, solution)
    }
    for k in range where problem.operands[k].isDefinition && !isLeftOut(k, problem, solution) {
      try checkDefinition(i, k, clobbers, problem, solution)
    }
    let wreck = Content(kind: .destroyed, movedAs: 3, payload: UInt32(i))
    for c in RegisterClass.allCases {
      var rest = clobbers[c]
      while rest != 0 {
        write(Int(PhysicalRegister(c, rest.trailingZeroBitCount).raw), 1, wreck)
        rest &= rest &- 1
      }
    }
    // Inside an instruction the dedicated scratch registers belong to the client.
    if let scratch = problem.machine.intScratch { write(Int(scratch.raw), 1, wreck) }
    if let scratch = problem.machine.floatScratch { write(Int(scratch.raw), 1, wreck) }
    if let scratch = problem.machine.vectorScratch { write(Int(scratch.raw), 1, wreck) }
    for k in range where problem.operands[k].isDefinition && !isLeftOut(k, problem, solution) {
      let operand = problem.operands[k]
      let units = size(solution.allocations[k], operand.register, problem)
      write(
        Self.index(solution.allocations[k]), units,
        Content(kind: .value, movedAs: 3, payload: operand.register.raw))
    }
  }

  /// Whether operand `k` defines a value that its readers make again themselves.
  private func isLeftOut(
    _ k: Int, _ problem: borrowing Problem, _ solution: borrowing Solution
  ) -> Bool {
    solution.allocations[k].isNone && problem.operands[k].isDefinition
      && problem.rematerialization(of: problem.operands[k].register) != nil
  }

  /// How many places a value takes there.
  private func size(
    _ place: Allocation, _ v: VirtualRegister, _ problem: borrowing Problem
  ) -> Int {
    place.isSlot ? problem.units(of: v) : 1
  }

  /// Faults of a place that hold whatever names it.
  func fault(
    of place: Allocation, _ registerClass: RegisterClass, units: Int, slotUnits: Int
  ) -> CheckError.Fault? {
    if place.isSlot {
      if place.slot + units > slotUnits { return .slotOutsideSpillArea }
      return place.slot % units == 0 ? nil : .slotMisaligned
    }
    if !place.isRegister { return .missingAllocation }
    return place.register.raw &>> 6 == registerClass.rawValue ? nil : .wrongClass
  }

  private func checkConstraint(
    _ i: Int, _ k: Int, _ first: Int, _ problem: borrowing Problem, _ solution: borrowing Solution
  ) throws(CheckError) {
    let operand = problem.operands[k]
    let place = solution.allocations[k]
    let units = operand.tag == .fixedNonAllocatable ? 1 : problem.units(of: operand.register)
    var found = fault(
      of: place, operand.registerClass, units: units, slotUnits: solution.slotUnits)
    let machine = problem.machine
    if found == nil {
      switch operand.tag {
      case .any: found = place.isSlot ? nil : registerFault(place, operand, machine, solution)
      case .register: found = registerFault(place, operand, machine, solution)
      case .stack: found = place.isSlot ? nil : .notASlot
      case .fixed:
        found = place == Allocation(operand.fixedRegister) ? nil : .notTheFixedRegister
        if found == nil && operand.isDefinition {
          found = reportFault(operand.fixedRegister, machine, solution)
        }
      case .fixedNonAllocatable:
        found = place == Allocation(operand.fixedRegister) ? nil : .notTheFixedRegister
      case .reuse:
        found = registerFault(place, operand, machine, solution)
        // Fixed inputs may be outside the allocatable registers.
        if place == solution.allocations[first + Int(operand.payload)] {
          if found == .notAllocatable { found = nil }
        } else {
          found = .notTheReusedRegister
        }
      case .limit:
        found = registerFault(place, operand, machine, solution)
        if found == nil && place.register.number >= 1 << Int(operand.payload) {
          found = .outsideLimit
        }
      }
    }
    if let found { throw error(found, .before(i), k, place, operand.register) }
  }

  private func registerFault(
    _ place: Allocation, _ operand: Operand, _ machine: Machine, _ solution: borrowing Solution
  ) -> CheckError.Fault? {
    if !place.isRegister { return .notARegister }
    let register = place.register
    if !machine.preferred.contains(register) && !machine.nonPreferred.contains(register) {
      return .notAllocatable
    }
    return operand.isDefinition ? reportFault(register, machine, solution) : nil
  }

  /// A register that is written must be in `usedRegisters` if it is allocatable.
  private func reportFault(
    _ register: PhysicalRegister, _ machine: Machine, _ solution: borrowing Solution
  ) -> CheckError.Fault? {
    if !machine.preferred.contains(register) && !machine.nonPreferred.contains(register) {
      return nil
    }
    return solution.usedRegisters.contains(register) ? nil : .registerNotReported
  }

  private mutating func checkUse(
    _ i: Int, _ k: Int, _ clobbers: RegisterSet, _ problem: borrowing Problem,
    _ solution: borrowing Solution
  ) throws(CheckError) {
    let operand = problem.operands[k]
    if operand.tag == .fixedNonAllocatable { return }
    let place = solution.allocations[k]
    let v = operand.register
    let units = size(place, v, problem)
    let first = Self.index(place)
    for unit in first..<(first + units) {
      places[unit].usedBy = UInt32(i) + 1
      if operand.isLate { places[unit].lateUsedBy = UInt32(i) + 1 }
    }
    if operand.isLate && place.isRegister && clobbers.contains(place.register) {
      throw error(.operandClobbered, .before(i), k, place, v)
    }
    if operand.isLate && place.isRegister && isScratch(place.register, problem.machine) {
      throw error(.operandClobbered, .before(i), k, place, v)
    }
    let held = content(first, units)
    let point = ProgramPoint.before(i)
    guard let held else { throw error(.holdsPartOfAnotherSlot, point, k, place, v) }
    try require(held, v.raw, block, point, k, problem)
  }

  private func isScratch(_ register: PhysicalRegister, _ machine: Machine) -> Bool {
    register == machine.intScratch || register == machine.floatScratch
      || register == machine.vectorScratch
  }

  private mutating func checkDefinition(
    _ i: Int, _ k: Int, _ clobbers: RegisterSet, _ problem: borrowing Problem,
    _ solution: borrowing Solution
  ) throws(CheckError) {
    let operand = problem.operands[k]
    let place = solution.allocations[k]
    let first = Self.index(place)
    let stamp = UInt32(i) + 1
    var found: CheckError.Fault?
    let original = Int(definitions[Int(operand.register.raw)].operand)
    let isRepeated = original < k
    if isRepeated && solution.allocations[original] != place { found = .repeatedElsewhere }
    for unit in first..<(first + size(place, operand.register, problem)) {
      if places[unit].definedBy == stamp && !isRepeated { found = .definitionsOverlap }
      if places[unit].lateUsedBy == stamp { found = .lateUseOverlapsDefinition }
      if operand.isEarly && places[unit].usedBy == stamp { found = .earlyDefinitionOverlapsUse }
      places[unit].definedBy = stamp
    }
    if place.isRegister && clobbers.contains(place.register) { found = .operandClobbered }
    if let found { throw error(found, .after(i), k, place, operand.register) }
  }

  // MARK: Moves

  mutating func execute(
    editsAt point: ProgramPoint, _ problem: borrowing Problem, _ solution: borrowing Solution
  ) throws(CheckError) {
    while cursor < solution.edits.count && solution.edits[cursor].point == point {
      let edit = solution.edits[cursor]
      if let found = editFault(edit, problem, solution) {
        throw error(found, point, cursor, edit.to, .none)
      }
      let units = Int(edit.units)
      if edit.from.isRematerialized {
        write(
          Self.index(edit.to), 1,
          Content(
            kind: .value, movedAs: edit.registerClass.rawValue, width: edit.units,
            payload: edit.from.rematerializedValue.raw))
        cursor += 1
        continue
      }
      let from = Self.index(edit.from)
      let to = Self.index(edit.to)
      var moved = content(from, edit.from.isSlot ? units : 1)
      if moved == nil || (moved?.movedAs != 3 && moved?.movedAs != edit.registerClass.rawValue) {
        // Parts of several values: nothing that a use could want.
        moved = Content(
          kind: .destroyed, movedAs: 3, payload: UInt32(truncatingIfNeeded: point.instruction))
      }
      if var moved {
        moved.movedAs = edit.registerClass.rawValue
        moved.width = min(moved.width, edit.units)
        write(to, edit.to.isSlot ? units : 1, moved)
      }
      cursor += 1
    }
  }

  private func editFault(
    _ edit: Edit, _ problem: borrowing Problem, _ solution: borrowing Solution
  ) -> CheckError.Fault? {
    let machine = problem.machine
    if edit.units.nonzeroBitCount != 1 { return .editOfWrongWidth }
    if edit.from.isRematerialized {
      let value = edit.from.rematerializedValue
      let isAllowed =
        Int(value.raw) < problem.classes.count && problem.rematerialization(of: value) != nil
        && problem.classes[value] == edit.registerClass
      if !isAllowed { return .editOfUnknownValue }
    }
    for place in [edit.from, edit.to] where !place.isRematerialized {
      let found = fault(
        of: place, edit.registerClass, units: Int(edit.units), slotUnits: solution.slotUnits)
      if let found { return found == .wrongClass ? .editOfWrongClass : found }
    }
    let fromMemory =
      !edit.from.isRegister || machine.fixedStackSlots.contains(edit.from.register)
    let toMemory = edit.to.isSlot || machine.fixedStackSlots.contains(edit.to.register)
    if fromMemory && toMemory { return .editFromMemoryToMemory }
    if edit.to.isSlot { return nil }
    let target = edit.to.register
    if machine.preferred.contains(target) || machine.nonPreferred.contains(target) {
      return solution.usedRegisters.contains(target) ? nil : .registerNotReported
    }
    if isScratch(target, machine) { return nil }
    // Any other register only to serve a fixed use of the instruction that follows.
    if !edit.point.isAfter {
      for k in problem.operandRange(edit.point.instruction) {
        let operand = problem.operands[k]
        if operand.isUse && operand.tag == .fixed && operand.fixedRegister == target { return nil }
      }
    }
    return .editToForbiddenRegister
  }

  func error(
    _ fault: CheckError.Fault, _ point: ProgramPoint, _ index: Int, _ place: Allocation,
    _ value: VirtualRegister
  ) -> CheckError {
    CheckError(fault: fault, point: point, index: index, place: place, value: value)
  }
}
