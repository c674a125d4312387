// SPDX-License-Identifier: Apache-2.0
// Compiles a module: functions in parallel, then one link.

import BrolgaArtefact
import BrolgaEntities
import BrolgaWasm
import Glibc
import Synchronization

/// A compiled module, and what compiling it took.
package struct Compilation: ~Copyable {
  package var module = CompiledModule()
  package var times = StageTimes()
  /// One per defined function, in order, if the options ask for them.
  package var reports = Vector<FunctionReport>()
}

/// Compiles a decoded module. Its function bodies are validated on the way.
///
/// The result does not depend on the number of workers; nor does the error, which is that of the
/// first wrong function.
package func compile(
  _ module: Module, _ options: CompilerOptions
) throws(CompileError) -> Compilation {
  let unit = CompilationUnit(module, options)
  let count = module.functionCount - module.importedFunctionCount
  options.progress?.total.store(count, ordering: .relaxed)
  // A thread must have enough to do to be worth its start: about 200 microseconds.
  let codeBytes = module.bodies.last.map { Int($0.end) - Int(module.bodies[0].start) } ?? 0
  let workers = max(1, min(options.workers, codeBytes / Limits.bytesPerWorker))

  let shared = SharedWork(unit, options, first: module.importedFunctionCount, count: count)
  let results = (0..<workers).map { _ in Worker(shared) }
  let threads = results.dropFirst().map { start($0) }
  results[0].run()
  for thread in threads { pthread_join(thread, nil) }
  if let failure = results.compactMap(\.failure).min(by: { $0.function < $1.function }) {
    throw failure.error
  }

  var compilation = Compilation()
  for worker in results { compilation.times.add(worker.compiler.times) }
  gatherReports(results, &compilation.reports)
  compilation.times.start()
  do throws(EmissionError) {
    try link(
      results.map { $0.compiler.emitter.assembler.code.view }, definedFunctionCount: count,
      importedFunctionCount: module.importedFunctionCount, for: X64.self,
      into: &compilation.module)
  } catch {
    throw CompileError(error)
  }
  // The views point into the workers' buffers.
  withExtendedLifetime(results) {}
  describe(module, options, &compilation.module)
  compilation.times.end(.link)
  return compilation
}

private func gatherReports(_ results: [Worker], _ reports: inout Vector<FunctionReport>) {
  for worker in results {
    reports.append(contentsOf: UnsafeBufferPointer(worker.compiler.reports.buffer))
  }
  var all = reports.buffer
  all.sort { $0.function < $1.function }
}

/// What the workers share.
private final class SharedWork: Sendable {
  let unit: CompilationUnit
  let options: CompilerOptions
  let end: Int
  /// The next function that nobody has taken.
  let next: Atomic<Int>
  let hasFailed = Atomic<Bool>(false)

  init(_ unit: CompilationUnit, _ options: CompilerOptions, first: Int, count: Int) {
    self.unit = unit
    self.options = options
    end = first + count
    next = Atomic(first)
  }
}

/// One thread's compiler and its output. Used by one thread at a time.
private final class Worker: @unchecked Sendable {
  let shared: SharedWork
  var compiler: FunctionCompiler
  var failure: (function: Int, error: CompileError)?

  init(_ shared: SharedWork) {
    self.shared = shared
    compiler = FunctionCompiler(shared.options)
  }

  /// Takes functions in order until none is left. After an error, functions that others have taken
  /// are still finished, so that every function before the first wrong one has been looked at.
  func run() {
    while !shared.hasFailed.load(ordering: .relaxed) {
      let function = shared.next.wrappingAdd(1, ordering: .relaxed).oldValue
      if function >= shared.end { return }
      do throws(CompileError) {
        try compiler.compile(shared.unit, function: UInt32(function))
      } catch {
        failure = (function, error)
        shared.hasFailed.store(true, ordering: .relaxed)
      }
      shared.options.progress?.done.wrappingAdd(1, ordering: .relaxed)
    }
  }
}

private func start(_ worker: Worker) -> pthread_t {
  var thread = pthread_t()
  let context = Unmanaged.passRetained(worker).toOpaque()
  let status = pthread_create(&thread, nil, runWorker, context)
  precondition(status == 0, "cannot start a compiler thread: error \(status)")
  return thread
}

private func runWorker(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  Unmanaged<Worker>.fromOpaque(context.unsafelyUnwrapped).takeRetainedValue().run()
  return nil
}

/// Fills in what the artefact says beside the code.
private func describe(
  _ module: Module, _ options: CompilerOptions, _ compiled: inout CompiledModule
) {
  compiled.skeleton.append(contentsOf: Module.skeleton(of: module))
  compiled.importedFunctionCount = module.importedFunctionCount
  compiled.optimizationLevel = options.level == .o0 ? 0 : 2
  for index in module.importedFunctionCount..<module.functionCount {
    let start = compiled.names.count
    compiled.names.append(contentsOf: module.functionNameBytes(UInt32(index)))
    compiled.nameSpans.append(
      NameSpan(start: UInt32(start), count: UInt32(compiled.names.count - start)))
  }
}
