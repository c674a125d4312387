// SPDX-License-Identifier: Apache-2.0
// Machine instructions as text, before and after allocation.

import BrolgaEntities
import RegisterAllocation

extension MachineFunction {
  /// The function with virtual registers: `?` marks operands that may be in memory, `@` the
  /// register demanded.
  ///
  ///     b1: (v3, v4)
  ///       v5 = add.32 v3, [r14 + v4 + 8]
  ///       v6@rax = call 7, v5@rdi
  package mutating func text<ISA: InstructionSet>(_ isa: ISA.Type) -> String {
    printed(
      isa, UnsafeBufferPointer(start: nil, count: 0), UnsafeBufferPointer(start: nil, count: 0))
  }

  /// The function with its places, and the moves between instructions.
  package mutating func text<ISA: InstructionSet>(
    _ isa: ISA.Type, _ solution: inout Solution
  ) -> String {
    printed(
      isa, UnsafeBufferPointer(solution.allocations.buffer),
      UnsafeBufferPointer(solution.edits.buffer))
  }

  /// The allocation problem in its text form, with each instruction's own text.
  package mutating func problemText<ISA: InstructionSet>(_ isa: ISA.Type) -> String {
    var texts: [String] = []
    for b in 0..<problem.blockCount {
      for i in problem.instructionRange(b) {
        texts.append(line(isa, of: i, block: b, UnsafeBufferPointer(start: nil, count: 0)))
      }
    }
    problem.instructionTexts = texts
    defer { problem.instructionTexts = [] }
    return problem.text()
  }

  private mutating func printed<ISA: InstructionSet>(
    _ isa: ISA.Type, _ places: UnsafeBufferPointer<Allocation>, _ edits: UnsafeBufferPointer<Edit>
  ) -> String {
    var out = "function \(index)"
    if outgoingBytes > 0 { out += ", outgoing \(outgoingBytes)" }
    if frameVariableBytes > 0 { out += ", variables \(frameVariableBytes)" }
    if keepsContext { out += ", keeps its context" } else if makesCalls { out += ", calls" }
    out += "\n"
    var edit = 0
    for b in 0..<problem.blockCount {
      printBlock(b, into: &out)
      for i in problem.instructionRange(b) {
        printEdits(isa, edits, &edit, upTo: .before(i), into: &out)
        out += "  " + line(isa, of: i, block: b, places) + "\n"
        printEdits(isa, edits, &edit, upTo: .after(i), into: &out)
      }
    }
    return out
  }

  private mutating func printBlock(_ b: Int, into out: inout String) {
    out += "b\(b):"
    let parameters = problem.parameterRange(b)
    if !parameters.isEmpty {
      out += " ("
      for p in parameters {
        if p != parameters.lowerBound { out += ", " }
        out += "\(problem.parameters[p])"
      }
      out += ")"
    }
    if problem.blocks.storage[b].isCold { out += " cold" }
    out += "\n"
  }

  private func printEdits<ISA: InstructionSet>(
    _ isa: ISA.Type, _ edits: UnsafeBufferPointer<Edit>, _ next: inout Int,
    upTo point: ProgramPoint,
    into out: inout String
  ) {
    while next < edits.count && edits[next].point <= point {
      let edit = edits[next]
      out += "  (\(isa.describe(edit)))\n"
      next += 1
    }
  }

  /// One instruction of `block`, with its places where there are any. A successor is named by the
  /// entry of `labels` for it, where there are any.
  mutating func line<ISA: InstructionSet>(
    _ isa: ISA.Type, of i: Int, block: Int, _ places: UnsafeBufferPointer<Allocation>,
    labels: UnsafeBufferPointer<UInt32> = UnsafeBufferPointer(start: nil, count: 0)
  ) -> String {
    let x = instructions[i]
    let range = problem.operandRange(i)
    let addressCount = ISA.addressOperandCount(x)
    var definitions: [String] = []
    var sources: [String] = []
    for o in range.lowerBound..<range.upperBound - (addressCount ?? 0) {
      let name = operandName(isa, o, places)
      if problem.operands[o].isDefinition { definitions.append(name) } else { sources.append(name) }
    }
    if let addressCount {
      var names: [String] = []
      for o in range.upperBound - addressCount..<range.upperBound {
        names.append(operandName(isa, o, places))
      }
      sources.append(ISA.address(x, names))
    }
    if let constant = ISA.immediate(x) { sources.append(constant) }
    for s in problem.successorRange(block) where problem.instructions.storage[i].role == .branch {
      sources.append(successorName(s, labels))
    }
    var out = ""
    if !definitions.isEmpty { out += definitions.joined(separator: ", ") + " = " }
    out += ISA.mnemonic(x)
    if !sources.isEmpty { out += " " + sources.joined(separator: ", ") }
    return out
  }

  private mutating func operandName<ISA: InstructionSet>(
    _ isa: ISA.Type, _ o: Int, _ places: UnsafeBufferPointer<Allocation>
  ) -> String {
    if !places.isEmpty { return isa.name(places[o]) }
    let operand = problem.operands[o]
    switch operand.tag {
    case .any: return "\(operand.register)?"
    case .fixed: return "\(operand.register)@\(ISA.name(operand.fixedRegister))"
    default:
      return operand.isDefinition && operand.isEarly
        ? "\(operand.register)!" : "\(operand.register)"
    }
  }

  private mutating func successorName(_ s: Int, _ labels: UnsafeBufferPointer<UInt32>) -> String {
    if !labels.isEmpty { return "b\(labels[problem.successors[s].index])" }
    var name = "\(problem.successors[s])"
    let range = problem.argumentRange(s)
    if !range.isEmpty {
      name += "(" + range.map { "\(problem.arguments[$0])" }.joined(separator: ", ") + ")"
    }
    return name
  }
}

extension InstructionSet {
  static func name(_ place: Allocation) -> String {
    if place.isRegister { return name(place.register) }
    if place.isRematerialized { return "constant \(place.rematerializedValue)" }
    return place.isSlot ? "slot\(place.slot)" : "none"
  }

  static func describe(_ edit: Edit) -> String { "\(name(edit.to)) := \(name(edit.from))" }
}
