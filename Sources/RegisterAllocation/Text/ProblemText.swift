// SPDX-License-Identifier: Apache-2.0
// Prints problems and solutions. `docs/allocation-problem.md` describes the form.

import BrolgaEntities

extension Problem {
  /// The problem in the text form `.ra`. Cost: linear in the tables.
  public func text() -> String {
    var printer = ProblemPrinter()
    let solution = Solution()
    printer.print(self, solution, isAnnotated: false)
    return printer.string
  }

  /// The text form, with allocations and moves in comments: it still parses as the problem alone.
  public func text(annotatedWith solution: borrowing Solution) -> String {
    var printer = ProblemPrinter()
    printer.print(self, solution, isAnnotated: true)
    return printer.string
  }
}

extension Problem {
  /// The same, and at the head of each block where its values are when it is entered: what the ways
  /// into it agree on.
  public func text(
    annotatedWith solution: borrowing Solution, _ history: borrowing PlaceHistory
  ) -> String {
    var printer = ProblemPrinter()
    for b in 0..<max(0, blockCount) {
      for k in history.entryRange(b) { printer.entries.append(history.entries[k]) }
      printer.entryEnds.append(printer.entries.count)
    }
    printer.print(self, solution, isAnnotated: true)
    return printer.string
  }
}

/// Appends the text form to a buffer of bytes.
struct ProblemPrinter {
  private var bytes: [UInt8] = []
  private var nextEdit = 0
  /// What is where at the entry of each block, block by block, where that is known.
  fileprivate var entries: [PlaceHistory.Entry] = []
  fileprivate var entryEnds: [Int] = []

  var string: String { String(decoding: bytes, as: UTF8.self) }

  mutating func print(
    _ problem: borrowing Problem, _ solution: borrowing Solution, isAnnotated: Bool
  ) {
    put("problem 1\n")
    for c in RegisterClass.allCases { printClass(c, problem.machine) }
    for k in problem.clobberMasks.indices where k > 0 {
      put("clobbers c\(k)")
      for c in RegisterClass.allCases where problem.clobberMasks[k][c] != 0 {
        put(" \(c) ")
        putSet(problem.clobberMasks[k][c])
      }
      put("\n")
    }
    printValues(problem)
    printAdvice(problem)
    if isAnnotated { put("; spill area: \(solution.slotUnits) units\n") }
    let isConsistent = solution.allocations.count == problem.operands.count
    for b in 0..<max(0, problem.blockCount) {
      printBlock(b, problem)
      if b < entryEnds.count { printEntries(b) }
      for i in problem.instructionRange(b) {
        if isAnnotated { printEdits(at: .before(i), problem, solution) }
        printInstruction(i, problem)
        if i == problem.instructionRange(b).upperBound - 1 { printSuccessors(b, problem) }
        if i < problem.instructionTexts.count { putQuoted(problem.instructionTexts[i]) }
        if isAnnotated && isConsistent { printAllocations(i, problem, solution) }
        put("\n")
        if isAnnotated { printEdits(at: .after(i), problem, solution) }
      }
    }
    for k in problem.labels.indices {
      let label = problem.labels[k]
      put("label \(label.label) v\(label.value.raw) i\(label.from.raw) i\(label.to.raw)\n")
    }
    if isAnnotated { printDebugLocations(solution) }
  }

  // MARK: Header

  private mutating func printClass(_ c: RegisterClass, _ machine: Machine) {
    let scratch: PhysicalRegister?
    let units: UInt8
    switch c {
    case .int: (scratch, units) = (machine.intScratch, machine.intSlotUnits)
    case .float: (scratch, units) = (machine.floatScratch, machine.floatSlotUnits)
    case .vector: (scratch, units) = (machine.vectorScratch, machine.vectorSlotUnits)
    }
    put("class \(c) preferred ")
    putSet(machine.preferred[c])
    put(" other ")
    putSet(machine.nonPreferred[c])
    put(" memory ")
    putSet(machine.fixedStackSlots[c])
    if let scratch { put(" scratch \(scratch.number)") }
    put(" units \(units)\n")
  }

  /// `{0-2,7}`
  private mutating func putSet(_ word: UInt64) {
    put("{")
    var n = 0
    var isFirst = true
    while n < 64 {
      if word &>> UInt64(n) & 1 == 0 {
        n += 1
        continue
      }
      var end = n
      while end < 63 && word &>> UInt64(end + 1) & 1 != 0 { end += 1 }
      put(isFirst ? "\(n)" : ",\(n)")
      if end > n { put("-\(end)") }
      isFirst = false
      n = end + 1
    }
    put("}")
  }

  private mutating func printValues(_ problem: borrowing Problem) {
    put("values")
    var v = 0
    while v < problem.classes.count {
      let c = problem.classes.storage[v]
      let units = unitsSaid(v, problem)
      var end = v
      while end < problem.classes.count && problem.classes.storage[end] == c
        && unitsSaid(end, problem) == units
      {
        end += 1
      }
      put(" \(c)")
      if units != 0 { put(":\(units)") }
      if end - v > 1 { put("*\(end - v)") }
      v = end
    }
    put("\n")
  }

  /// The units that a value says it takes, or 0.
  private func unitsSaid(_ v: Int, _ problem: borrowing Problem) -> UInt8 {
    v < problem.ownUnits.count ? problem.ownUnits[v] : 0
  }

