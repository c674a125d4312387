// SPDX-License-Identifier: Apache-2.0
// The registers of a machine, as both allocators ask about them.

import BrolgaEntities

/// The registers of the problem at hand.
struct MachineRegisters: ~Copyable {
  private(set) var allocatable = ClassWords()
  /// Those to try first.
  private(set) var preferred = ClassWords()
  /// Names that denote memory.
  private(set) var memoryNames = ClassWords()
  /// Those that are kept for moves.
  private(set) var scratch = ClassWords()
  /// Which to try first within a tier.
  private(set) var order = RegisterOrder()

  init() {}

  mutating func reset(for problem: borrowing Problem) {
    let machine = problem.machine
    allocatable = ClassWords(machine.preferred.union(machine.nonPreferred))
    preferred = ClassWords(machine.preferred)
    memoryNames = ClassWords(machine.fixedStackSlots)
    scratch = ClassWords()
    if let register = machine.intScratch { scratch.insert(register.raw) }
    if let register = machine.floatScratch { scratch.insert(register.raw) }
    if let register = machine.vectorScratch { scratch.insert(register.raw) }
    order.reset(problem.registerOrder)
  }
}
