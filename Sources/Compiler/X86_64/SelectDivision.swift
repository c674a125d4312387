// SPDX-License-Identifier: Apache-2.0
// Division by constants, by multiplication.

import BrolgaEntities
import RegisterAllocation

extension Lowering where ISA == X64 {
  /// Divides by a constant without a division; false where there is no gain.
  ///
  /// X64Source: Granlund and Montgomery, "Division by Invariant Integers using Multiplication"
  /// (1994), with the machine's wide multiplication; for 32 bits, the product of 64.
  mutating func lowerDivision(
    _ x: Instruction, by divisor: Int64, _ d: VirtualRegister, _ size: UInt8
  ) -> Bool {
    let isSigned = x.opcode == .divS || x.opcode == .remS
    let isRemainder = x.opcode == .remS || x.opcode == .remU
    let unsigned =
      size == 3
      ? UInt64(bitPattern: divisor)
      : UInt64(truncatingIfNeeded: UInt32(truncatingIfNeeded: divisor))
    let magnitude = isSigned ? divisor.magnitude : unsigned
    let limit: UInt64 = size == 3 ? 1 &<< 63 : 1 &<< 31
    // 1 and -1 are for simplification and for the machine's own overflow trap; the least integer
    // is not worth a case.
    if magnitude < 2 || isSigned && magnitude >= limit { return false }
    let isPowerOfTwo = magnitude & (magnitude &- 1) == 0
    let shift = Int32(truncatingIfNeeded: magnitude.trailingZeroBitCount)
    let a = register(x.a)
    if !isSigned && isPowerOfTwo {
      if !isRemainder {
        emitInPlace(.shr, size: size, d, a, immediate: shift)
      } else if let mask = mask(below: magnitude) {
        emitTwoAddress(.and, size: size, d, a, X64Source(immediate: mask))
      } else {
        let m = constantRegister(magnitude &- 1)
        emitTwoAddress(.and, size: size, d, a, X64Source(register: m))
      }
      return true
    }
    let q = isRemainder ? newRegister(.int) : d
    if isSigned {
      let isNegative = divisor < 0 && !isRemainder
      if isPowerOfTwo {
        divideSignedByPower(a, shift, isNegative, q, size)
      } else if size == 2 {
        divideSigned32(a, magnitude, isNegative, q)
      } else {
        divideSigned64(a, magnitude, isNegative, q)
      }
    } else if size == 2 {
      divideUnsigned32(a, magnitude, q)
    } else {
      divideUnsigned64(a, magnitude, q)
    }
    // The remainder's sign is the dividend's: the divisor's does not matter.
    if isRemainder { subtractProduct(a, q, magnitude, d, size) }
    return true
  }

  private mutating func mask(below power: UInt64) -> Int32? {
    power &- 1 < 1 &<< 31 ? Int32(truncatingIfNeeded: power &- 1) : nil
  }

  /// `d := a - q * c`
  private mutating func subtractProduct(
    _ a: VirtualRegister, _ q: VirtualRegister, _ c: UInt64, _ d: VirtualRegister, _ size: UInt8
  ) {
    let product = multiplied(q, c, size)
    emitTwoAddress(.sub, size: size, d, a, X64Source(register: product))
  }

  private mutating func multiplied(
    _ a: VirtualRegister, _ c: UInt64, _ size: UInt8
  ) -> VirtualRegister {
    let d = newRegister(.int)
    if c < 1 &<< 31 {
      emitUnary(
        .imulImmediate, size: size, d, .int, X64Source(register: a), .int,
        immediate: Int32(truncatingIfNeeded: c))
    } else {
      let m = constantRegister(c)
      emitTwoAddress(.imul, size: size, d, m, X64Source(register: a))
    }
    return d
  }

  private mutating func shifted(
    _ opcode: X64Opcode, _ a: VirtualRegister, _ count: Int32, _ size: UInt8
  ) -> VirtualRegister {
    if count == 0 { return a }
    let d = newRegister(.int)
    emitInPlace(opcode, size: size, d, a, immediate: count)
    return d
  }

  /// The high half of a product of 64 bits.
  /// The upper half of a product. The lower one comes with it, if it is the instruction before.
  mutating func lowerMulHigh(_ i: Int, _ x: Instruction) {
    let high = register(defining: i)
    var low = newRegister(.int)
    if i > 0 && facts[i &- 1] & 4 == 0 && isRequested(i &- 1) {
      let other = function.instructions.storage[i &- 1]
      if other.opcode == .mul && other.type == .i64
        && (other.a == x.a && other.b == x.b || other.a == x.b && other.b == x.a)
      {
        low = register(defining: i &- 1)
        facts[i &- 1] |= 4
      }
    }
    let a = register(x.a)
    let s = source(x.b, size: 3)
    emit(x.opcode == .mulHighU ? .mul : .imulWide, size: 3, s)
    operands.append(.fixedDefinition(low, X64Register.rax))
    operands.append(.fixedDefinition(high, X64Register.rdx))
    operands.append(.fixedUse(a, X64Register.rax))
    appendSource(s, .int)
  }

  private mutating func highProduct(
    _ opcode: X64Opcode, _ a: VirtualRegister, _ multiplier: UInt64
  ) -> VirtualRegister {
    let m = constantRegister(multiplier)
    let high = newRegister(.int)
    emit(MachineInstruction(opcode, size: 3))
    operands.append(.fixedDefinition(newRegister(.int), X64Register.rax))
    operands.append(.fixedDefinition(high, X64Register.rdx))
    operands.append(.fixedUse(m, X64Register.rax))
    operands.append(.anyUse(a, .int))
    return high
  }

