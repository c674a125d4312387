// SPDX-License-Identifier: Apache-2.0
// Checks the rules that a problem must keep.

import BrolgaEntities

extension Problem {
  /// Checks all rules of a problem. Cost: near linear in the tables.
  public func validate() throws(ProblemError) {
    try checkTables()
    try checkMachine()
    try checkBlocks()
    try checkEdges()
    for b in 0..<blockCount {
      for i in instructionRange(b) { try checkOperands(i) }
      try checkBranch(b)
    }
    try checkDefinitions()
    try checkAdvice()
  }

  // MARK: Tables

  /// Whether the counts exceed the encodings: 32 bits for a moment between instructions, of which
  /// each instruction and each block has four; 30 bits for a value, and for a slot; 32 bits for
  /// what stands in pools.
  static func isTooLarge(instructions: Int, blocks: Int, values: Int, pools: Int) -> Bool {
    instructions + blocks >= 1 << 30 || values >= VirtualRegister.limit || pools >= 1 << 32
  }

  private func checkTables() throws(ProblemError) {
    if Self.isTooLarge(
      instructions: instructions.count, blocks: blocks.count, values: classes.count,
      pools: operands.count + parameters.count + arguments.count + successors.count)
    {
      throw .tooLarge
    }
    // Each edge has one entry, and the sentinel that `seal` appends.
    if argumentStart.count == successors.count { throw .notSealed }
    guard instructions.count > 1, blocks.count > 1, argumentStart.count == successors.count + 1,
      clobberMasks.count >= 1, clobberMasks[0].isEmpty
    else { throw .tablesInconsistent }
    var last = InstructionRecord(operandStart: 0)
    for i in instructions.storage.indices {
      let record = instructions.storage[i]
      if record.operandStart < last.operandStart { throw .tablesInconsistent }
      last = record
    }
    var previous = BlockRecord(
      instructionStart: 0, successorStart: 0, predecessorStart: 0, parameterStart: 0)
    for b in blocks.storage.indices {
      let block = blocks.storage[b]
      if block.instructionStart < previous.instructionStart
        || block.successorStart < previous.successorStart
        || block.predecessorStart < previous.predecessorStart
        || block.parameterStart < previous.parameterStart
        || (b == 0
          && block.instructionStart | block.successorStart | block.predecessorStart
            | block.parameterStart != 0)
      {
        throw .tablesInconsistent
      }
      previous = block
    }
    var argument: UInt32 = 0
    for k in argumentStart.indices {
      if argumentStart[k] < argument { throw .tablesInconsistent }
      argument = argumentStart[k]
    }
    let fits =
      instructions.storage[0].operandStart == 0 && argumentStart[0] == 0
      && Int(last.operandStart) == operands.count
      && Int(previous.instructionStart) == instructionCount
      && Int(previous.successorStart) == successors.count
      && Int(previous.predecessorStart) == predecessors.count
      && Int(previous.parameterStart) == parameters.count && Int(argument) == arguments.count
    if !fits { throw .tablesInconsistent }
    for k in successors.indices where successors[k].raw >= UInt32(blockCount) {
      throw .tablesInconsistent
    }
    for k in predecessors.indices where predecessors[k].raw >= UInt32(blockCount) {
      throw .tablesInconsistent
    }
    for k in parameters.indices where parameters[k].raw >= UInt32(classes.count) {
      throw .undeclaredValue(parameters[k])
    }
    for k in arguments.indices where arguments[k].raw >= UInt32(classes.count) {
      throw .undeclaredValue(arguments[k])
    }
  }

  private func checkMachine() throws(ProblemError) {
    let allocatable = machine.preferred.union(machine.nonPreferred)
    var isGood = allocatable.intersection(machine.fixedStackSlots).isEmpty
    let scratches: [(PhysicalRegister?, RegisterClass)] = [
      (machine.intScratch, .int), (machine.floatScratch, .float), (machine.vectorScratch, .vector),
    ]
    for (scratch, c) in scratches {
      guard let scratch else { continue }
      if scratch.raw &>> 6 != c.rawValue || allocatable.contains(scratch)
        || machine.fixedStackSlots.contains(scratch)
      {
        isGood = false
      }
    }
    for units in [machine.intSlotUnits, machine.floatSlotUnits, machine.vectorSlotUnits]
    where units.nonzeroBitCount != 1 {
      isGood = false
    }
    if !isGood { throw .badMachine }
    if ownUnits.count > classes.count { throw .tablesInconsistent }
    for v in ownUnits.indices where ownUnits[v].nonzeroBitCount > 1 {
      throw .badUnits(VirtualRegister(v))
    }
  }

