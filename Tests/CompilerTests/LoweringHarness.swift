// SPDX-License-Identifier: Apache-2.0
// Compiles functions in memory, runs them, and evaluates them beside, with real memory.

import BrolgaArtefact
import BrolgaCRuntime
import BrolgaEntities
import BrolgaWasm
import Glibc
import RegisterAllocation

@testable import BrolgaCompiler

/// What this processor can do.
let hostFeatures = CPUFeatures(rawValue: brolga_cpu_features())

/// The processors that code can be made for and run here: the level that all have, the next one, and
/// this one.
let runnableFeatures: [CPUFeatures] = {
  var list: [CPUFeatures] = [.baseline]
  for features in [.level4, hostFeatures] as [CPUFeatures]
  where features.isSubset(of: hostFeatures) && !list.contains(features) {
    list.append(features)
  }
  return list
}()

extension LoweringOptions {
  func with(_ features: CPUFeatures) -> LoweringOptions {
    var options = self
    options.features = features
    return options
  }
}

/// A function that several things refer to.
final class IRBox {
  var function: Function
  init(_ function: consuming Function) { self.function = function }
}

extension Function {
  fileprivate func type(_ value: Int) -> Type { instructions[Value(value)].type }
}

/// The types of a function in tests.
struct TestSignature {
  var parameters: [Type]
  var results: [Type]
}

extension LoweringUnit {
  convenience init(_ signatures: [TestSignature]) {
    self.init(
      signatures: signatures.map { ($0.parameters, $0.results) },
      layout: ContextLayout(ContextLayout.Counts()))
  }
}

/// Lowers a function and returns it as text.
func loweredText(
  _ box: IRBox, _ signatures: [TestSignature] = [TestSignature(parameters: [], results: [])],
  _ options: LoweringOptions = .full
) -> String {
  var lowering = Lowering<X64>()
  var machine = MachineFunction()
  lowering.lower(
    &box.function, unit: LoweringUnit(signatures), options: options, into: &machine)
  return machine.text(X64.self)
}

/// A reader of flags to which they do not come from an instruction that is there for them.
func misreadFlags(_ machine: borrowing MachineFunction) -> String? {
  for b in 0..<machine.problem.blockCount {
    var writer: X64Opcode?
    for i in machine.problem.instructionRange(b) {
      let x = machine.instructions[i]
      switch x.x64Opcode {
      case .branch, .set, .cmov, .fcmov, .trapIf, .trapIfInconvertible:
        switch writer {
        case .cmp, .test, .fucomi, .vtest, .bt, .add, .sub, .and, .or, .xor, .andn, .blsr, .blsi,
          .neg:
          break
        default:
          return "instruction \(i) of block \(b) reads flags of \(String(describing: writer))"
        }
      default: if x.x64Opcode.writesFlags { writer = x.x64Opcode }
      }
    }
  }
  return nil
}

/// How a run ended.
enum RunEnd: Equatable {
  case returned(UInt64)
  case trapped(UInt8)
}

/// What the signal handler needs; one run at a time.
private struct RunState {
  var codeStart: UInt = 0
  var codeEnd: UInt = 0
  var landing: UInt = 0
  var savedStack: UInt = 0
  var trapAddress: UInt = 0
  var signal: Int32 = 0
}
private nonisolated(unsafe) let runState: UnsafeMutablePointer<RunState> = {
  let state = UnsafeMutablePointer<RunState>.allocate(capacity: 1)
  state.initialize(to: RunState())
  return state
}()
private nonisolated(unsafe) let runLock: UnsafeMutablePointer<pthread_mutex_t> = {
  let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  pthread_mutex_init(lock, nil)
  return lock
}()

/// Leaves compiled code for the trampoline's end. `gregs` starts at byte 40 of a `ucontext_t`.
private let signals = SignalChain { number, info, context in
  let registers = (context! + 40).assumingMemoryBound(to: UInt.self)
  let (stack, instruction) = (15, 16)
  let at = registers[instruction]
  if at < runState.pointee.codeStart || at >= runState.pointee.codeEnd {
    signals.passOn(number, info, context)
    return
  }
  runState.pointee.trapAddress = at
  runState.pointee.signal = number
  registers[instruction] = runState.pointee.landing
  registers[stack] = runState.pointee.savedStack
}

