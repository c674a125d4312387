// SPDX-License-Identifier: Apache-2.0
// Products of 128 bits that are made of four products of 32 bits: what compilers emit where there is
// no wider multiplication.

/// The four products of the halves of two factors, and their sums, as far as they are known.
///
///     low    = xl * yl
///     first  = (low >> 32) + one of xh * yl, xl * yh
///     second = (first & mask) + the other
///     product's lower half: second << 32 | low & mask
///     product's upper half: xh * yh + (first >> 32) + (second >> 32)
private struct PartialProducts {
  var x: UInt32
  var y: UInt32
}

extension Builder {
  mutating func simplifyMulHigh(_ i: inout Instruction) -> Value {
    if let a = constantBits(Value(raw: i.a)), let b = constantBits(Value(raw: i.b)),
      let bits = Fold.integer(i.opcode, .i64, a, b)
    {
      i = .constant(.i64, bits: bits)
    }
    return .none
  }

  /// `sum` with the upper half of a product in the place of its last three terms.
  ///
  /// Looks at a fixed number of definitions.
  @inline(never)
  mutating func simplifyUpperProduct(_ i: inout Instruction) -> Value {
    for (second, rest) in [(i.a, i.b), (i.b, i.a)] {
      guard let second = upperHalf(second) else { continue }
      let inner = operand(rest)
      if inner.opcode != .add { continue }
      for (first, rest) in [(inner.a, inner.b), (inner.b, inner.a)] {
        guard let first = upperHalf(first), let parts = partialProducts(second, first) else {
          continue
        }
        if isProductOfUppers(rest, parts) {
          return upperProduct(parts)
        }
        let last = operand(rest)
        if last.opcode != .add { continue }
        for (product, other) in [(last.a, last.b), (last.b, last.a)]
        where isProductOfUppers(product, parts) {
          i = Instruction(.add, .i64, a: other, b: upperProduct(parts).raw)
          return Self.rewritten
        }
      }
    }
    return .none
  }

  /// The lower half, where it is put together of its own halves.
  @inline(never)
  mutating func simplifyLowerProduct(_ i: inout Instruction) -> Value {
    for (upper, lower) in [(i.a, i.b), (i.b, i.a)] {
      let shift = operand(upper)
      guard shift.opcode == .shl, isConstant(shift.b, 32), let low = lowerHalf(lower) else {
        continue
      }
      let second = operand(shift.a)
      if second.opcode != .add { continue }
      for first in [second.a, second.b] {
        guard let first = lowerHalf(first), let parts = partialProducts(shift.a, first),
          isProductOfLowers(low, parts)
        else { continue }
        i = Instruction(.mul, .i64, a: parts.x, b: parts.y)
        return Self.rewritten
      }
    }
    return .none
  }

  /// Beside each other, so that selection finds one instruction for both.
  private mutating func upperProduct(_ parts: PartialProducts) -> Value {
    let (a, b) = (min(parts.x, parts.y), max(parts.x, parts.y))
    _ = emit(Instruction(.mul, .i64, a: a, b: b))
    return emit(Instruction(.mulHighU, .i64, a: a, b: b))
  }

  private mutating func partialProducts(_ second: UInt32, _ first: UInt32) -> PartialProducts? {
    let sum = operand(second)
    let firstSum = operand(first)
    if sum.opcode != .add || firstSum.opcode != .add { return nil }
    for (masked, product) in [(sum.a, sum.b), (sum.b, sum.a)] where lowerHalf(masked) == first {
      for (shifted, other) in [(firstSum.a, firstSum.b), (firstSum.b, firstSum.a)] {
        guard let low = upperHalf(shifted) else { continue }
        let lows = operand(low)
        guard lows.opcode == .mul, let x = lowerHalf(lows.a), let y = lowerHalf(lows.b) else {
          continue
        }
        let parts = PartialProducts(x: x, y: y)
        if isProduct(product, upper: x, lower: y) && isProduct(other, upper: y, lower: x)
          || isProduct(product, upper: y, lower: x) && isProduct(other, upper: x, lower: y)
        {
          return parts
        }
      }
    }
    return nil
  }

  private mutating func isProduct(_ raw: UInt32, upper: UInt32, lower: UInt32) -> Bool {
    let i = operand(raw)
    if i.opcode != .mul { return false }
    return upperHalf(i.a) == upper && lowerHalf(i.b) == lower
      || upperHalf(i.b) == upper && lowerHalf(i.a) == lower
  }

  private mutating func isProductOfUppers(_ raw: UInt32, _ parts: PartialProducts) -> Bool {
    let i = operand(raw)
    if i.opcode != .mul { return false }
    let (a, b) = (upperHalf(i.a), upperHalf(i.b))
    return a == parts.x && b == parts.y || a == parts.y && b == parts.x
  }

  private mutating func isProductOfLowers(_ raw: UInt32, _ parts: PartialProducts) -> Bool {
    let i = operand(raw)
    if i.opcode != .mul { return false }
    let (a, b) = (lowerHalf(i.a), lowerHalf(i.b))
    return a == parts.x && b == parts.y || a == parts.y && b == parts.x
  }

  /// What the value is the upper 32 bits of; of an i64.
  private mutating func upperHalf(_ raw: UInt32) -> UInt32? {
    let i = operand(raw)
    return i.opcode == .shrU && i.type == .i64 && isConstant(i.b, 32) ? i.a : nil
  }

  private mutating func lowerHalf(_ raw: UInt32) -> UInt32? {
    let i = operand(raw)
    if i.opcode == .extendU {
      let narrow = operand(i.a)
      return narrow.opcode == .wrap ? narrow.a : nil
    }
    return i.opcode == .and && i.type == .i64 && isConstant(i.b, 0xffff_ffff) ? i.a : nil
  }

  private mutating func isConstant(_ raw: UInt32, _ bits: UInt64) -> Bool {
    let i = operand(raw)
    return i.opcode == .iconst && i.bits == bits
  }
}
