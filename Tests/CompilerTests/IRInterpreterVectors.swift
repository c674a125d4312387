// SPDX-License-Identifier: Apache-2.0
// What each operation on vectors means, lane by lane; shares nothing with simplification.

import struct BrolgaWasm.V128

@testable import BrolgaCompiler

/// A vector as numbers: the lanes as they are, and with a sign.
private struct LaneList {
  let size: Int
  var unsigned: [UInt64]

  init(_ vector: V128, size: Int) {
    self.size = size
    let bytes = vector.byteList
    unsigned = stride(from: 0, to: 16, by: size).map { start in
      (0..<size).reduce(0) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
    }
  }

  init(_ lanes: [UInt64], size: Int) {
    self.size = size
    unsigned = lanes
  }

  var signed: [Int64] {
    let spare = UInt64(64 - 8 * size)
    return unsigned.map { Int64(bitPattern: $0 << spare) >> Int64(spare) }
  }

  /// Lanes that there are too few of are zero.
  var vector: V128 {
    var bytes = unsigned.flatMap { lane in
      (0..<size).map { UInt8(truncatingIfNeeded: lane >> UInt64(8 * $0)) }
    }
    bytes += Array(repeating: 0, count: 16 - bytes.count)
    return V128(byteList: bytes)
  }
}

extension V128 {
  /// In the order of memory.
  var byteList: [UInt8] {
    (0..<16).map { k in
      let half = k < 8 ? low : high
      return UInt8(truncatingIfNeeded: half >> UInt64(k % 8 * 8))
    }
  }

  init(byteList bytes: [UInt8]) {
    func half(_ start: Int) -> UInt64 {
      (0..<8).reduce(0) { $0 | UInt64(bytes[start + $1]) << UInt64($1 * 8) }
    }
    self.init(low: half(0), high: half(8))
  }

  /// A scalar, in the lowest lane.
  init(scalar: UInt64) { self.init(low: scalar, high: 0) }

  fileprivate func unsigned(_ size: Int) -> [UInt64] { LaneList(self, size: size).unsigned }
  fileprivate func signed(_ size: Int) -> [Int64] { LaneList(self, size: size).signed }
  fileprivate init(_ lanes: [UInt64], size: Int) { self = LaneList(lanes, size: size).vector }
  fileprivate init(_ lanes: [Int64], size: Int) {
    self.init(lanes.map { UInt64(bitPattern: $0) }, size: size)
  }
}

extension LaneShape {
  fileprivate var size: Int {
    switch self {
    case .i8x16: 1
    case .i16x8: 2
    case .i32x4, .f32x4: 4
    case .i64x2, .f64x2: 8
    }
  }
}

extension Opcode {
  /// One of the operations in `OpcodeVectors.swift`.
  var isOfVectors: Bool {
    rawValue >= Opcode.vsplat.rawValue && rawValue <= Opcode.relaxedDotAdd.rawValue
  }
}

enum VectorInterpreter {
  /// One operation; a scalar stands in a vector's lower half.
  ///
  /// - Parameter pattern: of a shuffle.
  static func evaluate(
    _ i: Instruction, pattern: V128 = V128(low: 0, high: 0), _ a: V128, _ b: V128, _ c: V128
  ) -> V128 {
    let shape = LaneShape(rawValue: UInt8(i.aux & 0xff)) ?? .i8x16
    return moved(i, shape, pattern, a, b) ?? ofBits(i.opcode, a, b, c)
      ?? ofLanes(i.opcode, shape, a, b, c) ?? ofWidths(i.opcode, shape, a, b, c)
      ?? ofFloats(i.opcode, shape, a, b, c) ?? ofIntegers(i.opcode, shape, a, b)!
  }

  // MARK: Moves

  private static func moved(
    _ i: Instruction, _ shape: LaneShape, _ pattern: V128, _ a: V128, _ b: V128
  ) -> V128? {
    let size = shape.size
    let lane = Int(i.aux >> 8)
    switch i.opcode {
    case .vsplat: return V128(Array(repeating: a.low, count: 16 / size), size: size)
    case .vscalar: return V128([a.low], size: size)
    case .extractLane: return V128(scalar: a.unsigned(size)[lane])
    case .extractLaneS:
      return V128(scalar: UInt64(UInt32(truncatingIfNeeded: a.signed(size)[lane])))
    case .replaceLane:
      var lanes = a.unsigned(size)
      lanes[lane] = b.low
      return V128(lanes, size: size)
    case .vshuffle:
      let bytes = a.byteList + b.byteList
      return V128(byteList: pattern.byteList.map { bytes[Int($0)] })
    case .vswizzle: return V128(byteList: b.byteList.map { $0 < 16 ? a.byteList[Int($0)] : 0 })
    case .relaxedSwizzle:
      return V128(byteList: b.byteList.map { $0 < 128 ? a.byteList[Int($0 % 16)] : 0 })
    default: return nil
    }
  }

