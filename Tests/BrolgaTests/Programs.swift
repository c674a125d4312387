// SPDX-License-Identifier: Apache-2.0
// The programs that tests run: those of the repository, and those of `../shared/data/programs`.

import Brolga
import Foundation
import Testing

/// A WebAssembly program and what it should write.
struct TestProgram: Sendable, CustomTestStringConvertible {
  /// The folder and the file's name without its extension.
  let name: String
  let path: String

  var testDescription: String { name }
  var folder: String { (path as NSString).deletingLastPathComponent }

  /// The file with another ending in the place of `.wasm`; nil if there is none.
  func companion(_ ending: String) -> Data? {
    FileManager.default.contents(atPath: String(path.dropLast(5)) + ending)
  }

  var bytes: [UInt8] { [UInt8](FileManager.default.contents(atPath: path)!) }
}

enum Programs {
  static let repository = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  static func example(_ name: String) -> TestProgram {
    TestProgram(name: name, path: repository + "/Examples/\(name).wat")
  }

  /// Other people's programs; none where the data is not there.
  static let shared: [TestProgram] = {
    let root = (repository as NSString).deletingLastPathComponent + "/shared/data/programs"
    let files = FileManager.default.enumerator(atPath: root)?.allObjects as? [String] ?? []
    return files.filter { $0.hasSuffix(".wasm") }.sorted().map {
      TestProgram(name: String($0.dropLast(5)), path: root + "/" + $0)
    }
  }()

  static var runnable: [TestProgram] { shared }
}

/// How a run ended and what it wrote.
struct RunResult: Equatable {
  var status: UInt32 = 0
  var output = Data()
  var errors = Data()

  var outputText: String { String(decoding: output, as: UTF8.self) }
  var errorText: String { String(decoding: errors, as: UTF8.self) }
}

/// Runs a module in this process, on a thread with a large stack.
///
/// - Parameters:
///   - folder: what the guest knows as `.`.
///   - preopens: folders by their names for the guest; that of `folder` if absent.
///   - define: adds further imports.
func run(
  _ module: Module, engine: Engine, args: [String] = ["program"],
  environment: [String: String] = [:], folder: String? = nil, preopens: [String: String]? = nil,
  define: (inout Imports, Store) -> Void = { _, _ in }
) throws -> RunResult {
  let capture = TemporaryFolder()
  let output = creat(capture.path + "/out", 0o600)
  let errors = creat(capture.path + "/err", 0o600)
  defer {
    close(output)
    close(errors)
  }
  var outcome: Result<UInt32, any Error> = .success(0)
  let ran = runOnThread(stackBytes: 16 << 20) {
    outcome = Result {
      let store = Store(engine: engine)
      let preopens = preopens ?? folder.map { [".": $0] } ?? [:]
      let wasi = try WASIBridgeToHost(
        args: args,
        environment: environment.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) },
        preopens: preopens.map { Preopen(host: $0.value, guest: $0.key) }, stdout: output,
        stderr: errors)
      var imports = Imports()
      wasi.link(to: &imports, store: store)
      define(&imports, store)
      for name in ["start", "end"] {
        imports.define(module: "bench", name: name, Function(store: store) { _, _ in [] })
      }
      return try wasi.start(try module.instantiate(store: store, imports: imports))
    }
  }
  precondition(ran, "no thread")
  return RunResult(
    status: try outcome.get(),
    output: FileManager.default.contents(atPath: capture.path + "/out")!,
    errors: FileManager.default.contents(atPath: capture.path + "/err")!)
}
