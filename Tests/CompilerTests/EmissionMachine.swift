// SPDX-License-Identifier: Apache-2.0
// Executable memory for tests: a trampoline into compiled code, and traps that come back.

import BrolgaArtefact
import Glibc
import Synchronization

@testable import BrolgaCompiler

/// What a call of compiled code gave.
struct EmissionResult {
  var integers: [UInt64] = []
  var floats: [UInt64] = []
  /// Results that travel in memory, and the arguments before them.
  var stackWords: [UInt64] = []
  /// Where the code trapped, from the start of the text.
  var trapOffset: Int?
}

/// Code in executable memory, entered through a small trampoline of its own.
final class EmissionExecutable {
  private let memory: UnsafeMutableRawPointer
  private let size: Int
  private let functions: [FunctionRange]
  private let trampolineOffset: Int
  private let landingOffset: Int
  private let traps: [TrapEntry]
  private let trapKinds: [UInt8]
  let text: [UInt8]

  /// Words that a call may pass in memory.
  static let stackWords = 128

  // The block between the caller and the trampoline, by word.
  private static let floatsAt = 6
  private static let integerResultsAt = 14
  private static let floatResultsAt = 20
  private static let stackAt = 28
  private static let blockWords = stackAt + stackWords

  // Words of the context that the tests use beside what the header says.
  private static let savedStackPointer = 24
  private static let landingWord = 5

  init(_ module: borrowing CompiledModule) {
    _ = signals
    text = module.text.toArray()
    functions = module.functions.toArray()
    traps = module.traps.toArray()
    trapKinds = module.trapKinds.toArray()
    var trampoline = Assembler<X64>()
    let landing = EmissionExecutable.writeTrampoline(&trampoline)
    trampolineOffset = (text.count + 15) & ~15
    landingOffset = trampolineOffset + landing
    size = trampolineOffset + trampoline.code.count
    memory = CodeRegion.take(size)
    memory.copyMemory(from: text, byteCount: text.count)
    (memory + trampolineOffset).copyMemory(
      from: Array(trampoline.code.bytes), byteCount: trampoline.code.count)
    precondition(mprotect(memory, size, PROT_READ | PROT_EXEC) == 0)
  }

  /// `(code rdi, block rsi, context rdx) -> 0, or the address of a trap`
  /// Returns the offset of the landing, where the handler of signals continues.
  private static func writeTrampoline(_ assembler: inout Assembler<X64>) -> Int {
    let saved: [UInt8] = [3, 12, 13, 14, 15]
    let stackBytes = Int32(stackWords * 8)
    assembler.beginFunction(index: 0, blocks: 1)
    assembler.push(.rbp)
    assembler.move(.b64, .rbp, .rsp)
    for r in saved { assembler.push(Gpr(r)) }
    assembler.push(.rsi)
    assembler.arithmetic(.sub, .b64, RegisterOrMemory(Gpr.rsp), immediate: stackBytes)
    assembler.move(.b64, Gpr(10), .rsi)
    assembler.move(.b64, .r11, .rdi)
    assembler.move(.b64, .r15, .rdx)
    assembler.load(.b64, .r14, .memory(.r15, ContextLayout.memoryBase))
    assembler.store(.b64, .memory(.r15, Int32(savedStackPointer)), .rsp)
    // Stack arguments in, by rbx.
    assembler.moveConstant(.rbx, UInt64(stackWords))
    assembler.bind(Label(0))
    assembler.load(.b64, .rax, .memory(Gpr(10), index: .rbx, scale: 3, Int32(stackAt - 1) * 8))
    assembler.store(.b64, .memory(.rsp, index: .rbx, scale: 3, -8), .rax)
    assembler.decrement(.b32, RegisterOrMemory(Gpr.rbx))
    assembler.jump(if: .notEqual, Label(0))
    for k in 0..<6 as Range<UInt8> {
      let register = Gpr(CallingConvention.argumentInteger(k))
      assembler.load(.b64, register, .memory(Gpr(10), Int32(k) * 8))
    }
    for k in 0..<8 as Range<UInt8> {
      assembler.load(.f64, Xmm(k), .memory(Gpr(10), Int32(floatsAt) * 8 + Int32(k) * 8))
    }
    assembler.call(RegisterOrMemory(Gpr.r11))
    // The callee may have removed its arguments.
    assembler.load(.b64, .rsp, .memory(.r15, Int32(savedStackPointer)))
    assembler.load(.b64, .r11, .memory(.rsp, stackBytes))
    for k in 0..<6 as Range<UInt8> {
      let register = Gpr(CallingConvention.resultInteger(k))
      assembler.store(.b64, .memory(.r11, Int32(integerResultsAt) * 8 + Int32(k) * 8), register)
    }
    for k in 0..<8 as Range<UInt8> {
      assembler.store(.f64, .memory(.r11, Int32(floatResultsAt) * 8 + Int32(k) * 8), Xmm(k))
    }
    assembler.moveConstant(.rbx, UInt64(stackWords))
    let loop = assembler.makeLabel()
    assembler.bind(loop)
    assembler.load(.b64, .rax, .memory(.rsp, index: .rbx, scale: 3, -8))
    assembler.store(.b64, .memory(.r11, index: .rbx, scale: 3, Int32(stackAt - 1) * 8), .rax)
    assembler.decrement(.b32, RegisterOrMemory(Gpr.rbx))
    assembler.jump(if: .notEqual, loop)
    assembler.clear(.rax)
    let landing = assembler.makeLabel()
    assembler.bind(landing)
    assembler.arithmetic(.add, .b64, RegisterOrMemory(Gpr.rsp), immediate: stackBytes)
    assembler.pop(.rsi)
    for r in saved.reversed() { assembler.pop(Gpr(r)) }
    assembler.pop(.rbp)
    assembler.return()
    assembler.settleBranches()
    return Int(assembler.labels[landing].offset)
  }

