// SPDX-License-Identifier: Apache-2.0
// The common parts of lowering and emission with another instruction set than x86-64.

import BrolgaArtefact
import Foundation
import RegisterAllocation
import Testing

@testable import BrolgaCompiler

@Suite struct ToyTargetTests {
  /// sum of square(i) for i below n, beside values that live across the calls.
  private func compile(
    _ options: LoweringOptions, _ algorithm: Algorithm
  ) throws -> (machine: ToyMachine, listing: String) {
    var emitter = Emitter<Toy>()
    emitter.assembler.code.keepsListing = true
    var lowering = Lowering<Toy>()
    var machine = MachineFunction()
    var allocator = Allocator()
    var solution = Solution()
    var checker = Checker()
    let signature = TestSignature(parameters: [.i64], results: [.i64])
    let unit = LoweringUnit([signature])
    var listing = ""
    for box in [sum(), square()] {
      lowering.lower(&box.function, unit: unit, options: options, into: &machine)
      try machine.problem.validate()
      try allocator.allocate(machine.problem, into: &solution, using: algorithm)
      try checker.check(machine.problem, solution)
      try emitter.emit(&machine, &solution)
      listing += emitter.listing(&machine, &solution)
    }
    var module = CompiledModule()
    try link(
      [emitter.assembler.code.view], definedFunctionCount: 2, importedFunctionCount: 0,
      for: Toy.self, into: &module)
    return (ToyMachine(module), listing)
  }

  private func sum() -> IRBox {
    var maker = FunctionMaker()
    let (_, p) = maker.bind([], [.i64])
    let zero = maker.add(.constant(.i64, bits: 0))
    let large = maker.add(.constant(.i64, bits: 0x1234_5678_9abc))
    let enter = maker.edge([zero, large])
    maker.jump(enter)
    let (header, state) = maker.bind([enter], [.i64, .i64], isHeader: true, depth: 1)
    let list = maker.list([0, state[0].raw])
    let square = maker.add(Instruction(.call, .i64, a: 1, b: list, c: 1))
    var total = maker.add(Instruction(.add, .i64, a: state[1].raw, b: square.raw))
    // A body too long for a short branch.
    for k in 0..<20 as Range<UInt64> {
      let c = maker.add(.constant(.i64, bits: 3000 + k))
      total = maker.add(
        Instruction(k & 1 == 0 ? .add : .sub, .i64, a: total.raw, b: c.raw))
    }
    let one = maker.add(.constant(.i64, bits: 1))
    let next = maker.add(Instruction(.add, .i64, a: state[0].raw, b: one.raw))
    let more = maker.add(Instruction(.ltS, .i32, a: next.raw, b: p[0].raw))
    let exit = maker.edge()
    let latch = maker.edge()
    maker.branch(more, latch, exit)
    _ = maker.bind([latch], depth: 1)
    let again = maker.edge([next, total])
    maker.builder.function.edges[again].to = header
    maker.jump(again)
    _ = maker.bind([exit])
    maker.returns([total])
    maker.builder.function.index = 0
    maker.builder.function.typeIndex = 0
    return IRBox(maker.function())
  }

  private func square() -> IRBox {
    var maker = FunctionMaker()
    let (_, p) = maker.bind([], [.i64])
    maker.returns([maker.add(Instruction(.mul, .i64, a: p[0].raw, b: p[0].raw))])
    maker.builder.function.index = 1
    maker.builder.function.typeIndex = 0
    return IRBox(maker.function())
  }

  @Test(arguments: [LoweringOptions.full, .fast], [Algorithm.singlePass, .backtracking])
  func aLoopWithACallRuns(_ options: LoweringOptions, _ algorithm: Algorithm) throws {
    var (machine, listing) = try compile(options, algorithm)
    let expected = (0..<10).reduce(0x1234_5678_9abc) { $0 + $1 * $1 } - 100
    #expect(machine.call(0, [10]) == expected, "\(listing)")
    #expect(machine.executed.contains(.literal) && machine.executed.contains(.call))
    #expect(listing.contains(" = call r0, 1") && listing.contains("mul r"))
  }
}

