// SPDX-License-Identifier: Apache-2.0
// The spill area: hands out slots and takes back those whose value is dead.

import Entities

/// Slots of the spill area, by the class of the value they hold.
///
/// A slot keeps its size for ever, so two slots either coincide or are disjoint. All operations
/// are constant time, but for `release`, which is linear in what it releases.
struct SpillSlots: ~Copyable {
  private(set) var unitCount = 0
  private var units: PerClass<Int> = PerClass(repeating: 1)
  // Slot sizes of the first classes that share them: classes of equal size share their lists.
  private var list: PerClass<Int> = PerClass(repeating: 0)
  // Per list: free to all; free to values of one block; free once the open loop is closed.
  private var free0 = Vector<Int32>()
  private var free1 = Vector<Int32>()
  private var free2 = Vector<Int32>()
  private var local0 = Vector<Int32>()
  private var local1 = Vector<Int32>()
  private var local2 = Vector<Int32>()
  private var pending0 = Vector<Int32>()
  private var pending1 = Vector<Int32>()
  private var pending2 = Vector<Int32>()
  private var cycleSave = PerClass<Int32>(repeating: -1)
  private var registerSave = PerClass<Int32>(repeating: -1)

  init() {}

  mutating func reset(for machine: Machine) {
    unitCount = 0
    units = PerClass(
      Int(machine.intSlotUnits), Int(machine.floatSlotUnits), Int(machine.vectorSlotUnits))
    list = PerClass(0, units[1] == units[0] ? 0 : 1, 2)
    if units[2] == units[0] {
      list[2] = 0
    } else if units[2] == units[1] {
      list[2] = list[1]
    }
    free0.removeAll()
    free1.removeAll()
    free2.removeAll()
    local0.removeAll()
    local1.removeAll()
    local2.removeAll()
    pending0.removeAll()
    pending1.removeAll()
    pending2.removeAll()
    cycleSave = PerClass(repeating: -1)
    registerSave = PerClass(repeating: -1)
  }

  /// A slot for a value of class `c`; `isLocal` promises that the value lives in one block.
  mutating func take(_ c: Int, isLocal: Bool) -> Int32 {
    switch list[c] {
    case 0:
      if isLocal && !local0.isEmpty { return local0.popLast() }
      if !free0.isEmpty { return free0.popLast() }
    case 1:
      if isLocal && !local1.isEmpty { return local1.popLast() }
      if !free1.isEmpty { return free1.popLast() }
    default:
      if isLocal && !local2.isEmpty { return local2.popLast() }
      if !free2.isEmpty { return free2.popLast() }
    }
    return fresh(c)
  }

  private mutating func fresh(_ c: Int) -> Int32 {
    let size = units[c]
    let start = (unitCount &+ size &- 1) & ~(size &- 1)
    unitCount = start &+ size
    return Int32(truncatingIfNeeded: start)
  }

  /// Gives back the slot of a value whose definition has been passed.
  mutating func give(_ slot: Int32, _ c: Int, isLocal: Bool, insideLoop: Bool) {
    switch (list[c], insideLoop, isLocal) {
    case (0, false, _): free0.append(slot)
    case (1, false, _): free1.append(slot)
    case (_, false, _): free2.append(slot)
    case (0, true, true): local0.append(slot)
    case (1, true, true): local1.append(slot)
    case (_, true, true): local2.append(slot)
    case (0, true, false): pending0.append(slot)
    case (1, true, false): pending1.append(slot)
    case (_, true, false): pending2.append(slot)
    }
  }

  /// The outermost loop is closed: what was given back inside is free to all.
  mutating func release() {
    while !local0.isEmpty { free0.append(local0.popLast()) }
    while !local1.isEmpty { free1.append(local1.popLast()) }
    while !local2.isEmpty { free2.append(local2.popLast()) }
    while !pending0.isEmpty { free0.append(pending0.popLast()) }
    while !pending1.isEmpty { free1.append(pending1.popLast()) }
    while !pending2.isEmpty { free2.append(pending2.popLast()) }
  }

  /// A slot for the value that breaks a cycle of moves.
  mutating func saveForCycle(_ c: Int) -> Allocation {
    if cycleSave[c] < 0 { cycleSave[c] = fresh(c) }
    return Allocation(slot: Int(cycleSave[c]))
  }

  /// A slot for the content of a register that moves borrow.
  mutating func saveForRegister(_ c: Int) -> Allocation {
    if registerSave[c] < 0 { registerSave[c] = fresh(c) }
    return Allocation(slot: Int(registerSave[c]))
  }
}
