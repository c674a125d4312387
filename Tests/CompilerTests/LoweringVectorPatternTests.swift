// SPDX-License-Identifier: Apache-2.0
// Combinations of operations on vectors that become one instruction, run against the evaluator.

import BrolgaEntities
import Testing

import struct BrolgaWasm.V128

@testable import BrolgaCompiler

@Suite(.serialized) struct LoweringVectorPatternTests {
  /// Functions that read vectors at 64, 80 and 96, and write from 256 on.
  private struct Functions {
    var boxes: [IRBox] = []
    var lanes: [LaneShape] = []

    mutating func add(_ shape: LaneShape, _ body: (inout FunctionMaker) -> Void) {
      var maker = FunctionMaker()
      _ = maker.bind([], [])
      maker.builder.function.index = UInt32(boxes.count)
      body(&maker)
      maker.returns([])
      boxes.append(IRBox(maker.function()))
      lanes.append(shape)
    }

    func check(_ options: LoweringOptions, rounds: Int) throws {
      var random = SeededGenerator(seed: 51)
      try expectSameMemory(boxes, options, rounds: rounds) { index, write in
        var operands = (0..<3).map { _ in interestingVector(lanes[index], using: &random) }
        // Equal lanes, so that comparisons of them differ.
        if Bool.random(using: &random) { operands[1] = operands[0] }
        if Int.random(in: 0..<4, using: &random) == 0 { operands[1].high = operands[0].high }
        for (k, operand) in operands.enumerated() { write(64 + 16 * k, operand) }
      }
    }
  }

  private static let integers: [LaneShape] = [.i8x16, .i16x8, .i32x4, .i64x2]
  private static let comparisons: [Opcode] = [.veq, .vne, .vlt, .vle, .vltU, .vleU]

  private static func exists(_ opcode: Opcode, _ shape: LaneShape) -> Bool {
    (opcode != .vltU && opcode != .vleU) || !shape.isFloat && shape != .i64x2
  }

  /// What is tested: a comparison of any shape, some bits, or anything.
  private func tested(_ kind: Int, _ shape: LaneShape, _ maker: inout FunctionMaker) -> Value? {
    let a = maker.load(.v128, at: 64)
    let b = maker.load(.v128, at: 80)
    if kind < Self.comparisons.count {
      let opcode = Self.comparisons[kind]
      if !Self.exists(opcode, shape) { return nil }
      return maker.add(Instruction(opcode, .v128, lanes: shape, a: a.raw, b: b.raw))
    }
    if kind == 6 { return maker.add(Instruction(.vand, .v128, a: a.raw, b: b.raw)) }
    return kind == 7 ? maker.add(Instruction(.vnot, .v128, a: a.raw)) : a
  }

  @Test(arguments: bothLevels) func testsOfVectorsLeadWhereTheyShould(
    _ options: LoweringOptions
  ) throws {
    var functions = Functions()
    for shape in LaneShape.allCases {
      for kind in 0..<9 {
        for (test, lanes) in [Opcode.allTrue, .bitmask].flatMap({ opcode in
          Self.integers.map { (opcode, $0) }
        }) + [(Opcode.anyTrue, LaneShape.i8x16)] {
          for use in 0..<5 {
            var isThere = true
            functions.add(shape) { maker in
              guard let vector = tested(kind, shape, &maker) else {
                isThere = false
                return
              }
              let aux = test == .anyTrue ? 0 : UInt16(lanes.rawValue)
              var condition = maker.add(Instruction(test, .i32, aux: aux, a: vector.raw))
              finish(use, &condition, vector, &maker)
            }
            if !isThere {
              functions.boxes.removeLast()
              functions.lanes.removeLast()
            }
          }
        }
      }
    }
    #expect(functions.boxes.count > 1500)
    try functions.check(options, rounds: 8)
  }

  /// Stores the condition; what it selects; what it branches to; the same of what it is not; and with
  /// the vector needed afterwards.
  private func finish(
    _ use: Int, _ condition: inout Value, _ vector: Value, _ maker: inout FunctionMaker
  ) {
    if use == 0 { return maker.store(condition, at: 256) }
    if use == 3 {
      let zero = maker.add(.constant(.i32, bits: 0))
      condition = maker.add(Instruction(.eq, .i32, a: condition.raw, b: zero.raw))
    }
    if use == 1 || use == 3 {
      let yes = maker.load(.v128, at: 96)
      let no = maker.load(.v128, at: 112)
      let chosen = maker.add(
        Instruction(.select, .v128, a: condition.raw, b: yes.raw, c: no.raw))
      return maker.store(chosen, at: 256)
    }
    let yes = maker.edge()
    let no = maker.edge()
    maker.branch(condition, yes, no)
    _ = maker.bind([yes])
    maker.store(maker.add(.constant(.i32, bits: 11)), at: 256)
    let first = maker.edge()
    maker.jump(first)
    _ = maker.bind([no])
    maker.store(maker.add(.constant(.i32, bits: 22)), at: 256)
    let second = maker.edge()
    maker.jump(second)
    _ = maker.bind([first, second])
    if use == 4 { maker.store(vector, at: 272) }
  }

