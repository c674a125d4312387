// SPDX-License-Identifier: Apache-2.0
// Builds problems block by block, for clients that do not fill the tables themselves.

import BrolgaEntities

extension Problem {
  /// Builds a problem block by block, in the order of the function.
  ///
  ///     var builder = Problem.Builder(for: machine)
  ///     let v = builder.value(.int)
  ///     builder.block()
  ///     builder.instruction([.definition(v, .int)])
  ///     builder.exit([.use(v, .int)])
  ///     let problem = builder.finish()
  ///
  /// It keeps the cursors of all tables, finds the predecessors of each block, and numbers the
  /// clobber masks. What it builds is sealed and not validated. A compiler of many functions can
  /// rather fill the tables of a problem that it reuses.
  public struct Builder: ~Copyable {
    /// The way into another block, and what that block's parameters become.
    public struct Edge: Hashable, Sendable {
      public var target: Block
      public var arguments: [VirtualRegister]

      public init(to target: Block, _ arguments: [VirtualRegister] = []) {
        self.target = target
        self.arguments = arguments
      }
    }

    private var problem = Problem()
    private var masks: [RegisterSet: UInt16] = [RegisterSet(): 0]
    /// Block by block.
    private var edges: [[Edge]] = []

    /// A function without blocks. The first block that is added is the entry.
    public init(for machine: Machine) { problem.machine = machine }

    // MARK: Values

    /// A new value. Without `units` its slot takes what the machine says of its class.
    @discardableResult
    public mutating func value(
      _ registerClass: RegisterClass, units: UInt8? = nil
    ) -> VirtualRegister {
      let v = problem.classes.append(registerClass)
      if let units { problem.setUnits(of: v, to: units) }
      return v
    }

    /// As many new values: their numbers follow on those that there are, from 0 on.
    public mutating func values(_ count: Int, _ registerClass: RegisterClass) {
      problem.classes.storage.append(repeating: registerClass, count: count)
    }

    // MARK: Blocks

    /// Starts the next block. The block before has ended, in a branch or an exit.
    @discardableResult
    public mutating func block(
      _ parameters: [VirtualRegister] = [], frequency: Float = 1, isCold: Bool = false
    ) -> Block {
      let b = problem.blocks.append(
        BlockRecord(
          instructionStart: UInt32(problem.instructions.count),
          successorStart: UInt32(problem.successors.count), predecessorStart: 0,
          parameterStart: UInt32(problem.parameters.count), frequency: frequency, isCold: isCold))
      problem.parameters.append(contentsOf: parameters)
      edges.append([])
      return b
    }

    // MARK: Instructions

    /// Appends an instruction to the block. `text` is shown to people, see
    /// `Problem.instructionTexts`.
    @discardableResult
    public mutating func instruction(
      _ operands: [Operand], clobbers: RegisterSet = RegisterSet(), text: String = ""
    ) -> InstructionIndex {
      append(operands, clobbers, .ordinary, text)
    }

    /// Ends the block.
    @discardableResult
    public mutating func branch(
      _ operands: [Operand] = [], to successors: [Edge], clobbers: RegisterSet = RegisterSet(),
      text: String = ""
    ) -> InstructionIndex {
      for edge in successors {
        problem.successors.append(edge.target)
        problem.argumentStart.append(UInt32(problem.arguments.count))
        problem.arguments.append(contentsOf: edge.arguments)
      }
      edges[edges.count - 1] = successors
      return append(operands, clobbers, .branch, text)
    }

    /// Ends the block without a successor.
    @discardableResult
    public mutating func exit(
      _ operands: [Operand] = [], clobbers: RegisterSet = RegisterSet(), text: String = ""
    ) -> InstructionIndex {
      append(operands, clobbers, .exit, text)
    }

    private mutating func append(
      _ operands: [Operand], _ clobbers: RegisterSet, _ role: InstructionRecord.Role,
      _ text: String
    ) -> InstructionIndex {
      precondition(!edges.isEmpty, "an instruction before the first block")
      let i = problem.instructions.append(
        InstructionRecord(
          operandStart: UInt32(problem.operands.count), clobberMask: mask(clobbers), role: role))
      problem.operands.append(contentsOf: operands)
      if !text.isEmpty { problem.setText(of: i, to: text) }
      return i
    }

    private mutating func mask(_ registers: RegisterSet) -> UInt16 {
      if let known = masks[registers] { return known }
      let number = UInt16(problem.clobberMasks.count)
      problem.clobberMasks.append(registers)
      masks[registers] = number
      return number
    }

    // MARK: Advice

    /// Marks a value that is cheap to make again.
    public mutating func rematerialize(_ v: VirtualRegister, cost: Float = 0.5) {
      problem.rematerializations.append(Rematerialization(v, cost: cost))
    }

    /// Says in which register a value would best be.
    public mutating func hint(_ v: VirtualRegister, _ register: PhysicalRegister) {
      problem.hints.append(Hint(v, register))
    }

    /// Asks where a value is before each of a range of instructions.
    public mutating func label(_ label: DebugLabel) { problem.labels.append(label) }

    // MARK: Result

    /// The problem, sealed.
    public consuming func finish() -> Problem {
      var predecessors: [[Block]] = Array(repeating: [], count: edges.count)
      for (b, list) in edges.enumerated() {
        // A target that there is not is for `validate` to find.
        for edge in list where Int(edge.target.raw) < edges.count {
          predecessors[Int(edge.target.raw)].append(Block(b))
        }
      }
      for (b, list) in predecessors.enumerated() {
        problem.blocks.storage[b].predecessorStart = UInt32(problem.predecessors.count)
        problem.predecessors.append(contentsOf: list)
      }
      var marked = problem.rematerializations.buffer
      marked.sort { $0.value.raw < $1.value.raw }
      problem.seal()
      return problem
    }
  }

  // MARK: Texts

  /// Says how instruction `i` is shown to people. The instruction must be there.
  public mutating func setText(of i: InstructionIndex, to text: String) {
    while instructionTexts.count <= Int(i.raw) { instructionTexts.append("") }
    instructionTexts[Int(i.raw)] = text
  }
}
