// SPDX-License-Identifier: Apache-2.0
// Options that give the same bits on every machine.

import Brolga
import BrolgaArtefact
import Testing

private let levels: [CompilationOptions.Level] = [.o0, .o2]

private func instance(_ text: String, _ options: CompilationOptions) throws -> Instance {
  let engine = Engine()
  let module = try Module(engine: engine, compiling: Array(text.utf8), options: options)
  return try module.instantiate(store: Store(engine: engine), imports: [:])
}

@Suite struct DeterminismTests {
  /// NaNs with a payload and a sign, and operations that make some.
  private static let arithmetic = """
    (module
      (func (export "single") (param i32) (result i32)
        (i32.reinterpret_f32 (f32.add (f32.reinterpret_i32 (local.get 0)) (f32.const 1))))
      (func (export "double") (param i64) (result i64)
        (i64.reinterpret_f64 (f64.mul (f64.reinterpret_i64 (local.get 0)) (f64.const 2))))
      (func (export "root") (result i32) (i32.reinterpret_f32 (f32.sqrt (f32.const -1))))
      (func (export "promoted") (param i32) (result i64)
        (i64.reinterpret_f64 (f64.promote_f32 (f32.reinterpret_i32 (local.get 0)))))
      (func (export "negated") (param i32) (result i32)
        (i32.reinterpret_f32 (f32.neg (f32.reinterpret_i32 (local.get 0)))))
      (func (export "lanes") (param v128) (result v128)
        (f32x4.sub (local.get 0) (v128.const f32x4 1 1 1 1)))
      (func (export "wide") (param v128) (result v128)
        (f64x2.relaxed_madd (local.get 0) (local.get 0) (local.get 0))))
    """

  @Test(arguments: levels) func arithmeticMakesCanonicalNaNs(
    _ level: CompilationOptions.Level
  ) throws {
    var options = CompilationOptions(level: level, checksAllocation: true)
    options.canonicalizesNaNs = true
    let exports = try instance(Self.arithmetic, options).exports
    func call(_ name: String, _ arguments: Value...) throws -> Value {
      let function = try #require(exports[function: name])
      return try function(arguments)[0]
    }
    for nan in [0xffc0_1234, 0x7f80_0001, 0x7fc0_0000] as [UInt32] {
      #expect(try call("single", .i32(nan)) == .i32(0x7fc0_0000))
      #expect(try call("promoted", .i32(nan)) == .i64(0x7ff8_0000_0000_0000))
      // The sign of a NaN is changed, as of a number: that is no arithmetic.
      #expect(try call("negated", .i32(nan)) == .i32(nan ^ 0x8000_0000))
    }
    #expect(try call("double", .i64(0xfff0_0000_0000_0001)) == .i64(0x7ff8_0000_0000_0000))
    #expect(try call("double", .i64(0x3ff0_0000_0000_0000)) == .i64(0x4000_0000_0000_0000))
    #expect(try call("root") == .i32(0x7fc0_0000))
    let mixed = V128(low: 0x4000_0000_ffc0_1234, high: 0x7f80_0001_3f80_0000)
    let expected = V128(low: 0x3f80_0000_7fc0_0000, high: 0x7fc0_0000_0000_0000)
    #expect(try call("lanes", .v128(mixed)) == .v128(expected))
    let doubles = V128(low: 0xfff8_0000_0000_0007, high: 0x4008_0000_0000_0000)
    let fused = V128(low: 0x7ff8_0000_0000_0000, high: 0x4028_0000_0000_0000)
    #expect(try call("wide", .v128(doubles)) == .v128(fused))
  }

