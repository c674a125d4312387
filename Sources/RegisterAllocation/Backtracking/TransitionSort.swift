// SPDX-License-Identifier: Apache-2.0
// Sorts the moves by where they belong, in linear time and in memory that is kept.

import BrolgaEntities

/// Sorts transitions by key, stably: by insertion if they are few, else digit by digit.
struct TransitionSort: ~Copyable {
  private var keys = Vector<UInt64>()
  private var others = Vector<UInt64>()
  private var counts = Vector<UInt32>()
  private var moves = Vector<Transition>()

  init() {}

  mutating func sort(_ list: inout Vector<Transition>) {
    if list.count <= SearchLimits.insertionSort {
      for k in 1..<max(1, list.count) {
        let entry = list[k]
        var place = k
        while place > 0 && list[place &- 1].key > entry.key {
          list[place] = list[place &- 1]
          place &-= 1
        }
        list[place] = entry
      }
      return
    }
    keys.removeAll()
    moves.removeAll()
    for k in list.indices {
      keys.append(
        UInt64(truncatingIfNeeded: list[k].key) &<< 32 | UInt64(truncatingIfNeeded: k))
      moves.append(list[k])
    }
    sortKeys()
    for k in list.indices { list[k] = moves[Int(truncatingIfNeeded: keys[k] & 0xffff_ffff)] }
  }

  /// Sorts `keys` by their upper halves.
  private mutating func sortKeys() {
    var different: UInt64 = 0
    for k in keys.indices { different |= keys[k] ^ keys[0] }
    others.reset(count: keys.count, to: 0)
    var shift: UInt64 = 32
    while shift < 64 {
      if different &>> shift & 0xff != 0 {
        counts.reset(count: 257, to: 0)
        for k in keys.indices { counts[Int(keys[k] &>> shift & 0xff) &+ 1] &+= 1 }
        for d in 1..<257 { counts[d] &+= counts[d &- 1] }
        for k in keys.indices {
          let digit = Int(keys[k] &>> shift & 0xff)
          others[Int(counts[digit])] = keys[k]
          counts[digit] &+= 1
        }
        swap(&keys, &others)
      }
      shift &+= 8
    }
  }
}
