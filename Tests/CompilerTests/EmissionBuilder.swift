// SPDX-License-Identifier: Apache-2.0
// Builds machine functions by hand, for tests of emission.

import BrolgaArtefact
import BrolgaEntities
import RegisterAllocation

@testable import BrolgaCompiler

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
  var keepsContext = false
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
    machine.keepsContext = keepsContext
    machine.outgoingBytes = outgoingBytes
    machine.frameVariableBytes = frameVariableBytes
    machine.constants.append(contentsOf: constants)
    for target in jumpTargets { machine.jumpTargets.append(UInt32(target)) }
    machine.problem.machine = X64.machine
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

/// Allocates, emits and links drafts; function `i` is draft `i`.
func compileDrafts(_ drafts: [MachineBuilder], buffers count: Int = 1) throws -> CompiledModule {
  var allocator = Allocator()
  var solution = Solution()
  var machine = MachineFunction()
  let emitters = UnsafeMutablePointer<Emitter<X64>>.allocate(capacity: count)
  for k in 0..<count { (emitters + k).initialize(to: Emitter()) }
  defer {
    emitters.deinitialize(count: count)
    emitters.deallocate()
  }
  for (i, draft) in drafts.enumerated() {
    draft.fill(&machine)
    machine.index = UInt32(i)
    try allocator.allocate(machine.problem, into: &solution)
    // Spread over the buffers, so that no buffer has a run of neighbours.
    try emitters[(drafts.count - i) % count].emit(&machine, &solution)
  }
  var module = CompiledModule()
  try link(
    (0..<count).map { emitters[$0].assembler.code.view }, definedFunctionCount: drafts.count,
    importedFunctionCount: 0, for: X64.self, into: &module)
  return module
}
