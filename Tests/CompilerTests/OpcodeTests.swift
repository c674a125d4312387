// SPDX-License-Identifier: Apache-2.0
// The table of operations: what follows from a row follows for every row.

import BrolgaArtefact
import BrolgaEntities
import Foundation
import Testing

import struct BrolgaWasm.V128

@testable import BrolgaCompiler

/// A function whose last instruction but one, or whose terminator, is of the opcode, with operands
/// of the types that its row asks for. Written from the row alone: an operation that is added is
/// printed, parsed, verified and walked here without further words.
private struct Sample: ~Copyable {
  var function = Function()
  let opcode: Opcode
  private(set) var value = Value.none
  private(set) var operands: [UInt32] = []
  private static let types: [Type] = [.i32, .i64, .f32, .f64, .v128]

  /// - Parameter types: of the result, and of each operand in turn, the last one repeated.
  init(_ opcode: Opcode, result: Type, operandTypes: [Type]) {
    self.opcode = opcode
    var builder = Builder()
    builder.beginFunction(index: 0, typeIndex: 0)
    let right = rightTypes(opcode.info)
    builder.function.frameVariables.append(right.result == .none ? right.operands[0] : right.result)
    builder.function.vectors.append(V128(low: 1, high: 2))
    let blocks = (0..<3).map { _ in builder.createBlock() }
    builder.beginBlock(blocks[0], dominatorDepth: -1)
    for (k, type) in Self.types.enumerated() {
      let parameter = builder.append(Instruction(.param, type, a: 0, b: UInt32(k)))
      builder.function.lists.append(parameter.raw)
    }
    builder.function.blocks[blocks[0]].parameterCount = UInt32(Self.types.count)
    let readsCaught = opcode == .unwind
    let readsCall = opcode.info.shape == .result
    if readsCall || readsCaught || opcode.info.shape == .caught {
      builder.function.lists.append(0)
      builder.append(
        Instruction(.call, .i32, a: 1, b: UInt32(builder.function.lists.count - 1), c: 0))
    }
    if readsCaught { builder.append(Instruction(.caught, operandTypes[0])) }
    swap(&function, &builder.function)
    let shape = opcode.info.shape.fields
    var remaining = operandTypes[...]
    func operand() -> UInt32 {
      let type = remaining.count > 1 ? remaining.removeFirst() : remaining.first ?? .i32
      let raw =
        readsCall || readsCaught
        ? UInt32(function.instructions.count - 1) : UInt32(Self.types.firstIndex(of: type)!)
      operands.append(raw)
      return raw
    }
    func field(_ field: Field) -> UInt32 {
      switch field {
      case .value: return operand()
      case .edge:
        let to = Block(1 + function.edges.count % 2)
        return function.edges.append(EdgeData(from: Block(0), to: to)).raw
      case .resultIndex, .helper, .trapKind: return 1
      case .memoryOffset, .byteOffset, .function: return 8
      case .memory: return 2
      case .memories: return 1 | 2 << 8
      case .byteCount: return 20
      case .readOnly: return UInt32(Instruction.readOnly)
      case .lowBits: return 5
      case .vector: return 0
      case .lanes: return UInt32(LaneShape.i32x4.rawValue)
      case .lane: return UInt32(LaneShape.i32x4.rawValue) | 3 << 8
      case .unused, .list, .count, .block, .position, .highBits, .frameVariable: return 0
      }
    }
    var i = Instruction(opcode, result)
    i.a = field(shape.a)
    i.b = field(shape.b)
    i.c = field(shape.c)
    i.aux = UInt16(field(shape.aux))
    if shape.list != .none {
      i.b = UInt32(function.lists.count)
      i.c = 2
      switch shape.list {
      case .edges: for _ in 0..<2 { function.lists.append(field(.edge)) }
      case .typedArguments, .helperArguments:
        function.lists.append(shape.list == .typedArguments ? 3 : 0)
        fallthrough
      case .values: for _ in 0..<2 { function.lists.append(operand()) }
      case .none: break
      }
    }
    finish(i)
  }

  private mutating func finish(_ i: Instruction) {
    func append(_ instruction: Instruction) {
      value = function.instructions.append(instruction)
      function.origins.append(0)
    }
    append(i)
    let end = value
    if opcode == .caught {
      let edges = (1...2).map { function.edges.append(EdgeData(from: Block(0), to: Block($0))).raw }
      append(Instruction(.unwind, .none, a: end.raw, b: edges[0], c: edges[1]))
    } else if !opcode.isTerminator {
      append(Instruction(.trap, .none, aux: 1))
    }
    function.blocks[Block(0)].instructionEnd = function.instructions.nextID.raw
    for b in 1...2 {
      function.blocks[Block(b)].instructionStart = function.instructions.nextID.raw
      append(Instruction(.trap, .none, aux: 1))
      function.blocks[Block(b)].instructionEnd = function.instructions.nextID.raw
      function.blocks[Block(b)].predecessorStart = UInt32(function.lists.count)
      for e in function.edges.storage.indices where function.edges[Edge(e)].to == Block(b) {
        function.lists.append(UInt32(e))
        function.blocks[Block(b)].predecessorCount += 1
      }
    }
    value = end
  }
}

