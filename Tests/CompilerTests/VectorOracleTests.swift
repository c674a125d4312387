// SPDX-License-Identifier: Apache-2.0
// The evaluator of operations on vectors, against results worked out by hand.

import Testing

import struct BrolgaWasm.V128

@testable import BrolgaCompiler

@Suite struct VectorOracleTests {
  private func run(
    _ opcode: Opcode, _ lanes: LaneShape, lane: UInt8 = 0, _ a: V128,
    _ b: V128 = V128(scalar: 0), _ c: V128 = V128(scalar: 0)
  ) -> V128 {
    VectorInterpreter.evaluate(Instruction(opcode, .v128, lanes: lanes, lane: lane), a, b, c)
  }

  /// Of bytes, or of what has one shape.
  private func run(
    _ opcode: Opcode, _ a: V128, _ b: V128 = V128(scalar: 0), _ c: V128 = V128(scalar: 0)
  ) -> V128 {
    run(opcode, .i8x16, a, b, c)
  }

  /// The lanes given, over and over.
  private func bytes(_ lanes: Int...) -> V128 {
    V128(byteList: (0..<16).map { UInt8(truncatingIfNeeded: lanes[$0 % lanes.count]) })
  }
  private func words(_ lanes: Int...) -> V128 {
    V128(
      byteList: (0..<16).map { k in
        UInt8(truncatingIfNeeded: lanes[k / 2 % lanes.count] >> (k % 2 * 8))
      })
  }
  private func ints(_ lanes: Int...) -> V128 {
    V128(
      byteList: (0..<16).map { k in
        UInt8(truncatingIfNeeded: lanes[k / 4 % lanes.count] >> (k % 4 * 8))
      })
  }
  private func longs(_ low: Int, _ high: Int) -> V128 {
    V128(low: UInt64(bitPattern: Int64(low)), high: UInt64(bitPattern: Int64(high)))
  }
  private func floats(_ lanes: Float...) -> V128 {
    V128(
      byteList: (0..<16).map { k in
        UInt8(truncatingIfNeeded: lanes[k / 4 % lanes.count].bitPattern >> UInt32(k % 4 * 8))
      })
  }
  private func doubles(_ low: Double, _ high: Double) -> V128 {
    V128(low: low.bitPattern, high: high.bitPattern)
  }

  @Test func sumsSaturate() {
    let a = bytes(127, -128, 100, -1)
    let b = bytes(1, -1, 100, 1)
    #expect(run(.vadd, a, b) == bytes(-128, 127, -56, 0))
    #expect(run(.vaddSatS, a, b) == bytes(127, -128, 127, 0))
    #expect(run(.vaddSatU, a, b) == bytes(128, 255, 200, 255))
    #expect(run(.vsubSatS, a, b) == bytes(126, -127, 0, -2))
    #expect(run(.vsubSatU, a, b) == bytes(126, 0, 0, 254))
    let x = words(0x7fff, -0x8000, 40_000)
    #expect(run(.vaddSatS, .i16x8, x, x) == words(0x7fff, -0x8000, -0x8000))
    #expect(run(.vaddSatU, .i16x8, x, x) == words(0xfffe, 0xffff, 0xffff))
    #expect(run(.vsubSatS, .i16x8, words(-0x8000), words(1)) == words(-0x8000))
  }

  @Test func integersWrapOrAreOrdered() {
    #expect(run(.vmul, .i16x8, words(0x100, -3), words(0x101, 5)) == words(0x100, -15))
    #expect(run(.vmul, .i64x2, longs(1 << 40, -1), longs(1 << 23, -7)) == longs(.min, 7))
    #expect(run(.vabs, bytes(-128, -1, 5)) == bytes(128, 1, 5))
    #expect(run(.vneg, .i64x2, longs(.min, 3)) == longs(.min, -3))
    #expect(run(.vminS, bytes(-1, 5), bytes(1, -7)) == bytes(-1, -7))
    #expect(run(.vminU, bytes(-1, 5), bytes(1, -7)) == bytes(1, 5))
    #expect(run(.vmaxS, .i32x4, ints(-1, 5), ints(1, -7)) == ints(1, 5))
    #expect(run(.vmaxU, .i32x4, ints(-1, 5), ints(1, -7)) == ints(-1, -7))
    #expect(run(.vltU, .i16x8, words(1, -1), words(-1, 1)) == words(-1, 0))
    #expect(run(.vlt, .i16x8, words(1, -1), words(-1, 1)) == words(0, -1))
    #expect(run(.vle, .i64x2, longs(.min, 4), longs(.max, 3)) == longs(-1, 0))
    // Halves are rounded up, without loss at the top.
    #expect(run(.vavgU, bytes(255, 1, 0), bytes(255, 2, 1)) == bytes(255, 2, 1))
    #expect(run(.vpopcnt, bytes(0, 0xff, 0x81)) == bytes(0, 8, 2))
  }