  // MARK: Control flow

  private func checkBlocks() throws(ProblemError) {
    if !parameterRange(0).isEmpty { throw .entryHasParameters }
    if !predecessorRange(0).isEmpty { throw .entryHasPredecessors }
    for b in 0..<blockCount {
      let range = instructionRange(b)
      if range.isEmpty { throw .badBlock(Block(b)) }
      for i in range.dropLast() where instructions.storage[i].role != .ordinary {
        throw .badBlock(Block(b))
      }
      let count = successorRange(b).count
      switch instructions.storage[range.upperBound - 1].role {
      case .ordinary: throw .badBlock(Block(b))
      case .branch: if count == 0 { throw .badBlock(Block(b)) }
      case .exit: if count != 0 { throw .badBlock(Block(b)) }
      }
    }
  }

  /// Successors and predecessors must be the same edges, each as often.
  private func checkEdges() throws(ProblemError) {
    var forward = Vector<UInt64>()
    var backward = Vector<UInt64>()
    for b in 0..<blockCount {
      for k in successorRange(b) { forward.append(UInt64(b) << 32 | UInt64(successors[k].raw)) }
      for k in predecessorRange(b) {
        backward.append(UInt64(predecessors[k].raw) << 32 | UInt64(b))
      }
    }
    var sortedForward = forward.buffer
    sortedForward.sort()
    var sortedBackward = backward.buffer
    sortedBackward.sort()
    for k in 0..<max(forward.count, backward.count) {
      let edge = k < forward.count ? forward[k] : .max
      let other = k < backward.count ? backward[k] : .max
      if edge != other { throw .edgesInconsistent(Block(Int(min(edge, other) >> 32))) }
    }
    for b in 0..<blockCount {
      let edges = successorRange(b)
      for edge in edges {
        let target = Int(successors[edge].raw)
        if edges.count > 1 && predecessorRange(target).count > 1 {
          throw .criticalEdge(Block(b), Block(target))
        }
        let arguments = argumentRange(edge)
        let parameters = parameterRange(target)
        if arguments.count != parameters.count { throw .argumentsDiffer(Block(b), Block(target)) }
        for k in 0..<arguments.count {
          let argument = self.arguments[arguments.lowerBound + k]
          let parameter = self.parameters[parameters.lowerBound + k]
          if classes[argument] != classes[parameter]
            || units(of: argument) != units(of: parameter)
          {
            throw .argumentsDiffer(Block(b), Block(target))
          }
        }
        if edges.count > 1 && !arguments.isEmpty { throw .argumentsOnBranch(Block(b)) }
      }
    }
  }

  private func checkBranch(_ b: Int) throws(ProblemError) {
    let i = instructionRange(b).upperBound - 1
    let edges = successorRange(b)
    let passes = edges.count == 1 && !argumentRange(edges.lowerBound).isEmpty
    for k in operandRange(i) where operands[k].tag != .fixedNonAllocatable {
      if passes { throw .disallowedBranchOperand(InstructionIndex(i)) }
      if operands[k].isUse { continue }
      for edge in edges where predecessorRange(Int(successors[edge].raw)).count > 1 {
        throw .definitionOnBranch(InstructionIndex(i))
      }
    }
  }

  // MARK: Operands

