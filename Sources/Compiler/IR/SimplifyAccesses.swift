// SPDX-License-Identifier: Apache-2.0
// Simplification of loads and stores: addresses, and what a narrow store drops.

extension Builder {
  /// Moves a constant from the address to the offset, where the 32-bit sum cannot have wrapped.
  mutating func simplifyAddress(_ i: inout Instruction) -> Value {
    let address = operand(i.a)
    if address.opcode != .add { return .none }
    guard let bits = constantBits(Value(raw: address.b)) else { return .none }
    let offset = bits &+ UInt64(truncatingIfNeeded: i.b)
    if bits > 0x7fff_ffff || offset > 0x7fff_ffff { return .none }
    if function.possibleBits(address.a) > address.type.mask &- bits { return .none }
    i.a = address.a
    i.b = UInt32(truncatingIfNeeded: offset)
    return Self.rewritten
  }

  /// A narrow store drops the upper bits; so nothing need have cleared or filled them.
  mutating func simplifyStore(_ i: inout Instruction) -> Value {
    let low: UInt64
    switch i.opcode {
    case .store8: low = 0xff
    case .store16: low = 0xffff
    case .store32: low = 0xffff_ffff
    default: return simplifyAddress(&i)
    }
    let value = operand(i.c)
    var isDropped = false
    switch value.opcode {
    case .and:
      if let bits = constantBits(Value(raw: value.b)) { isDropped = bits & low == low }
    case .extend8S: isDropped = low == 0xff
    case .extend16S: isDropped = low <= 0xffff
    case .extend32S: isDropped = true
    default: break
    }
    if isDropped {
      i.c = value.a
      return Self.rewritten
    }
    return simplifyAddress(&i)
  }
}
