// SPDX-License-Identifier: Apache-2.0
// Machine instructions as text, before and after allocation.

import Entities
import RegisterAllocation

extension MachineFunction {
  /// The function with virtual registers: `?` marks operands that may be in memory, `@` the
  /// register demanded.
  ///
  ///     b1: (v3, v4)
  ///       v5 = add.32 v3, [r14 + v4 + 8]
  ///       v6@rax = call 7, v5@rdi
  package mutating func text() -> String {
    printed(UnsafeBufferPointer(start: nil, count: 0), UnsafeBufferPointer(start: nil, count: 0))
  }

  /// The function with its places, and the moves between instructions.
  package mutating func text(_ solution: inout Solution) -> String {
    printed(
      UnsafeBufferPointer(solution.allocations.buffer), UnsafeBufferPointer(solution.edits.buffer))
  }

  /// The allocation problem in its text form, with each instruction's own text.
  package mutating func problemText() -> String {
    var texts: [String] = []
    for b in 0..<problem.blockCount {
      for i in problem.instructionRange(b) {
        texts.append(line(of: i, block: b, UnsafeBufferPointer(start: nil, count: 0)))
      }
    }
    problem.instructionTexts = texts
    defer { problem.instructionTexts = [] }
    return problem.text()
  }

  private mutating func printed(
    _ places: UnsafeBufferPointer<Allocation>, _ edits: UnsafeBufferPointer<Edit>
  ) -> String {
    var out = "function \(index)"
    if outgoingBytes > 0 { out += ", outgoing \(outgoingBytes)" }
    if frameVariableBytes > 0 { out += ", variables \(frameVariableBytes)" }
    if callsReferences { out += ", calls references" } else if makesCalls { out += ", calls" }
    out += "\n"
    var edit = 0
    for b in 0..<problem.blockCount {
      printBlock(b, into: &out)
      for i in problem.instructionRange(b) {
        printEdits(edits, &edit, upTo: .before(i), into: &out)
        out += "  " + line(of: i, block: b, places) + "\n"
        printEdits(edits, &edit, upTo: .after(i), into: &out)
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

  private func printEdits(
    _ edits: UnsafeBufferPointer<Edit>, _ next: inout Int, upTo point: ProgramPoint,
    into out: inout String
  ) {
    while next < edits.count && edits[next].point <= point {
      let edit = edits[next]
      out += "  (\(X64Text.move(edit)))\n"
      next += 1
    }
  }

  /// One instruction of `block`, with its places where there are any. A successor is named by the
  /// entry of `labels` for it, where there are any.
  mutating func line(
    of i: Int, block: Int, _ places: UnsafeBufferPointer<Allocation>,
    labels: UnsafeBufferPointer<UInt32> = UnsafeBufferPointer(start: nil, count: 0)
  ) -> String {
    let x = instructions[i]
    let range = problem.operandRange(i)
    let isAddressed = x.x64Form.rawValue >= X64Form.memory.rawValue || x.x64Opcode == .lea
    let addressCount = isAddressed ? x.x64AddressMode.operandCount : 0
    var definitions: [String] = []
    var sources: [String] = []
    for o in range.lowerBound..<range.upperBound - addressCount {
      let name = operandName(o, places)
      if problem.operands[o].isDefinition { definitions.append(name) } else { sources.append(name) }
    }
    if isAddressed {
      var names: [String] = []
      for o in range.upperBound - addressCount..<range.upperBound {
        names.append(operandName(o, places))
      }
      sources.append(X64Text.address(x, names))
    }
    if let constant = X64Text.immediate(x) { sources.append(constant) }
    for s in problem.successorRange(block) where problem.instructions.storage[i].role == .branch {
      sources.append(successorName(s, labels))
    }
    var out = ""
    if !definitions.isEmpty { out += definitions.joined(separator: ", ") + " = " }
    out += X64Text.mnemonic(x)
    if !sources.isEmpty { out += " " + sources.joined(separator: ", ") }
    return out
  }

  private mutating func operandName(
    _ o: Int, _ places: UnsafeBufferPointer<Allocation>
  ) -> String {
    if !places.isEmpty { return X64Text.name(places[o]) }
    let operand = problem.operands[o]
    switch operand.tag {
    case .any: return "\(operand.register)?"
    case .fixed: return "\(operand.register)@\(X64Text.name(operand.fixedRegister))"
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

/// Names of registers and the like.
enum X64Text {
  static func name(_ register: PhysicalRegister) -> String {
    if register.registerClass == .float { return "xmm\(register.number)" }
    let names = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"]
    return register.number < 8 ? names[register.number] : "r\(register.number)"
  }

  static func name(_ place: Allocation) -> String {
    if place.isRegister { return name(place.register) }
    if place.isRematerialized { return "constant \(place.rematerializedValue)" }
    return place.isSlot ? "slot\(place.slot)" : "none"
  }

  static func move(_ edit: Edit) -> String { "\(name(edit.to)) := \(name(edit.from))" }

  static func mnemonic(_ x: MachineInstruction) -> String {
    var text = "\(x.x64Opcode)"
    switch x.x64Opcode {
    case .set, .branch, .trapIf:
      text += ".\(x.x64Condition)"
    case .cmov, .fcmov, .trapIfInconvertible:
      text += ".\(8 << Int(x.size)).\(x.x64Condition)"
    case .entry, .jump, .jumpTable, .ret, .tailCall, .tailCallReference, .call, .callReference,
      .callHelper, .trap, .raiseIf, .fzero, .fpromote, .fdemote, .copyBlock, .fillBlock:
      break
    case .cvtFromInteger: text += ".\(8 << Int(x.extra)).\(8 << Int(x.size))"
    case .cvtToInteger: text += ".\(8 << Int(x.size)).\(8 << Int(x.extra))"
    default: text += ".\(8 << Int(x.size))"
    }
    return text
  }

  static func address(_ x: MachineInstruction, _ operands: [String]) -> String {
    let scale = X64Address.scale(x.address) == 0 ? "" : "*\(1 << Int(X64Address.scale(x.address)))"
    var parts: [String] = []
    switch x.x64AddressMode {
    case .none: break
    case .base: parts = [operands[0]]
    case .baseIndex: parts = [operands[0], operands[1] + scale]
    case .index: parts = [operands[0] + scale]
    case .memory: parts = ["r14"]
    case .memoryIndex: parts = ["r14", operands[0] + scale]
    case .context: parts = ["r15"]
    case .incoming: parts = ["incoming"]
    case .outgoing: parts = ["outgoing"]
    case .frameVariable: parts = ["variables"]
    case .constant: return "[constant \(x.displacement)]"
    }
    if x.displacement != 0 { parts.append("\(x.displacement)") }
    return "[" + parts.joined(separator: " + ") + "]"
  }

  static func immediate(_ x: MachineInstruction) -> String? {
    switch x.x64Opcode {
    case .movImmediate, .imulImmediate, .rorx, .shld, .shrd, .fround, .fcmp, .tailCall, .call,
      .callHelper, .trap, .trapIf:
      return "\(x.immediate)"
    case .copyBlock: return "\(x.extra)"
    case .fillBlock:
      return x.x64Form == .immediateToMemory ? "\(x.immediate), \(x.extra)" : "\(x.extra)"
    case .movWide: return "constant \(x.immediate)"
    case .jumpTable: return "table \(x.immediate)+\(x.displacement)"
    case .neg, .not: return nil
    default:
      let hasImmediate = x.x64Form == .immediate || x.x64Form == .immediateToMemory
      return hasImmediate ? "\(x.immediate)" : nil
    }
  }
}
