// SPDX-License-Identifier: Apache-2.0
// Running a program: what `brolga run` does once its options are known.

import Brolga
import BrolgaWasm

struct ProgramRun {
  var file: String
  var arguments: [String] = []
  /// The export to call instead of the program's start.
  var invoke: String?
  var guest = GuestSettings()
  var compiling = CompilationOptions()

  func run() throws {
    let program = try Program(file)
    let engine = Engine(configuration: guest.engineConfiguration)
    let module = try program.load(engine: engine, compiling, showsProgress: true)
    var values: [Value] = []
    do throws(Failure) {
      if let invoke {
        values = try parseArguments(arguments, as: parameters(of: invoke, in: module))
      } else {
        try module.requireEntry()
      }
    } catch {
      throw Failure("\(file): \(error.message)")
    }
    let bridge = try guest.bridge(
      file: file, arguments: invoke == nil ? arguments : [])
    var outcome = Outcome.status(0)
    let ran = runOnThread(stackBytes: guest.threadStackBytes) {
      outcome = Outcome {
        let store = Store(engine: engine)
        var imports = Imports()
        bridge.link(to: &imports, store: store)
        defineBench(in: &imports, store: store, start: {}, end: {})
        return try bridge.runProgram {
          let instance = try module.instantiate(store: store, imports: imports)
          return try execute(instance, values, bridge)
        }
      }
    }
    guard ran else { throw Failure("\(file): no thread with such a stack") }
    leave(outcome.reported(for: file))
  }

  private func parameters(
    of export: String, in module: Brolga.Module
  ) throws(Failure) -> [ValueType] {
    for item in module.exports where item.name == export {
      if case .function(let type) = item.type { return type.parameters }
    }
    throw Failure("there is no exported function \(export)")
  }

  private func execute(
    _ instance: Instance, _ values: [Value], _ bridge: WASIBridgeToHost
  ) throws -> UInt32 {
    guard let invoke else { return try bridge.start(instance) }
    let exports = instance.exports
    // A library that is made as a reactor wants to be initialised before anything else.
    if let initialize = exports[function: "_initialize"], invoke != "_initialize" {
      try initialize()
    }
    for result in try exports[function: invoke]!(values) { output(plainText(result) + "\n") }
    return 0
  }
}

extension ProgramRun {
  /// A run without options: a file, and what it is given. The argument parser executes twice as many
  /// instructions for it as all the rest of starting a small program.
  ///
  /// - Returns: nil for whatever the parser has to see.
  init?(plainArguments: [String], commands: [String]) {
    var rest = plainArguments[...]
    let isNamed = rest.first == "run"
    if isNamed { rest.removeFirst() }
    guard let file = rest.popFirst(), !file.isEmpty, !file.hasPrefix("-") else { return nil }
    if !isNamed && (commands.contains(file) || file == "help") { return nil }
    self.init(file: file, arguments: Array(rest))
  }
}

extension Brolga.Module {
  /// Checks that running the module runs something.
  func requireEntry() throws(Failure) {
    let functions = exports.filter { if case .function = $0.type { true } else { false } }
      .map(\.name)
    if functions.contains("_start") || module.start != nil { return }
    let callable = functions.filter { $0 != "_initialize" }
    throw Failure(
      callable.isEmpty
        ? "nothing to run: there is neither _start nor another exported function"
        : "there is no _start to run; --invoke \(callable[0]) calls an exported function")
  }
}

extension WASIBridgeToHost {
  /// Runs `body`; a `proc_exit` within it is its result.
  func runProgram(_ body: () throws -> UInt32) throws -> UInt32 {
    var status: UInt32 = 0
    let exit = try run { status = try body() }
    return exit == 0 ? status : exit
  }
}

/// How a guest ended.
enum Outcome {
  case status(UInt32)
  case failed(any Error)

  init(_ body: () throws -> UInt32) {
    do {
      self = .status(try body())
    } catch {
      self = .failed(error)
    }
  }

  /// Tells what went wrong, if anything did, and returns the status for the process to end with.
  func reported(for file: String) -> Int32 {
    switch self {
    case .status(let status): return ExitStatus(code: status).processStatus
    case .failed(let trap as Trap):
      complain("\(file): \(trap)")
      return ExitCode.trap
    case .failed(let exception as Exception):
      complain("\(file): \(exception)")
      return ExitCode.trap
    case .failed(let failure as Failure):
      complain("\(file): \(failure.message)")
      return failure.status
    case .failed(let error):
      complain("\(file): \(error)")
      return ExitCode.badInput
    }
  }
}

/// A file to run, read, and what it is.
struct Program {
  private let path: String
  private let file: InputFile

  init(_ path: String) throws(Failure) {
    self.path = path
    do throws(Failure) {
      file = try InputFile(path)
    } catch {
      throw Failure(error.message + BrolgaCommand.suggestion(for: path))
    }
  }

  /// The same, with an artefact's file read again, since that is a part of loading it.
  func anew() throws(Failure) -> Program {
    file.isArtefact && isPlainFile(path) ? try Program(path) : self
  }

  func load(
    engine: Engine, _ options: CompilationOptions, showsProgress: Bool = false
  ) throws(Failure) -> Brolga.Module {
    do throws(ModuleError) {
      if file.isArtefact { return try Brolga.Module(engine: engine, artefact: file.memory) }
      let bar = showsProgress ? ProgressBar.ifTerminal() : nil
      defer { bar?.finish() }
      var options = options.compilerOptions
      options.progress = bar?.progress
      return try Brolga.Module(engine: engine, compiling: file.moduleBytes, options)
    } catch {
      throw Failure("\(file.name): \(error)")
    }
  }
}

/// Defines the two imports by which a program marks what is to be measured.
func defineBench(
  in imports: inout Imports, store: Store, start: @escaping () -> Void,
  end: @escaping () -> Void
) {
  imports.define(
    module: "bench", name: "start",
    Function(store: store) { _, _ in
      start(); return []
    })
  imports.define(
    module: "bench", name: "end",
    Function(store: store) { _, _ in
      end(); return []
    })
}
