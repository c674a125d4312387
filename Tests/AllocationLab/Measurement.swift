// SPDX-License-Identifier: Apache-2.0
// What one allocation costs: time, memory, steps, and the moves that it leaves.

import BrolgaEntities
import Glibc
import RegisterAllocation

struct Measurement {
  /// CPU seconds, the least of all runs.
  var seconds = Double.infinity
  /// The same for an allocator that has solved the problem before and has its memory.
  var warmSeconds = Double.infinity
  /// Growth of the resident set in the first run, at its peak.
  var bytes = 0
  var statistics = AllocationStatistics()
  var moves = 0
  var stores = 0
  var loads = 0

  /// Allocates `runs` times, each with an allocator that has solved nothing before; then as often
  /// with the last of them.
  init(
    _ problem: borrowing Problem, _ algorithm: Algorithm,
    options: AllocationOptions = AllocationOptions(), runs: Int = 1, measuresMemory: Bool = true
  ) throws {
    var allocator = Allocator()
    var solution = Solution()
    for run in 0..<runs {
      allocator = Allocator()
      solution = Solution()
      let resident = measuresMemory ? Self.status("VmRSS:") : 0
      if measuresMemory { Self.forgetPeak() }
      allocator.options = options
      let start = Self.now()
      try allocator.allocate(problem, into: &solution, using: algorithm)
      seconds = min(seconds, Self.now() - start)
      if run > 0 || !measuresMemory { continue }
      bytes = (Self.status("VmHWM:") - resident) * 1024
      statistics = allocator.statistics
      for k in solution.edits.indices {
        let edit = solution.edits[k]
        if edit.to.isSlot {
          stores += 1
        } else if edit.from.isSlot {
          loads += 1
        } else {
          moves += 1
        }
      }
    }
    for _ in 0..<runs {
      let start = Self.now()
      try allocator.allocate(problem, into: &solution, using: algorithm)
      warmSeconds = min(warmSeconds, Self.now() - start)
    }
  }

  static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// A line of /proc/self/status, in KiB.
  private static func status(_ name: String) -> Int {
    guard let file = fopen("/proc/self/status", "r") else { return 0 }
    defer { fclose(file) }
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    while getline(&line, &capacity, file) > 0 {
      guard let line else { break }
      let words = String(cString: line).split(whereSeparator: { " \t\n".contains($0) })
      if words.count > 1 && words[0] == name { return Int(words[1]) ?? 0 }
    }
    return 0
  }

  private static func forgetPeak() {
    guard let file = fopen("/proc/self/clear_refs", "w") else { return }
    fputs("5", file)
    fclose(file)
  }
}

/// The case that the project began with, as a bare problem: `x` is passed alternately as argument 0
/// and 1 of a row of calls, each with a fresh value beside it.
struct RowOfCalls {
  /// How the client says what a call wants and destroys.
  enum Variant: String, CaseIterable {
    /// Fixed uses and a mask.
    case plain
    /// Constraints that hold for the value's range, not for a copy: `x` must be in register 0 or 1.
    case pinned
    /// No mask: a dead definition for each register that a call destroys.
    case definitions
    case pinnedDefinitions
  }

  static func make(_ calls: Int, saved: Int, _ variant: Variant = .plain) -> Problem {
    var made = ProblemBuilder()
    made.problem.machine.preferred = RegisterSet(int: 0xff)
    made.problem.machine.nonPreferred = RegisterSet(int: (1 << UInt64(saved) - 1) << 12)
    made.problem.machine.intScratch = PhysicalRegister(.int, 11)
    made.problem.clobberMasks[1] = RegisterSet(int: 0xff)
    let x = made.value()
    made.define([x])
    for k in 0..<calls {
      let y = made.value()
      made.define([y])
      let first = k & 1
      var operands: [Operand] = [
        .fixedUse(x, PhysicalRegister(.int, first)),
        .fixedUse(y, PhysicalRegister(.int, 1 - first)),
      ]
      if variant == .pinned || variant == .pinnedDefinitions {
        operands[0] = Operand(x, .int, .use, .early, .limit, payload: UInt8(first))
      }
      let hasMask = variant == .plain || variant == .pinned
      if !hasMask {
        for number in 0..<8 {
          operands.append(.fixedDefinition(made.value(), PhysicalRegister(.int, number)))
        }
      }
      made.instruction(operands, clobbers: hasMask ? ProblemBuilder.call : 0)
    }
    made.exit()
    return made.finish()
  }
}
