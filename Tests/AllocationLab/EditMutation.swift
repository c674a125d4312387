// SPDX-License-Identifier: Apache-2.0
// Mutations of moves and of whole solutions.

import BrolgaEntities
import RegisterAllocation

extension Mutation {
  func changeEdits(
    _ site: MutationSite, _ mutant: inout Mutant, _ random: inout Random
  ) -> Change? {
    if mutant.edits.isEmpty { return nil }
    let k = random.below(mutant.edits.count)
    let edit = mutant.edits[k]
    let i = edit.point.instruction
    let block = site.blocks[site.block[i]]
    switch self {
    case .moveDropped: mutant.edits.remove(at: k)
    case .moveRepeatedLater:
      var copy = edit
      copy.point = .before(min(i + 1 + random.below(3), block.upperBound - 1))
      if copy.point <= edit.point { return nil }
      mutant.insert(copy)
    case .dependentMovesExchanged:
      if k + 1 == mutant.edits.count { return nil }
      let next = mutant.edits[k + 1]
      if next.point != edit.point || next == edit
        || edit.to != next.from && edit.from != next.to && edit.to != next.to
      {
        return nil
      }
      mutant.edits.swapAt(k, k + 1)
    case .moveEarlier, .moveLater:
      let to = self == .moveEarlier ? i - 1 : i + 1
      if !block.contains(to) { return nil }
      var copy = edit
      copy.point = .before(to)
      mutant.edits.remove(at: k)
      mutant.insert(copy)
    case .moveFromElsewhere, .moveToElsewhere:
      let isSource = self == .moveFromElsewhere
      let old = isSource ? edit.from : edit.to
      guard let new = otherPlace(old, edit, site, mutant, &random) else {
        return nil
      }
      if isSource { mutant.edits[k].from = new } else { mutant.edits[k].to = new }
    case .moveReversed:
      if edit.from.isRematerialized { return nil }
      mutant.edits[k].from = edit.to
      mutant.edits[k].to = edit.from
    case .moveTargetsExchanged:
      let others = mutant.edits.indices.filter {
        let other = mutant.edits[$0]
        return other.point == edit.point && other.to != edit.to && other.from != edit.from
          && other.registerClass == edit.registerClass
      }
      if others.isEmpty { return nil }
      let other = random.pick(others)
      mutant.edits[k].to = mutant.edits[other].to
      mutant.edits[other].to = edit.to
    case .edgeMovesDropped:
      // At an end of the block: where edges move.
      let points = [ProgramPoint.before(block.lowerBound), .before(block.upperBound - 1)]
      guard let point = points.first(where: { p in mutant.edits.contains { $0.point == p } })
      else { return nil }
      mutant.edits.removeAll { $0.point == point }
      return .edit(at: point)
    case .moveOfOtherClass:
      mutant.edits[k].registerClass = edit.registerClass == .int ? .float : .int
    case .moveOfOtherWidth:
      // Between registers, to move more than the value is does no harm.
      if edit.units == 1 && edit.from.isRegister && edit.to.isRegister { return nil }
      mutant.edits[k].units = edit.units > 1 ? edit.units / 2 : 2
    case .moveFromMemoryToMemory:
      if edit.from.isSlot == edit.to.isSlot || mutant.slotUnits == 0 { return nil }
      let slot = edit.from.isSlot ? edit.from : edit.to
      mutant.edits[k].from = slot
      mutant.edits[k].to = slot
    case .movesOutOfOrder:
      guard let other = mutant.edits.indices.first(where: { mutant.edits[$0].point > edit.point })
      else { return nil }
      mutant.edits.swapAt(k, other)
    case .moveBehindBranch:
      var copy = edit
      copy.point = .after(block.upperBound - 1)
      mutant.edits.remove(at: k)
      mutant.insert(copy)
    case .moveToForbiddenRegister:
      let c = edit.registerClass
      var forbidden = ~site.allocatable(c)
      for scratch in [
        site.machine.intScratch, site.machine.floatScratch, site.machine.vectorScratch,
      ] {
        if let scratch, scratch.registerClass == c { forbidden &= ~(1 << UInt64(scratch.number)) }
      }
      mutant.edits[k].to = Allocation(PhysicalRegister(c, random.bit(forbidden)))
      if mutant.edits[k].to == edit.to { return nil }
    case .otherValueMadeAgain:
      let values = site.operands.filter {
        $0.isDefinition && $0.registerClass == edit.registerClass
      }
      guard edit.to.isRegister, !values.isEmpty else { return nil }
      let from = Allocation(rematerialized: random.pick(values).register)
      if from == edit.from { return nil }
      mutant.edits[k].from = from
    default: return nil
    }
    return .edit(at: edit.point)
  }

