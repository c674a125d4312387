// SPDX-License-Identifier: Apache-2.0
// The spill area: hands out slots and takes back those whose value is dead.

import BrolgaEntities

/// Slots of the spill area, by their size.
///
/// A slot keeps its size for ever, so two slots either coincide or are disjoint. All operations
/// are constant time, but for `release`, which is linear in what it releases.
struct SpillSlots: ~Copyable {
  private(set) var unitCount = 0
  /// The most units that a value of each class takes.
  private(set) var widest = PerClass<UInt8>(repeating: 1)
  /// Per kind and size the first slot of a list, or -1; `next` leads from slot to slot.
  private var first = Vector<Int32>()
  /// By first unit, the next slot of its list, or -1.
  private var next = Vector<Int32>()
  /// Per class and size, the slot for the value that breaks a cycle of moves, or -1.
  private var cycleSave = Vector<Int32>()
  /// Per class, the slot for the content of a register that moves borrow, or -1.
  private var registerSave = PerClass<Int32>(repeating: -1)

  /// Whom the slots of a list are free to.
  private enum Kind: Int {
    case all
    /// Values of one block.
    case local
    /// Nobody, before the open loop is closed.
    case pending
  }

  /// Sizes are powers of two that a byte holds.
  private static var sizes: Int { 8 }

  init() {}

  mutating func reset(for problem: borrowing Problem) {
    unitCount = 0
    widest = problem.widestUnits
    first.reset(count: 3 &* Self.sizes, to: -1)
    next.removeAll()
    cycleSave.reset(count: 3 &* Self.sizes, to: -1)
    registerSave = PerClass(repeating: -1)
  }

  @inline(__always) private static func index(_ list: Int, _ units: UInt8) -> Int {
    list &* sizes &+ units.trailingZeroBitCount
  }

  /// A slot of `units`; `isLocal` promises that its value lives in one block.
  mutating func take(_ units: UInt8, isLocal: Bool) -> Int32 {
    if isLocal {
      let slot = pop(Self.index(Kind.local.rawValue, units))
      if slot >= 0 { return slot }
    }
    let slot = pop(Self.index(Kind.all.rawValue, units))
    return slot >= 0 ? slot : fresh(units)
  }

  @inline(__always) private mutating func pop(_ list: Int) -> Int32 {
    let slot = first[list]
    if slot >= 0 { first[list] = next[Int(truncatingIfNeeded: slot)] }
    return slot
  }

  @inline(__always) private mutating func push(_ slot: Int32, _ list: Int) {
    next[Int(truncatingIfNeeded: slot)] = first[list]
    first[list] = slot
  }

  private mutating func fresh(_ units: UInt8) -> Int32 {
    let size = Int(truncatingIfNeeded: units)
    let start = (unitCount &+ size &- 1) & ~(size &- 1)
    unitCount = start &+ size
    next.append(repeating: -1, count: unitCount &- next.count)
    return Int32(truncatingIfNeeded: start)
  }

  /// Gives back the slot of a value whose definition has been passed.
  mutating func give(_ slot: Int32, _ units: UInt8, isLocal: Bool, insideLoop: Bool) {
    let kind: Kind = !insideLoop ? .all : isLocal ? .local : .pending
    push(slot, Self.index(kind.rawValue, units))
  }

  /// The outermost loop is closed: what was given back inside is free to all.
  mutating func release() {
    for kind in [Kind.local, .pending] {
      for size in 0..<Self.sizes {
        while true {
          let slot = pop(kind.rawValue &* Self.sizes &+ size)
          if slot < 0 { break }
          push(slot, Kind.all.rawValue &* Self.sizes &+ size)
        }
      }
    }
  }

  /// A slot for the value that breaks a cycle of moves.
  mutating func saveForCycle(_ shape: ValueShape) -> Allocation {
    let index = Self.index(Int(shape.registerClass.rawValue), shape.units)
    if cycleSave[index] < 0 { cycleSave[index] = fresh(shape.units) }
    return Allocation(slot: Int(cycleSave[index]))
  }

  /// A slot for the content of a register that moves borrow, whatever value of the class it is.
  mutating func saveForRegister(_ c: Int) -> Allocation {
    if registerSave[c] < 0 { registerSave[c] = fresh(widest[c]) }
    return Allocation(slot: Int(registerSave[c]))
  }

  /// What a register of class `c` may hold at most.
  func widestShape(_ c: Int) -> ValueShape {
    ValueShape(RegisterClass(index: c), widest[c])
  }
}
