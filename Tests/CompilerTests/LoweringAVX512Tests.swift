// SPDX-License-Identifier: Apache-2.0
// What AVX-512 is selected for, and that it does the same.

import BrolgaArtefact
import BrolgaEntities
import Testing

import struct BrolgaWasm.V128

@testable import BrolgaCompiler

private let everything: CPUFeatures = [.level4, .avx512bitalg, .avx512vbmi]

/// Three vectors and a constant, and what is computed of them. Vectors are at 64, 80 and 96, the result
/// at 256.
private func function(_ index: Int, _ body: (inout FunctionMaker, [Value]) -> Value) -> IRBox {
  var maker = FunctionMaker()
  _ = maker.bind([], [])
  maker.builder.function.index = UInt32(index)
  let values = (0..<3).map { maker.load(.v128, at: 64 + UInt32($0) * 16) }
  // Loads before a store stay in registers.
  maker.store(maker.add(.constant(.i32, bits: 0)), at: 1024)
  maker.store(body(&maker, values), at: 256)
  maker.returns([])
  return IRBox(maker.function())
}

extension FunctionMaker {
  fileprivate mutating func apply(
    _ opcode: Opcode, _ lanes: LaneShape = .i64x2, _ operands: Value...
  ) -> Value {
    let raw = operands.map(\.raw) + [0, 0]
    return add(Instruction(opcode, .v128, lanes: lanes, a: raw[0], b: raw[1], c: raw[2]))
  }

  fileprivate mutating func shifted(
    _ opcode: Opcode, _ lanes: LaneShape, _ a: Value, by count: UInt64
  ) -> Value {
    apply(opcode, lanes, a, add(.constant(.i32, bits: count)))
  }
}

@Suite(.serialized) struct LoweringAVX512Tests {
  private typealias Body = @Sendable (inout FunctionMaker, [Value]) -> Value

  /// What selection makes of each for the three processors; the last has bitalg and vbmi.
  private static let choices: [(name: String, wanted: [String], body: Body)] = [
    ("mul", ["pmuludq", "pmullq", "pmullq"], { $0.apply(.vmul, .i64x2, $1[0], $1[1]) }),
    ("abs", ["pcmpgtq", "pabsq", "pabsq"], { $0.apply(.vabs, .i64x2, $1[0]) }),
    ("popcnt", ["pshufb", "pshufb", "popcntb"], { $0.apply(.vpopcnt, .i8x16, $1[0]) }),
    ("shr_s", ["psrad", "psraq", "psraq"], { $0.shifted(.vshrS, .i64x2, $1[0], by: 7) }),
    (
      "rotl", ["pslld", "prold", "prold"],
      { maker, v in
        let left = maker.shifted(.vshl, .i32x4, v[0], by: 7)
        return maker.apply(.vor, .i32x4, maker.shifted(.vshrU, .i32x4, v[0], by: 25), left)
      }
    ),
    (
      "bytes of lanes", ["pshufb", "prolq", "prolq"],
      { maker, v in
        let bytes = (0..<16).map { UInt8($0 & 8 | ($0 + 3) & 7) }
        return maker.shuffle(v[0], v[0], V128(byteList: bytes))
      }
    ),
    (
      "bitselect", ["pandn", "pternlogd", "pternlogd"],
      { $0.apply(.bitselect, .i64x2, $1[0], $1[1], $1[2]) }
    ),
    (
      "three operands", ["pxor", "pternlogd", "pternlogd"],
      { $0.apply(.vxor, .i64x2, $0.apply(.vxor, .i64x2, $1[0], $1[1]), $1[2]) }
    ),
    (
      "dwords of two", ["pshufb", "permt2d", "permt2d"],
      { maker, v in
        let bytes = ([3, 5, 0, 6] as [UInt8]).flatMap { lane in (0..<4).map { lane * 4 + $0 } }
        return maker.shuffle(v[0], v[1], V128(byteList: bytes))
      }
    ),
    (
      "bytes of two", ["pshufb", "pshufb", "permt2b"],
      { $0.shuffle($1[0], $1[1], V128(byteList: (0..<16).map { UInt8($0 * 2) })) }
    ),
    (
      "trunc_sat_u", ["cmpps", "cvttps2udq", "cvttps2udq"], { $0.apply(.vtruncSatU, .f32x4, $1[0]) }
    ),
    (
      "trunc_sat_u 64", ["roundpd", "cvttpd2udq", "cvttpd2udq"],
      { $0.apply(.vtruncSatU, .f64x2, $1[0]) }
    ),
    ("convert_u", ["pblendw", "cvtudq2ps", "cvtudq2ps"], { $0.apply(.vconvertU, .f32x4, $1[0]) }),
  ]

