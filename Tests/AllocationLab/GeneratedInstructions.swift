// SPDX-License-Identifier: Apache-2.0
// Random instructions that some choice of registers satisfies.

import BrolgaEntities
import RegisterAllocation

extension ProblemGenerator {
  /// How many operands have at most each limit, by its logarithm plus one.
  struct Tally {
    var atMost = SIMD8<Int>()
    mutating func add(_ exponent: Int, _ count: Int) {
      for m in exponent...6 { atMost[m + 1] += count }
    }
    func count(_ exponent: Int) -> Int { atMost[exponent + 1] - atMost[exponent] }
  }

  /// Registers of one class that the operands of one instruction still leave.
  struct Budget {
    var allocatable: UInt64
    var fixedEarly: UInt64 = 0
    /// Fixed late places and clobbers.
    var fixedLate: UInt64 = 0
    /// Operands in both phases, early, late.
    var both = Tally()
    var early = Tally()
    var late = Tally()

    /// Every set of operands finds as many registers (Hall's condition; allowed sets are nested).
    var isFeasible: Bool {
      func low(_ exponent: Int) -> UInt64 {
        exponent < 0 ? 0 : exponent == 6 ? .max : (1 << (1 << UInt64(exponent))) - 1
      }
      let anytime = allocatable & ~fixedEarly & ~fixedLate
      let hasLimits = both.atMost[6] + early.atMost[6] + late.atMost[6] > 0
      for m in (hasLimits ? -1 : 6)...6 {
        for n in -1...6 where hasLimits || n == -1 || n == 6 {
          let b = both.atMost[m + 1]
          let before = anytime & low(m) | allocatable & ~fixedEarly & low(n)
          if b + early.atMost[n + 1] > before.nonzeroBitCount { return false }
          let after = anytime & low(m) | allocatable & ~fixedLate & low(n)
          if b + late.atMost[n + 1] > after.nonzeroBitCount { return false }
        }
      }
      return true
    }
  }

  // MARK: Operands

  mutating func someClobbers() -> RegisterSet {
    var set = RegisterSet()
    for c in usedClasses {
      set[c] = random.chance(50) ? allocatable(c) : allocatable(c) & random.next()
    }
    return set
  }

  mutating func makeInstruction(
    _ visible: [VirtualRegister], defines: Bool, _ made: inout [VirtualRegister]
  ) -> Instruction {
    var instruction = Instruction()
    var budgets: [RegisterClass: Budget] = [:]
    for c in usedClasses { budgets[c] = Budget(allocatable: allocatable(c)) }
    if random.chance(15) {
      instruction.clobbers = someClobbers()
      for c in usedClasses { budgets[c]?.fixedLate = instruction.clobbers[c] }
      coverage.note("clobbers")
    }
    let wanted = random.pick([0, 1, 2, 2, 3, 3, 4, 6, 12])
    let usesFixed = random.chance(30)
    let usesRare = random.chance(30)
    for _ in 0..<wanted {
      let isDefinition = defines && random.chance(35)
      let c: RegisterClass
      let v: VirtualRegister
      if isDefinition {
        c = random.pick(usedClasses)
        v = VirtualRegister(raw: UInt32(classes.count))
      } else {
        // Recent values more often: short lives and repeated uses.
        let near = visible.suffix(4)
        v = random.chance(50) ? random.pick(Array(near)) : random.pick(visible)
        c = classes[Int(v.raw)]
      }
      guard
        let operand = makeOperand(
          v, c, isDefinition, usesFixed, usesRare, &instruction, &budgets)
      else { continue }
      if isDefinition {
        _ = newValue(c)
        made.append(v)
      }
      instruction.operands.append(operand)
    }
    if random.chance(5) {
      instruction.operands.append(.nonAllocatable(random.pick(outside)))
      coverage.note("fixed non-allocatable")
    }
    addReuses(&instruction, &budgets, defines, &made)
    if repeatsDefinitions && !made.isEmpty && random.chance(30) {
      let definitions = instruction.operands.filter(\.isDefinition)
      instruction.operands.append(random.pick(definitions))
      coverage.note("repeated definition")
    }
    return instruction
  }

