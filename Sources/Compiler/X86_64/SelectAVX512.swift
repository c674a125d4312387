// SPDX-License-Identifier: Apache-2.0
// Selection of what AVX-512 has and AVX2 has not, on vectors of 16 bytes.

import BrolgaArtefact
import RegisterAllocation

/// The values that a tree of operations on bits starts from: up to three.
private struct LogicLeaves: BitwiseCopyable {
  var list: InlineArray<3, UInt32> = [.max, .max, .max]
  var count = 0

  /// False where there are three others already.
  mutating func insert(_ value: UInt32) -> Bool {
    for k in 0..<count where list[k] == value { return true }
    if count == 3 { return false }
    list[count] = value
    count &+= 1
    return true
  }
}

extension Lowering where ISA == X64 {
  /// Selects an operation for which AVX-512 has fewer instructions; false where it has not.
  mutating func selectAVX512(_ i: Int, _ x: Instruction) -> Bool {
    switch x.opcode {
    case .vor, .vxor, .vadd:
      if let rotation = rotation(x) {
        let op: VectorShift = rotation.lanes == .i32x4 ? .prold : .prolq
        emitVector(op, register(defining: i), register(rotation.value), by: rotation.count)
        return true
      }
      return x.opcode != .vadd && lowerLogic(i, x)
    case .vand, .vandnot, .vnot, .bitselect: return lowerLogic(i, x)
    case .vmul where x.lanes == .i64x2:
      let isSwapped = isAbsorbableLoad(x.a) && !isAbsorbableLoad(x.b) || vectorConstant(x.a) != nil
      let (a, b) = isSwapped ? (x.b, x.a) : (x.a, x.b)
      emitVector(.pmullq, register(defining: i), register(a), vectorSource(b))
    case .vabs where x.lanes == .i64x2:
      emitVector(.pabsq, register(defining: i), vectorSource(x.a))
    case .vpopcnt:
      if !options.features.contains(.avx512bitalg) { return false }
      emitVector(.popcntb, register(defining: i), vectorSource(x.a))
    case .vtruncSatU, .relaxedTruncU:
      // What is too large becomes the largest integer. The maximum's second operand is for NaNs.
      let isSingle = x.lanes == .f32x4
      let d = register(defining: i)
      let positive = vector(isSingle ? .maxps : .maxpd, register(x.a), zeroVector())
      emitVector(isSingle ? .cvttps2udq : .cvttpd2udq, d, X64Source(register: positive))
    case .vconvertU where x.lanes == .f32x4:
      emitVector(.cvtudq2ps, register(defining: i), vectorSource(x.a))
    default: return false
    }
    return true
  }

  /// Whether the operation puts together what two opposite shifts leave of a value.
  private func rotation(_ x: Instruction) -> (value: UInt32, lanes: LaneShape, count: Int32)? {
    let (a, b) = (instruction(x.a), instruction(x.b))
    let (left, right) = a.opcode == .vshl ? (a, b) : (b, a)
    guard left.opcode == .vshl, right.opcode == .vshrU, left.a == right.a,
      left.lanes == right.lanes, left.lanes == .i32x4 || left.lanes == .i64x2,
      let count = constant(left.b), let rest = constant(right.b)
    else { return nil }
    if x.opcode == .vadd && x.lanes.isFloat { return nil }
    let mask: Int64 = left.lanes == .i32x4 ? 31 : 63
    // By nothing at all both are the whole value: their exclusive or is not.
    if count & mask == 0 || (count &+ rest) & mask != 0 { return nil }
    return (left.a, left.lanes, Int32(truncatingIfNeeded: count & mask))
  }

  // MARK: Bits

  /// Operations on bits that `lowerLogic` makes one of.
  private func isLogic(_ opcode: Opcode) -> Bool {
    switch opcode {
    case .vand, .vandnot, .vor, .vxor, .vnot, .bitselect: true
    default: false
    }
  }

