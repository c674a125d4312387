// SPDX-License-Identifier: Apache-2.0
// Builds machine functions by hand, and runs what is emitted for them.

import Artefact
import Entities
import Glibc
import RegisterAllocation

@testable import Compiler

/// A machine function under construction, block by block.
struct MachineBuilder {
  struct Line {
    var instruction: MachineInstruction
    var operands: [Operand]
    var role: InstructionRecord.Role
    var clobbers: RegisterSet?
  }
  struct BlockDraft {
    var lines: [Line] = []
    var parameters: [VirtualRegister] = []
    var successors: [(block: Int, arguments: [VirtualRegister])] = []
  }
  var blocks: [BlockDraft] = [BlockDraft()]
  var classes: [RegisterClass] = []
  var constants: [UInt64] = []
  var jumpTargets: [Int] = []
  var makesCalls = false
  var callsReferences = false
  var outgoingBytes: Int32 = 0
  var frameVariableBytes: Int32 = 0
  var index: UInt32 = 0
  /// The block that is being filled.
  var current = 0

  mutating func value(_ registerClass: RegisterClass = .int) -> VirtualRegister {
    classes.append(registerClass)
    return VirtualRegister(classes.count - 1)
  }

  mutating func block() -> Int {
    blocks.append(BlockDraft())
    return blocks.count - 1
  }

  mutating func add(
    _ instruction: MachineInstruction, _ operands: [Operand] = [],
    role: InstructionRecord.Role = .ordinary, clobbers: RegisterSet? = nil
  ) {
    blocks[current].lines.append(
      Line(instruction: instruction, operands: operands, role: role, clobbers: clobbers))
  }

  /// Integer arguments in their registers.
  mutating func entry(integers: Int, floats: Int = 0) -> [VirtualRegister] {
    var operands: [Operand] = []
    var values: [VirtualRegister] = []
    for k in 0..<integers {
      values.append(value())
      let number = Int(CallingConvention.argumentInteger(UInt8(k)))
      operands.append(.fixedDefinition(values[k], PhysicalRegister(.int, number)))
    }
    for k in 0..<floats {
      let v = value(.float)
      values.append(v)
      operands.append(.fixedDefinition(v, PhysicalRegister(.float, k)))
    }
    add(MachineInstruction(.entry), operands)
    return values
  }

  mutating func ret(_ v: VirtualRegister) {
    let isFloat = classes[v.index] == .float
    add(
      MachineInstruction(.ret), [.fixedUse(v, isFloat ? X64Register.xmm0 : X64Register.rax)],
      role: .exit)
  }

  mutating func constant(_ number: Int32, size: UInt8 = 3) -> VirtualRegister {
    let v = value()
    add(MachineInstruction(.movImmediate, size: size, immediate: number), [.definition(v, .int)])
    return v
  }

  /// An instruction `D=1, U, source`, the source in a register or a slot.
  mutating func two(
    _ opcode: X64Opcode, _ a: VirtualRegister, _ b: VirtualRegister, size: UInt8 = 3
  ) -> VirtualRegister {
    let v = value()
    add(
      MachineInstruction(opcode, size: size),
      [.reuse(v, .int, of: 1), .use(a, .int), .anyUse(b, .int)])
    return v
  }

  mutating func jump(_ target: Int, _ arguments: [VirtualRegister] = []) {
    add(MachineInstruction(.jump), role: .branch)
    blocks[current].successors = [(target, arguments)]
  }

  mutating func branch(_ condition: X64Condition, _ taken: Int, _ other: Int) {
    add(MachineInstruction(.branch, condition: condition), role: .branch)
    blocks[current].successors = [(taken, []), (other, [])]
  }

  func fill(_ machine: inout MachineFunction) {
    machine.clear()
    machine.index = index
    machine.makesCalls = makesCalls
    machine.callsReferences = callsReferences
    machine.outgoingBytes = outgoingBytes
    machine.frameVariableBytes = frameVariableBytes
    machine.constants.append(contentsOf: constants)
    for target in jumpTargets { machine.jumpTargets.append(UInt32(target)) }
    machine.problem.machine = EmissionMachine.machine
    for c in classes { machine.problem.classes.append(c) }
    var predecessors = [[Int]](repeating: [], count: blocks.count)
    for (b, block) in blocks.enumerated() {
      for s in block.successors { predecessors[s.block].append(b) }
    }
    for (b, block) in blocks.enumerated() {
      fill(block, predecessors[b], &machine)
    }
    machine.problem.seal()
  }

  private func fill(
    _ block: BlockDraft, _ predecessors: [Int], _ machine: inout MachineFunction
  ) {
    machine.problem.blocks.append(
      BlockRecord(
        instructionStart: UInt32(machine.instructions.count),
        successorStart: UInt32(machine.problem.successors.count),
        predecessorStart: UInt32(machine.problem.predecessors.count),
        parameterStart: UInt32(machine.problem.parameters.count)))
    for line in block.lines {
      var mask = 0
      if let clobbers = line.clobbers {
        mask = machine.problem.clobberMasks.count
        machine.problem.clobberMasks.append(clobbers)
      }
      machine.problem.instructions.append(
        InstructionRecord(
          operandStart: UInt32(machine.problem.operands.count), clobberMask: UInt16(mask),
          role: line.role))
      machine.problem.operands.append(contentsOf: line.operands)
      machine.instructions.append(line.instruction)
      machine.origins.append(UInt32(machine.origins.count))
    }
    for v in block.parameters { machine.problem.parameters.append(v) }
    for p in predecessors { machine.problem.predecessors.append(RegisterAllocation.Block(p)) }
    for s in block.successors {
      machine.problem.successors.append(RegisterAllocation.Block(s.block))
      machine.problem.argumentStart.append(UInt32(machine.problem.arguments.count))
      for a in s.arguments { machine.problem.arguments.append(a) }
    }
  }
}