/// Functions compiled together, each index at its position.
final class LoweredModule {
  static let memoryBytes = 1 << 15
  /// Offset in the context of a word that holds the address of `scratch`.
  static let scratchPointer = 64
  static let contextBytes = 256
  static let scratchBytes = 512

  let memory: UnsafeMutableRawPointer
  let context: UnsafeMutableRawPointer
  let scratch: UnsafeMutableRawPointer
  private let code: UnsafeMutableRawPointer
  private let codeBytes: Int
  private let landing: Int
  private let trampoline: Int
  private let offsets: [Int]
  private let sites: [(offset: Int, kind: UInt8)]

  init(
    _ boxes: [IRBox], _ signatures: [TestSignature], _ options: LoweringOptions
  ) throws {
    var lowering = Lowering<X64>()
    var machine = MachineFunction()
    var allocator = Allocator()
    var solution = Solution()
    var checker = Checker()
    var emitter = Emitter<X64>()
    let unit = LoweringUnit(signatures)
    for box in boxes {
      lowering.lower(&box.function, unit: unit, options: options, into: &machine)
      if let problem = misreadFlags(machine) { fatalError("\(problem)\n\(machine.text(X64.self))") }
      do {
        try machine.problem.validate()
        try allocator.allocate(machine.problem, into: &solution)
        try checker.check(machine.problem, solution)
      } catch {
        print("\(error) in\n\(machine.text(X64.self))")
        throw error
      }
      try emitter.emit(&machine, &solution)
    }
    var module = CompiledModule()
    try link(
      [emitter.assembler.code.view], definedFunctionCount: boxes.count, importedFunctionCount: 0,
      for: X64.self, into: &module)
    offsets = module.functions.toArray().map { Int($0.offset) }
    let kinds = module.trapKinds.toArray()
    sites = module.traps.toArray().enumerated().map { (Int($1.codeOffset), kinds[$0]) }
    let text = module.text.toArray()
    var entry = Assembler<X64>()
    landing = LoweredModule.writeTrampoline(&entry)
    trampoline = (text.count + 15) & ~15
    codeBytes = trampoline + entry.code.count
    code = mmap(nil, codeBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
    code.copyMemory(from: text, byteCount: text.count)
    (code + trampoline).copyMemory(from: Array(entry.code.bytes), byteCount: entry.code.count)
    precondition(mprotect(code, codeBytes, PROT_READ | PROT_EXEC) == 0)
    // A page that may not be touched comes after it.
    memory = mmap(
      nil, Self.memoryBytes + 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
    precondition(mprotect(memory, Self.memoryBytes, PROT_READ | PROT_WRITE) == 0)
    context = .allocate(byteCount: LoweredModule.contextBytes, alignment: 16)
    scratch = .allocate(byteCount: LoweredModule.scratchBytes, alignment: 16)
    reset()
  }

  deinit {
    munmap(code, codeBytes)
    munmap(memory, Self.memoryBytes + 4096)
    context.deallocate()
    scratch.deallocate()
  }

  /// Memory, context and scratch as at the start of each run.
  func reset() {
    memory.copyMemory(from: Self.initialMemory, byteCount: Self.memoryBytes)
    memset(context, 0, Self.contextBytes)
    scratch.copyMemory(from: Self.initialScratch, byteCount: Self.scratchBytes)
    context.storeBytes(of: UInt(bitPattern: memory), toByteOffset: 8, as: UInt.self)
    context.storeBytes(
      of: UInt(bitPattern: scratch), toByteOffset: LoweredModule.scratchPointer, as: UInt.self)
  }

  static let initialMemory = (0..<memoryBytes).map {
    UInt8(truncatingIfNeeded: ($0 &* 0x9e37_79b1) >> 13)
  }
  static let initialScratch = (0..<scratchBytes).map { UInt8(truncatingIfNeeded: $0 &* 7) }

  /// `(code, block, context)`: the block holds 6 integers and 8 floats; then come rax and xmm0.
  /// Returns the offset at which a trap lands.
  private static func writeTrampoline(_ assembler: inout Assembler<X64>) -> Int {
    assembler.beginFunction(index: 0, blocks: 0)
    assembler.push(.rbp)
    assembler.move(.b64, .rbp, .rsp)
    for r in [3, 12, 13, 14, 15] as [UInt8] { assembler.push(Gpr(r)) }
    assembler.push(.rsi)
    assembler.move(.b64, Gpr(10), .rsi)
    assembler.move(.b64, .r11, .rdi)
    assembler.move(.b64, .r15, .rdx)
    assembler.load(.b64, Gpr(14), .memory(.r15, 8))
    assembler.moveConstant(Gpr(0), UInt64(UInt(bitPattern: runState)) + 24)
    assembler.store(.b64, .memory(Gpr(0), 0), .rsp)
    for k in 0..<6 as Range<UInt8> {
      let register = Gpr(CallingConvention.argumentInteger(k))
      assembler.load(.b64, register, .memory(Gpr(10), Int32(k) * 8))
    }
    for k in 0..<8 as Range<UInt8> {
      assembler.load(.f64, Xmm(k), .memory(Gpr(10), 48 + Int32(k) * 8))
    }
    // Whatever survives calls must survive: a value to check.
    assembler.moveConstant(Gpr(3), 0x1122_3344)
    assembler.call(RegisterOrMemory(Gpr.r11))
    let landing = assembler.code.count
    assembler.pop(.rsi)
    assembler.store(.b64, .memory(.rsi, 112), Gpr(0))
    assembler.store(.f64, .memory(.rsi, 120), Xmm(0))
    assembler.store(.b64, .memory(.rsi, 128), Gpr(3))
    assembler.store(.b64, .memory(.rsi, 136), Gpr(14))
    for r in [15, 14, 13, 12, 3] as [UInt8] { assembler.pop(Gpr(r)) }
    assembler.pop(.rbp)
    assembler.return()
    return landing
  }

  /// Runs function `index`; arguments and result by their bits. `nil` if a register was lost.
  func run(_ index: Int, _ signature: TestSignature, _ arguments: [UInt64]) -> RunEnd? {
    var block = [UInt64](repeating: 0, count: 18)
    var (integers, floats) = (0, 0)
    for (type, bits) in zip(signature.parameters, arguments) {
      if type.isFloat {
        block[6 + floats] = bits
        floats += 1
      } else {
        block[integers] = bits
        integers += 1
      }
    }
    pthread_mutex_lock(runLock)
    defer { pthread_mutex_unlock(runLock) }
    _ = signals
    runState.pointee.codeStart = UInt(bitPattern: code)
    runState.pointee.codeEnd = UInt(bitPattern: code + trampoline)
    runState.pointee.landing = UInt(bitPattern: code + trampoline + landing)
    runState.pointee.trapAddress = 0
    typealias Entry =
      @convention(c) (
        UnsafeRawPointer, UnsafeMutablePointer<UInt64>, UnsafeMutableRawPointer
      ) -> Void
    let enter = unsafeBitCast(code + trampoline, to: Entry.self)
    enter(UnsafeRawPointer(code + offsets[index]), &block, context)
    // The addresses may be somebody else's tomorrow.
    runState.pointee.codeStart = 0
    runState.pointee.codeEnd = 0
    if runState.pointee.trapAddress != 0 {
      if runState.pointee.signal == SIGSEGV { return .trapped(UInt8(Interpreter.outOfBounds)) }
      let offset = Int(runState.pointee.trapAddress - UInt(bitPattern: code))
      return .trapped(sites.first { $0.offset == offset }?.kind ?? 255)
    }
    if block[16] != 0x1122_3344 || block[17] != UInt64(UInt(bitPattern: memory)) { return nil }
    guard let type = signature.results.first else { return .returned(0) }
    if type.isFloat { return .returned(type == .f32 ? block[15] & 0xffff_ffff : block[15]) }
    return .returned(block[14])
  }
}

/// Evaluates functions with the state that `LoweredModule` gives them. A vector is two values in lists.
struct RealInterpreter {
  struct Trap: Error { var kind: UInt8 }
  struct OutOfFuel: Error {}

  let functions: [IRBox]
  let scratchAddress: UInt64
  var memory: [UInt8]
  var context = [UInt8](repeating: 0, count: LoweredModule.contextBytes)
  var scratch: [UInt8]
  var fuel = 20_000

  init(_ functions: [IRBox], scratchAddress: UInt64) {
    self.functions = functions
    self.scratchAddress = scratchAddress
    memory = LoweredModule.initialMemory
    scratch = LoweredModule.initialScratch
  }

  mutating func run(_ index: Int, _ arguments: [UInt64]) throws -> [UInt64] {
    var values = [UInt64](repeating: 0, count: functions[index].function.instructions.count)
    var uppers = values
    var frame = [V128](
      repeating: V128(scalar: 0), count: functions[index].function.frameVariables.count)
    var incoming = arguments[...]
    var block = 0
    let box = functions[index]
    while true {
      let data = box.function.blocks.storage[block]
      for k in 0..<Int(data.parameterCount) {
        let parameter = Int(box.function.lists[Int(data.parameterStart) + k])
        values[parameter] = incoming.removeFirst()
        if box.function.type(parameter) == .v128 { uppers[parameter] = incoming.removeFirst() }
      }
      var edge: UInt32 = .max
      for i in Int(data.instructionStart)..<Int(data.instructionEnd) {
        fuel -= 1
        if fuel < 0 { throw OutOfFuel() }
        let x = box.function.instructions.storage[i]
        func list(_ start: UInt32, _ count: UInt32) -> [UInt64] {
          (0..<Int(count)).flatMap {
            let value = Int(box.function.lists[Int(start) + $0])
            return box.function.type(value) == .v128
              ? [values[value], uppers[value]] : [values[value]]
          }
        }
        switch x.opcode {
        case .jump: edge = x.a
        // No callee throws here: there is no runtime to unwind.
        case .branch, .unwind: edge = values[Int(x.a)] != 0 ? x.b : x.c
        case .branchTable:
          edge = box.function.lists[Int(x.b) + Int(min(values[Int(x.a)], UInt64(x.c) - 1))]
        case .returns: return list(x.b, x.c)
        case .trap: throw Trap(kind: UInt8(x.aux))
        case .call:
          let results = try run(Int(x.a), list(x.b + 1, x.c))
          var position = i
          var rest = results[...]
          while let low = rest.popFirst() {
            values[position] = low
            if box.function.type(position) == .v128 { uppers[position] = rest.removeFirst() }
            position += 1
          }
        case .frameLoad:
          values[i] = frame[Int(x.b)].low
          uppers[i] = frame[Int(x.b)].high
        case .frameStore:
          frame[Int(x.b)] = V128(low: values[Int(x.a)], high: uppers[Int(x.a)])
        default:
          if !stepVector(box, x, i, &values, &uppers) { try step(box, x, i, &values) }
        }
      }
      let taken = box.function.edges.storage[Int(edge)]
      let count = Int(box.function.blocks[taken.to].parameterCount)
      incoming =
        (0..<count).flatMap {
          let value = Int(box.function.lists[Int(taken.argumentStart) + $0])
          return box.function.type(value) == .v128
            ? [values[value], uppers[value]] : [values[value]]
        }[...]
      block = taken.to.index
    }
  }

  /// What reads or yields a vector; false where nothing does.
  private mutating func stepVector(
    _ box: IRBox, _ x: Instruction, _ i: Int, _ values: inout [UInt64], _ uppers: inout [UInt64]
  ) -> Bool {
    func vector(_ raw: UInt32) -> V128 {
      let index = min(Int(raw), values.count - 1)
      return V128(low: values[index], high: uppers[index])
    }
    func offset(_ address: UInt64) -> Int { Int(address) + Int(x.b) }
    let a = vector(x.a)
    var result: V128?
    switch x.opcode {
    case .vconst: result = box.function.vectors[Int(x.b)]
    case .load where x.type == .v128:
      result = V128(byteList: Array(memory[offset(a.low)..<offset(a.low) + 16]))
    case .contextLoad where x.type == .v128:
      result = V128(byteList: Array(context[Int(x.b)..<Int(x.b) + 16]))
    case .pointerLoad where x.type == .v128:
      let start = offset(a.low &- scratchAddress)
      result = V128(byteList: Array(scratch[start..<start + 16]))
    case .store where box.function.type(Int(x.c)) == .v128:
      memory.replaceSubrange(offset(a.low)..<offset(a.low) + 16, with: vector(x.c).byteList)
    case .contextStore where box.function.type(Int(x.a)) == .v128:
      context.replaceSubrange(Int(x.b)..<Int(x.b) + 16, with: a.byteList)
    case .pointerStore where box.function.type(Int(x.c)) == .v128:
      let start = offset(a.low &- scratchAddress)
      scratch.replaceSubrange(start..<start + 16, with: vector(x.c).byteList)
    case .select where x.type == .v128: result = a.low != 0 ? vector(x.b) : vector(x.c)
    case .vshuffle:
      result = VectorInterpreter.evaluate(
        x, pattern: box.function.vectors[Int(x.c)], a, vector(x.b), V128(scalar: 0))
    case let opcode where opcode.isOfVectors:
      result = VectorInterpreter.evaluate(x, a, vector(x.b), vector(x.c))
    default: return false
    }
    if let result {
      values[i] = result.low
      uppers[i] = result.high
    }
    return true
  }

  private mutating func step(
    _ box: IRBox, _ x: Instruction, _ i: Int, _ values: inout [UInt64]
  ) throws {
    let a = x.opcode.info.shape == .constant ? 0 : values[min(Int(x.a), values.count - 1)]
    switch x.opcode {
    case .nop, .param, .result: break
    case .caught: values[i] = 0
    case .iconst, .fconst: values[i] = x.bits
    case .load, .load8S, .load8U, .load16S, .load16U, .load32S, .load32U:
      values[i] = load(x, memory, Int(a) + Int(x.b))
    case .contextLoad:
      values[i] =
        Int(x.b) == LoweredModule.scratchPointer
        ? scratchAddress : load(x, context, Int(x.b))
    case .pointerLoad: values[i] = load(x, scratch, Int(a &- scratchAddress) + Int(x.b))
    case .store, .store8, .store16, .store32:
      store(x, &memory, Int(a) + Int(x.b), values[Int(x.c)], box.function.instructions)
    case .contextStore: store(x, &context, Int(x.b), a, box.function.instructions)
    case .pointerStore:
      store(
        x, &scratch, Int(a &- scratchAddress) + Int(x.b), values[Int(x.c)],
        box.function.instructions)
    case .trapIf: if a != 0 { throw Trap(kind: UInt8(x.aux)) }
    case .select: values[i] = a != 0 ? values[Int(x.b)] : values[Int(x.c)]
    default:
      let b = x.opcode.info.shape == .binary ? values[Int(x.b)] : 0
      let from = box.function.instructions[Value(raw: x.a)].type
      switch Interpreter.evaluate(x.opcode, from: from, to: x.type, a, b) {
      case .success(let value): values[i] = value
      case .failure(let trap): throw Trap(kind: UInt8(trap.kind))
      }
    }
  }

  private func load(_ x: Instruction, _ bytes: [UInt8], _ at: Int) -> UInt64 {
    let mask: UInt64 = x.type.byteCount == 4 ? 0xffff_ffff : .max
    func read(_ count: Int) -> UInt64 {
      (0..<count).reduce(0) { $0 | UInt64(bytes[at + $1]) << UInt64($1 * 8) }
    }
    switch x.opcode {
    case .load8U: return read(1)
    case .load16U: return read(2)
    case .load32U: return read(4)
    case .load8S: return UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: read(1)))) & mask
    case .load16S: return UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: read(2)))) & mask
    case .load32S: return UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: read(4)))) & mask
    default: return read(x.type.byteCount)
    }
  }

  private func store(
    _ x: Instruction, _ bytes: inout [UInt8], _ at: Int, _ value: UInt64,
    _ instructions: borrowing Pool<Value, Instruction>
  ) {
    let stored = x.opcode == .contextStore ? x.a : x.c
    let count =
      switch x.opcode {
      case .store8: 1
      case .store16: 2
      case .store32: 4
      default: instructions[Value(raw: stored)].type.byteCount
      }
    for k in 0..<count { bytes[at + k] = UInt8(truncatingIfNeeded: value >> UInt64(k * 8)) }
  }
}
