// SPDX-License-Identifier: Apache-2.0
// The pipeline: one function from bytes to machine code.

import BrolgaEntities
import BrolgaWasm
import RegisterAllocation

/// All working memory that compiling a function takes, reused: one per worker.
package struct FunctionCompiler: ~Copyable {
  package var translator = Translator()
  package var passes = PassScratch()
  package var lowering = Lowering<X64>()
  package var machine = MachineFunction()
  package var allocator = Allocator()
  package var solution = Solution()
  package var checker = Checker()
  package var emitter = Emitter<X64>()
  package var times = StageTimes()
  /// One per function, if the options ask for them.
  package var reports = Vector<FunctionReport>()
  private let options: CompilerOptions

  package init(_ options: CompilerOptions) { self.options = options }

  /// Appends the function's code to the emitter's buffer. The intermediate results stay readable until the next.
  package mutating func compile(
    _ unit: CompilationUnit, function: UInt32
  ) throws(CompileError) {
    let steps = options.steps(of: function)
    let algorithm = options.algorithm ?? (steps.contains(.backtrack) ? .backtracking : .singlePass)
    begin()
    do throws(WasmError) {
      try translator.translate(
        unit, function: function, numbersValues: steps.contains(.numberValues),
        keepsLocalsInFrame: options.keepsLocalsInFrame)
    } catch {
      throw .module(error)
    }
    end(.translate)
    verify(after: .translate, function)
    if !steps.isDisjoint(with: .passes) {
      optimize(&translator.builder.function, &passes, steps)
      end(.optimize)
      verify(after: .optimize, function)
    }
    lowering.lower(
      &translator.builder.function, unit: unit.lowering,
      options: steps.lowering(for: options.features), into: &machine)
    end(.lower)
    do throws(AllocationError) {
      try allocator.allocate(machine.problem, into: &solution, using: algorithm)
    } catch {
      fatalError("allocate registers: function \(function): \(error)")
    }
    end(.allocate)
    checkAllocation(function)
    do throws(EmissionError) {
      try emitter.emit(&machine, &solution)
    } catch {
      throw CompileError(error)
    }
    end(.emit)
    if options.reports {
      reports.append(report(unit, function: function, algorithm))
    }
  }

  private mutating func verify(after stage: Stage, _ function: UInt32) {
    if !options.verifies { return }
    do throws(VerifierError) {
      try translator.builder.function.verify()
    } catch {
      fatalError(
        "\(stage.name): function \(function): \(error)\n\(translator.builder.function.text())")
    }
    end(.check)
  }

  private mutating func checkAllocation(_ function: UInt32) {
    if !options.checksAllocation { return }
    do throws(ProblemError) {
      try machine.problem.validate()
    } catch {
      fatalError("lower: function \(function): \(error)\n\(machine.problem.text())")
    }
    do throws(CheckError) {
      try checker.check(machine.problem, solution)
    } catch {
      fatalError("allocate registers: function \(function): \(error)")
    }
    end(.check)
  }

  @inline(__always) private mutating func begin() {
    if options.timesStages { times.start() }
  }
  @inline(__always) private mutating func end(_ stage: Stage) {
    if options.timesStages { times.end(stage) }
  }
}