/// Types that the row's rule takes.
private func rightTypes(_ info: OpcodeInfo) -> (result: Type, operands: [Type]) {
  let (result, operands): (Type, [Type]) =
    switch info.typing {
    case .any: (.i64, [.i32])
    case .integerConstant, .integer: (.i32, [.i32])
    case .wide: (.i64, [.i64])
    case .floatConstant, .float: (.f64, [.f64])
    case .integerComparison: (.i32, [.i64])
    case .floatComparison: (.i32, [.f32])
    case .wrapping: (.i32, [.i64])
    case .widening: (.i64, [.i32])
    case .truncation: (.i64, [.f32])
    case .conversion: (.f32, [.i64])
    case .promotion: (.f64, [.f32])
    case .demotion: (.f32, [.f64])
    case .reinterpretation: (.f64, [.i64])
    case .selection: (.f64, [.i32, .f64])
    case .access, .integerAccess: (.i32, [.i64, .i32])
    case .wideAccess: (.i64, [.i32, .i64])
    case .copy: (.none, [.i64])
    case .fill: (.none, [.i64, .i32])
    case .pointer: (.f32, [.i64, .f32])
    case .frameVariable: (.f32, [.f32])
    case .condition: (.i32, [.i32])
    case .vector: (.v128, [.v128])
    case .vectorShift: (.v128, [.v128, .i32])
    case .vectorTest: (.i32, [.v128])
    // The shape is i32x4.
    case .fromLane: (.v128, [.i32])
    case .toLane: (.i32, [.v128])
    case .intoLane: (.v128, [.v128, .i32])
    }
  return (info.shape.hasResult == false || info.effects.endsBlock ? .none : result, operands)
}

@Suite struct OpcodeTests {
  /// `param` is no line of its own.
  static let all = Opcode.allCases.filter { $0 != .param }

  @Test(arguments: all) func anOperationFollowsFromItsRow(_ opcode: Opcode) throws {
    let (result, types) = rightTypes(opcode.info)
    var sample = Sample(opcode, result: result, operandTypes: types)
    try sample.function.verify()
    let text = sample.function.text()
    #expect(try Function.parse(text).text() == text)
    let i = sample.function.instructions[sample.value]
    var read: [UInt32] = []
    sample.function.forEachOperand(i) { read.append($0) }
    #expect(read == sample.operands)
    // Every operand is replaced, and nothing else.
    sample.function.mapOperands { $0 % 5 < 4 ? $0 + 1 : $0 - 4 }
    read = []
    sample.function.forEachOperand(sample.function.instructions[sample.value]) { read.append($0) }
    #expect(read == sample.operands.map { $0 % 5 < 4 ? $0 + 1 : $0 - 4 })
  }

  @Test(arguments: all) func anOperationOfTheWrongTypesIsRefused(_ opcode: Opcode) throws {
    let info = opcode.info
    if info.typing == .any || info.shape.fields.a != .value { return }
    var refused = 0
    for type in [Type.i32, .i64, .f32, .f64, .v128] {
      let sample = Sample(opcode, result: rightTypes(info).result, operandTypes: [type])
      do {
        try sample.function.verify()
      } catch {
        refused += 1
      }
    }
    #expect(refused >= 2)
  }

  @Test(arguments: Opcode.allCases) func whatIsReadFollowsFromTheFields(_ opcode: Opcode) {
    let fields = opcode.info.shape.fields
    let traits = opcode.traits
    #expect(traits.readsA == (fields.a == .value))
    #expect(traits.readsB == (fields.b == .value))
    #expect(traits.readsC == (fields.c == .value))
    let hasTail = fields.list == .typedArguments || fields.list == .helperArguments
    #expect(traits.hasTail == hasTail)
    #expect(traits.readsList == (hasTail || fields.list == .values))
  }

  @Test func theDocumentNamesEveryOperation() throws {
    let text = try String(
      contentsOf: repository.appendingPathComponent("docs/ir.md"), encoding: .utf8)
    // Between the first and the last of a row of loads.
    let between: Set<String> = ["load8_u", "load16_s", "load16_u", "load32_s"]
    for opcode in Self.all where opcode != .nop {
      let name = "\(opcode.info.name)"
      #expect(between.contains(name) || text.contains("`\(name)`"), "\(name)")
    }
  }

  /// What a shape means is said in `OpcodeInfo.swift` alone.
  @Test func nobodyElseSwitchesOverShapes() throws {
    let folder = repository.appendingPathComponent("Sources/Compiler")
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    var seen = 0
    while let url = files?.nextObject() as? URL {
      guard url.pathExtension == "swift" else { continue }
      seen += 1
      let text = try String(contentsOf: url, encoding: .utf8)
      let found = text.split(separator: "\n").filter {
        $0.contains("switch") && ($0.contains("shape {") || $0.contains("Shape {"))
      }
      #expect(found.isEmpty, "\(url.lastPathComponent)")
    }
    #expect(seen > 50)
  }

  private var repository: URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
  }
}
