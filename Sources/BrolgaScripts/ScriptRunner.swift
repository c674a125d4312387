// SPDX-License-Identifier: Apache-2.0
// Runs the specification's test scripts.

import Brolga
import BrolgaWasm

import struct BrolgaCompiler.CompilerOptions

/// Runs a script and says what came of it. Everything that it made is given back at its end.
///
/// Guests run on the calling thread's stack, some of them until it ends.
package func runScript(
  _ text: UnsafeRawBufferPointer, engine: Engine, _ options: CompilerOptions
) -> ScriptReport {
  var report = ScriptReport()
  do {
    let script = try TextFormat.parseScript(text)
    var runner = try ScriptRunner(engine: engine, options)
    for command in script.commands { runner.run(command) }
    return runner.report
  } catch let error as TextError {
    if error.kind == .unsupported {
      report.skip(error.message)
    } else {
      report.fail(error.line, error.description)
    }
  } catch {
    report.fail(1, "\(error)")
  }
  return report
}

/// Why a command was not what it should have been.
private enum ScriptProblem: Error {
  /// It needs a feature that is not built.
  case needs(String)
  case failed(String)
}

private struct ScriptRunner {
  private(set) var report = ScriptReport()
  private let options: CompilerOptions
  private let engine: Engine
  private let store: Store
  private var imports: Imports

  /// The instance that commands without a name mean, or why there is none.
  private var current: Result<Instance, ScriptProblem> = .failure(.failed("there is no module"))
  private var instances: [String: Result<Instance, ScriptProblem>] = [:]
  private var lastDefinition: Result<Brolga.Module, ScriptProblem> = .failure(
    .failed("no definition"))
  private var definitions: [String: Result<Brolga.Module, ScriptProblem>] = [:]
  /// Registered names without an instance, and why.
  private var missingModules: [String: ScriptProblem] = [:]

  /// What the last module needed that was skipped.
  private var skippedModule: String?

  init(engine: Engine, _ options: CompilerOptions) throws {
    self.engine = engine
    self.options = options
    store = Store(engine: engine)
    imports = try scriptImports(store: store)
  }

  // MARK: Commands

  mutating func run(_ command: ScriptCommand) {
    do throws(ScriptProblem) {
      if try perform(command.kind) { report.pass() }
    } catch {
      switch error {
      case .needs(let feature):
        report.skip(feature)
        if command.isAboutModule { skippedModule = feature }
      case .failed(let message):
        // A module that could not be had may have filled what the others share.
        if let skippedModule {
          report.skip(skippedModule)
        } else {
          report.fail(command.line, message)
        }
      }
    }
  }

  /// Returns whether the command was an assertion.
  private mutating func perform(_ command: ScriptCommand.Kind) throws(ScriptProblem) -> Bool {
    switch command {
    case .module(let module): try define(module, name: module.name)
    case .definition(let module):
      lastDefinition = loaded(module)
      if let name = module.name { definitions[name] = lastDefinition }
      _ = try lastDefinition.get()
    case .instance(let name, let definition):
      let module = definition.map { definitions[$0] ?? lastDefinition } ?? lastDefinition
      try setCurrent(instance(of: module), name: name)
    case .register(let name, let instance): register(name, instance)
    case .action(let action): _ = try results(of: action)
    case .unsupported(let what): throw .needs(what)
    default:
      try assert(command)
      return true
    }
    return false
  }

  private mutating func assert(_ command: ScriptCommand.Kind) throws(ScriptProblem) {
    switch command {
    case .assertReturn(let action, let expected):
      for expectation in expected { if let need = expectation.need { throw .needs(need) } }
      let results = try results(of: action)
      let isMet =
        results.count == expected.count && zip(results, expected).allSatisfy { $1.isMet(by: $0) }
      guard isMet else { throw .failed("got \(results), expected \(expected.map(\.description))") }
    case .assertTrap(let action, let reason), .assertExhaustion(let action, let reason):
      try expectTrap(reason) { runner in try runner.carryOut(action) }
    case .assertException(let action): try expectException(action)
    case .assertModuleTrap(let module, let reason):
      let module = try loaded(module).get()
      try expectTrap(reason) { runner in _ = try runner.instantiate(module) }
    case .assertUnlinkable(let module, let reason):
      try expectUnlinkable(try loaded(module).get(), reason)
    case .assertMalformed(let module, _): try expectRefusal(module, isMalformed: true)
    case .assertInvalid(let module, _): try expectRefusal(module, isMalformed: false)
    default: break
    }
  }

  // MARK: Modules

  private func loaded(_ module: ScriptModule) -> Result<Brolga.Module, ScriptProblem> {
    let bytes: [UInt8]
    switch module.bytes {
    case .success(let binary): bytes = binary
    case .failure(let error):
      let isMissing = error.kind == .unsupported
      return .failure(isMissing ? .needs(error.message) : .failed(error.description))
    }
    do throws(ModuleError) {
      return .success(try Brolga.Module(engine: engine, compiling: ModuleBytes(bytes), options))
    } catch {
      if case .unsupported(let features) = error { return .failure(.needs(features[0].name)) }
      return .failure(.failed("\(error)"))
    }
  }