  private mutating func printAdvice(_ problem: borrowing Problem) {
    if !problem.registerOrder.isEmpty {
      put("order")
      for k in problem.registerOrder.indices {
        put(" ")
        putRegister(problem.registerOrder[k])
      }
      put("\n")
    }
    if !problem.rematerializations.isEmpty {
      put("rematerialize")
      for k in problem.rematerializations.indices {
        let entry = problem.rematerializations[k]
        put(" v\(entry.value.raw):\(entry.cost)")
      }
      put("\n")
    }
    if !problem.hints.isEmpty {
      put("hints")
      for k in problem.hints.indices {
        put(" v\(problem.hints[k].value.raw):")
        putRegister(problem.hints[k].register)
      }
      put("\n")
    }
    if problem.repeatsDefinitions { put("repeats\n") }
  }

  // MARK: Blocks and instructions

  private mutating func printBlock(_ b: Int, _ problem: borrowing Problem) {
    let block = problem.blocks.storage[b]
    put("block b\(b)")
    let parameters = problem.parameterRange(b)
    for k in parameters {
      put(k == parameters.lowerBound ? " parameters" : "")
      put(" v\(problem.parameters[k].raw)")
    }
    let predecessors = problem.predecessorRange(b)
    for k in predecessors {
      put(k == predecessors.lowerBound ? " from" : "")
      put(" b\(problem.predecessors[k].raw)")
    }
    put(" frequency \(block.frequency)")
    put(block.isCold ? " cold\n" : "\n")
  }

  private mutating func printInstruction(_ i: Int, _ problem: borrowing Problem) {
    let record = problem.instructions.storage[i]
    put("  i\(i)")
    let range = problem.operandRange(i)
    for k in range {
      put(k == range.lowerBound ? " " : ", ")
      putOperand(problem.operands[k])
    }
    if record.clobberMask != 0 { put(" clobbers c\(record.clobberMask)") }
    switch record.role {
    case .ordinary: break
    case .branch: put(" branch")
    case .exit: put(" exit")
    }
  }

  private mutating func putQuoted(_ text: String) {
    if text.isEmpty { return }
    put(" \"")
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\n"): put("\\n")
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      default: bytes.append(byte)
      }
    }
    put("\"")
  }

  private mutating func putOperand(_ operand: Operand) {
    if operand.tag == .fixedNonAllocatable {
      put("outside ")
      putRegister(operand.fixedRegister)
      return
    }
    put(operand.isUse ? "use" : "def")
    if operand.isUse && operand.isLate { put(".late") }
    if operand.isDefinition && operand.isEarly { put(".early") }
    put(" v\(operand.register.raw)")
    switch operand.tag {
    case .any: put(":any")
    case .register, .fixedNonAllocatable: break
    case .stack: put(":stack")
    case .fixed:
      put(":")
      putRegister(operand.fixedRegister)
    case .reuse: put(":reuse\(operand.payload)")
    case .limit: put(":below\(1 << Int(min(operand.payload, 62)))")
    }
  }

  private mutating func putRegister(_ register: PhysicalRegister) {
    put("\(register.registerClass)\(register.number)")
  }

  private mutating func printSuccessors(_ b: Int, _ problem: borrowing Problem) {
    for edge in problem.successorRange(b) {
      put(" b\(problem.successors[edge].raw)")
      let arguments = problem.argumentRange(edge)
      if arguments.isEmpty { continue }
      put("(")
      for k in arguments {
        put(k == arguments.lowerBound ? "v" : " v")
        put("\(problem.arguments[k].raw)")
      }
      put(")")
    }
  }

  // MARK: Annotations

  private mutating func printAllocations(
    _ i: Int, _ problem: borrowing Problem, _ solution: borrowing Solution
  ) {
    let range = problem.operandRange(i)
    if range.isEmpty { return }
    put(" ;")
    for k in range {
      put(" ")
      putPlace(solution.allocations[k])
    }
  }

  private mutating func printEntries(_ b: Int) {
    let range = (b == 0 ? 0 : entryEnds[b - 1])..<entryEnds[b]
    if range.isEmpty { return }
    put("  ; on entry")
    for k in range {
      put(k == range.lowerBound ? " v\(entries[k].value.raw) " : ", v\(entries[k].value.raw) ")
      putPlace(entries[k].place)
    }
    put("\n")
  }

  private mutating func printEdits(
    at point: ProgramPoint, _ problem: borrowing Problem, _ solution: borrowing Solution
  ) {
    while nextEdit < solution.edits.count && solution.edits[nextEdit].point <= point {
      let edit = solution.edits[nextEdit]
      put("  ; move \(edit.registerClass)")
      if edit.units != problem.machine.unitsOfClass[Int(edit.registerClass.rawValue)] {
        put(":\(edit.units)")
      }
      put(" ")
      putPlace(edit.from)
      put(" to ")
      putPlace(edit.to)
      put("\n")
      nextEdit += 1
    }
  }

  private mutating func printDebugLocations(_ solution: borrowing Solution) {
    for k in solution.debugLocations.indices {
      let location = solution.debugLocations[k]
      put("; label \(location.label) before i\(location.from.raw) to i\(location.to.raw): ")
      putPlace(location.place)
      put("\n")
    }
  }

  private mutating func putPlace(_ place: Allocation) {
    if place.isRegister {
      putRegister(place.register)
    } else if place.isRematerialized {
      put("v\(place.rematerializedValue.raw)")
    } else {
      put(place.isSlot ? "slot\(place.slot)" : "none")
    }
  }

  private mutating func put(_ text: String) { bytes.append(contentsOf: text.utf8) }
}
