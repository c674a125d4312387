// SPDX-License-Identifier: Apache-2.0
// Selection of shuffles: which instruction moves bytes as a pattern says.

import BrolgaWasm
import RegisterAllocation

/// The pattern of a shuffle: for each byte of the result the number of one of 32, those of the first
/// operand and then those of the second.
struct ShufflePattern {
  let bytes: V128

  func source(_ k: Int) -> Int { Int(bytes[byte: k]) }

  /// Whether every byte comes from where `body` says.
  func matches(_ body: (Int) -> Int) -> Bool {
    for k in 0..<16 where source(k) != body(k) { return false }
    return true
  }

  var usesFirst: Bool { (0..<16).contains { source($0) < 16 } }
  var usesSecond: Bool { (0..<16).contains { source($0) >= 16 } }

  /// The same with the operands exchanged.
  var swapped: ShufflePattern { ShufflePattern(bytes: V128 { bytes[byte: $0] ^ 16 }) }
  /// The same where both operands are one.
  var folded: ShufflePattern { ShufflePattern(bytes: V128 { bytes[byte: $0] & 15 }) }

  /// The pattern by groups of `size` bytes; nil where it divides one.
  func groups(of size: Int) -> [Int]? {
    var list: [Int] = []
    for k in stride(from: 0, to: 16, by: size) {
      if source(k) % size != 0 { return nil }
      for j in 1..<size where source(k + j) != source(k) + j { return nil }
      list.append(source(k) / size)
    }
    return list
  }

  /// Whether one instruction does it.
  var isSimple: Bool {
    if rotation != nil || swapped.rotation != nil { return true }
    if matches({ source($0) & 15 == $0 ? source($0) : -1 }) { return true }
    for op in VectorBinary.interleavings where matches(op.pattern) || swapped.matches(op.pattern) {
      return true
    }
    guard let lanes = groups(of: 4) else { return false }
    return lanes[..<2].allSatisfy { $0 < 4 } && lanes[2...].allSatisfy { $0 >= 4 }
      || lanes[..<2].allSatisfy { $0 >= 4 } && lanes[2...].allSatisfy { $0 < 4 }
  }

  /// Bytes k, k + 1, … of both operands behind each other.
  var rotation: Int? {
    let start = source(0)
    return matches { start + $0 } ? start : nil
  }
}

extension Lowering where ISA == X64 {
  mutating func lowerShuffle(_ i: Int, _ x: Instruction) {
    let d = register(defining: i)
    var (a, b) = (x.a, x.b)
    var pattern = ShufflePattern(bytes: function.vectors[Int(truncatingIfNeeded: x.c)])
    if a == b { pattern = pattern.folded }
    if !pattern.usesFirst {
      swap(&a, &b)
      pattern = pattern.swapped
    }
    if !pattern.usesSecond { return permute(d, a, pattern) }
    if vectorConstant(a) == .zero {
      swap(&a, &b)
      pattern = pattern.swapped
    }
    if vectorConstant(b) == .zero { return permuteWithZeros(d, a, pattern) }
    let permutesBytes = options.features.contains(.avx512vbmi)
    if !permutesBytes
      && (lowerShuffleOfThree(d, a, b, pattern) || lowerShuffleOfThree(d, b, a, pattern.swapped))
    {
      return
    }
    let (first, second) = (register(a), register(b))
    if combine(d, first, second, pattern) || combine(d, second, first, pattern.swapped) { return }
    // The operand that nobody needs afterwards is the one that is replaced.
    let isSecondFree = isLiveAfter(a) && !isLiveAfter(b)
    if options.features.contains(.avx512), let lanes = pattern.groups(of: 4) {
      let indices = V128 { $0 & 3 == 0 ? UInt8(lanes[$0 / 4] ^ (isSecondFree ? 4 : 0)) : 0 }
      return permute(.permt2d, d, first, second, constantVector(indices), isSecondFree)
    }
    if permutesBytes {
      let indices = isSecondFree ? pattern.swapped.bytes : pattern.bytes
      return permute(.permt2b, d, first, second, constantVector(indices), isSecondFree)
    }
    // The bytes of each, and zeros where the other's are.
    let left = V128 { pattern.source($0) < 16 ? UInt8(pattern.source($0)) : 0x80 }
    let right = V128 { pattern.source($0) >= 16 ? UInt8(pattern.source($0) - 16) : 0x80 }
    let one = vector(.pshufb, first, constantSource(left))
    let other = vector(.pshufb, second, constantSource(right))
    emitVector(.por, d, one, other)
  }

