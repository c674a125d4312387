// SPDX-License-Identifier: Apache-2.0
// What is known of values from the instructions that make them.
//
// Mutating although they only read: see `Builder`.

import BrolgaEntities

extension Function {
  /// A mask of the bits that may be set in a value.
  ///
  /// Looks at a chain of four definitions at most.
  package mutating func possibleBits(_ raw: UInt32) -> UInt64 {
    possibleBits(raw, depth: 3)
  }

  private mutating func possibleBits(_ raw: UInt32, depth: Int) -> UInt64 {
    let i = instructions[Value(raw: raw)]
    let mask = i.type.mask
    switch i.opcode {
    case .iconst: return i.bits
    case .load8U: return 0xff
    case .load16U: return 0xffff
    case .load32U: return 0xffff_ffff
    case .clz, .ctz, .popcnt: return 0x7f
    case .eq, .ne, .ltS, .ltU, .leS, .leU, .gtS, .gtU, .geS, .geU,
      .feq, .fne, .flt, .fle, .fgt, .fge:
      return 1
    case .extendU: return depth == 0 ? 0xffff_ffff : possibleBits(i.a, depth: depth &- 1)
    case .wrap: return depth == 0 ? mask : possibleBits(i.a, depth: depth &- 1) & mask
    case .and:
      guard let bits = constantBits(i.b) else { return mask }
      return depth == 0 ? bits : bits & possibleBits(i.a, depth: depth &- 1)
    case .or, .xor:
      guard let bits = constantBits(i.b), depth != 0 else { return mask }
      return bits | possibleBits(i.a, depth: depth &- 1)
    case .shl:
      guard let bits = constantBits(i.b) else { return mask }
      let amount = bits & (i.type.bitCount &- 1)
      return ((depth == 0 ? mask : possibleBits(i.a, depth: depth &- 1)) &<< amount) & mask
    case .shrU:
      guard let bits = constantBits(i.b) else { return mask }
      let amount = bits & (i.type.bitCount &- 1)
      return (depth == 0 ? mask : possibleBits(i.a, depth: depth &- 1)) &>> amount
    default: return mask
    }
  }

  /// The bits of a value that is a constant.
  @inline(__always) private mutating func constantBits(_ raw: UInt32) -> UInt64? {
    let i = instructions[Value(raw: raw)]
    return i.opcode.isConstant ? i.bits : nil
  }

  /// What a test for zero looks at, and whether the test is true when that is zero; nil where the
  /// value is no such test of an i32.
  @inline(__always) mutating func zeroTest(_ raw: UInt32) -> (tested: UInt32, isInverted: Bool)? {
    let i = instructions[Value(raw: raw)]
    if i.opcode != .eq && i.opcode != .ne { return nil }
    let other = instructions[Value(raw: i.b)]
    if other.opcode != .iconst || other.bits != 0 || other.type != .i32 { return nil }
    return (i.a, i.opcode == .eq)
  }

  /// The simplest value to branch on instead of `value`, and whether its sense is turned round.
  ///
  /// Looks through four tests at most: building leaves hardly more than one.
  package mutating func branchCondition(_ value: UInt32) -> (value: UInt32, isInverted: Bool) {
    var value = value
    var isInverted = false
    for _ in 0..<4 {
      guard let test = zeroTest(value) else { break }
      value = test.tested
      if test.isInverted { isInverted.toggle() }
    }
    return (value, isInverted)
  }

  /// The amounts of two shifts, one to the left and one to the right, that together make the width of
  /// what they shift: their results have no bit in common.
  mutating func oppositeShifts(
    _ a: Instruction, _ b: Instruction
  ) -> (left: UInt64, right: UInt64)? {
    guard a.opcode == .shl && b.opcode == .shrU || a.opcode == .shrU && b.opcode == .shl,
      let first = constantBits(a.b), let second = constantBits(b.b)
    else { return nil }
    let width = a.type.bitCount
    let (x, y) = (first & (width &- 1), second & (width &- 1))
    if x == 0 || x &+ y != width { return nil }
    return a.opcode == .shl ? (x, y) : (y, x)
  }
}