  // MARK: Bits

  private static func ofBits(_ opcode: Opcode, _ a: V128, _ b: V128, _ c: V128) -> V128? {
    func halves(_ operation: (UInt64, UInt64, UInt64) -> UInt64) -> V128 {
      V128(low: operation(a.low, b.low, c.low), high: operation(a.high, b.high, c.high))
    }
    switch opcode {
    case .vnot: return halves { x, _, _ in ~x }
    case .vand: return halves { x, y, _ in x & y }
    case .vandnot: return halves { x, y, _ in x & ~y }
    case .vor: return halves { x, y, _ in x | y }
    case .vxor: return halves { x, y, _ in x ^ y }
    case .bitselect: return halves { x, y, mask in x & mask | y & ~mask }
    case .anyTrue: return V128(scalar: a.low != 0 || a.high != 0 ? 1 : 0)
    default: return nil
    }
  }

  // MARK: Integers

  private static func ofLanes(
    _ opcode: Opcode, _ shape: LaneShape, _ a: V128, _ b: V128, _ c: V128
  ) -> V128? {
    let size = shape.size
    switch opcode {
    case .allTrue: return V128(scalar: a.unsigned(size).allSatisfy { $0 != 0 } ? 1 : 0)
    case .bitmask:
      let bits = a.signed(size).enumerated().map { $1 < 0 ? UInt64(1) << UInt64($0) : 0 }
      return V128(scalar: bits.reduce(0, +))
    case .vshl, .vshrS, .vshrU:
      let count = b.low % UInt64(8 * size)
      if opcode == .vshl { return V128(a.unsigned(size).map { $0 << count }, size: size) }
      if opcode == .vshrU { return V128(a.unsigned(size).map { $0 >> count }, size: size) }
      return V128(a.signed(size).map { $0 >> Int64(count) }, size: size)
    case .relaxedSelect:
      // By whole lanes of floats' sizes; by bytes otherwise.
      let part = size >= 4 ? size : 1
      let lanes = zip(c.signed(part), zip(a.unsigned(part), b.unsigned(part)))
      return V128(lanes.map { $0 < 0 ? $1.0 : $1.1 }, size: part)
    default: return nil
    }
  }

  private static func ofIntegers(
    _ opcode: Opcode, _ shape: LaneShape, _ a: V128, _ b: V128
  ) -> V128? {
    let size = shape.size
    let bits = Int64(8 * size)
    let greatest = bits == 64 ? Int64.max : (1 << (bits - 1)) - 1
    let greatestUnsigned: Int64 = bits < 64 ? (1 << bits) - 1 : 0
    func signed(_ operation: (Int64, Int64) -> Int64) -> V128 {
      V128(zip(a.signed(size), b.signed(size)).map(operation), size: size)
    }
    func unsigned(_ operation: (UInt64, UInt64) -> UInt64) -> V128 {
      V128(zip(a.unsigned(size), b.unsigned(size)).map(operation), size: size)
    }
    /// Of lanes of 32 bits or fewer.
    func bounded(_ value: Int64, isSigned: Bool) -> Int64 {
      isSigned
        ? min(max(value, -greatest - 1), greatest) : min(max(value, 0), greatestUnsigned)
    }
    switch opcode {
    case .vadd: return unsigned { $0 &+ $1 }
    case .vsub: return unsigned { $0 &- $1 }
    case .vmul: return unsigned { $0 &* $1 }
    case .vneg: return signed { x, _ in 0 &- x }
    case .vabs: return signed { x, _ in x < 0 ? 0 &- x : x }
    case .vaddSatS: return signed { bounded($0 + $1, isSigned: true) }
    case .vaddSatU:
      return unsigned { UInt64(bounded(Int64($0 + $1), isSigned: false)) }
    case .vsubSatS: return signed { bounded($0 - $1, isSigned: true) }
    case .vsubSatU: return unsigned { $0 > $1 ? $0 - $1 : 0 }
    case .vminS: return signed { $0 < $1 ? $0 : $1 }
    case .vminU: return unsigned { $0 < $1 ? $0 : $1 }
    case .vmaxS: return signed { $0 > $1 ? $0 : $1 }
    case .vmaxU: return unsigned { $0 > $1 ? $0 : $1 }
    case .vavgU: return unsigned { ($0 + $1 + 1) / 2 }
    case .vpopcnt:
      return unsigned { x, _ in (0..<8).reduce(0) { $0 + x >> $1 & 1 } }
    case .veq: return unsigned { $0 == $1 ? .max : 0 }
    case .vne: return unsigned { $0 != $1 ? .max : 0 }
    case .vlt: return signed { $0 < $1 ? -1 : 0 }
    case .vle: return signed { $0 <= $1 ? -1 : 0 }
    case .vltU: return unsigned { $0 < $1 ? .max : 0 }
    case .vleU: return unsigned { $0 <= $1 ? .max : 0 }
    case .narrowS, .narrowU:
      let lanes = a.signed(size * 2) + b.signed(size * 2)
      return V128(lanes.map { bounded($0, isSigned: opcode == .narrowS) }, size: size)
    default: return nil
    }
  }

