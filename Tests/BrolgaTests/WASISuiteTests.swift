// SPDX-License-Identifier: Apache-2.0
// The programs of https://github.com/WebAssembly/wasi-testsuite end as their descriptions say.

import Brolga
import Foundation
import Testing

/// What stands in the `.json` file beside a program.
private struct Description: Decodable {
  var args: [String]?
  var env: [String: String]?
  /// A folder beside the program, which is its `/`.
  var root: String?
  var exit_code: UInt32?
  var stdout: String?
}

private let programs: [TestProgram] = {
  let root = (Programs.repository as NSString).deletingLastPathComponent
  let data = root + "/shared/data/wasi-testsuite"
  let files = FileManager.default.enumerator(atPath: data)?.allObjects as? [String] ?? []
  return files.filter { $0.hasSuffix(".wasm") }.sorted().map {
    TestProgram(name: String($0.dropLast(5)), path: data + "/" + $0)
  }
}()

@Suite(.enabled(if: !programs.isEmpty, "../shared/data/wasi-testsuite is not there"))
struct WASISuiteTests {
  @Test func allProgramsAreThere() {
    #expect(programs.count == 72)
  }

  @Test(arguments: programs, [CompilationOptions.Level.o0, .o2])
  func everyProgramEndsAsDescribed(
    program: TestProgram, level: CompilationOptions.Level
  ) throws {
    var description = Description()
    if let json = program.companion(".json") {
      description = try JSONDecoder().decode(Description.self, from: json)
    }
    let work = TemporaryFolder()
    if let root = description.root {
      try copy(program.folder + "/" + root, to: work.path + "/root")
    }
    let engine = Engine()
    let module = try Module(
      engine: engine, compiling: program.bytes, options: CompilationOptions(level: level))
    let result = try run(
      module, engine: engine, args: [program.name] + (description.args ?? []),
      environment: description.env ?? [:],
      preopens: description.root == nil ? [:] : ["/": work.path + "/root"])
    #expect(result.status == description.exit_code ?? 0)
    if let expected = description.stdout { #expect(result.outputText == expected) }
  }

  /// Copies a folder, without the modes of its files: the programs write there.
  private func copy(_ source: String, to target: String) throws {
    mkdir(target, 0o755)
    for name in try FileManager.default.contentsOfDirectory(atPath: source) {
      let (from, to) = (source + "/" + name, target + "/" + name)
      if let contents = FileManager.default.contents(atPath: from) {
        try contents.write(to: URL(filePath: to))
      } else {
        try copy(from, to: to)
      }
    }
  }
}