  func run(
    _ function: Int, integers: [UInt64] = [], floats: [UInt64] = [], stack: [UInt64] = [],
    linearMemory: UnsafeMutableRawPointer? = nil
  ) -> EmissionResult {
    var block = [UInt64](repeating: 0, count: Self.blockWords)
    for (k, v) in integers.enumerated() { block[k] = v }
    for (k, v) in floats.enumerated() { block[Self.floatsAt + k] = v }
    for (k, v) in stack.enumerated() { block[Self.stackAt + k] = v }
    // A context whose stack limit is zero.
    var context = [UInt64](repeating: 0, count: 8)
    context[1] = UInt64(UInt(bitPattern: linearMemory))
    context[Self.landingWord] = UInt64(UInt(bitPattern: memory + landingOffset))
    typealias Entry =
      @convention(c) (
        UnsafeRawPointer, UnsafeMutablePointer<UInt64>, UnsafeMutablePointer<UInt64>
      ) -> UInt
    let enter = unsafeBitCast(memory + trampolineOffset, to: Entry.self)
    let code = UnsafeRawPointer(memory + Int(functions[function].offset))
    let trap = enter(code, &block, &context)
    var result = EmissionResult()
    if trap != 0 { result.trapOffset = Int(trap) - Int(bitPattern: memory) }
    result.integers = Array(block[Self.integerResultsAt..<Self.integerResultsAt + 6])
    result.floats = Array(block[Self.floatResultsAt..<Self.floatResultsAt + 8])
    result.stackWords = Array(block[Self.stackAt...])
    return result
  }

  /// The kind of the trap site at an offset; `nil` where there is none.
  func trapKind(at offset: Int) -> UInt8? {
    zip(traps, trapKinds).first { Int($0.codeOffset) == offset && $1 != 0 }?.1
  }

  func call(_ function: Int, _ integers: [Int] = [], floats: [Double] = []) -> (Int, Double) {
    let result = run(
      function, integers: integers.map { UInt64(bitPattern: Int64($0)) },
      floats: floats.map(\.bitPattern))
    return (Int(Int64(bitPattern: result.integers[0])), Double(bitPattern: result.floats[0]))
  }
}

/// Makes a signal in compiled code return from its trampoline with the address of the instruction.
///
/// The registers are found where the system's `ucontext_t` has them: r15 is the test's context.
private let signals = SignalChain { number, info, context in
  let registers = (context! + 40).assumingMemoryBound(to: UInt64.self)
  let (r15, rax, rsp, rip) = (7, 13, 15, 16)
  guard CodeRegion.contains(registers[rip]),
    let block = UnsafePointer<UInt64>(bitPattern: UInt(registers[r15]))
  else {
    signals.passOn(number, info, context)
    return
  }
  registers[rax] = registers[rip]
  registers[rsp] = block[3]
  registers[rip] = block[5]
}

/// One range of addresses for all code under test, so that a handler knows it by the address.
/// Nothing is given back: the tests' code is small.
private enum CodeRegion {
  private static let byteCount = 1 << 30
  private nonisolated(unsafe) static let start = mmap(
    nil, byteCount, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)!
  private static let used = Mutex(0)

  static func take(_ size: Int) -> UnsafeMutableRawPointer {
    let rounded = (size + 4095) & ~4095
    let offset = used.withLock { offset in
      defer { offset += rounded }
      return offset
    }
    precondition(offset + rounded <= byteCount)
    precondition(mprotect(start + offset, rounded, PROT_READ | PROT_WRITE) == 0)
    return start + offset
  }

  static func contains(_ address: UInt64) -> Bool {
    address &- UInt64(UInt(bitPattern: start)) < UInt64(byteCount)
  }
}