/// Executes what the toy target makes.
private struct ToyMachine {
  var words: [UInt32]
  var starts: [Int]
  var stack = [Int](repeating: 0, count: 1000)
  var registers = [Int](repeating: 0, count: 8)
  var executed = Set<ToyOperation>()

  init(_ module: borrowing CompiledModule) {
    let bytes = module.text.toArray()
    words = stride(from: 0, to: bytes.count & ~3, by: 4).map { at in
      (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << UInt32($1 * 8) }
    }
    starts = module.functions.toArray().map { Int($0.offset) / 4 }
  }

  mutating func call(_ function: Int, _ arguments: [Int]) -> Int {
    for (k, argument) in arguments.enumerated() { registers[k] = argument }
    var pc = starts[function]
    var sp = stack.count - 1
    var fp = sp
    stack[sp] = -1
    while pc >= 0 {
      let word = words[pc]
      pc += 1
      let operation = ToyOperation(rawValue: UInt8(word >> 24))!
      executed.insert(operation)
      let (d, a, b) = (Int(word >> 20 & 7), Int(word >> 16 & 7), Int(word >> 12 & 7))
      let low = Int(Int16(truncatingIfNeeded: word))
      switch operation {
      case .constant: registers[d] = low
      case .literal:
        let at = pc + low / 4
        registers[d] = Int(words[at]) | Int(words[at + 1]) << 32
      case .add: registers[d] = registers[a] &+ registers[b]
      case .sub: registers[d] = registers[a] &- registers[b]
      case .mul: registers[d] = registers[a] &* registers[b]
      case .less: registers[d] = registers[a] < registers[b] ? 1 : 0
      case .addImmediate:
        registers[d] = registers[a] &+ Int(Int32(bitPattern: word << 20) >> 20)
      case .move: registers[d] = registers[a]
      case .load: registers[d] = stack[fp - low]
      case .store: stack[fp - low] = registers[d]
      case .jump: pc += Int(Int32(bitPattern: word << 8) >> 8)
      case .branchIfNotZero: if registers[d] != 0 { pc += low }
      case .branchIfZero: if registers[d] == 0 { pc += low }
      case .call:
        sp -= 1
        stack[sp] = pc
        // A callee keeps nothing.
        let kept = registers[0]
        registers = [Int](repeating: 0xdead, count: 8)
        registers[0] = kept
        pc += Int(Int32(bitPattern: word << 8) >> 8)
      case .enter:
        sp -= 1
        stack[sp] = fp
        fp = sp
        sp -= low
      case .leave:
        sp = fp
        fp = stack[sp]
        pc = stack[sp + 1]
        sp += 2
      case .entry: preconditionFailure("no code")
      }
    }
    return registers[0]
  }
}

@Suite struct InstructionSetBoundaryTests {
  /// What is of one instruction set only stands in its folder.
  @Test func commonPartsNameNoInstructionSet() throws {
    let sources = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Sources/Compiler")
    let names =
      /(?i)x64|x86|aarch64|arm64|\b[re](ax|bx|cx|dx|si|di|sp|bp)\b|xmm|\br1[0-5]\b/
    var seen = 0
    for folder in ["Lowering", "Emission"] {
      let files = try FileManager.default.contentsOfDirectory(
        at: sources.appending(path: folder), includingPropertiesForKeys: nil)
      for file in files {
        let text = try String(contentsOf: file, encoding: .utf8)
        for line in text.split(separator: "\n") {
          let namesOne = line.contains(names)
          #expect(!namesOne, "\(file.lastPathComponent): \(line)")
        }
        seen += 1
      }
    }
    #expect(seen > 8)
  }
}
