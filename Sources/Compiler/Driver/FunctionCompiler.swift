// SPDX-License-Identifier: Apache-2.0
// The pipeline: one function from bytes to machine code.

import Entities
import RegisterAllocation
import WebAssembly

/// All working memory that compiling a function takes, reused: one per worker.
package struct FunctionCompiler: ~Copyable {
  package var translator = Translator()
  package var lowering = Lowering()
  package var machine = MachineFunction()
  package var allocator = Allocator()
  package var solution = Solution()
  package var code = CodeBuffer()
  package var times = StageTimes()
  private let options: CompilerOptions

  package init(_ options: CompilerOptions) { self.options = options }

  /// Appends the function's code to `code`. The intermediate results stay readable until the next.
  package mutating func compile(
    _ unit: CompilationUnit, function: UInt32
  ) throws(CompileError) {
    let isOptimizing = options.level == .o2
    begin()
    do throws(WasmError) {
      try translator.translate(unit, function: function, numbersValues: isOptimizing)
    } catch {
      throw .module(error)
    }
    end(.translate)
    if isOptimizing {
      // Passes over the IR come here.
      end(.optimize)
    }
    lowering.lower(
      &translator.builder.function, unit: unit.lowering,
      options: isOptimizing ? .full : .fast, into: &machine)
    end(.lower)
    do throws(AllocationError) {
      try allocator.allocate(machine.problem, into: &solution)
    } catch {
      fatalError("allocate registers: function \(function): \(error)")
    }
    end(.allocate)
    do throws(EmissionError) {
      try emit(&machine, &solution, into: &code)
    } catch {
      throw .tooLarge(function: function, reason: "\(error)")
    }
    end(.emit)
  }

  @inline(__always) private mutating func begin() {
    if options.timesStages { times.start() }
  }
  @inline(__always) private mutating func end(_ stage: Stage) {
    if options.timesStages { times.end(stage) }
  }
}