  @Test func shiftsTakeTheirAmountModuloTheLane() {
    #expect(run(.vshl, bytes(0x81), V128(scalar: 9)) == bytes(2))
    #expect(run(.vshrS, .i16x8, words(-0x8000), V128(scalar: 31)) == words(-1))
    #expect(run(.vshrU, .i32x4, ints(-1), V128(scalar: 32)) == ints(-1))
    #expect(run(.vshrS, .i64x2, longs(.min, 8), V128(scalar: 67)) == longs(.min >> 3, 1))
  }

  @Test func testsLookAtAllLanes() {
    #expect(run(.anyTrue, longs(0, 1 << 40)).low == 1)
    #expect(run(.anyTrue, longs(0, 0)).low == 0)
    #expect(run(.allTrue, .i16x8, words(1, 0x100)).low == 1)
    #expect(run(.allTrue, .i8x16, words(1, 0x100)).low == 0)
    #expect(run(.bitmask, .i8x16, bytes(-1, 0, 0, 0x7f)).low == 0x1111)
    #expect(run(.bitmask, .i64x2, longs(1, -1)).low == 2)
  }

  @Test func widthsChange() {
    #expect(run(.narrowS, .i8x16, words(300, -300), words(127, -129)) == bytes(127, -128))
    #expect(
      run(.narrowU, .i16x8, ints(-1, 70_000), ints(65_535, 7))
        == V128(
          byteList: [0, 0, 255, 255, 0, 0, 255, 255, 255, 255, 7, 0, 255, 255, 7, 0]))
    let a = V128(byteList: (0..<16).map { UInt8($0 * 17) })
    #expect(run(.extendLowU, .i64x2, a) == longs(0x3322_1100, 0x7766_5544))
    #expect(run(.extendHighS, .i64x2, a) == longs(-0x4455_6678, -0x11_2234))
    #expect(run(.extendHighS, .i16x8, bytes(-2, 3)) == words(-2, 3))
    #expect(run(.extmulLowS, .i16x8, bytes(-128), bytes(-128)) == words(0x4000))
    #expect(run(.extmulHighU, .i16x8, bytes(-1), bytes(-1)) == words(0xfe01))
    #expect(run(.extmulLowU, .i64x2, ints(-1), ints(-1)) == longs(-0x1_ffff_ffff, -0x1_ffff_ffff))
    #expect(run(.extmulHighS, .i32x4, words(-0x8000), words(0x7fff)) == ints(-0x3fff_8000))
    #expect(run(.extaddS, .i16x8, bytes(-128, -128)) == words(-256))
    #expect(run(.extaddU, .i32x4, words(-1, -1)) == ints(0x1fffe))
    // The only sum that wraps.
    #expect(run(.vdot, words(-0x8000), words(-0x8000)) == ints(-0x8000_0000))
    #expect(run(.vdot, words(2, -3), words(5, 7)) == ints(-11))
  }

  @Test func fractionsOverflowOnlyAtMinusOneSquared() {
    let one = words(-0x8000)
    #expect(run(.q15mulSat, one, one) == words(0x7fff))
    #expect(run(.relaxedQ15mul, one, one) == words(-0x8000))
    // 0.5 of the last place is rounded up.
    #expect(run(.q15mulSat, words(1, -1), words(0x4000)) == words(1, 0))
  }

  @Test func minimaKnowZerosAndNaNs() {
    let zeros = (floats(0, -0.0), floats(-0.0, 0))
    #expect(run(.vfmin, .f32x4, zeros.0, zeros.1) == floats(-0.0))
    #expect(run(.vfmax, .f32x4, zeros.0, zeros.1) == floats(0))
    // The first, as neither is less.
    #expect(run(.vpmin, .f32x4, zeros.0, zeros.1) == zeros.0)
    #expect(run(.vpmax, .f32x4, zeros.0, zeros.1) == zeros.0)
    // The processor takes the second.
    #expect(run(.relaxedMin, .f32x4, zeros.0, zeros.1) == zeros.1)
    #expect(run(.relaxedMax, .f32x4, zeros.0, zeros.1) == zeros.1)
    let nan = (doubles(.nan, 1), doubles(1, .nan))
    for opcode in [Opcode.vfmin, .vfmax] {
      #expect(
        canonical(run(opcode, .f64x2, nan.0, nan.1), .f64x2)
          == V128(low: .max, high: .max))
    }
    #expect(run(.vpmin, .f64x2, nan.0, nan.1) == nan.0)
    #expect(run(.vpmax, .f64x2, nan.0, nan.1) == nan.0)
    #expect(run(.relaxedMin, .f64x2, nan.0, nan.1) == nan.1)
    #expect(run(.vpmin, .f64x2, doubles(1, 2), doubles(2, 1)) == doubles(1, 1))
  }

  @Test func floatsAreRounded() {
    let a = floats(0.5, 1.5, -2.5, -0.2)
    #expect(run(.vnearest, .f32x4, a) == floats(0, 2, -2, -0.0))
    #expect(run(.vceil, .f32x4, a) == floats(1, 2, -2, -0.0))
    #expect(run(.vfloor, .f32x4, a) == floats(0, 1, -3, -1))
    #expect(run(.vtrunc, .f32x4, a) == floats(0, 1, -2, -0.0))
    #expect(run(.veq, .f32x4, floats(.nan, 0), floats(.nan, -0.0)) == ints(0, -1))
    #expect(run(.vne, .f64x2, doubles(.nan, 1), doubles(.nan, 1)) == longs(-1, 0))
    #expect(run(.vneg, .f64x2, doubles(0, 2)) == doubles(-0.0, -2))
    // One rounding: 2^-60 would be lost by the product alone.
    let x = 1 + 0x1p-30
    #expect(
      run(.relaxedMadd, .f64x2, doubles(x, 2), doubles(x, 3), doubles(-1 - 0x1p-29, 4))
        == doubles(0x1p-60, 10))
    #expect(run(.relaxedNmadd, .f32x4, floats(2), floats(3), floats(10)) == floats(4))
  }

  @Test func conversionsAreBounded() {
    let a = floats(.nan, 3e9, -3e9, -1.9)
    #expect(run(.vtruncSatS, .f32x4, a) == ints(0, 0x7fff_ffff, -0x8000_0000, -1))
    #expect(run(.vtruncSatU, .f32x4, a) == ints(0, 3_000_000_000, 0, 0))
    #expect(run(.vtruncSatU, .f32x4, floats(4_294_967_296)) == ints(-1))
    #expect(
      run(.relaxedTruncS, .f32x4, a) == ints(-0x8000_0000, -0x8000_0000, -0x8000_0000, -1))
    #expect(
      run(.vtruncSatS, .f64x2, doubles(2_147_483_647.9, -.infinity))
        == ints(0x7fff_ffff, -0x8000_0000, 0, 0))
    #expect(
      run(.relaxedTruncS, .f64x2, doubles(2_147_483_648, 7)) == ints(-0x8000_0000, 7, 0, 0))
    #expect(run(.vconvertU, .f32x4, ints(-1, 16_777_217)) == floats(4_294_967_296, 16_777_216))
    #expect(run(.vconvertS, .f64x2, ints(-1, 5, 9, 9)) == doubles(-1, 5))
    #expect(run(.vconvertU, .f64x2, ints(-1, 5, 9, 9)) == doubles(4_294_967_295, 5))
    #expect(run(.vdemote, doubles(1e300, 0.5)) == floats(.infinity, 0.5, 0, 0))
    #expect(run(.vpromote, floats(0.25, -2, 9, 9)) == doubles(0.25, -2))
  }

  @Test func lanesMove() {
    let a = V128(byteList: (0..<16).map { UInt8($0 + 100) })
    let indices = V128(byteList: [0, 15, 16, 127, 128, 255, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0])
    let head: [UInt8] = [103, 103, 100, 100, 100, 100, 100, 100, 100, 100]
    #expect(run(.vswizzle, a, indices) == V128(byteList: [100, 115, 0, 0, 0, 0] + head))
    #expect(
      run(.relaxedSwizzle, a, indices) == V128(byteList: [100, 115, 100, 115, 0, 0] + head))
    #expect(run(.extractLaneS, .i8x16, lane: 3, bytes(0, 0, 0, -2)).low == 0xffff_fffe)
    #expect(run(.extractLane, .i16x8, lane: 1, words(0, -2)).low == 0xfffe)
    #expect(run(.replaceLane, .i64x2, lane: 1, longs(1, 2), V128(scalar: 9)) == longs(1, 9))
    #expect(run(.vsplat, .i16x8, V128(scalar: 0x1_2345)) == words(0x2345))
    #expect(run(.vscalar, .i8x16, V128(scalar: 0x1ff)) == longs(0xff, 0))
    let pattern = V128(byteList: (0..<16).map { UInt8($0 * 2) })
    let shuffle = Instruction(.vshuffle, .v128)
    let even = VectorInterpreter.evaluate(
      shuffle, pattern: pattern, a, bytes(7), V128(scalar: 0))
    #expect(even.byteList == [100, 102, 104, 106, 108, 110, 112, 114, 7, 7, 7, 7, 7, 7, 7, 7])
    #expect(run(.bitselect, bytes(0x0f), bytes(0x33), bytes(0xf0)) == bytes(0x03))
    #expect(run(.relaxedSelect, .i16x8, words(-1), words(0), words(0x80)) == words(0xff))
    #expect(run(.relaxedSelect, .i32x4, ints(-1), ints(0), ints(0x80)) == ints(0))
    #expect(run(.vandnot, bytes(0xff), bytes(0x0f)) == bytes(0xf0))
  }

  @Test func productsOfBytesSaturate() {
    // 127 * 255 twice is beyond 16 bits.
    #expect(run(.relaxedDot, bytes(127), bytes(255)) == words(0x7fff))
    #expect(run(.relaxedDot, bytes(-128), bytes(255)) == words(-0x8000))
    #expect(run(.relaxedDot, bytes(-3, 2), bytes(5, 7)) == words(-1))
    #expect(run(.relaxedDotAdd, bytes(-3, 2), bytes(5, 7), ints(10)) == ints(8))
  }
}
