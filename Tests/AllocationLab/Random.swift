// SPDX-License-Identifier: Apache-2.0
// Numbers that are the same everywhere for one seed.

/// SplitMix64.
public struct Random {
  private var state: UInt64
  public init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 0x1234_5678_9abc_def1 }
  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z &>> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z &>> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z &>> 31)
  }
  /// Below `bound`, which is positive.
  public mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
  public mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
  public mutating func pick<T>(_ list: [T]) -> T { list[below(list.count)] }
  public mutating func bit(_ word: UInt64) -> Int {
    var rest = word
    for _ in 0..<below(word.nonzeroBitCount) { rest &= rest &- 1 }
    return rest.trailingZeroBitCount
  }
}