  /// An artefact asks of the processor what its code uses, which is no more than x86-64-v3 where nothing
  /// else makes it faster.
  @Test(arguments: levels) func codeNeedsWhatItUses(_ level: CompilationOptions.Level) throws {
    func artefact(_ body: String, _ target: CompilationOptions.Target) throws -> [UInt8] {
      var options = CompilationOptions(level: level)
      options.target = target
      let text = "(module (func (export \"f\") (param v128 v128) (result v128) \(body)))"
      return try Module.precompile(Array(text.utf8), options: options)
    }
    func features(_ bytes: [UInt8], on host: CPUFeatures) throws -> CPUFeatures {
      try bytes.withUnsafeBytes { try ArtefactFile(copying: $0, hostFeatures: host).features }
    }
    let product = "(i64x2.mul (local.get 0) (local.get 1))"
    let small = try artefact(product, .x86_64v3)
    let wide = try artefact(product, .x86_64v4)
    #expect(try features(small, on: .baseline) == .baseline)
    #expect(try features(wide, on: .level4) == .level4)
    #expect(try artefact(product, .x86_64v4) == wide)
    #expect(throws: ArtefactError.self) { try features(wide, on: .baseline) }
    let native = try artefact(product, .native)
    #expect(native == (Module.hostFeatures.contains(.avx512) ? wide : small))
    let sum = "(i64x2.add (local.get 0) (local.get 1))"
    let plain = try artefact(sum, .x86_64v3)
    #expect(try artefact(sum, .x86_64v4) == plain)
    #expect(try artefact(sum, .native) == plain)
  }

  /// Where the processor's instruction and the deterministic meaning differ, the latter comes out.
  @Test(arguments: levels) func relaxedOperatorsHaveOneMeaning(
    _ level: CompilationOptions.Level
  ) throws {
    var options = CompilationOptions(level: level, checksAllocation: true)
    options.relaxedSIMDIsDeterministic = true
    let exports = try instance(
      """
      (module
        (func (export "swizzle") (param v128 v128) (result v128)
          (i8x16.relaxed_swizzle (local.get 0) (local.get 1)))
        (func (export "select") (param v128 v128 v128) (result v128)
          (i8x16.relaxed_laneselect (local.get 0) (local.get 1) (local.get 2)))
        (func (export "truncated") (param v128) (result v128)
          (i32x4.relaxed_trunc_f32x4_s (local.get 0)))
        (func (export "smaller") (param v128 v128) (result v128)
          (f32x4.relaxed_min (local.get 0) (local.get 1)))
        (func (export "dot") (param v128 v128) (result v128)
          (i16x8.relaxed_dot_i8x16_i7x16_s (local.get 0) (local.get 1)))
        (func (export "dots") (param v128 v128 v128) (result v128)
          (i32x4.relaxed_dot_i8x16_i7x16_add_s (local.get 0) (local.get 1) (local.get 2))))
      """, options
    ).exports
    func call(_ name: String, _ arguments: V128...) throws -> Value {
      let function = try #require(exports[function: name])
      return try function(arguments.map { Value.v128($0) })[0]
    }
    func splat(_ bits: UInt64) -> V128 { V128(low: bits, high: bits) }
    let zero = splat(0)
    // Byte 0x10 is out of range; the instruction takes the lowest four bits of what is below 0x80.
    #expect(
      try call("swizzle", splat(0x0807_0605_0403_0201), splat(0x1010_1010_1010_1010))
        == .v128(zero))
    // By bits, not by the sign of each byte.
    #expect(
      try call(
        "select", splat(0xffff_ffff_ffff_ffff), zero, splat(0x0f0f_0f0f_0f0f_0f0f))
        == .v128(splat(0x0f0f_0f0f_0f0f_0f0f)))
    // 2^32 is too large, and a NaN is zero.
    #expect(
      try call("truncated", splat(0x4f80_0000_7fc0_0000)) == .v128(splat(0x7fff_ffff_0000_0000)))
    // Of zeros, the negative one is the smaller, whatever the order.
    #expect(
      try call("smaller", splat(0x8000_0000_8000_0000), zero)
        == .v128(splat(0x8000_0000_8000_0000)))
    // -128 * -128, in pairs modulo 2^16 and in fours exactly.
    let least = splat(0x8080_8080_8080_8080)
    #expect(try call("dot", least, least) == .v128(splat(0x8000_8000_8000_8000)))
    #expect(
      try call("dots", least, least, splat(0x0000_0001_0000_0001))
        == .v128(splat(0x0001_0001_0001_0001)))
  }
}
