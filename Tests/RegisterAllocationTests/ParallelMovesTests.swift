// SPDX-License-Identifier: Apache-2.0
// Every group of parallel moves among a few places, run on a simulated machine.

import BrolgaEntities
import Testing

@testable import RegisterAllocation

/// Places 0 to 2 are registers, 3 and 4 spill slots, 5 a fixed stack slot.
private let places: [Allocation] = [
  Allocation(PhysicalRegister(.int, 0)), Allocation(PhysicalRegister(.int, 1)),
  Allocation(PhysicalRegister(.int, 2)), Allocation(slot: 0), Allocation(slot: 1),
  Allocation(PhysicalRegister(.int, 40)),
]

private struct Simulation {
  var content: [Allocation: Int] = [:]
  var memoryToMemory = 0

  mutating func run(_ sequence: borrowing Vector<Move>) {
    for k in sequence.indices {
      let move = sequence[k]
      if Self.isMemory(move.from) && Self.isMemory(move.to) { memoryToMemory += 1 }
      content[move.to] = content[move.from]
    }
  }
  static func isMemory(_ place: Allocation) -> Bool {
    place.isSlot || place.register.number == 40
  }
}

/// Runs every map from targets to sources among the first `count` of `chosen`; -1 is no move.
private func runAll(
  _ chosen: [Allocation], free: UInt64, borrowable: UInt64, extra: [Allocation]
) -> Int {
  var failures = 0
  var moves = ParallelMoves()
  var slots = SpillSlots()
  var resources = ParallelMoves.Resources()
  resources.free[0] = free
  resources.borrowable[0] = borrowable
  resources.memory[0] = 1 << 40
  let n = chosen.count
  var total = 1
  for _ in 0..<n { total *= n + 1 }
  for code in 0..<total {
    slots.reset(for: Problem())
    _ = slots.take(1, isLocal: false)
    _ = slots.take(1, isLocal: false)
    moves.clear()
    var rest = code
    var expected: [Allocation: Int] = [:]
    var simulation = Simulation()
    for (k, place) in (chosen + extra).enumerated() { simulation.content[place] = k }
    for place in chosen + extra { expected[place] = simulation.content[place] }
    for target in chosen {
      let source = rest % (n + 1) - 1
      rest /= n + 1
      if source < 0 { continue }
      moves.add(chosen[source], target, ValueShape(.int, 1))
      expected[target] = source
    }
    let isPossible = moves.resolve(resources, slots: &slots)
    simulation.run(moves.sequence)
    if !isPossible || simulation.memoryToMemory > 0 { failures += 1 }
    for (place, value) in expected where simulation.content[place] != value { failures += 1 }
  }
  return failures
}

@Test func everyMapOfFivePlacesWithAFreeRegister() {
  #expect(runAll(Array(places[0..<5]), free: 1 << 9, borrowable: 0b111, extra: []) == 0)
  #expect(runAll(Array(places[1..<6]), free: 1 << 9, borrowable: 0b111, extra: []) == 0)
}

@Test func everyMapOfFivePlacesWithABorrowedRegister() {
  let idle = Allocation(PhysicalRegister(.int, 9))
  let borrowable: UInt64 = 0b111 | 1 << 9
  #expect(runAll(Array(places[0..<5]), free: 0, borrowable: borrowable, extra: [idle]) == 0)
  #expect(runAll(Array(places[1..<6]), free: 0, borrowable: borrowable, extra: [idle]) == 0)
}

@Test func everyMapOfFivePlacesWhenAllRegistersAreBusy() {
  // Only places of the group itself can be borrowed.
  #expect(runAll(Array(places[0..<5]), free: 0, borrowable: 0b111, extra: []) == 0)
  #expect(runAll(Array(places[2..<6]), free: 0, borrowable: 0b100, extra: []) == 0)
}

@Test func aCycleCostsOneMoveMore() {
  var moves = ParallelMoves()
  var slots = SpillSlots()
  slots.reset(for: Problem())
  var resources = ParallelMoves.Resources()
  resources.free[0] = 1 << 9
  for k in 0..<8 {
    moves.add(
      Allocation(PhysicalRegister(.int, 16 + k)),
      Allocation(PhysicalRegister(.int, 16 + (k + 1) % 8)),
      ValueShape(.int, 1))
  }
  #expect(moves.resolve(resources, slots: &slots))
  #expect(moves.sequence.count == 9)
}

@Test func memoryToMemoryWithoutAnyRegisterIsRefused() {
  var moves = ParallelMoves()
  var slots = SpillSlots()
  slots.reset(for: Problem())
  moves.add(Allocation(slot: 0), Allocation(slot: 1), ValueShape(.float, 1))
  #expect(!moves.resolve(ParallelMoves.Resources(), slots: &slots))
}

/// A wide value and a narrow one change places; nothing is free, so one of them is kept in a slot.
@Test func theSaveOfACycleIsAsWideAsItsValue() {
  let (r0, r1) = (
    Allocation(PhysicalRegister(.float, 0)), Allocation(PhysicalRegister(.float, 1))
  )
  for (first, second) in [(1, 4), (4, 1), (2, 2)] as [(UInt8, UInt8)] {
    var moves = ParallelMoves()
    var slots = SpillSlots()
    slots.reset(for: Problem())
    _ = slots.take(1, isLocal: false)
    moves.add(r0, r1, ValueShape(.float, first))
    moves.add(r1, r0, ValueShape(.float, second))
    #expect(moves.resolve(ParallelMoves.Resources(), slots: &slots))
    let sequence = moves.sequence.toArray()
    #expect(sequence.count == 3)
    let units = sequence[0].shape.units
    #expect(sequence[0].from == r0 ? units == first : units == second)
    #expect(sequence[0].to.isSlot && sequence[0].to.slot % Int(units) == 0)
    #expect(sequence[0].to.slot + Int(units) == slots.unitCount)
    #expect(sequence[2].from == sequence[0].to && sequence[2].shape.units == units)
  }
}

/// What a busy register holds is not known: it is saved as the widest value of the problem.
@Test func aBorrowedRegisterIsSavedAsTheWidestValue() {
  var problem = Problem()
  for _ in 0..<3 { problem.classes.append(.float) }
  problem.setUnits(of: VirtualRegister(1), to: 4)
  var slots = SpillSlots()
  slots.reset(for: problem)
  let (from, to) = (slots.take(1, isLocal: false), slots.take(1, isLocal: false))
  var moves = ParallelMoves()
  moves.add(
    Allocation(slot: Int(from)), Allocation(slot: Int(to)), ValueShape(.float, 1))
  var resources = ParallelMoves.Resources()
  resources.borrowable[1] = 1
  #expect(moves.resolve(resources, slots: &slots))
  let sequence = moves.sequence.toArray()
  #expect(sequence.map(\.shape.units) == [4, 1, 1, 4])
  #expect(sequence[0].to == Allocation(slot: 4) && slots.unitCount == 8)
}
