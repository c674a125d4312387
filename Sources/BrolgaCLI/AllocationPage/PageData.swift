// SPDX-License-Identifier: Apache-2.0
// What the page draws, as JSON: flat lists of numbers, which `model.js` names again.

import BrolgaEntities
import RegisterAllocation

/// An allocation in JSON.
///
/// A place is a number: a register's `raw`; 256 and a slot's first unit; -1 for none; -2 and a value
/// down for one that is made again. Points are those of `PlaceHistory`. What is infinite is null.
struct PageData {
  private var json = JSONWriter()

  var text: String { json.text }

  init(
    _ problem: borrowing Problem, _ solution: borrowing Solution, _ history: borrowing PlaceHistory,
    _ trace: borrowing AllocationTrace, _ report: AllocationReport
  ) {
    json.open("{")
    json.string("algorithm", report.algorithm)
    if let fallback = report.fallback { json.string("fallback", fallback) }
    json.list("report", "[")
    for line in report.lines {
      json.string(line.name)
      json.string(line.value)
    }
    json.close("]")
    writeMachine(problem)
    writeBlocks(problem)
    writeInstructions(problem, solution)
    writeAdvice(problem)
    writeHistory(solution, history)
    writeTrace(trace)
    json.close("}")
  }

  // MARK: The problem

  /// Per class: preferred, other, scratch, memory names. Masks as lists of registers.
  private mutating func writeMachine(_ problem: borrowing Problem) {
    let machine = problem.machine
    let scratches = [machine.intScratch, machine.floatScratch, machine.vectorScratch]
    json.list("machine", "[")
    for c in RegisterClass.allCases {
      json.open("[")
      writeSet(machine.preferred[c], c)
      writeSet(machine.nonPreferred[c], c)
      writeSet(scratches[Int(c.rawValue)].map { 1 << UInt64($0.number) } ?? 0, c)
      writeSet(machine.fixedStackSlots[c], c)
      json.close("]")
    }
    json.close("]")
    json.list("masks", "[")
    for k in problem.clobberMasks.indices {
      json.open("[")
      for c in RegisterClass.allCases { writeNumbers(problem.clobberMasks[k][c], c) }
      json.close("]")
    }
    json.close("]")
  }

  private mutating func writeSet(_ word: UInt64, _ c: RegisterClass) {
    json.open("[")
    writeNumbers(word, c)
    json.close("]")
  }

  private mutating func writeNumbers(_ word: UInt64, _ c: RegisterClass) {
    var rest = word
    while rest != 0 {
      json.number(Int(PhysicalRegister(c, rest.trailingZeroBitCount).raw))
      rest &= rest - 1
    }
  }

  /// Per block its first instruction, frequency, 1 if cold, depth; then parameters, and per edge the
  /// target and the arguments.
  private mutating func writeBlocks(_ problem: borrowing Problem) {
    let depths = problem.loopDepths()
    json.list("blocks", "[")
    for b in 0..<problem.blockCount {
      let block = problem.blocks.storage[b]
      json.number(Int(block.instructionStart))
      json.number(block.frequency)
      json.number(block.isCold ? 1 : 0)
      json.number(Int(depths[b]))
    }
    json.close("]")
    json.list("parameters", "[")
    for b in 0..<problem.blockCount {
      json.open("[")
      for k in problem.parameterRange(b) { json.number(Int(problem.parameters[k].raw)) }
      json.close("]")
    }
    json.close("]")
    json.list("edges", "[")
    for b in 0..<problem.blockCount {
      json.open("[")
      for edge in problem.successorRange(b) {
        json.open("[")
        json.number(Int(problem.successors[edge].raw))
        for k in problem.argumentRange(edge) { json.number(Int(problem.arguments[k].raw)) }
        json.close("]")
      }
      json.close("]")
    }
    json.close("]")
  }

  /// Per instruction the number of operands, the clobber mask and 2 for an exit; per operand value,
  /// 1 for a definition plus 2 for late plus 4 times the constraint, its payload, and the place.
  private mutating func writeInstructions(
    _ problem: borrowing Problem, _ solution: borrowing Solution
  ) {
    json.list("classes", "[")
    for v in problem.classes.storage.indices {
      json.number(Int(problem.classes.storage[v].rawValue))
    }
    json.close("]")
    json.list("instructions", "[")
    for i in 0..<problem.instructionCount {
      let record = problem.instructions.storage[i]
      json.number(problem.operandRange(i).count)
      json.number(Int(record.clobberMask))
      json.number(Int(record.role.rawValue))
    }
    json.close("]")
    json.list("texts", "[")
    for text in problem.instructionTexts { json.string(text) }
    json.close("]")
    json.list("operands", "[")
    for k in problem.operands.indices {
      let operand = problem.operands[k]
      let flags = (operand.isDefinition ? 1 : 0) | (operand.isLate ? 2 : 0)
      json.number(operand.tag == .fixedNonAllocatable ? -1 : Int(operand.register.raw))
      json.number(flags | Int(operand.tag.rawValue) << 2)
      json.number(Int(operand.payload))
      writePlace(solution.allocations[k])
    }
    json.close("]")
  }