  @Test func eachProcessorIsGivenWhatItHas() {
    for (name, wanted, body) in Self.choices {
      let processors: [CPUFeatures] = [.baseline, .level4, everything]
      for (features, opcode) in zip(processors, wanted) {
        let text = loweredText(
          function(0) { body(&$0, $1) }, [TestSignature(parameters: [], results: [])],
          LoweringOptions.full.with(features))
        #expect(text.contains(" \(opcode) "), "\(name) for \(features.names.suffix(3)):\n\(text)")
      }
    }
  }

  @Test func whatSeveralReadIsNoPartOfOne() {
    let text = loweredText(
      function(0) { maker, v in
        let inner = maker.apply(.vand, .i64x2, v[0], v[1])
        maker.store(inner, at: 320)
        return maker.apply(.vor, .i64x2, inner, v[2])
      }, [TestSignature(parameters: [], results: [])], LoweringOptions.full.with(everything))
    #expect(text.contains("pand") && text.contains("por"), "\(text)")
  }

  /// What is done once before a loop is not done in it.
  @Test func whatALoopLeavesAloneIsNoPartOfOneInIt() {
    var maker = FunctionMaker()
    _ = maker.bind([], [])
    let v = (0..<3).map { maker.load(.v128, at: 64 + UInt32($0) * 16) }
    let inner = maker.apply(.vand, .i64x2, v[0], v[1])
    let entry = maker.edge()
    maker.jump(entry)
    _ = maker.bind([entry])
    maker.store(maker.apply(.vor, .i64x2, inner, v[2]), at: 256)
    let next = maker.edge()
    maker.jump(next)
    _ = maker.bind([next])
    maker.returns([])
    let text = loweredText(
      IRBox(maker.function()), [TestSignature(parameters: [], results: [])],
      LoweringOptions.full.with(everything))
    #expect(text.contains("pand") && text.contains("por"), "\(text)")
  }

  @Test(
    .enabled(
      if: hostFeatures.contains(.avx512), "skipped: this processor has no AVX-512 to run it with"))
  func thisProcessorRunsBothLevels() {
    #expect(runnableFeatures.contains(.level4))
    #expect(bothLevels.count == 4)
  }

  /// Operations on bits in all combinations, some of which several read, on values and constants.
  @Test(arguments: bothLevels) func treesOfOperationsOnBits(_ options: LoweringOptions) throws {
    var random = SeededGenerator(seed: 71)
    let opcodes: [Opcode] = [.vand, .vandnot, .vor, .vxor, .vnot, .bitselect, .veq]
    var boxes: [IRBox] = []
    for index in 0..<2500 {
      boxes.append(
        function(index) { maker, loaded in
          var values = loaded
          values.append(maker.constant(interestingVector(.i32x4, using: &random)))
          if index % 3 == 0 { values.append(maker.load(.v128, at: 112)) }
          for step in 0..<Int.random(in: 1...7, using: &random) {
            // Mostly of what was made last, so that there are chains.
            func pick() -> Value {
              Int.random(in: 0..<3, using: &random) == 0
                ? values[values.count - 1] : values.randomElement(using: &random)!
            }
            let opcode = opcodes.randomElement(using: &random)!
            let made = maker.apply(opcode, .i32x4, pick(), pick(), pick())
            values.append(made)
            if Int.random(in: 0..<6, using: &random) == 0 {
              maker.store(made, at: 320 + UInt32(step) * 16)
            }
          }
          return values[values.count - 1]
        })
    }
    try check(boxes, options, .i32x4)
  }

  /// Opposite shifts, of which some are no rotation.
  @Test(arguments: bothLevels) func rotationsByAllAmounts(_ options: LoweringOptions) throws {
    var boxes: [IRBox] = []
    for lanes in [LaneShape.i16x8, .i32x4, .i64x2] {
      let bits = UInt64(128 / lanes.laneCount)
      for left in 0...bits {
        for right in [bits - left, bits - left + 1, bits + left, 2 * bits - left] {
          for (opcode, sum) in [
            (Opcode.vor, lanes), (.vxor, lanes), (.vadd, lanes), (.vadd, .i8x16), (.vadd, .f32x4),
          ] {
            boxes.append(
              function(boxes.count) { maker, v in
                let a = maker.shifted(.vshl, lanes, v[0], by: left)
                let b = maker.shifted(.vshrU, lanes, v[right & 4 == 0 ? 0 : 1], by: right)
                let c = right & 1 == 0 ? b : maker.shifted(.vshrU, lanes, v[0], by: right)
                return maker.apply(opcode, sum, left & 1 == 0 ? a : c, left & 1 == 0 ? c : a)
              })
          }
        }
      }
    }
    try check(boxes, options, .i64x2)
  }

  private func check(_ boxes: [IRBox], _ options: LoweringOptions, _ lanes: LaneShape) throws {
    var random = SeededGenerator(seed: 72)
    try expectSameMemory(boxes, options, rounds: 3) { _, write in
      for k in 0..<4 {
        let vector = V128(low: random.next(), high: random.next())
        write(64 + 16 * k, k == 3 ? interestingVector(lanes, using: &random) : vector)
      }
    }
  }
}