  private mutating func divideUnsigned32(
    _ a: VirtualRegister, _ c: UInt64, _ q: VirtualRegister
  ) {
    for s in 0..<UInt64(32) {
      let power: UInt64 = 1 &<< (32 &+ s)
      let m = power / c &+ 1
      if m >= 1 &<< 32 { break }
      if m &* c &- power <= 1 &<< s {
        let product = multiplied(a, m, 3)
        emitInPlace(
          .shr, size: 3, q, product, immediate: 32 &+ Int32(truncatingIfNeeded: s))
        return
      }
    }
    // ceil(2^64 / c): its error is below c, and times a dividend below 2^64.
    let high = highProduct(.mul, a, UInt64.max / c &+ 1)
    emitUnary(.mov, size: 2, q, .int, X64Source(register: high), .int)
  }

  private mutating func divideUnsigned64(
    _ a: VirtualRegister, _ c: UInt64, _ q: VirtualRegister
  ) {
    let bits = 64 &- c.leadingZeroBitCount
    for s in 0..<bits {
      let power: UInt128 = 1 << UInt128(64 &+ s)
      let m = power / UInt128(c) + 1
      if m >> 64 != 0 { break }
      if m &* UInt128(c) &- power <= 1 << UInt128(s) {
        let high = highProduct(.mul, a, UInt64(truncatingIfNeeded: m))
        if s == 0 {
          emitUnary(.mov, size: 3, q, .int, X64Source(register: high), .int)
        } else {
          emitInPlace(.shr, size: 3, q, high, immediate: Int32(truncatingIfNeeded: s))
        }
        return
      }
    }
    // A multiplier of 65 bits, the highest of which is the addition of the dividend:
    // t = high(a * m'); q = ((a - t) / 2 + t) >> (bits - 1).
    let power: UInt128 = (1 << UInt128(64)) &* ((1 << UInt128(bits)) &- UInt128(c))
    let m = UInt64(truncatingIfNeeded: power / UInt128(c) + 1)
    let t = highProduct(.mul, a, m)
    let difference = newRegister(.int)
    emitTwoAddress(.sub, size: 3, difference, a, X64Source(register: t))
    let half = shifted(.shr, difference, 1, 3)
    let sum = newRegister(.int)
    emitTwoAddress(.add, size: 3, sum, half, X64Source(register: t))
    emitInPlace(.shr, size: 3, q, sum, immediate: Int32(truncatingIfNeeded: bits &- 1))
  }

  /// `q := floor + (1 if a is negative)`, or the negative of that.
  private mutating func roundTowardsZero(
    _ floor: VirtualRegister, _ a: VirtualRegister, _ isNegative: Bool, _ q: VirtualRegister,
    _ size: UInt8
  ) {
    let sign = shifted(.sar, a, size == 3 ? 63 : 31, size)
    if isNegative {
      emitTwoAddress(.sub, size: size, q, sign, X64Source(register: floor))
    } else {
      emitTwoAddress(.sub, size: size, q, floor, X64Source(register: sign))
    }
  }

  private mutating func divideSigned32(
    _ a: VirtualRegister, _ c: UInt64, _ isNegative: Bool, _ q: VirtualRegister
  ) {
    let wide = newRegister(.int)
    emitUnary(.movsx32, size: 3, wide, .int, X64Source(register: a), .int)
    for s in 0..<UInt64(31) {
      let power: UInt64 = 1 &<< (32 &+ s)
      let m = power / c &+ 1
      if m &* c &- power <= 2 &<< s {
        let product = multiplied(wide, m, 3)
        let floor = shifted(.sar, product, 32 &+ Int32(truncatingIfNeeded: s), 3)
        roundTowardsZero(floor, a, isNegative, q, 2)
        return
      }
    }
    fatalError("no multiplier for \(c)")
  }

  private mutating func divideSigned64(
    _ a: VirtualRegister, _ c: UInt64, _ isNegative: Bool, _ q: VirtualRegister
  ) {
    for s in 0..<63 {
      let power: UInt128 = 1 << UInt128(64 &+ s)
      let m = power / UInt128(c) + 1
      if m &* UInt128(c) &- power > 2 << UInt128(s) { continue }
      let multiplier = UInt64(truncatingIfNeeded: m)
      var high = highProduct(.imulWide, a, multiplier)
      // As a signed number the multiplier is too small by 2^64.
      if multiplier &>> 63 != 0 {
        let sum = newRegister(.int)
        emitTwoAddress(.add, size: 3, sum, high, X64Source(register: a))
        high = sum
      }
      let floor = shifted(.sar, high, Int32(truncatingIfNeeded: s), 3)
      roundTowardsZero(floor, a, isNegative, q, 3)
      return
    }
    fatalError("no multiplier for \(c)")
  }

  /// Adds the divisor less one to negative dividends, then shifts.
  private mutating func divideSignedByPower(
    _ a: VirtualRegister, _ shift: Int32, _ isNegative: Bool, _ q: VirtualRegister, _ size: UInt8
  ) {
    let bits: Int32 = size == 3 ? 64 : 32
    let sign = shift == 1 ? a : shifted(.sar, a, bits &- 1, size)
    let bias = shifted(.shr, sign, bits &- shift, size)
    let sum = newRegister(.int)
    emitTwoAddress(.add, size: size, sum, bias, X64Source(register: a))
    if isNegative {
      let quotient = shifted(.sar, sum, shift, size)
      emitInPlace(.neg, size: size, q, quotient)
    } else {
      emitInPlace(.sar, size: size, q, sum, immediate: shift)
    }
  }
}
