// SPDX-License-Identifier: Apache-2.0
// Which registers a piece would best have.

import BrolgaEntities

/// Per register what it saves if the piece at hand gets it; zero between pieces.
struct RegisterVotes: ~Copyable {
  private var weights = Vector<Float>()
  /// The registers with votes, which are all of one class.
  private var voted: UInt64 = 0

  init() {}

  mutating func reset() {
    weights.reset(count: 256, to: 0)
    voted = 0
  }

  @inline(__always) mutating func add(_ register: UInt8, _ weight: Float) {
    weights[Int(truncatingIfNeeded: register)] += weight
    voted |= ClassWords.bit(register)
  }

  @inline(__always) func hasVotes(_ register: UInt8) -> Bool {
    voted & ClassWords.bit(register) != 0
  }

  /// Of the registers of class `c` in `word` the one with most votes, or none.
  @inline(__always) mutating func winner(of word: UInt64, _ c: Int) -> UInt8 {
    var best = noRegister
    var most: Float = 0
    var wanted = word & voted
    while wanted != 0 {
      let register = ClassWords.lowest(wanted, c)
      if weights[Int(register)] > most {
        most = weights[Int(register)]
        best = register
      }
      wanted &= wanted &- 1
    }
    return best
  }

  /// Takes all votes back; they are for registers of class `c`.
  mutating func clear(_ c: Int) {
    while voted != 0 {
      weights[Int(ClassWords.lowest(voted, c))] = 0
      voted &= voted &- 1
    }
  }
}
