// SPDX-License-Identifier: Apache-2.0
// The common parts of lowering and emission with another instruction set than x86-64.

import BrolgaArtefact
import Foundation
import RegisterAllocation
import Testing

@testable import BrolgaCompiler

@Suite struct ToyTargetTests {
  private func compile(
    _ boxes: [IRBox], _ options: LoweringOptions, _ algorithm: Algorithm
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
    for box in boxes {
      lowering.lower(&box.function, unit: unit, options: options, into: &machine)
      try machine.problem.validate()
      try allocator.allocate(machine.problem, into: &solution, using: algorithm)
      try checker.check(machine.problem, solution)
      try emitter.emit(&machine, &solution)
      listing += emitter.listing(&machine, &solution)
    }
    var module = CompiledModule()
    try link(
      [emitter.assembler.code.view], definedFunctionCount: boxes.count, importedFunctionCount: 0,
      for: Toy.self, into: &module)
    return (ToyMachine(module), listing)
  }

  /// sum of square(i) for i below n, beside values that live across the calls.
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
    var (machine, listing) = try compile([sum(), square()], options, algorithm)
    let expected = (0..<10).reduce(0x1234_5678_9abc) { $0 + $1 * $1 } - 100
    #expect(machine.call(0, [10]) == expected, "\(listing)")
    #expect(machine.executed.contains(.literal) && machine.executed.contains(.call))
    #expect(listing.contains(" = call r0, 1") && listing.contains("mul r"))
  }

  // MARK: Handlers

  /// `check(n)`, through a function without handlers: what it returns, or 1000 times what it throws
  /// and the sum of values that live across the call.
  private func guarded() -> IRBox {
    var maker = FunctionMaker()
    let (_, p) = maker.bind([], [.i64])
    var live: [Value] = []
    for k in 1...12 as ClosedRange<UInt64> {
      let c = maker.add(.constant(.i64, bits: k))
      live.append(maker.add(Instruction(.mul, .i64, a: p[0].raw, b: c.raw)))
    }
    let list = maker.list([0, p[0].raw])
    let call = maker.add(Instruction(.call, .i64, a: 1, b: list, c: 1))
    let exception = maker.add(Instruction(.caught, .i64))
    let landing = maker.edge([exception])
    let next = maker.edge()
    maker.add(
      Instruction(.unwind, .none, a: exception.raw, b: landing.raw, c: next.raw))
    _ = maker.bind([next])
    maker.returns([call])
    let (_, caught) = maker.bind([landing], [.i64])
    let thousand = maker.add(.constant(.i64, bits: 1000))
    var total = maker.add(Instruction(.mul, .i64, a: caught[0].raw, b: thousand.raw))
    for value in live {
      total = maker.add(Instruction(.add, .i64, a: total.raw, b: value.raw))
    }
    maker.returns([total])
    maker.builder.function.index = 0
    maker.builder.function.typeIndex = 0
    return IRBox(maker.function())
  }

  private func between() -> IRBox {
    var maker = FunctionMaker()
    let (_, p) = maker.bind([], [.i64])
    let list = maker.list([0, p[0].raw])
    let call = maker.add(Instruction(.call, .i64, a: 2, b: list, c: 1))
    maker.returns([maker.add(Instruction(.add, .i64, a: call.raw, b: p[0].raw))])
    maker.builder.function.index = 1
    maker.builder.function.typeIndex = 0
    return IRBox(maker.function())
  }

  /// Throws what is below 5.
  private func check() -> IRBox {
    var maker = FunctionMaker()
    let (_, p) = maker.bind([], [.i64])
    let five = maker.add(.constant(.i64, bits: 5))
    let isLess = maker.add(Instruction(.ltS, .i32, a: p[0].raw, b: five.raw))
    let less = maker.edge()
    let other = maker.edge()
    maker.branch(isLess, less, other)
    _ = maker.bind([less])
    let list = maker.list([0, p[0].raw])
    let helper = UInt32(Helper.throw.rawValue)
    maker.add(Instruction(.callHelper, .none, a: helper, b: list, c: 1))
    maker.add(Instruction(.trap, .none, aux: UInt16(TrapKind.unreachable.rawValue)))
    _ = maker.bind([other])
    maker.returns([p[0]])
    maker.builder.function.index = 2
    maker.builder.function.typeIndex = 0
    return IRBox(maker.function())
  }

  @Test(arguments: [LoweringOptions.full, .fast], [Algorithm.singlePass, .backtracking])
  func aCallWithAHandlerRuns(_ options: LoweringOptions, _ algorithm: Algorithm) throws {
    var (machine, listing) = try compile([guarded(), between(), check()], options, algorithm)
    #expect(machine.handlers.count == 1 && machine.frames.count == 3)
    #expect(machine.call(0, [7]) == 14, "\(listing)")
    #expect(!machine.executed.contains(.throw))
    #expect(machine.call(0, [3]) == 3000 + 3 * 78, "\(listing)")
    #expect(machine.executed.contains(.throw))
    // Twelve values do not fit eight registers: the handler has found its frame.
    #expect(machine.executed.contains(.load))
  }
}

/// Executes what the toy target makes.
private struct ToyMachine {
  var words: [UInt32]
  var starts: [Int]
  var stack = [Int](repeating: 0, count: 1000)
  var registers = [Int](repeating: 0, count: 8)
  var executed = Set<ToyOperation>()
  let frames: [FrameInfo]
  let handlers: [HandlerEntry]
  private let ranges: [FunctionRange]

  init(_ module: borrowing CompiledModule) {
    let bytes = module.text.toArray()
    words = stride(from: 0, to: bytes.count & ~3, by: 4).map { at in
      (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << UInt32($1 * 8) }
    }
    ranges = module.functions.toArray()
    starts = ranges.map { Int($0.offset) / 4 }
    frames = module.frames.toArray()
    handlers = module.handlers.toArray()
  }

  /// Where a call that returns to `pc` goes on with an exception, and how many words of the stack its
  /// function has.
  private func handler(_ pc: Int) -> (pc: Int, words: Int)? {
    guard let entry = handlers.first(where: { $0.returnOffset == UInt32(pc * 4) }),
      let function = ranges.lastIndex(where: { $0.offset < entry.returnOffset })
    else { return nil }
    return (Int(entry.handlerOffset) / 4, Int(frames[function].raw >> 5) * 2)
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
      case .throw:
        let exception = registers[d]
        registers = [Int](repeating: 0xdead, count: 8)
        registers[7] = exception
        var landing: (pc: Int, words: Int)?
        while landing == nil {
          sp = fp
          fp = stack[sp]
          landing = handler(stack[sp + 1])
        }
        pc = landing!.pc
        sp = fp - landing!.words
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
