// SPDX-License-Identifier: Apache-2.0
// The text form of an emitted function: offset, bytes and machine instruction, line by line.

import BrolgaEntities
import RegisterAllocation

extension Emitter {
  /// The listing of the function that was emitted last, which must keep marks
  /// (`CodeBuffer.keepsListing`). Bytes are final but for the distances of direct calls.
  ///
  ///     b1:
  ///       0010  48 03 c1              the instruction, its places and its immediate
  package mutating func listing(
    _ machine: inout MachineFunction, _ solution: inout Solution
  ) -> String {
    precondition(assembler.code.keepsListing, "the listing was not kept")
    var text =
      "function \(machine.index): \(assembler.code.offset) bytes, \(ISA.describe(frame))\n"
    let bytes = UnsafeRawBufferPointer(
      rebasing: assembler.code.bytes[assembler.code.functionStart...])
    let marks = assembler.code.marks.buffer
    var block = 0
    for m in marks.indices {
      let mark = marks[m]
      let start = Int(mark.offset)
      let end = m + 1 < marks.count ? Int(marks[m + 1].offset) : bytes.count
      let index = Int(mark.index)
      if mark.kind == .block {
        block = index
        text += "b\(index):\n"
        continue
      }
      let line: String
      switch mark.kind {
      case .prologue: line = "prologue"
      case .block, .instruction:
        line = machine.line(
          ISA.self, of: index, block: block, UnsafeBufferPointer(solution.allocations.buffer),
          labels: UnsafeBufferPointer(aliases.buffer))
      case .move: line = "(\(ISA.describe(solution.edits[index])))"
      case .stub: line = "cold: \(ISA.describe(stubs[index].content))"
      case .data: line = "jump tables and constants"
      }
      if start == end && (mark.kind == .data || mark.kind == .prologue) { continue }
      text += listingLines(bytes[start..<end], at: start, line)
    }
    return text
  }
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