  private mutating func permute(
    _ op: VectorTernary, _ d: VirtualRegister, _ a: VirtualRegister, _ b: VirtualRegister,
    _ indices: VirtualRegister, _ isSecondFree: Bool
  ) {
    emitVector(op, d, isSecondFree ? b : a, indices, X64Source(register: isSecondFree ? a : b))
  }

  /// A shuffle of a shuffle that nothing else reads: the bytes of each of the three, and zeros where
  /// the others' are.
  private mutating func lowerShuffleOfThree(
    _ d: VirtualRegister, _ a: UInt32, _ b: UInt32, _ pattern: ShufflePattern
  ) -> Bool {
    let inner = instruction(a)
    guard inner.opcode == .vshuffle, isUsedOnce(a), !isLiveAfter(a), inner.a != inner.b,
      inner.a != b, inner.b != b, vectorConstant(b) == nil, vectorConstant(inner.a) == nil,
      vectorConstant(inner.b) == nil, !pattern.isSimple
    else { return false }
    let first = ShufflePattern(bytes: function.vectors[Int(truncatingIfNeeded: inner.c)])
    if !first.usesFirst || !first.usesSecond || first.isSimple { return false }
    // Bytes 0 to 31 are the inner shuffle's operands, those from 32 on the outer one's.
    let sources = (0..<16).map { k in
      pattern.source(k) < 16 ? first.source(pattern.source(k)) : pattern.source(k) + 16
    }
    let parts = [inner.a, inner.b, b].enumerated().map { part, value in
      let bytes = V128 { k in
        sources[k] / 16 == part ? UInt8(sources[k] % 16) : 0x80
      }
      return (register(value), bytes)
    }
    var sum: VirtualRegister?
    for (k, (register, bytes)) in parts.enumerated() {
      let moved = vector(.pshufb, register, constantSource(bytes))
      guard let before = sum else {
        sum = moved
        continue
      }
      if k == 2 { emitVector(.por, d, before, moved) } else { sum = vector(.por, before, moved) }
    }
    return true
  }

  /// The bytes of one vector in another order.
  private mutating func permute(_ d: VirtualRegister, _ a: UInt32, _ pattern: ShufflePattern) {
    if pattern.matches({ $0 }) { return emitMove(d, register(a)) }
    if let op = broadcast(pattern) {
      return emitVector(op, d, X64Source(register: register(a)))
    }
    if let lanes = pattern.groups(of: 4) {
      let order = lanes.enumerated().reduce(0) { $0 | $1.element << ($1.offset * 2) }
      return emitVector(.pshufd, d, vectorSource(a), Int32(order))
    }
    if let words = pattern.groups(of: 2) {
      let low = words[..<4].enumerated().allSatisfy { $0.offset == $0.element }
      let high = words[4...].enumerated().allSatisfy { $0.offset + 4 == $0.element }
      if high && words[..<4].allSatisfy({ $0 < 4 }) {
        let order = words[..<4].enumerated().reduce(0) { $0 | $1.element << ($1.offset * 2) }
        return emitVector(.pshuflw, d, vectorSource(a), Int32(order))
      }
      if low && words[4...].allSatisfy({ $0 >= 4 }) {
        let order = words[4...].enumerated().reduce(0) { $0 | ($1.element - 4) << ($1.offset * 2) }
        return emitVector(.pshufhw, d, vectorSource(a), Int32(order))
      }
    }
    let r = register(a)
    let start = pattern.source(0)
    if pattern.matches({ ($0 + start) & 15 }) {
      return emitVector(.palignr, d, r, X64Source(register: r), Int32(start))
    }
    if let op = unpack(pattern, isFolded: true) { return emitVector(op, d, r, r) }
    if options.features.contains(.avx512) {
      for size in [4, 8] where pattern.matches({ $0 & -size | ($0 &+ start) & (size &- 1) }) {
        return emitVector(size == 4 ? .prold : .prolq, d, r, by: Int32(8 * (size - start)))
      }
    }
    emitVector(.pshufb, d, r, constantSource(pattern.bytes))
  }

  /// The lowest lane everywhere.
  private func broadcast(_ pattern: ShufflePattern) -> VectorUnary? {
    if pattern.matches({ _ in 0 }) { return .pbroadcastb }
    return pattern.matches { $0 & 1 } ? .pbroadcastw : nil
  }

