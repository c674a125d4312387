// SPDX-License-Identifier: Apache-2.0
// How many moves of which kind a solution adds.

/// The moves of a solution by kind.
public struct EditCounts: BitwiseCopyable, Hashable, Sendable {
  /// From register to register.
  public var moves = 0
  /// From memory, spill slots or the machine's own, to a register.
  public var loads = 0
  /// From a register to memory.
  public var stores = 0
  /// Values made again instead of loaded.
  public var remade = 0

  public init() {}

  /// Counts the moves of `solution`, which was made for `machine`.
  public init(_ solution: borrowing Solution, on machine: Machine) {
    for k in solution.edits.indices {
      let edit = solution.edits[k]
      if edit.from.isRematerialized {
        remade += 1
      } else if Self.isMemory(edit.from, machine) {
        loads += 1
      } else if Self.isMemory(edit.to, machine) {
        stores += 1
      } else {
        moves += 1
      }
    }
  }

  private static func isMemory(_ place: Allocation, _ machine: Machine) -> Bool {
    place.isSlot || place.isRegister && machine.fixedStackSlots.contains(place.register)
  }
}
