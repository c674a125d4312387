// SPDX-License-Identifier: Apache-2.0
// A small hash table from 64-bit keys to 32-bit values, reused from function to function.

import BrolgaEntities

/// Open addressing with linear probing. Emptying costs in proportion to the entries, not to the
/// capacity.
struct PairTable: ~Copyable {
  struct Slot: BitwiseCopyable {
    var key: UInt64
    var value: UInt32
    /// The slot is in use when this is the table's generation.
    var generation: UInt32
  }

  private var slots = Vector<Slot>()
  private var count = 0
  private var generation: UInt32 = 1

  init() {}

  mutating func removeAll() {
    count = 0
    generation &+= 1
    // After 2^32 functions old slots would come to life again.
    if generation == 0 { slots.removeAll() }
    if generation == 0 { generation = 1 }
  }

  private func position(of key: UInt64) -> Int {
    let mask = slots.count &- 1
    let mixed = (key ^ key &>> 29) &* 0x9e37_79b9_7f4a_7c15
    var i = Int(truncatingIfNeeded: mixed &>> 32) & mask
    while slots[i].generation == generation && slots[i].key != key { i = (i &+ 1) & mask }
    return i
  }

  subscript(_ key: UInt64) -> UInt32? {
    get {
      if count == 0 { return nil }
      let slot = slots[position(of: key)]
      return slot.generation == generation ? slot.value : nil
    }
    set {
      guard let newValue else { return }
      if count &* 2 >= slots.count { grow() }
      let i = position(of: key)
      if slots[i].generation != generation { count &+= 1 }
      slots[i] = Slot(key: key, value: newValue, generation: generation)
    }
  }

  private mutating func grow() {
    var old = Vector<Slot>()
    swap(&old, &slots)
    slots.reset(count: max(64, old.count * 2), to: Slot(key: 0, value: 0, generation: 0))
    for i in old.indices where old[i].generation == generation {
      slots[position(of: old[i].key)] = old[i]
    }
  }
}
