// SPDX-License-Identifier: Apache-2.0
// What a client chooses about a compilation, and how it fails.

import BrolgaArtefact
import BrolgaWasm
import RegisterAllocation
import Synchronization

package enum OptimizationLevel: UInt8, Sendable {
  /// The fastest compile: no value numbering, no passes.
  case o0
  /// The default.
  case o2
}

package struct CompilerOptions: Sendable {
  package var level = OptimizationLevel.o2
  /// How to allocate registers; the level decides where it is absent.
  package var algorithm: Algorithm?
  /// How many of the level's steps are taken, over all functions of the module in their order; all
  /// if absent. Step `n` is number `n % c` of function `n / c`, `c` being how many there are.
  package var stepLimit: Int?
  /// Keeps every function's locals in its frame, as if the budget for values had been exceeded.
  package var keepsLocalsInFrame = false
  /// Gives relaxed vector operators the same meaning on every machine, at a cost.
  package var relaxesDeterministically = false
  /// Makes every NaN that arithmetic makes the canonical one.
  package var canonicalizesNaNs = false
  /// What the processor can do that the code is made for.
  package var features = CPUFeatures.baseline
  /// Threads that compile functions; the output does not depend on it.
  package var workers = 1
  /// Proves each allocation right; a wrong one stops the process with the function's name.
  package var checksAllocation = false
  /// Checks the IR after each stage; a wrong one stops the process with the stage and the text.
  package var verifies = false
  package var timesStages = false
  /// Counts what each function took and got.
  package var reports = false
  /// Counts compiled functions as they are done.
  package var progress: CompilationProgress?

  package init() {}

  func steps(of function: UInt32) -> OptimizationSteps {
    if level == .o0 { return .none }
    guard let stepLimit else { return .all }
    return OptimizationSteps(first: stepLimit - Int(function) * OptimizationSteps.names.count)
  }
}

/// How far a compilation is; read by another thread.
package final class CompilationProgress: Sendable {
  package let done = Atomic<Int>(0)
  package let total = Atomic<Int>(0)
  package init() {}
}

/// Why a module was not compiled.
package enum CompileError: Error, Sendable, CustomStringConvertible {
  case module(WasmError)
  /// A function's code or frame, or all code up to it, is beyond what a 32-bit distance spans.
  case tooLarge(function: UInt32)

  init(_ error: EmissionError) {
    switch error {
    case .codeTooLarge(let function): self = .tooLarge(function: function)
    }
  }

  package var description: String {
    switch self {
    case .module(let error): error.description
    case .tooLarge(let function):
      "too much code: function \(function) goes beyond 2 GiB of code or of frame"
    }
  }
}

/// The stages of a compilation, in order.
package enum Stage: Int, CaseIterable, Sendable {
  case translate, optimize, lower, allocate, check, emit, link

  package var name: String {
    switch self {
    case .translate: "validate and translate"
    case .optimize: "optimize"
    case .lower: "lower"
    case .allocate: "allocate registers"
    case .check: "check allocation"
    case .emit: "emit"
    case .link: "link"
    }
  }
}
