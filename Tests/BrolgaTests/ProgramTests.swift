// SPDX-License-Identifier: Apache-2.0
// Real programs, compiled with the allocation checker on, write what they should.

import Brolga
import Foundation
import Testing

private func options(_ level: CompilationOptions.Level, workers: Int = 2) -> CompilationOptions {
  CompilationOptions(level: level, workers: workers, checksAllocation: true)
}

@Suite(
  .enabled(if: !Programs.shared.isEmpty, "../shared/data/programs is not there"))
struct ProgramTests {
  @Test(arguments: Programs.runnable, [CompilationOptions.Level.o0, .o2])
  func everyProgramWritesWhatIsExpected(
    program: TestProgram, level: CompilationOptions.Level
  ) throws {
    let work = TemporaryFolder()
    let folder = work.path + "/folder"
    try FileManager.default.copyItem(atPath: program.folder, toPath: folder)
    let engine = Engine()

    let compiled = try Module(
      engine: engine, compiling: program.bytes, options: options(level))
    let bytes = compiled.serialize()
    let path = work.path + "/program.brolga"
    try Data(bytes).write(to: URL(filePath: path))
    expect(try run(compiled, engine: engine, folder: folder), of: program)
    let loaded = try Module(engine: engine, serializedAt: path)
    expect(try run(loaded, engine: engine, folder: folder), of: program)
  }

  private func expect(_ result: RunResult, of program: TestProgram) {
    #expect(result.status == 0)
    if let expected = program.companion(".stdout.expected") {
      #expect(result.output == expected)
    }
    if let expected = program.companion(".stderr.expected") {
      #expect(result.errors == expected)
    }
  }

  @Test(arguments: Programs.runnable)
  func theCodeDoesNotDependOnTheNumberOfThreads(program: TestProgram) throws {
    for level in [CompilationOptions.Level.o0, .o2] {
      let engine = Engine()
      let runs = try [1, 2, 4, 5].map { workers in
        let options = CompilationOptions(level: level, workers: workers)
        return try Module(engine: engine, compiling: program.bytes, options: options).serialize()
      }
      for several in runs.dropFirst() { #expect(several == runs[0]) }
    }
  }
}