  private mutating func writeAdvice(_ problem: borrowing Problem) {
    json.list("cheap", "[")
    for k in problem.rematerializations.indices {
      json.number(Int(problem.rematerializations[k].value.raw))
      json.number(problem.rematerializations[k].cost)
    }
    json.close("]")
    json.list("hints", "[")
    for k in problem.hints.indices {
      json.number(Int(problem.hints[k].value.raw))
      json.number(Int(problem.hints[k].register.raw))
    }
    json.close("]")
  }

  // MARK: The solution

  /// Stretches by place and start: place, value, from, to. Edits: instruction, 1 if after it, from,
  /// to, value.
  private mutating func writeHistory(
    _ solution: borrowing Solution, _ history: borrowing PlaceHistory
  ) {
    let stretches = history.stretches.toArray().sorted {
      ($0.place.raw, $0.from, $0.to) < ($1.place.raw, $1.from, $1.to)
    }
    json.list("stretches", "[")
    for stretch in stretches {
      writePlace(stretch.place)
      json.number(Int(stretch.value.raw))
      json.number(Int(stretch.from))
      json.number(Int(stretch.to))
    }
    json.close("]")
    json.list("edits", "[")
    for k in solution.edits.indices {
      let edit = solution.edits[k]
      json.number(edit.point.instruction)
      json.number(edit.point.isAfter ? 1 : 0)
      writePlace(edit.from)
      writePlace(edit.to)
      json.number(history.moved[k].isNone ? -1 : Int(history.moved[k].raw))
    }
    json.close("]")
  }

  /// The bundle of each value or -1; pieces: bundle, from, to, cost, weight, state, place; events:
  /// kind, piece, register, first piece made, how many.
  private mutating func writeTrace(_ trace: borrowing AllocationTrace) {
    json.list("bundles", "[")
    for v in trace.bundles.indices {
      json.number(trace.bundles[v] == .max ? -1 : Int(trace.bundles[v]))
    }
    json.close("]")
    json.list("pieces", "[")
    for k in trace.pieces.indices {
      let piece = trace.pieces[k]
      json.number(Int(piece.bundle))
      json.number(Int(piece.from))
      json.number(Int(piece.to))
      json.number(piece.cost)
      json.number(piece.weight)
      json.number(Int(piece.state.rawValue))
      writePlace(piece.place)
    }
    json.close("]")
    json.list("events", "[")
    for k in trace.events.indices {
      let event = trace.events[k]
      json.number(Int(event.kind.rawValue))
      json.number(Int(event.piece))
      json.number(Int(event.register.raw))
      json.number(Int(event.firstChild))
      json.number(Int(event.childCount))
    }
    json.close("]")
  }

  private mutating func writePlace(_ place: Allocation) {
    if place.isRegister {
      json.number(Int(place.register.raw))
    } else if place.isSlot {
      json.number(256 + place.slot)
    } else if place.isRematerialized {
      json.number(-2 - Int(place.rematerializedValue.raw))
    } else {
      json.number(-1)
    }
  }
}

/// Appends JSON to a buffer of bytes. It may stand inside of a `script` element of HTML.
struct JSONWriter {
  private var bytes: [UInt8] = []
  private var needsComma = false

  var text: String { String(decoding: bytes, as: UTF8.self) }

  mutating func open(_ bracket: StaticString) {
    separate()
    put(bracket)
    needsComma = false
  }

  /// A member that is an object or an array.
  mutating func list(_ name: StaticString, _ bracket: StaticString) {
    key(name)
    open(bracket)
  }

  mutating func close(_ bracket: StaticString) {
    put(bracket)
    needsComma = true
  }

  mutating func number(_ value: Int) {
    separate()
    bytes.append(contentsOf: "\(value)".utf8)
  }

  /// JSON has no infinity.
  mutating func number(_ value: Float) {
    separate()
    bytes.append(contentsOf: (value.isFinite ? "\(value)" : "null").utf8)
  }

  mutating func string(_ value: String) {
    separate()
    // Nothing in a script element ends it but a "<".
    for byte in jsonText(value).utf8 {
      if byte == UInt8(ascii: "<") { put("\\u003c") } else { bytes.append(byte) }
    }
  }

  mutating func string(_ name: StaticString, _ value: String) {
    key(name)
    string(value)
  }

  private mutating func key(_ name: StaticString) {
    separate()
    put("\n\"")
    put(name)
    put("\":")
    needsComma = false
  }

  private mutating func separate() {
    if needsComma { put(",") }
    needsComma = true
  }

  private mutating func put(_ text: StaticString) {
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }
}
