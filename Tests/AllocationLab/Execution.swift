// SPDX-License-Identifier: Apache-2.0
// Runs a problem and its solution side by side, on one path: the checker's independent witness.

import BrolgaEntities
import RegisterAllocation

/// A machine whose places hold the number of the definition that wrote them last.
public struct Execution {
  private var content: [Int: Int] = [:]
  private var values: [UInt32: Int] = [:]
  private var next = 1
  private var cursor: [UInt32: Int] = [:]
  /// The definitions that the instruction being executed has made.
  private var definedHere: [Int] = []
  /// The most cells of a register that anything fills.
  private var widest = 1

  /// True if every use on a random path of at most `steps` instructions finds its value.
  public static func readsRight(
    _ problem: borrowing Problem, _ solution: borrowing Solution, _ random: inout Random,
    steps: Int
  ) -> Bool {
    var execution = Execution()
    for v in problem.classes.storage.indices {
      execution.widest = max(execution.widest, problem.units(of: VirtualRegister(v)))
    }
    for k in solution.edits.indices {
      execution.widest = max(execution.widest, Int(solution.edits[k].units))
    }
    for k in solution.edits.indices {
      let point = solution.edits[k].point.raw
      if execution.cursor[point] == nil { execution.cursor[point] = k }
    }
    var b = 0
    var left = steps
    while left > 0 {
      for i in problem.instructionRange(b) {
        left -= 1
        execution.move(.before(i), problem, solution)
        if !execution.findsLabelledValues(before: i, problem, solution) { return false }
        if !execution.run(i, problem, solution) { return false }
        execution.move(.after(i), problem, solution)
      }
      let edges = problem.successorRange(b)
      if edges.isEmpty { return true }
      let edge = edges.lowerBound + random.below(edges.count)
      let target = Int(problem.successors[edge].raw)
      let arguments = problem.argumentRange(edge).map {
        execution.values[problem.arguments[$0].raw]
      }
      for (k, p) in problem.parameterRange(target).enumerated() {
        execution.values[problem.parameters[p].raw] = arguments[k]
      }
      b = target
    }
    return true
  }

  /// The cells of a place that hold `units` of a value: 128 of each register, then the spill area.
  private func cells(_ place: Allocation, _ units: Int) -> Range<Int> {
    let first = place.isSlot ? 256 * 128 + place.slot : Int(place.raw & 0xff) * 128
    return first..<(first + units)
  }

  private func read(_ place: Allocation, _ units: Int) -> Int? {
    var found: Int?
    for cell in cells(place, units) {
      let token = content[cell]
      if found != nil && token != found { return nil }
      found = token
      if token == nil { return nil }
    }
    return found
  }

  /// Writes the first cells; the others of a register are lost.
  private mutating func write(_ token: Int?, _ place: Allocation, _ units: Int) {
    if !place.isSlot { destroy(Int(place.raw & 0xff)) }
    for cell in cells(place, units) { content[cell] = token }
  }

  private mutating func destroy(_ register: Int) {
    for cell in (register * 128)..<(register * 128 + widest) { content[cell] = nil }
  }

  private mutating func move(
    _ point: ProgramPoint, _ problem: borrowing Problem, _ solution: borrowing Solution
  ) {
    guard var k = cursor[point.raw] else { return }
    while k < solution.edits.count && solution.edits[k].point == point {
      let edit = solution.edits[k]
      if edit.from.isRematerialized {
        let token = Self.token(ofConstant: edit.from.rematerializedValue)
        write(token, edit.to, Int(edit.units))
      } else {
        // Cell by cell: what is saved of a register may be wider than what it holds.
        let held = cells(edit.from, Int(edit.units)).map { content[$0] }
        write(nil, edit.to, Int(edit.units))
        for (cell, token) in zip(cells(edit.to, Int(edit.units)), held) { content[cell] = token }
      }
      k += 1
    }
  }

  private mutating func run(
    _ i: Int, _ problem: borrowing Problem, _ solution: borrowing Solution
  ) -> Bool {
    let machine = problem.machine
    let range = problem.operandRange(i)
    definedHere.removeAll()
    func isReal(_ operand: Operand) -> Bool { operand.tag != .fixedNonAllocatable }
    for k in range where problem.operands[k].isDefinition && problem.operands[k].isEarly {
      define(k, problem, solution)
    }
    for k in range where problem.operands[k].isUse && problem.operands[k].isEarly {
      if isReal(problem.operands[k]) && !readsRight(k, problem, solution) { return false }
    }
    let clobbers = problem.clobberMasks[Int(problem.instructions.storage[i].clobberMask)]
    for raw in 0..<192 where clobbers.contains(PhysicalRegister(raw: UInt8(raw))) {
      destroy(raw)
    }
    for scratch in [machine.intScratch, machine.floatScratch, machine.vectorScratch] {
      if let scratch { destroy(Int(scratch.raw)) }
    }
    for k in range where problem.operands[k].isDefinition && problem.operands[k].isLate {
      define(k, problem, solution)
    }
    // Whatever else happens, a late use and a definition must be there at the end.
    for k in range where isReal(problem.operands[k]) {
      let operand = problem.operands[k]
      if operand.isUse && operand.isLate && !readsRight(k, problem, solution) { return false }
      if operand.isDefinition && !solution.allocations[k].isNone
        && !readsRight(k, problem, solution)
      {
        return false
      }
    }
    return true
  }

  private static func token(ofConstant v: VirtualRegister) -> Int { -1 - Int(v.raw) }

  private mutating func define(
    _ k: Int, _ problem: borrowing Problem, _ solution: borrowing Solution
  ) {
    let operand = problem.operands[k]
    // Of several definitions in one instruction, all write the same.
    for other in definedHere where problem.operands[other].register == operand.register {
      write(
        values[operand.register.raw], solution.allocations[k],
        problem.units(of: operand.register))
      return
    }
    definedHere.append(k)
    // What can be made again is the same whenever it is made.
    let isConstant = problem.rematerialization(of: operand.register) != nil
    let token = isConstant ? Self.token(ofConstant: operand.register) : next
    values[operand.register.raw] = token
    if !solution.allocations[k].isNone {
      write(token, solution.allocations[k], problem.units(of: operand.register))
    }
    next += 1
  }

  /// True if each labelled value is where the solution says.
  private func findsLabelledValues(
    before i: Int, _ problem: borrowing Problem, _ solution: borrowing Solution
  ) -> Bool {
    for k in solution.debugLocations.indices {
      let location = solution.debugLocations[k]
      if i < Int(location.from.raw) || i >= Int(location.to.raw) { continue }
      for l in problem.labels.indices where problem.labels[l].label == location.label {
        let v = problem.labels[l].value
        let found = read(location.place, problem.units(of: v))
        if found == nil || found != values[v.raw] { return false }
      }
    }
    return true
  }

  private func readsRight(
    _ k: Int, _ problem: borrowing Problem, _ solution: borrowing Solution
  ) -> Bool {
    let operand = problem.operands[k]
    guard let token = values[operand.register.raw] else { return false }
    return read(solution.allocations[k], problem.units(of: operand.register)) == token
  }
}