  /// An operand that the budgets still allow, or nil.
  private mutating func makeOperand(
    _ v: VirtualRegister, _ c: RegisterClass, _ isDefinition: Bool, _ usesFixed: Bool,
    _ usesRare: Bool, _ instruction: inout Instruction, _ budgets: inout [RegisterClass: Budget]
  ) -> Operand? {
    guard var budget = budgets[c] else { return nil }
    let kind: Operand.Kind = isDefinition ? .definition : .use
    let isOdd = usesRare && random.chance(25)
    let position: Operand.Position = isDefinition != isOdd ? .late : .early
    let phase =
      isOdd ? (isDefinition ? "early definition" : "late use") : isDefinition ? "definition" : "use"
    let needsEarly = position == .early || !isDefinition
    let needsLate = position == .late || isDefinition
    func add(_ exponent: Int) {
      if needsEarly && needsLate {
        budget.both.add(exponent, 1)
      } else if needsEarly {
        budget.early.add(exponent, 1)
      } else {
        budget.late.add(exponent, 1)
      }
    }
    if usesFixed && random.chance(50) {
      if machine.fixedStackSlots[c] != 0 && random.chance(25) {
        let register = freshStackSlot(c, instruction)
        guard let register else { return nil }
        coverage.note("fixed stack \(phase)")
        return Operand(v, c, kind, position, .fixed, payload: register.raw)
      }
      var free = budget.allocatable
      if needsEarly { free &= ~budget.fixedEarly }
      if needsLate { free &= ~budget.fixedLate }
      if free == 0 { return nil }
      let number = random.bit(free)
      if needsEarly { budget.fixedEarly |= 1 << UInt64(number) }
      if needsLate { budget.fixedLate |= 1 << UInt64(number) }
      if !budget.isFeasible { return nil }
      budgets[c] = budget
      coverage.note("fixed \(phase)")
      if instruction.operands.contains(where: { $0.register == v && $0.tag == .fixed }) {
        coverage.note("one value in several fixed registers")
      }
      let register = PhysicalRegister(c, number)
      if instruction.clobbers.contains(register) { coverage.note("fixed use of clobbered") }
      return Operand(v, c, kind, position, .fixed, payload: register.raw)
    }
    if usesRare && random.chance(20) {
      coverage.note("stack \(phase)")
      return Operand(v, c, kind, position, .stack)
    }
    if usesRare && random.chance(25) {
      let exponent = random.below(6)
      add(exponent)
      if !budget.isFeasible { return nil }
      budgets[c] = budget
      coverage.note("limit \(phase)")
      return Operand(v, c, kind, position, .limit, payload: UInt8(exponent))
    }
    if random.chance(25) {
      coverage.note("any \(phase)")
      return Operand(v, c, kind, position, .any)
    }
    add(6)
    if !budget.isFeasible { return nil }
    budgets[c] = budget
    coverage.note("register \(phase)")
    if !isDefinition && instruction.operands.contains(where: { $0.isUse && $0.register == v }) {
      coverage.note("repeated use")
    }
    return Operand(v, c, kind, position, .register)
  }

  private mutating func freshStackSlot(_ c: RegisterClass, _ instruction: Instruction)
    -> PhysicalRegister?
  {
    let register = PhysicalRegister(c, random.bit(machine.fixedStackSlots[c]))
    let isTaken = instruction.operands.contains { $0.tag == .fixed && $0.fixedRegister == register }
    return isTaken ? nil : register
  }

  private mutating func addReuses(
    _ instruction: inout Instruction, _ budgets: inout [RegisterClass: Budget], _ defines: Bool,
    _ made: inout [VirtualRegister]
  ) {
    guard defines else { return }
    var reused = 0
    for k in instruction.operands.indices where k < 32 && random.chance(20) {
      let input = instruction.operands[k]
      let c = input.registerClass
      guard input.isUse, input.isEarly, var budget = budgets[c] else { continue }
      switch input.tag {
      case .register, .limit:
        let exponent = input.tag == .limit ? Int(input.payload) : 6
        if budget.early.count(exponent) == 0 { continue }
        budget.early.add(exponent, -1)
        budget.both.add(exponent, 1)
        coverage.note(input.tag == .limit ? "reuse of limit" : "reuse")
      case .fixed:
        let bit: UInt64 = 1 << UInt64(input.fixedRegister.number)
        if budget.allocatable & bit == 0 || budget.fixedLate & bit != 0 { continue }
        budget.fixedLate |= bit
        coverage.note("reuse of fixed")
      default: continue
      }
      if !budget.isFeasible { continue }
      budgets[c] = budget
      let v = newValue(c)
      made.append(v)
      instruction.operands.append(.reuse(v, c, of: k))
      reused += 1
    }
    if reused > 1 { coverage.note("several reuses") }
  }
}