enum EmissionMachine {
  static let callerSaved: UInt64 = 0b111_1100_0111
  static let clobbers = RegisterSet(int: callerSaved & ~1, float: 0x7fff)

  /// All registers that lowering lets the allocator use.
  static var machine: Machine {
    var machine = Machine()
    machine.preferred = RegisterSet(int: callerSaved, float: 0x7fff)
    machine.nonPreferred = RegisterSet(int: 1 << 3 | 1 << 12 | 1 << 13)
    machine.intScratch = X64Register.r11
    machine.floatScratch = X64Register.xmm15
    return machine
  }
}

/// Code in executable memory, entered through a small trampoline of its own.
final class EmissionExecutable {
  private let memory: UnsafeMutableRawPointer
  private let size: Int
  private let functions: [FunctionRange]
  private let trampolineOffset: Int
  let text: [UInt8]

  init(_ module: borrowing CompiledModule) {
    text = module.text.toArray()
    functions = module.functions.toArray()
    var trampoline = CodeBuffer()
    EmissionExecutable.writeTrampoline(&trampoline)
    trampolineOffset = (text.count + 15) & ~15
    size = trampolineOffset + trampoline.count
    memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
    memory.copyMemory(from: text, byteCount: text.count)
    (memory + trampolineOffset).copyMemory(
      from: Array(trampoline.bytes), byteCount: trampoline.count)
    precondition(mprotect(memory, size, PROT_READ | PROT_EXEC) == 0)
  }

  deinit { munmap(memory, size) }

  /// `(code, arguments, context) -> rax`, with xmm0 taken from and put behind six integers.
  private static func writeTrampoline(_ code: inout CodeBuffer) {
    code.beginFunction(index: 0, blocks: 0)
    code.push(.rbp)
    code.move(.b64, .rbp, .rsp)
    for r in [3, 12, 13, 14, 15] as [UInt8] { code.push(Gpr(r)) }
    code.push(.rsi)
    code.move(.b64, Gpr(10), .rsi)
    code.move(.b64, .r11, .rdi)
    code.move(.b64, .r15, .rdx)
    for k in 0..<6 as Range<UInt8> {
      let register = Gpr(CallingConvention.argumentInteger(k))
      code.load(.b64, register, .memory(Gpr(10), Int32(k) * 8))
    }
    code.load(.f64, Xmm(0), .memory(Gpr(10), 48))
    code.load(.f64, Xmm(1), .memory(Gpr(10), 56))
    code.call(RegisterOrMemory(Gpr.r11))
    code.pop(.rsi)
    code.store(.f64, .memory(.rsi, 48), Xmm(0))
    for r in [15, 14, 13, 12, 3] as [UInt8] { code.pop(Gpr(r)) }
    code.pop(.rbp)
    code.return()
  }

  func call(_ function: Int, _ integers: [Int] = [], floats: [Double] = []) -> (Int, Double) {
    var block = [UInt64](repeating: 0, count: 8)
    for (k, v) in integers.enumerated() { block[k] = UInt64(bitPattern: Int64(v)) }
    for (k, v) in floats.enumerated() { block[6 + k] = v.bitPattern }
    // A context whose stack limit is zero.
    var context = [UInt64](repeating: 0, count: 8)
    typealias Entry =
      @convention(c) (
        UnsafeRawPointer, UnsafeMutablePointer<UInt64>, UnsafeMutablePointer<UInt64>
      ) -> Int
    let enter = unsafeBitCast(memory + trampolineOffset, to: Entry.self)
    let code = UnsafeRawPointer(memory + Int(functions[function].offset))
    let result = enter(code, &block, &context)
    return (result, Double(bitPattern: block[6]))
  }
}

/// Allocates, emits and links drafts; function `i` is draft `i`.
func compileDrafts(_ drafts: [MachineBuilder], buffers count: Int = 1) throws -> CompiledModule {
  var allocator = Allocator()
  var solution = Solution()
  var machine = MachineFunction()
  let buffers = UnsafeMutablePointer<CodeBuffer>.allocate(capacity: count)
  for k in 0..<count { (buffers + k).initialize(to: CodeBuffer()) }
  defer {
    buffers.deinitialize(count: count)
    buffers.deallocate()
  }
  for (i, draft) in drafts.enumerated() {
    draft.fill(&machine)
    machine.index = UInt32(i)
    try allocator.allocate(machine.problem, into: &solution)
    // Spread over the buffers, so that no buffer has a run of neighbours.
    try emit(&machine, &solution, into: &buffers[(drafts.count - i) % count])
  }
  var module = CompiledModule()
  try link(
    (0..<count).map { buffers[$0].view }, definedFunctionCount: drafts.count,
    importedFunctionCount: 0, into: &module)
  return module
}