  private mutating func permuteWithZeros(
    _ d: VirtualRegister, _ a: UInt32, _ pattern: ShufflePattern
  ) {
    let r = register(a)
    let isZero = { pattern.source($0) >= 16 }
    for count in 1..<16 {
      if (0..<16).allSatisfy({ $0 < count ? isZero($0) : pattern.source($0) == $0 - count }) {
        return emitVector(.pslldq, d, r, by: Int32(count))
      }
      if (0..<16).allSatisfy({
        $0 >= 16 - count ? isZero($0) : pattern.source($0) == $0 + count
      }) {
        return emitVector(.psrldq, d, r, by: Int32(count))
      }
    }
    if let op = unpack(zeroed(pattern), isFolded: false) {
      return emitVector(op, d, r, zeroVector())
    }
    let bytes = V128 { isZero($0) ? 0x80 : UInt8(pattern.source($0)) }
    emitVector(.pshufb, d, r, constantSource(bytes))
  }

  /// All bytes of zero are alike: those that an interleaving takes.
  private func zeroed(_ pattern: ShufflePattern) -> ShufflePattern {
    for op in VectorBinary.interleavings {
      let wanted = op.pattern
      let isSame = (0..<16).allSatisfy {
        pattern.source($0) == wanted($0) || pattern.source($0) >= 16 && wanted($0) >= 16
      }
      if isSame { return ShufflePattern(bytes: V128 { UInt8(wanted($0)) }) }
    }
    return pattern
  }

  private func unpack(_ pattern: ShufflePattern, isFolded: Bool) -> VectorBinary? {
    VectorBinary.interleavings.first { op in
      pattern.matches { isFolded ? op.pattern($0) & 15 : op.pattern($0) }
    }
  }

  /// One instruction of both, if there is one with the operands in this order.
  private mutating func combine(
    _ d: VirtualRegister, _ a: VirtualRegister, _ b: VirtualRegister, _ pattern: ShufflePattern
  ) -> Bool {
    let second = X64Source(register: b)
    if let op = unpack(pattern, isFolded: false) {
      emitVector(op, d, a, second)
      return true
    }
    if pattern.matches({ pattern.source($0) & 15 == $0 ? pattern.source($0) : -1 }) {
      blend(d, a, b, pattern)
      return true
    }
    if let start = pattern.rotation {
      // The second operand's bytes follow the first's.
      emitVector(.palignr, d, b, X64Source(register: a), Int32(start))
      return true
    }
    if let lanes = pattern.groups(of: 4), lanes[..<2].allSatisfy({ $0 < 4 }),
      lanes[2...].allSatisfy({ $0 >= 4 })
    {
      let order = lanes.enumerated().reduce(0) { $0 | ($1.element & 3) << ($1.offset * 2) }
      emitVector(.shufps, d, a, second, Int32(order))
      return true
    }
    return false
  }

  /// Every byte stays where it is.
  private mutating func blend(
    _ d: VirtualRegister, _ a: VirtualRegister, _ b: VirtualRegister, _ pattern: ShufflePattern
  ) {
    let second = X64Source(register: b)
    if let lanes = pattern.groups(of: 4) {
      let mask = lanes.enumerated().reduce(0) { $0 | ($1.element >= 4 ? 1 << $1.offset : 0) }
      return emitVector(.pblendd, d, a, second, Int32(mask))
    }
    if let words = pattern.groups(of: 2) {
      let mask = words.enumerated().reduce(0) { $0 | ($1.element >= 8 ? 1 << $1.offset : 0) }
      return emitVector(.pblendw, d, a, second, Int32(mask))
    }
    let mask = constantVector(V128 { pattern.source($0) >= 16 ? 0xff : 0 })
    emitVector(.pblendvb, d, a, mask: mask, second)
  }
}

extension VectorBinary {
  fileprivate static let interleavings: [VectorBinary] = [
    .punpcklbw, .punpckhbw, .punpcklwd, .punpckhwd, .punpckldq, .punpckhdq, .punpcklqdq,
    .punpckhqdq,
  ]

  /// Of an interleaving: where each byte of the result comes from.
  fileprivate var pattern: (Int) -> Int {
    let (size, start): (Int, Int) =
      switch self {
      case .punpcklbw: (1, 0)
      case .punpckhbw: (1, 8)
      case .punpcklwd: (2, 0)
      case .punpckhwd: (2, 8)
      case .punpckldq: (4, 0)
      case .punpckhdq: (4, 8)
      case .punpcklqdq: (8, 0)
      default: (8, 8)
      }
    return { k in
      let group = k / size
      return (group & 1) * 16 + start + (group / 2) * size + k % size
    }
  }
}