  @Test(arguments: bothLevels) func selectionsByComparisonTakeLanes(
    _ options: LoweringOptions
  ) throws {
    var functions = Functions()
    for shape in LaneShape.allCases {
      for opcode in Self.comparisons where Self.exists(opcode, shape) {
        for form in 0..<4 {
          functions.add(shape) { maker in
            let a = maker.load(.v128, at: 64)
            let b = maker.load(.v128, at: 80)
            let zero = maker.constant(V128(low: 0, high: 0))
            let mask = maker.add(Instruction(opcode, .v128, lanes: shape, a: a.raw, b: b.raw))
            let other = form & 1 == 0 ? maker.load(.v128, at: 96) : zero
            let chosen = maker.add(
              Instruction(
                .bitselect, .v128, a: form & 2 == 0 ? a.raw : other.raw,
                b: form & 2 == 0 ? other.raw : b.raw, c: mask.raw))
            maker.store(chosen, at: 256)
            if form == 3 { maker.store(mask, at: 272) }
          }
        }
      }
    }
    try functions.check(options, rounds: 12)
  }

  // MARK: Lanes and memory

  @Test(arguments: bothLevels) func lanesAreStored(_ options: LoweringOptions) throws {
    var functions = Functions()
    let extractions = VectorSignature.all.filter {
      $0.opcode == .extractLane || $0.opcode == .extractLaneS
    }
    for signature in extractions {
      let opcodes: [Opcode] =
        switch signature.result {
        case .i32: [.store, .store8, .store16]
        case .i64: [.store, .store8, .store16, .store32]
        default: [.store]
        }
      for opcode in opcodes {
        for isKept in [false, true] {
          functions.add(signature.lanes) { maker in
            let vector = maker.load(.v128, at: 64)
            let lane = maker.add(signature.instruction([vector.raw]))
            let zero = maker.add(.constant(.i32, bits: 0))
            maker.add(Instruction(opcode, .none, a: zero.raw, b: 256, c: lane.raw))
            if isKept {
              maker.store(lane, at: 272)
              maker.store(vector, at: 288)
            }
          }
        }
      }
    }
    try functions.check(options, rounds: 4)
  }

  @Test(arguments: bothLevels) func lanesAreLoaded(_ options: LoweringOptions) throws {
    var functions = Functions()
    for signature in VectorSignature.all {
      let position: Int
      switch signature.opcode {
      case .vsplat, .vscalar: position = 0
      case .replaceLane: position = 1
      default: continue
      }
      let type = signature.operands[position]
      var loads: [Opcode] = [.load]
      if type.isInteger { loads += [.load8U, .load8S, .load16U, .load16S] }
      if type == .i64 { loads += [.load32U, .load32S] }
      for load in loads {
        for isKept in [false, true] {
          functions.add(signature.lanes) { maker in
            var operands: [UInt32] = []
            if position == 1 { operands.append(maker.load(.v128, at: 80).raw) }
            let zero = maker.add(.constant(.i32, bits: 0))
            // The last bytes that there are.
            let size: UInt32 =
              switch load {
              case .load8U, .load8S: 1
              case .load16U, .load16S: 2
              case .load32U, .load32S: 4
              default: UInt32(type.byteCount)
              }
            let end = UInt32(LoweredModule.memoryBytes) - size
            let scalar = maker.add(Instruction(load, type, a: zero.raw, b: end))
            operands.append(scalar.raw)
            maker.store(maker.add(signature.instruction(operands)), at: 256)
            if isKept { maker.store(scalar, at: 272) }
          }
        }
      }
    }
    try functions.check(options, rounds: 2)
  }

  /// Eight bytes are loaded and made wider: no more than they are read.
  @Test(arguments: bothLevels) func halvesAreLoadedAndMadeWider(_ options: LoweringOptions) throws {
    var functions = Functions()
    for signature in VectorSignature.all where signature.operands == [.v128] {
      for lanes in [LaneShape.i64x2, .f64x2, .i32x4] {
        for isKept in [false, true] {
          functions.add(signature.lanes) { maker in
            let end = UInt32(LoweredModule.memoryBytes - lanes.scalar.byteCount)
            let scalar = maker.load(lanes.scalar, at: end)
            let vector = maker.add(Instruction(.vscalar, .v128, lanes: lanes, a: scalar.raw))
            let result = maker.add(signature.instruction([vector.raw]))
            maker.store(result, at: 256)
            if isKept { maker.store(vector, at: 272) }
          }
        }
      }
    }
    try functions.check(options, rounds: 2)
  }
}
