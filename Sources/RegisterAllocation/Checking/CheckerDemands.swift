// SPDX-License-Identifier: Apache-2.0
// The checker between blocks: demands, and the blocks' summaries that they pass.

import BrolgaEntities

extension Checker {
  /// Demands that `held`, seen in block `b`, is value `v`.
  mutating func require(
    _ held: Content, _ v: UInt32, _ b: Int, _ point: ProgramPoint, _ operand: Int,
    _ problem: borrowing Problem
  ) throws(CheckError) {
    let value = VirtualRegister(raw: v)
    let place = held.kind == .entry ? Self.allocation(held.payload) : .none
    let registerClass = problem.classes[value]
    if held.movedAs != 3 && held.movedAs != registerClass.rawValue {
      throw error(.editOfWrongClass, point, operand, place, value)
    }
    if Int(held.width) < problem.units(of: value) {
      throw error(.editOfWrongWidth, point, operand, place, value)
    }
    switch held.kind {
    case .value:
      if held.payload != v && !isArgument(held.payload, for: v, b, problem) {
        let other = VirtualRegister(raw: held.payload)
        throw error(.holdsAnotherValue(other), point, operand, place, value)
      }
    case .destroyed:
      throw error(.destroyedBy(InstructionIndex(raw: held.payload)), point, operand, place, value)
    case .entry:
      let definition = definitions[Int(v)]
      if definition.block == UInt32(b) && definition.parameter == .max {
        throw error(.holdsValueOfEarlierIteration, point, operand, place, value)
      }
      demand(
        Demand(
          block: UInt32(b), place: held.payload, units: held.entryUnits, value: v, point: point,
          operand: UInt32(truncatingIfNeeded: operand)))
    }
  }

  /// Whether `argument`, made again after the only edge into block `b`, is what its parameter `v` is.
  private func isArgument(
    _ argument: UInt32, for v: UInt32, _ b: Int, _ problem: borrowing Problem
  ) -> Bool {
    let definition = definitions[Int(v)]
    guard definition.block == UInt32(b), definition.parameter != .max,
      edgeStart[b + 1] - edgeStart[b] == 1,
      problem.rematerialization(of: VirtualRegister(raw: argument)) != nil
    else { return false }
    let arguments = problem.argumentRange(Int(edges[Int(edgeStart[b])].index))
    return problem.arguments[arguments.lowerBound + Int(definition.parameter)].raw == argument
  }

  /// Passes a demand at a block's entry to the ends of its predecessors.
  mutating func propagate(
    _ demand: Demand, _ problem: borrowing Problem
  ) throws(CheckError) {
    let b = Int(demand.block)
    let value = VirtualRegister(raw: demand.value)
    let operand = Int(demand.operand)
    if b == 0 {
      throw error(.neverWritten, demand.point, operand, Self.allocation(demand.place), value)
    }
    let definition = definitions[Int(demand.value)]
    let isParameter = definition.block == demand.block
    let units = Int(demand.units)
    var lastSource = UInt32.max
    for k in Int(edgeStart[b])..<Int(edgeStart[b + 1]) {
      let edge = edges[k]
      var v = demand.value
      if isParameter {
        let arguments = problem.argumentRange(Int(edge.index))
        v = problem.arguments[arguments.lowerBound + Int(definition.parameter)].raw
      } else if edge.source == lastSource {
        continue
      }
      lastSource = edge.source
      let source = Int(edge.source)
      guard let held = summary(source, demand.place, units) else {
        throw error(
          .holdsPartOfAnotherSlot, demand.point, operand, Self.allocation(demand.place), value)
      }
      try require(held, v, source, demand.point, operand, problem)
    }
  }

  /// What the places from `first` on hold together at the end of block `b`.
  private func summary(_ b: Int, _ first: UInt32, _ units: Int) -> Content? {
    var low = Int(summaryStart[b])
    let end = Int(summaryStart[b + 1])
    var high = end
    while low < high {
      let middle = (low + high) / 2
      if summaries[middle].place < first { low = middle + 1 } else { high = middle }
    }
    var written = 0
    var held = Content(
      kind: .entry, movedAs: 3, entryUnits: UInt8(truncatingIfNeeded: units), payload: first)
    while low < end && summaries[low].place < first + UInt32(units) {
      let entry = summaries[low]
      if entry.owner != first || Int(entry.units) != units { return nil }
      held = entry.content
      written += 1
      low += 1
    }
    return written == 0 || written == units ? held : nil
  }

  /// Adds a demand unless it is known.
  private mutating func demand(_ demand: Demand) {
    if demands.count * 2 >= demandTable.count { growTable() }
    let slot = find(demand)
    if demandTable[slot] != 0 { return }
    pending.append(UInt32(truncatingIfNeeded: demands.count))
    demands.append(demand)
    demandTable[slot] = UInt32(truncatingIfNeeded: demands.count)
  }

  /// The table entry of an equal demand, or the free one where it belongs.
  private func find(_ demand: Demand) -> Int {
    var hash = UInt64(demand.block) &* 0x9e37_79b9_7f4a_7c15
    hash = (hash ^ UInt64(demand.place)) &* 0xd6e8_feb8_6659_fd93
    hash = (hash ^ (hash &>> 32) ^ UInt64(demand.value)) &* 0xff51_afd7_ed55_8ccd
    let mask = demandTable.count - 1
    var slot = Int(truncatingIfNeeded: hash &>> 20) & mask
    while demandTable[slot] != 0 {
      let other = demands[Int(demandTable[slot]) - 1]
      if other.block == demand.block && other.place == demand.place && other.value == demand.value
        && other.units == demand.units
      {
        break
      }
      slot = (slot + 1) & mask
    }
    return slot
  }

  private mutating func growTable() {
    demandTable.reset(count: demandTable.count * 2, to: 0)
    for k in demands.indices { demandTable[find(demands[k])] = UInt32(truncatingIfNeeded: k + 1) }
  }
}
