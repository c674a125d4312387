// SPDX-License-Identifier: Apache-2.0
// What one function took and got, for `--report`.

import BrolgaEntities
import RegisterAllocation

/// Counts of one compiled function. They do not depend on the machine or on the number of workers.
package struct FunctionReport: BitwiseCopyable, Sendable {
  package var function: UInt32
  package var bodyBytes: Int
  package var codeBytes: Int
  /// Of the intermediate representation that instructions were selected from.
  package var blocks: Int
  package var values: Int
  /// Of the allocation problem.
  package var instructions: Int
  package var operands: Int
  package var registers: Int
  /// What was asked for; `statistics.fallback` says whether it was used.
  package var algorithm: Algorithm
  package var statistics: AllocationStatistics
  package var edits: EditCounts
  package var slotUnits: Int
  package var frameBytes: Int
  /// There were too many locals times nesting for them to become values.
  package var hasLocalsInFrame: Bool

  package var usedAlgorithm: Algorithm {
    statistics.fallback == .none ? algorithm : .singlePass
  }
  package var hasFallback: Bool { statistics.fallback != .none || hasLocalsInFrame }
}

extension FunctionCompiler {
  /// What the function compiled last took and got.
  func report(_ unit: CompilationUnit, function: UInt32, _ algorithm: Algorithm) -> FunctionReport {
    FunctionReport(
      function: function, bodyBytes: unit.module.body(ofFunction: function).count,
      codeBytes: Int(emitter.assembler.code.functions.last.byteCount),
      blocks: translator.builder.function.blocks.count,
      values: translator.builder.function.instructions.count,
      instructions: machine.problem.instructionCount, operands: machine.problem.operands.count,
      registers: machine.problem.classes.count, algorithm: algorithm,
      statistics: allocator.statistics,
      edits: EditCounts(solution, on: machine.problem.machine), slotUnits: solution.slotUnits,
      frameBytes: Int(emitter.frame.byteCount), hasLocalsInFrame: translator.localsInFrame)
  }
}
