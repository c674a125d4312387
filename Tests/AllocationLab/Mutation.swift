// SPDX-License-Identifier: Apache-2.0
// Kinds of change that make a right solution wrong.

import BrolgaEntities
import RegisterAllocation

/// A solution in tables that are cheap to change.
struct Mutant {
  var allocations: [Allocation]
  var edits: [Edit]
  var slotUnits: Int
  var usedRegisters: RegisterSet

  init(_ solution: borrowing Solution) {
    allocations = solution.allocations.toArray()
    edits = solution.edits.toArray()
    slotUnits = solution.slotUnits
    usedRegisters = solution.usedRegisters
  }

  func write(to solution: inout Solution) {
    solution.allocations.removeAll()
    for place in allocations { solution.allocations.append(place) }
    solution.edits.removeAll()
    for edit in edits { solution.edits.append(edit) }
    solution.slotUnits = slotUnits
    solution.usedRegisters = usedRegisters
    solution.debugLocations.removeAll()
  }

  /// Puts an edit behind all others at its point.
  mutating func insert(_ edit: Edit) {
    edits.insert(edit, at: edits.firstIndex { $0.point > edit.point } ?? edits.count)
  }
}

/// What mutations need to know of a problem.
struct MutationSite {
  var machine: Machine
  var operands: [Operand]
  /// The instruction of each operand, and each instruction's block.
  var instruction: [Int] = []
  var block: [Int] = []
  var ranges: [Range<Int>] = []
  var clobbers: [RegisterSet] = []
  var blocks: [Range<Int>]
  var isReachable: [Bool]
  var isRead: Set<VirtualRegister> = []
  /// How many units the value of each operand takes.
  var units: [Int] = []

  init(_ problem: borrowing Problem) {
    machine = problem.machine
    operands = problem.operands.toArray()
    blocks = []
    for b in 0..<problem.blockCount { blocks.append(problem.instructionRange(b)) }
    for b in blocks.indices {
      for i in blocks[b] {
        block.append(b)
        ranges.append(problem.operandRange(i))
        clobbers.append(problem.clobberMasks[Int(problem.instructions.storage[i].clobberMask)])
        for _ in ranges[i] { instruction.append(i) }
      }
    }
    for operand in operands {
      units.append(operand.tag == .fixedNonAllocatable ? 1 : problem.units(of: operand.register))
    }
    for operand in operands where operand.isUse { isRead.insert(operand.register) }
    for k in problem.arguments.indices { isRead.insert(problem.arguments[k]) }
    isReachable = Array(repeating: false, count: blocks.count)
    isReachable[0] = true
    var pending = [0]
    while let b = pending.popLast() {
      for k in problem.successorRange(b) {
        let target = Int(problem.successors[k].raw)
        if isReachable[target] { continue }
        isReachable[target] = true
        pending.append(target)
      }
    }
  }

  func allocatable(_ c: RegisterClass) -> UInt64 { machine.preferred[c] | machine.nonPreferred[c] }
}

enum Mutation: String, CaseIterable {
  case useInOtherRegister, useInOtherSlot, definitionInOtherRegister, definitionInOtherSlot
  case usesExchanged, definitionsExchanged, wrongClass, noPlace
  case fixedElsewhere, reuseBroken, limitExceeded, stackInRegister, registerInSlot
  case clobberedRegister, notAllocatable
  case definitionOnDefinition, earlyDefinitionOnUse, lateUseOnDefinition
  case moveDropped, moveRepeatedLater, dependentMovesExchanged, moveEarlier, moveLater
  case moveFromElsewhere, moveToElsewhere, moveReversed, moveTargetsExchanged, edgeMovesDropped
  case moveOfOtherClass, moveOfOtherWidth, moveFromMemoryToMemory, movesOutOfOrder, moveBehindBranch
  case moveToForbiddenRegister, otherValueMadeAgain
  case slotsAliased, slotMisaligned, spillAreaTooSmall, registersExchanged, registerNotReported

  /// What was changed, for the explanation of survivors.
  enum Change {
    case operand(Int)
    case edit(at: ProgramPoint)
    case all
  }

  /// Changes the solution; nil if it has nothing that this could change.
  func apply(
    _ site: MutationSite, _ mutant: inout Mutant, _ random: inout Random
  ) -> Change? {
    switch self {
    case .useInOtherRegister, .useInOtherSlot, .definitionInOtherRegister, .definitionInOtherSlot,
      .wrongClass, .noPlace, .fixedElsewhere, .reuseBroken, .limitExceeded, .stackInRegister,
      .registerInSlot, .clobberedRegister, .notAllocatable:
      return moveOperand(site, &mutant, &random)
    case .usesExchanged, .definitionsExchanged, .definitionOnDefinition, .earlyDefinitionOnUse,
      .lateUseOnDefinition:
      return pairOperands(site, &mutant, &random)
    case .slotsAliased, .slotMisaligned, .spillAreaTooSmall, .registersExchanged,
      .registerNotReported:
      return changeAll(site, &mutant, &random)
    default: return changeEdits(site, &mutant, &random)
    }
  }