  /// A choice by bits, or operations on bits of which nothing else reads what is between: whatever
  /// three values give, one instruction with a table makes.
  private mutating func lowerLogic(_ i: Int, _ x: Instruction) -> Bool {
    var leaves = LogicLeaves()
    _ = insert(operandsOf: x, into: &leaves)
    var absorbed = 0
    var k = 0
    while k < leaves.count && absorbed < Self.logicLimit {
      if let wider = opened(leaves, k) {
        leaves = wider
        absorbed &+= 1
        k = 0
      } else {
        k &+= 1
      }
    }
    if leaves.count < 2 || absorbed == 0 && leaves.count < 3 { return false }
    let isAlone = absorbed == 0 && isMask(x.c)
    arrange(&leaves)
    // Then a copy would be needed, and a blend is as good.
    if isAlone && isLiveAfter(leaves.list[0]) { return false }
    let table = table(x, leaves)
    let d = register(defining: i)
    let first = register(leaves.list[0])
    let second = register(leaves.list[1])
    let third =
      leaves.count == 3 ? vectorSource(leaves.list[2]) : X64Source(register: second)
    emitVector(.pternlogd, d, first, second, third, Int32(table))
    return true
  }

  /// Operations that one instruction replaces, beside the last: chains of more are rare.
  private static var logicLimit: Int { 6 }

  private func insert(operandsOf x: Instruction, into leaves: inout LogicLeaves) -> Bool {
    leaves.insert(x.a) && (x.opcode == .vnot || leaves.insert(x.b))
      && (x.opcode != .bitselect || leaves.insert(x.c))
  }

  /// The leaves with the operands of number `k` in its place; nil where that is no operation on bits, is
  /// needed otherwise, was done before the block, is a rotation, or has too many.
  private func opened(_ leaves: LogicLeaves, _ k: Int) -> LogicLeaves? {
    let value = leaves.list[k]
    let x = instruction(value)
    guard isLogic(x.opcode), isUsedOnce(value), !isLiveAfter(value), value >= blockStart else {
      return nil
    }
    if x.opcode == .vor || x.opcode == .vxor, rotation(x) != nil { return nil }
    var wider = LogicLeaves()
    for j in 0..<leaves.count where j != k { _ = wider.insert(leaves.list[j]) }
    return insert(operandsOf: x, into: &wider) ? wider : nil
  }

  /// What can be read from memory last, and first what nobody needs afterwards.
  private func arrange(_ leaves: inout LogicLeaves) {
    for k in 0..<2 where leaves.count == 3 {
      let value = leaves.list[k]
      if isAbsorbableLoad(value) || vectorConstant(value) != nil {
        leaves.list[k] = leaves.list[2]
        leaves.list[2] = value
        break
      }
    }
    for k in 1..<leaves.count where isLiveAfter(leaves.list[0]) {
      let value = leaves.list[k]
      if !isLiveAfter(value) && !isAbsorbableLoad(value) && vectorConstant(value) == nil {
        leaves.list[k] = leaves.list[0]
        leaves.list[0] = value
      }
    }
  }

  /// What the operation makes of all combinations of three bits.
  private func table(_ x: Instruction, _ leaves: LogicLeaves) -> UInt8 {
    let a = column(x.a, leaves)
    if x.opcode == .vnot { return ~a }
    let b = column(x.b, leaves)
    switch x.opcode {
    case .vand: return a & b
    case .vandnot: return a & ~b
    case .vor: return a | b
    case .vxor: return a ^ b
    default:
      let mask = column(x.c, leaves)
      return a & mask | b & ~mask
    }
  }

  private func column(_ value: UInt32, _ leaves: LogicLeaves) -> UInt8 {
    if value == leaves.list[0] { return 0xF0 }
    if value == leaves.list[1] { return 0xCC }
    if value == leaves.list[2] { return 0xAA }
    return table(instruction(value), leaves)
  }
}
