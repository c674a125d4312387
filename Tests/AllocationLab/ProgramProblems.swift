// SPDX-License-Identifier: Apache-2.0
// What the allocators make of the functions of a program, from `brolga compile --emit=ra`.

import BrolgaEntities
import Glibc
import RegisterAllocation

/// What one algorithm makes of all functions of a program.
struct ProgramCost {
  /// CPU seconds, the least of all rounds.
  var seconds = Double.infinity
  /// Moves, loads, stores and values made again, each at the frequency of its block.
  var weightedEdits = 0.0
  /// Operands in slots, likewise.
  var weightedOperands = 0.0
  var fallbacks = 0

  init(
    _ problems: [ProgramProblem], _ algorithm: Algorithm, _ options: AllocationOptions, rounds: Int
  ) throws {
    var allocator = Allocator()
    allocator.options = options
    var solution = Solution()
    for round in 0..<rounds {
      var time = 0.0
      for problem in problems {
        let start = Measurement.now()
        try allocator.allocate(problem.problem, into: &solution, using: algorithm)
        time += Measurement.now() - start
        if round > 0 { continue }
        if allocator.statistics.fallback != .none { fallbacks += 1 }
        weightedEdits += problem.weightedEdits(of: solution)
        weightedOperands += problem.weightedOperands(of: solution)
        var checker = Checker()
        try checker.check(problem.problem, solution)
      }
      seconds = min(seconds, time)
    }
  }
}

/// A problem in a box, so that there can be a list of them.
final class ProgramProblem {
  let problem: Problem

  init(_ text: String) throws { problem = try Problem(parsing: text) }

  func weightedEdits(of solution: borrowing Solution) -> Double {
    var total = 0.0
    var b = 0
    for k in solution.edits.indices {
      let i = solution.edits[k].point.instruction
      while i >= problem.instructionRange(b).upperBound { b += 1 }
      total += Double(problem.blocks.storage[b].frequency)
    }
    return total
  }

  /// The operands that `solution` puts in slots, each at the frequency of its block.
  func weightedOperands(of solution: borrowing Solution) -> Double {
    var total = 0.0
    for b in 0..<problem.blockCount {
      let frequency = Double(problem.blocks.storage[b].frequency)
      for i in problem.instructionRange(b) {
        for k in problem.operandRange(i) where solution.allocations[k].isSlot { total += frequency }
      }
    }
    return total
  }

  /// The problems of a file, each from the line that gives the form's version to the next such.
  static func read(_ path: String) throws -> [ProgramProblem] {
    var made: [ProgramProblem] = []
    var text = ""
    func end() throws { if text.hasPrefix("problem ") { made.append(try ProgramProblem(text)) } }
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    while getline(&line, &capacity, file) > 0 {
      guard let line else { break }
      if strncmp(line, "problem ", 8) == 0 {
        try end()
        text = ""
      }
      text += String(cString: line)
    }
    try end()
    return made
  }
}

extension Tables {
  /// One line a file: both allocators on all its problems, every solution checked.
  static func programs(_ files: [String], _ options: AllocationOptions, rounds: Int) throws {
    print(
      "program                  functions  operands  single-pass: ms     edits  in slots"
        + "  backtracking: ms     edits  in slots  fall-backs   ms ratio  edits ratio")
    for file in files {
      let problems = try ProgramProblem.read(file)
      let simple = try ProgramCost(problems, .singlePass, options, rounds: rounds)
      let made = try ProgramCost(problems, .backtracking, options, rounds: rounds)
      let name = file.split(separator: "/").last.map { String($0.prefix(24)) } ?? ""
      var row = Row()
      row.add(problems.count, 34 - name.count)
      row.add(problems.reduce(0) { $0 + $1.problem.operands.count }, 10)
      row.add(simple.seconds * 1e3, 17, digits: 2)
      row.add(simple.weightedEdits, 10, digits: 0)
      row.add(simple.weightedOperands, 10, digits: 0)
      row.add(made.seconds * 1e3, 18, digits: 2)
      row.add(made.weightedEdits, 10, digits: 0)
      row.add(made.weightedOperands, 10, digits: 0)
      row.add(made.fallbacks, 12)
      row.add(made.seconds / simple.seconds, 11, digits: 2)
      row.add(made.weightedEdits / max(simple.weightedEdits, 1), 13, digits: 2)
      print(name + row.text)
    }
  }
}