  // MARK: Integers that become wider

  private static func ofWidths(
    _ opcode: Opcode, _ shape: LaneShape, _ a: V128, _ b: V128, _ c: V128
  ) -> V128? {
    let size = shape.size
    let count = 16 / size
    /// The wide lanes as products may need them: modulo 2^64.
    func parts(_ vector: V128, isSigned: Bool) -> [UInt64] {
      isSigned
        ? vector.signed(size / 2).map { UInt64(bitPattern: $0) } : vector.unsigned(size / 2)
    }
    func products(_ a: [Int64], _ b: [Int64]) -> [Int64] { zip(a, b).map { $0 * $1 } }
    func pairs(_ lanes: [Int64]) -> [Int64] {
      stride(from: 0, to: lanes.count, by: 2).map { lanes[$0] + lanes[$0 + 1] }
    }
    switch opcode {
    case .extendLowS: return V128(Array(parts(a, isSigned: true)[..<count]), size: size)
    case .extendLowU: return V128(Array(parts(a, isSigned: false)[..<count]), size: size)
    case .extendHighS: return V128(Array(parts(a, isSigned: true)[count...]), size: size)
    case .extendHighU: return V128(Array(parts(a, isSigned: false)[count...]), size: size)
    case .extmulLowS, .extmulLowU, .extmulHighS, .extmulHighU:
      let isSigned = opcode == .extmulLowS || opcode == .extmulHighS
      let first = opcode == .extmulLowS || opcode == .extmulLowU ? 0 : count
      let (x, y) = (parts(a, isSigned: isSigned), parts(b, isSigned: isSigned))
      return V128((first..<first + count).map { x[$0] &* y[$0] }, size: size)
    case .extaddS: return V128(pairs(a.signed(size / 2)), size: size)
    case .extaddU: return V128(pairs(a.unsigned(size / 2).map { Int64($0) }), size: size)
    case .vdot: return V128(pairs(products(a.signed(2), b.signed(2))), size: 4)
    case .q15mulSat, .relaxedQ15mul:
      // The processor's product of -1 and -1 overflows.
      return V128(
        products(a.signed(2), b.signed(2)).map {
          let rounded = ($0 + 0x4000) >> 15
          return opcode == .q15mulSat ? min(rounded, 0x7fff) : rounded
        }, size: 2)
    case .relaxedDot, .relaxedDotAdd:
      let sums = pairs(products(a.signed(1), b.unsigned(1).map { Int64($0) }))
      let bounded = sums.map { min(max($0, -0x8000), 0x7fff) }
      if opcode == .relaxedDot { return V128(bounded, size: 2) }
      return V128(zip(pairs(bounded), c.signed(4)).map { $0 + $1 }, size: 4)
    default: return nil
    }
  }

  // MARK: Floats

  /// The operation on each pair of lanes that the scalar one is.
  private static let scalars: [Opcode: Opcode] = [
    .vadd: .fadd, .vsub: .fsub, .vmul: .fmul, .vdiv: .fdiv, .vfmin: .fmin, .vfmax: .fmax,
    .vneg: .fneg, .vabs: .fabs, .vsqrt: .fsqrt, .vceil: .fceil, .vfloor: .ffloor,
    .vtrunc: .ftrunc, .vnearest: .fnearest,
  ]
  private static let comparisons: [Opcode: Opcode] = [
    .veq: .feq, .vne: .fne, .vlt: .flt, .vle: .fle,
  ]

