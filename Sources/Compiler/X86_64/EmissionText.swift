// SPDX-License-Identifier: Apache-2.0
// The text form of an emitted function: offset, bytes and machine instruction, line by line.

import Entities
import RegisterAllocation

/// The listing of the function that was emitted last into `code`, which must keep marks
/// (`keepsListing`). Bytes are final but for the distances of direct calls.
///
///     b1:
///       0010  48 03 c1              add.64 rax = rax, rcx
package func assemblyText(
  _ machine: inout MachineFunction, _ solution: inout Solution, _ code: inout CodeBuffer
) -> String {
  precondition(code.keepsListing, "the listing was not kept")
  var text = "function \(machine.index): \(code.offset) bytes, \(code.frameText)\n"
  let bytes = UnsafeRawBufferPointer(rebasing: code.bytes[code.functionStart...])
  for m in code.marks.indices {
    let mark = code.marks[m]
    let start = Int(mark.offset)
    let end = m + 1 < code.marks.count ? Int(code.marks[m + 1].offset) : bytes.count
    let index = Int(mark.index)
    if mark.kind == .block {
      text += "b\(index):\n"
      continue
    }
    let line: String
    switch mark.kind {
    case .prologue: line = "prologue"
    case .block, .instruction: line = code.text(ofInstruction: index, &machine, &solution)
    case .move:
      let edit = solution.edits[index]
      line = "move \(code.text(edit.to)) = \(code.text(edit.from))"
    case .stub: line = "cold: \(code.stubs[index].kind) \(code.stubs[index].trap)"
    case .data: line = "jump tables and constants"
    }
    if start == end && (mark.kind == .data || mark.kind == .prologue) { continue }
    text += listingLines(bytes[start..<end], at: start, line)
  }
  return text
}

/// Up to eight bytes a line, the text beside the first.
private func listingLines(_ bytes: Slice<UnsafeRawBufferPointer>, at start: Int, _ text: String)
  -> String
{
  var lines = ""
  var rest = bytes
  var isFirst = true
  repeat {
    let part = rest.prefix(8)
    let offset = hex(start + bytes.count - rest.count, digits: 4)
    var line = "  \(offset) "
    for byte in part { line += " " + hex(Int(byte), digits: 2) }
    if isFirst {
      line += String(repeating: " ", count: max(0, 32 - line.utf8.count)) + text
    }
    lines += line + "\n"
    rest = rest.dropFirst(8)
    isFirst = false
  } while !rest.isEmpty
  return lines
}

private func hex(_ number: Int, digits: Int) -> String {
  let text = String(number, radix: 16)
  return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
}

private let registerNames = [
  "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
  "r14", "r15",
]

extension CodeBuffer {
  fileprivate var frameText: String {
    var text = "frame \(frame.adjustment)"
    if frame.keepsContext { text += ", keeps its context" }
    for r in 0..<16 where frame.savedRegisters >> r & 1 != 0 {
      text += ", saves \(registerNames[r])"
    }
    return text
  }

  /// A register by its widest name, or a slot as the memory that it is.
  fileprivate func text(_ allocation: Allocation) -> String {
    if allocation.isRegister {
      let register = allocation.register
      let number = register.number & 15
      return register.registerClass == .int ? registerNames[number] : "xmm\(number)"
    }
    if allocation.isSlot { return "slot\(allocation.slot)" }
    return "-"
  }

  /// `opcode.size.condition definitions = uses, [address], #immediate -> successors`
  fileprivate mutating func text(
    ofInstruction i: Int, _ machine: inout MachineFunction, _ solution: inout Solution
  ) -> String {
    let instruction = machine.instructions[i]
    let opcode = instruction.x64Opcode
    var text = "\(opcode)"
    if instruction.size != 0 { text += ".\(8 << instruction.size)" }
    switch opcode {
    case .cmov, .set, .branch, .trapIf, .trapIfInconvertible:
      text += ".\(instruction.x64Condition)"
    default: break
    }
    let (definitions, uses) = operandTexts(i, &machine, &solution)
    let parts = uses + extraTexts(instruction, solution, machine.problem.operandRange(i))
    if !definitions.isEmpty { text += " " + definitions.joined(separator: ", ") }
    if !definitions.isEmpty && !parts.isEmpty { text += " =" }
    if !parts.isEmpty { text += " " + parts.joined(separator: ", ") }
    if machine.problem.instructions.storage[i].role == .branch {
      text += " -> " + successorText(of: i, &machine)
    }
    return text
  }

  private func operandTexts(
    _ i: Int, _ machine: inout MachineFunction, _ solution: inout Solution
  ) -> (definitions: [String], uses: [String]) {
    var definitions: [String] = []
    var uses: [String] = []
    let instruction = machine.instructions[i]
    let addressOperands =
      instruction.hasAddress ? instruction.x64AddressMode.operandCount : 0
    let range = machine.problem.operandRange(i)
    for o in range {
      if machine.problem.operands[o].isDefinition {
        definitions.append(self.text(solution.allocations[o]))
      } else if o < range.upperBound - addressOperands {
        uses.append(self.text(solution.allocations[o]))
      }
    }
    return (definitions, uses)
  }

  private func extraTexts(
    _ instruction: MachineInstruction, _ solution: borrowing Solution, _ operands: Range<Int>
  ) -> [String] {
    var parts: [String] = []
    if instruction.hasAddress {
      let first = operands.upperBound - instruction.x64AddressMode.operandCount
      let names = (first..<operands.upperBound).map { self.text(solution.allocations[$0]) }
      parts.append(addressText(instruction, names))
    }
    if instruction.immediate != 0 || instruction.x64Form == .immediate {
      parts.append("#\(instruction.immediate)")
    }
    return parts
  }

  private func addressText(_ instruction: MachineInstruction, _ names: [String]) -> String {
    let scale = X64Address.scale(instruction.address)
    let factor = scale == 0 ? "" : "*\(1 << scale)"
    let d = instruction.displacement
    let tail = d == 0 ? "" : d < 0 ? " - \(-Int(d))" : " + \(d)"
    switch instruction.x64AddressMode {
    case .none, .base: return "[\(names[0])\(tail)]"
    case .baseIndex: return "[\(names[0]) + \(names[1])\(factor)\(tail)]"
    case .index: return "[\(names[0])\(factor)\(tail)]"
    case .memory: return "[memory\(tail)]"
    case .memoryIndex: return "[memory + \(names[0])\(factor)\(tail)]"
    case .context: return "[context\(tail)]"
    case .incoming: return "[incoming\(tail)]"
    case .outgoing: return "[outgoing\(tail)]"
    case .frameVariable: return "[variables\(tail)]"
    case .constant: return "[constant \(d)]"
    }
  }

  private mutating func successorText(of i: Int, _ machine: inout MachineFunction) -> String {
    // The marks are in code order, so the block is the last one that starts at or before `i`.
    var low = 0
    var high = machine.problem.blockCount
    while low + 1 < high {
      let middle = (low + high) / 2
      if Int(machine.problem.blocks.storage[middle].instructionStart) <= i {
        low = middle
      } else {
        high = middle
      }
    }
    let names = machine.problem.successorRange(low).map { s in
      "b\(aliases[Int(machine.problem.successors[s].raw)])"
    }
    return names.joined(separator: ", ")
  }
}

extension MachineInstruction {
  fileprivate var hasAddress: Bool {
    if x64Opcode == .lea { return true }
    switch x64Form {
    case .memory, .registerToMemory, .immediateToMemory: return true
    case .register, .immediate: return false
    }
  }
}