  // MARK: Operands

  private func moveOperand(
    _ site: MutationSite, _ mutant: inout Mutant, _ random: inout Random
  ) -> Change? {
    let fitting = site.operands.indices.filter { k in
      let operand = site.operands[k]
      let isFree = [.any, .register, .limit].contains(operand.tag)
      switch self {
      case .useInOtherRegister: return operand.isUse && isFree
      case .useInOtherSlot: return operand.isUse && [.any, .stack].contains(operand.tag)
      case .definitionInOtherRegister: return operand.isDefinition && isFree
      case .definitionInOtherSlot:
        return operand.isDefinition && [.any, .stack].contains(operand.tag)
      case .fixedElsewhere: return operand.tag == .fixed
      case .reuseBroken: return operand.tag == .reuse
      case .limitExceeded: return operand.tag == .limit
      case .stackInRegister: return operand.tag == .stack
      case .registerInSlot: return operand.tag == .register || operand.tag == .limit
      case .clobberedRegister:
        return isFree && (operand.isLate || operand.isDefinition)
          && site.clobbers[site.instruction[k]][operand.registerClass] != 0
      default: return operand.tag != .fixedNonAllocatable
      }
    }
    if fitting.isEmpty { return nil }
    let k = random.pick(fitting)
    let c = site.operands[k].registerClass
    let old = mutant.allocations[k]
    let new: Allocation?
    switch self {
    case .useInOtherSlot, .definitionInOtherSlot, .registerInSlot:
      new = slot(site.units[k], mutant, &random)
    case .wrongClass:
      let other = c == .int ? RegisterClass.float : .int
      new = old.isRegister ? Allocation(PhysicalRegister(other, old.register.number)) : nil
    case .noPlace: new = Allocation.none
    case .limitExceeded:
      let bound = UInt64(1) << UInt64(site.operands[k].payload)
      let over = site.allocatable(c) & ~(bound == 64 ? .max : (1 << bound) - 1)
      new = over == 0 ? nil : Allocation(PhysicalRegister(c, random.bit(over)))
    case .clobberedRegister:
      let clobbered = site.clobbers[site.instruction[k]][c] & site.allocatable(c)
      new = clobbered == 0 ? nil : Allocation(PhysicalRegister(c, random.bit(clobbered)))
    case .notAllocatable:
      new = Allocation(PhysicalRegister(c, random.bit(~site.allocatable(c))))
    default: new = Allocation(PhysicalRegister(c, random.bit(site.allocatable(c))))
    }
    guard let new, new != old else { return nil }
    mutant.allocations[k] = new
    return .operand(k)
  }

  private func slot(
    _ units: Int, _ mutant: Mutant, _ random: inout Random
  ) -> Allocation? {
    mutant.slotUnits < units
      ? nil : Allocation(slot: random.below(mutant.slotUnits / units) * units)
  }

  /// Two operands of one instruction and class, with different values and places.
  private func pairOperands(
    _ site: MutationSite, _ mutant: inout Mutant, _ random: inout Random
  ) -> Change? {
    var pairs: [(Int, Int)] = []
    for range in site.ranges {
      for a in range {
        for b in range where a != b {
          let (first, second) = (site.operands[a], site.operands[b])
          if first.register == second.register || first.registerClass != second.registerClass
            || mutant.allocations[a] == mutant.allocations[b]
            || first.tag == .fixedNonAllocatable || second.tag == .fixedNonAllocatable
          {
            continue
          }
          let fits =
            switch self {
            case .usesExchanged: first.isUse && second.isUse && a < b
            case .definitionsExchanged: first.isDefinition && second.isDefinition && a < b
            case .definitionOnDefinition: first.isDefinition && second.isDefinition
            case .earlyDefinitionOnUse:
              first.isDefinition && first.isEarly && second.isUse && second.isEarly
            default: first.isUse && first.isLate && second.isDefinition
            }
          if fits { pairs.append((a, b)) }
        }
      }
    }
    if pairs.isEmpty { return nil }
    let (a, b) = random.pick(pairs)
    let old = mutant.allocations[a]
    mutant.allocations[a] = mutant.allocations[b]
    if self == .usesExchanged || self == .definitionsExchanged { mutant.allocations[b] = old }
    return .operand(a)
  }
}
