// SPDX-License-Identifier: Apache-2.0
// Shapes of lanes in instructions: their text, their bounds, and that numbering tells them apart.

import BrolgaEntities
import Testing

import struct BrolgaWasm.V128

@testable import BrolgaCompiler

/// Parameters of every type, in a function whose only line is given.
private func wrap(_ line: String) -> String {
  """
  function 0 type 0 {
  b0(v0: v128, v1: i32, v2: i64, v3: f32, v4: f64):
    \(line)
    return
  }

  """
}

private func parameter(_ type: Type) -> String {
  switch type {
  case .v128, .none: "v0"
  case .i32: "v1"
  case .i64: "v2"
  case .f32: "v3"
  case .f64: "v4"
  }
}

/// The types of an operation on lanes of a shape.
private func types(_ info: OpcodeInfo, _ lanes: LaneShape) -> (result: Type, operands: [Type]) {
  let count = [info.traits.readsA, info.traits.readsB, info.traits.readsC].count { $0 }
  let vectors = Array(repeating: Type.v128, count: count)
  return switch info.typing {
  case .vectorShift: (.v128, [.v128, .i32])
  case .vectorTest: (.i32, [.v128])
  case .fromLane: (.v128, [lanes.scalar])
  case .toLane: (lanes.scalar, [.v128])
  case .intoLane: (.v128, [.v128, lanes.scalar])
  default: (.v128, vectors)
  }
}

@Suite struct LanesTests {
  static let opcodes = Opcode.allCases.filter {
    [.lanes, .lane].contains($0.info.shape.fields.aux)
  }

  @Test(arguments: opcodes) func everyShapeAndLaneIsPrintedAndParsed(_ opcode: Opcode) throws {
    let info = opcode.info
    for lanes in LaneShape.allCases {
      let (result, operands) = types(info, lanes)
      let values = operands.map(parameter).joined(separator: ", ")
      let head = "v5 = \(info.name).\(result.name) \(values), #\(lanes)"
      let hasLane = info.shape.fields.aux == .lane
      for lane in 0..<(hasLane ? lanes.laneCount : 1) {
        let text = wrap(hasLane ? "\(head), #\(lane)" : head)
        let function = try Function.parse(text)
        try function.verify()
        #expect(function.text() == text)
        let i = function.instructions[Value(5)]
        #expect(i.opcode == opcode && i.lanes == lanes && Int(i.lane) == lane)
      }
    }
  }

  @Test(arguments: LaneShape.allCases) func aLaneBeyondTheShapeIsRefused(_ lanes: LaneShape) throws
  {
    let line = "v5 = extract_lane.\(lanes.scalar.name) v0, #\(lanes), #"
    try Function.parse(wrap(line + "\(lanes.laneCount - 1)")).verify()
    #expect(throws: (any Error).self) {
      try Function.parse(wrap(line + "\(lanes.laneCount)")).verify()
    }
  }

  @Test func aShapeThatThereIsNotIsRefused() throws {
    #expect(throws: IRParseError.self) {
      _ = try Function.parse(wrap("v5 = vneg.v128 v0, #i64x4"))
    }
    var function = try Function.parse(wrap("v5 = vneg.v128 v0, #i64x2"))
    function.instructions[Value(5)].aux = UInt16(LaneShape.allCases.count)
    #expect(throws: VerifierError.self) { try function.verify() }
  }

  @Test func everyConstantAndPatternIsPrintedInFull() throws {
    for bits in ["0x00000000000000000000000000000000", "0x0f0e0d0c0b0a09080706050403020100"] {
      for line in ["v5 = vconst.v128 #\(bits)", "v5 = vshuffle.v128 v0, v0, #\(bits)"] {
        let function = try Function.parse(wrap(line))
        try function.verify()
        #expect(function.text() == wrap(line))
      }
    }
    for bits in ["0x0", "0x000000000000000000000000000000000", "00000000000000000000000000000000"] {
      #expect(throws: IRParseError.self) {
        _ = try Function.parse(wrap("v5 = vconst.v128 #\(bits)"))
      }
    }
  }

  @Test func numberingTellsShapesLanesAndPatternsApart() {
    var builder = Builder()
    builder.beginFunction(index: 0, typeIndex: 0)
    let block = builder.createBlock()
    builder.beginBlock(block, dominatorDepth: -1)
    let a = builder.append(Instruction(.param, .v128, a: 0, b: 0)).raw
    let b = builder.append(Instruction(.param, .v128, a: 0, b: 1)).raw
    func distinct(_ instructions: [Instruction]) -> Int {
      let first = instructions.map { builder.emit($0).raw }
      let second = instructions.map { builder.emit($0).raw }
      #expect(first == second)
      return Set(first).count
    }
    let sums = LaneShape.allCases.map { Instruction(.vadd, lanes: $0, a: a, b: b) }
    #expect(distinct(sums) == LaneShape.allCases.count)
    let lanes = (0..<16).map {
      Instruction(.extractLane, .i32, lanes: .i8x16, lane: UInt8($0), a: a)
    }
    #expect(distinct(lanes) == 16)
    let patterns = (0..<16).map { k in
      let bits = V128 { UInt8(($0 * 7 + k) % 32) }
      return Instruction(.vshuffle, .v128, a: a, b: b, c: builder.vectorIndex(bits))
    }
    #expect(distinct(patterns) == 16)
    // Equal constants are one value, and take one place.
    let one = builder.constant(V128(low: 5, high: 6))
    let count = builder.function.vectors.count
    #expect(builder.constant(V128(low: 5, high: 6)) == one)
    #expect(builder.constant(V128(low: 6, high: 5)) != one)
    #expect(builder.function.vectors.count == count + 1)
  }
}
