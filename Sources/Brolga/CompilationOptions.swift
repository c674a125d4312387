// SPDX-License-Identifier: Apache-2.0
// From bytes to machine code: the compiler as the façade offers it.

import BrolgaArtefact
import BrolgaCompiler
import BrolgaRuntime
import BrolgaWasm
import Glibc
import RegisterAllocation

/// How a module is compiled. The same module, level and target give the same code, whatever the rest
/// says.
public struct CompilationOptions: Sendable {
  public enum Level: Sendable {
    /// Compiles fastest.
    case o0
    /// Runs fastest.
    case o2
  }

  public enum RegisterAllocator: Sendable {
    case singlePass, backtracking
  }

  /// The processor that the code is made for.
  public enum Target: Sendable {
    /// The one that compiles: what it has beyond x86-64-v3 is used where that makes code faster.
    case native
    /// All that have AVX2, FMA and BMI2.
    case x86_64v3
    /// Those with AVX-512 beside.
    case x86_64v4

    var features: CPUFeatures {
      switch self {
      case .native: CPUFeatures.baseline.union(BrolgaRuntime.Module.hostFeatures)
      case .x86_64v3: .baseline
      case .x86_64v4: .level4
      }
    }
  }

  public var level: Level
  /// An artefact needs of what the target has only what its code uses, which without vectors is
  /// never more than x86-64-v3.
  public var target = Target.native
  /// The level's own where it is absent.
  public var registerAllocator: RegisterAllocator?
  /// Threads that compile functions.
  public var workers: Int
  /// Whether every register allocation is proved right. A wrong one ends the process.
  public var checksAllocation: Bool
  /// Relaxed vector operators do the same on every machine, at a cost. Without it they are what the
  /// processor does fastest within what WebAssembly allows.
  public var relaxedSIMDIsDeterministic = false
  /// Every NaN that arithmetic makes, of scalars and in vectors, is the canonical one: the same bits on
  /// every machine, at a cost.
  public var canonicalizesNaNs = false
  /// See `CompilerOptions`.
  package var stepLimit: Int?
  package var keepsLocalsInFrame = false

  public init(level: Level = .o2, workers: Int? = nil, checksAllocation: Bool = false) {
    self.level = level
    self.workers = workers ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    self.checksAllocation = checksAllocation
  }

  package var compilerOptions: CompilerOptions {
    var options = CompilerOptions()
    options.level = level == .o0 ? .o0 : .o2
    options.workers = workers
    options.checksAllocation = checksAllocation
    options.features = target.features
    options.stepLimit = stepLimit
    options.keepsLocalsInFrame = keepsLocalsInFrame
    options.relaxesDeterministically = relaxedSIMDIsDeterministic
    options.canonicalizesNaNs = canonicalizesNaNs
    switch registerAllocator {
    case .singlePass: options.algorithm = .singlePass
    case .backtracking: options.algorithm = .backtracking
    case nil: break
    }
    return options
  }
}

/// Decodes a module in binary or text form.
package func decodeModule(_ bytes: ModuleBytes) throws(ModuleError) -> BrolgaWasm.Module {
  if ArtefactFormat.isELF(bytes.buffer) { throw .isArtefact }
  do throws(WasmError) {
    if !TextFormat.isText(bytes.buffer) { return try BrolgaWasm.Module(decoding: bytes) }
  } catch {
    throw ModuleError(error, in: bytes)
  }
  do throws(TextError) {
    return try BrolgaWasm.Module(text: bytes.buffer)
  } catch {
    throw .text(error.description)
  }
}

/// Decodes, validates and compiles.
package func compileModule(
  _ bytes: ModuleBytes, _ options: CompilerOptions
) throws(ModuleError) -> Compilation {
  let module = try decodeModule(bytes)
  do throws(CompileError) {
    return try compile(module, options)
  } catch {
    throw ModuleError(error, in: bytes)
  }
}

/// Decodes and validates, and no more.
package func validateModule(_ bytes: ModuleBytes) throws(ModuleError) {
  let module = try decodeModule(bytes)
  var validator = FunctionValidator()
  do throws(WasmError) {
    for function in module.importedFunctionCount..<module.functionCount {
      try validator.begin(module, function: UInt32(function))
      while !validator.isAtEnd { _ = try validator.next() }
    }
  } catch {
    throw ModuleError(error, in: bytes)
  }
}