  private func otherPlace(
    _ old: Allocation, _ edit: Edit, _ site: MutationSite, _ mutant: Mutant,
    _ random: inout Random
  ) -> Allocation? {
    let (c, units) = (edit.registerClass, Int(edit.units))
    let isSlot = (!old.isRegister || random.chance(30)) && mutant.slotUnits >= units
    let new =
      isSlot
      ? Allocation(slot: random.below(mutant.slotUnits / units) * units)
      : Allocation(PhysicalRegister(c, random.bit(site.allocatable(c))))
    return new == old ? nil : new
  }

  // MARK: Everywhere

  func changeAll(
    _ site: MutationSite, _ mutant: inout Mutant, _ random: inout Random
  ) -> Change? {
    switch self {
    case .slotsAliased:
      var slots: Set<Int> = []
      for place in mutant.allocations where place.isSlot { slots.insert(place.slot) }
      for edit in mutant.edits {
        for place in [edit.from, edit.to] where place.isSlot { slots.insert(place.slot) }
      }
      if slots.count < 2 { return nil }
      let list = slots.sorted()
      let a = random.pick(list)
      let b = random.pick(list)
      if a == b { return nil }
      mutant.rename { $0.isSlot && $0.slot == a ? Allocation(slot: b) : $0 }
    case .slotMisaligned:
      let wide = mutant.allocations.indices.filter {
        mutant.allocations[$0].isSlot && site.units[$0] > 1
      }
      if wide.isEmpty { return nil }
      let k = random.pick(wide)
      mutant.allocations[k] = Allocation(slot: mutant.allocations[k].slot + 1)
      return .operand(k)
    case .spillAreaTooSmall:
      if mutant.slotUnits == 0 { return nil }
      mutant.slotUnits -= 1
    case .registersExchanged:
      // From some instruction of a block on, to its end.
      let i = random.below(site.block.count)
      let c = random.pick([RegisterClass.int, .int, .float, .vector])
      if site.allocatable(c).nonzeroBitCount < 2 { return nil }
      let a = Allocation(PhysicalRegister(c, random.bit(site.allocatable(c))))
      let b = Allocation(PhysicalRegister(c, random.bit(site.allocatable(c))))
      let block = i..<site.blocks[site.block[i]].upperBound
      let before = mutant.allocations
      mutant.rename(within: block, site) { $0 == a ? b : $0 == b ? a : $0 }
      if a == b || mutant.allocations == before { return nil }
      return .edit(at: .before(i))
    case .registerNotReported:
      let classes = RegisterClass.allCases.filter { mutant.usedRegisters[$0] != 0 }
      if classes.isEmpty { return nil }
      let c = random.pick(classes)
      mutant.usedRegisters.remove(PhysicalRegister(c, random.bit(mutant.usedRegisters[c])))
    default: return nil
    }
    return .all
  }
}

extension Mutant {
  mutating func rename(
    within instructions: Range<Int>? = nil, _ site: MutationSite? = nil,
    _ name: (Allocation) -> Allocation
  ) {
    for k in allocations.indices {
      if let site, let instructions, !instructions.contains(site.instruction[k]) { continue }
      allocations[k] = name(allocations[k])
    }
    for k in edits.indices {
      if let instructions, !instructions.contains(edits[k].point.instruction) { continue }
      edits[k].from = name(edits[k].from)
      edits[k].to = name(edits[k].to)
    }
  }
}