  private func checkOperands(_ i: Int) throws(ProblemError) {
    let inst = InstructionIndex(i)
    let range = operandRange(i)
    if range.count > 0xffff { throw .tooManyOperands(inst) }
    if Int(instructions.storage[i].clobberMask) >= clobberMasks.count {
      throw .noSuchClobberMask(inst)
    }
    for k in range {
      let operand = operands[k]
      let tag = operand.raw &>> 34 & 7
      if tag > 6 || operand.raw &>> 30 & 3 == 3 { throw .tablesInconsistent }
      if operand.tag == .fixedNonAllocatable {
        let register = operand.fixedRegister
        if machine.preferred.union(machine.nonPreferred).contains(register) {
          throw .registerIsAllocatable(inst, register)
        }
        continue
      }
      let v = operand.register
      if Int(v.raw) >= classes.count { throw .noSuchValue(inst) }
      if operand.registerClass != classes[v] { throw .classDiffers(inst, v) }
      switch operand.tag {
      case .fixed:
        if operand.payload &>> 6 != operand.registerClass.rawValue { throw .classDiffers(inst, v) }
      case .limit:
        if operand.payload > 6 { throw .badLimit(inst, v) }
      case .reuse:
        let input = range.lowerBound + Int(operand.payload)
        guard operand.isDefinition, operand.isLate, operand.payload < 32, input < range.upperBound,
          operands[input].isUse, operands[input].isEarly,
          operands[input].registerClass == operand.registerClass
        else { throw .badReuse(inst, v) }
        switch operands[input].tag {
        case .register, .limit: break
        case .fixed:
          if machine.fixedStackSlots.contains(operands[input].fixedRegister) {
            throw .badReuse(inst, v)
          }
        default: throw .badReuse(inst, v)
        }
      default: break
      }
    }
  }

  // MARK: Definitions and uses

  /// One definition each, on every path before every use.
  private func checkDefinitions() throws(ProblemError) {
    let none = UInt32.max
    // Per value: defining block, and instruction; parameters count as before the first one.
    var block = Vector<UInt32>()
    var instruction = Vector<UInt32>()
    block.reset(count: classes.count, to: none)
    instruction.reset(count: classes.count, to: 0)
    // Per value: the operand that defines it, where more than one may.
    var first = Vector<Int>()
    if repeatsDefinitions { first.reset(count: classes.count, to: 0) }
    for b in 0..<blockCount {
      for k in parameterRange(b) {
        let v = parameters[k]
        if block[Int(v.raw)] != none { throw .definedTwice(v) }
        block[Int(v.raw)] = UInt32(b)
      }
      for i in instructionRange(b) {
        for k in operandRange(i) where operands[k].isDefinition {
          let v = operands[k].register
          if block[Int(v.raw)] != none {
            let isRepeated =
              repeatsDefinitions && instruction[Int(v.raw)] == UInt32(i) + 1
              && operands[first[Int(v.raw)]] == operands[k]
            if !isRepeated { throw .definedTwice(v) }
            continue
          }
          if repeatsDefinitions { first[Int(v.raw)] = k }
          block[Int(v.raw)] = UInt32(b)
          instruction[Int(v.raw)] = UInt32(i) + 1
        }
      }
    }
    var dominance = Dominance()
    dominance.compute(self)
    // In blocks that cannot be reached only the order within the block counts.
    for b in 0..<blockCount {
      let isReachable = dominance.isReachable(b)
      for i in instructionRange(b) {
        for k in operandRange(i) {
          let operand = operands[k]
          if operand.isDefinition || operand.tag == .fixedNonAllocatable { continue }
          let v = Int(operand.register.raw)
          if block[v] == none && isReachable {
            throw .neverDefined(operand.register, InstructionIndex(i))
          }
          let isEarlier =
            block[v] == UInt32(b)
            ? instruction[v] <= UInt32(i) : !isReachable || dominance.dominates(Int(block[v]), b)
          if !isEarlier { throw .notDominated(operand.register, InstructionIndex(i)) }
        }
      }
      let last = instructionRange(b).upperBound - 1
      for edge in successorRange(b) {
        for k in argumentRange(edge) {
          let v = Int(arguments[k].raw)
          if block[v] == none && isReachable {
            throw .neverDefined(arguments[k], InstructionIndex(last))
          }
          let isEarlier =
            block[v] == UInt32(b)
            ? instruction[v] <= UInt32(last)
            : !isReachable || dominance.dominates(Int(block[v]), b)
          if !isEarlier { throw .notDominated(arguments[k], InstructionIndex(last)) }
        }
      }
    }
  }
}