  private static func ofFloats(
    _ opcode: Opcode, _ shape: LaneShape, _ a: V128, _ b: V128, _ c: V128
  ) -> V128? {
    switch opcode {
    case .vdemote: return converted(.demote, from: .f64, to: .f32, a.unsigned(8))
    case .vpromote: return converted(.promote, from: .f32, to: .f64, Array(a.unsigned(4)[..<2]))
    default: break
    }
    if !shape.isFloat { return nil }
    let size = shape.size
    let type: Type = size == 4 ? .f32 : .f64
    let lanes = zip(a.unsigned(size), b.unsigned(size))
    if let scalar = scalars[opcode] {
      return V128(lanes.map { result(scalar, type, type, $0, $1) }, size: size)
    }
    if let comparison = comparisons[opcode] {
      return V128(
        lanes.map { result(comparison, type, .i32, $0, $1) == 1 ? UInt64.max : 0 }, size: size)
    }
    func isLess(_ x: UInt64, _ y: UInt64) -> Bool { result(.flt, type, .i32, x, y) == 1 }
    switch opcode {
    case .vpmin: return V128(lanes.map { isLess($1, $0) ? $1 : $0 }, size: size)
    case .vpmax: return V128(lanes.map { isLess($0, $1) ? $1 : $0 }, size: size)
    case .relaxedMin: return V128(lanes.map { isLess($0, $1) ? $0 : $1 }, size: size)
    case .relaxedMax: return V128(lanes.map { isLess($1, $0) ? $0 : $1 }, size: size)
    case .vtruncSatS: return converted(.truncSatS, from: type, to: .i32, a.unsigned(size))
    case .vtruncSatU, .relaxedTruncU:
      return converted(.truncSatU, from: type, to: .i32, a.unsigned(size))
    case .relaxedTruncS:
      return V128(a.unsigned(size).map { truncated($0, type) }, size: 4)
    case .vconvertS:
      return converted(.convertS, from: .i32, to: type, Array(a.unsigned(4)[..<(16 / size)]))
    case .vconvertU:
      return converted(.convertU, from: .i32, to: type, Array(a.unsigned(4)[..<(16 / size)]))
    case .relaxedMadd, .relaxedNmadd:
      let sums = zip(lanes, c.unsigned(size))
      return V128(
        sums.map { fused($0.0, $0.1, $1, type, isNegated: opcode == .relaxedNmadd) }, size: size)
    default: return nil
    }
  }

  private static func result(
    _ opcode: Opcode, _ from: Type, _ to: Type, _ x: UInt64, _ y: UInt64 = 0
  ) -> UInt64 {
    guard case .success(let bits) = Interpreter.evaluate(opcode, from: from, to: to, x, y) else {
      fatalError("\(opcode) of lanes traps")
    }
    return bits
  }

  private static func converted(
    _ opcode: Opcode, from: Type, to: Type, _ lanes: [UInt64]
  ) -> V128 {
    V128(lanes.map { result(opcode, from, to, $0) }, size: to.byteCount)
  }

  /// What has no integer of 32 bits becomes the least.
  private static func truncated(_ bits: UInt64, _ type: Type) -> UInt64 {
    let value = type == .f32 ? Double(Float(bitPattern: UInt32(bits))) : Double(bitPattern: bits)
    let whole = value.rounded(.towardZero)
    guard whole >= -2_147_483_648 && whole < 2_147_483_648 else { return 0x8000_0000 }
    return UInt64(UInt32(bitPattern: Int32(whole)))
  }

  /// With one rounding.
  private static func fused(
    _ x: UInt64, _ y: UInt64, _ z: UInt64, _ type: Type, isNegated: Bool
  ) -> UInt64 {
    if type == .f64 {
      let x = Double(bitPattern: x)
      return Double(bitPattern: z).addingProduct(isNegated ? -x : x, Double(bitPattern: y))
        .bitPattern
    }
    let floats = [x, y, z].map { Float(bitPattern: UInt32($0)) }
    let first = isNegated ? -floats[0] : floats[0]
    return UInt64(floats[2].addingProduct(first, floats[1]).bitPattern)
  }
}