  private mutating func define(_ module: ScriptModule, name: String?) throws(ScriptProblem) {
    let module = loaded(module)
    lastDefinition = module
    if let name { definitions[name] = module }
    try setCurrent(instance(of: module), name: name)
  }

  private mutating func setCurrent(
    _ instance: Result<Instance, ScriptProblem>, name: String?
  ) throws(ScriptProblem) {
    current = instance
    if let name { instances[name] = instance }
    _ = try instance.get()
  }

  private func instance(
    of module: Result<Brolga.Module, ScriptProblem>
  ) -> Result<Instance, ScriptProblem> {
    do {
      return .success(try instantiate(try module.get()))
    } catch let problem as ScriptProblem {
      return .failure(problem)
    } catch {
      return .failure(.failed("\(error)"))
    }
  }

  /// Throws a `Trap`, a `LinkError`, or a `ScriptProblem` if what it imports is not there for a
  /// reason.
  private func instantiate(_ module: Brolga.Module) throws -> Instance {
    for item in module.imports {
      if let problem = missingModules[item.module] { throw problem }
    }
    return try module.instantiate(store: store, imports: imports)
  }

  private func instance(_ name: String?) throws(ScriptProblem) -> Instance {
    guard let name else { return try current.get() }
    guard let instance = instances[name] else { throw .failed("there is no instance \(name)") }
    return try instance.get()
  }

  private mutating func register(_ name: String, _ instance: String?) {
    do throws(ScriptProblem) {
      imports.define(module: name, try self.instance(instance).exports)
      missingModules[name] = nil
    } catch {
      missingModules[name] = error
    }
  }

  // MARK: Actions

  /// Performs an action that is to succeed.
  private func results(of action: ScriptAction) throws(ScriptProblem) -> [Value] {
    do {
      return try carryOut(action)
    } catch let problem as ScriptProblem {
      throw problem
    } catch {
      throw .failed("\(error)")
    }
  }

  @discardableResult
  private func carryOut(_ action: ScriptAction) throws -> [Value] {
    switch action {
    case .get(let name, let export):
      guard let global = try instance(name).exports[global: export] else {
        throw ScriptProblem.failed("there is no exported global \(export)")
      }
      return [global.value]
    case .invoke(let name, let export, let arguments):
      guard let function = try instance(name).exports[function: export] else {
        throw ScriptProblem.failed("there is no exported function \(export)")
      }
      var values: [Value] = []
      for argument in arguments {
        if let feature = argument.need { throw ScriptProblem.needs(feature) }
        guard let value = argument.value else {
          throw ScriptProblem.needs(Features.garbageCollection.name)
        }
        values.append(value)
      }
      return try function(values)
    }
  }

  // MARK: Expectations

  private func expectTrap(
    _ reason: String, _ body: (ScriptRunner) throws -> Void
  ) throws(ScriptProblem) {
    do {
      try body(self)
    } catch let trap as Trap {
      guard agrees(trap.kind.description, with: reason) else {
        throw .failed("trapped with \"\(trap.kind)\", expected \"\(reason)\"")
      }
      return
    } catch let problem as ScriptProblem {
      throw problem
    } catch {
      throw .failed("\(error), expected a trap")
    }
    throw .failed("did not trap, expected \"\(reason)\"")
  }

  private func expectException(_ action: ScriptAction) throws(ScriptProblem) {
    do {
      try carryOut(action)
    } catch is Exception {
      return
    } catch let problem as ScriptProblem {
      throw problem
    } catch {
      throw .failed("\(error), expected an exception")
    }
    throw .failed("threw no exception")
  }

  private func expectUnlinkable(_ module: Brolga.Module, _ reason: String) throws(ScriptProblem) {
    do {
      _ = try instantiate(module)
    } catch let error as LinkError {
      guard agrees(error.description, with: reason) else {
        throw .failed("\(error), expected \"\(reason)\"")
      }
      return
    } catch let problem as ScriptProblem {
      throw problem
    } catch {
      throw .failed("\(error), expected a link error")
    }
    throw .failed("was linked, expected \"\(reason)\"")
  }

  /// Whether one of the two says what the other does, or more: `uninitialized element 2`.
  private func agrees(_ found: String, with expected: String) -> Bool {
    found.hasPrefix(expected) || expected.hasPrefix(found)
  }

  private func expectRefusal(
    _ module: ScriptModule, isMalformed: Bool
  ) throws(ScriptProblem) {
    switch module.bytes {
    case .failure(let error):
      if error.kind == .unsupported { throw .needs(error.message) }
      guard isMalformed else { throw .failed("malformed instead of invalid: \(error)") }
    case .success(let bytes):
      do throws(ModuleError) {
        try validateModule(ModuleBytes(bytes))
      } catch {
        switch error {
        case .unsupported(let features): throw .needs(features[0].name)
        case .malformed where isMalformed, .invalid where !isMalformed, .limitExceeded: return
        default: throw .failed("refused in another way: \(error)")
        }
      }
      throw .failed("was accepted, but is \(isMalformed ? "malformed" : "invalid")")
    }
  }
}

extension ScriptCommand {
  /// Whether it instantiates, or tries to.
  fileprivate var isAboutModule: Bool {
    switch kind {
    case .module, .instance, .assertModuleTrap, .assertUnlinkable: true
    default: false
    }
  }
}
