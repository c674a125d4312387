// SPDX-License-Identifier: Apache-2.0
// How the command-line program ends when a signal asks it to, or when it crashes.

import Foundation
import Testing

@Suite(.enabled(if: binary != nil, "the brolga product is not built"), .timeLimit(.minutes(2)))
struct SignalTests {
  /// Tells that it runs, and goes on for ever.
  private static let loop = """
    (module
      (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "\\08\\00\\00\\00\\01\\00\\00\\00!")
      (func (export "_start")
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))
        (loop (br 0))))
    """

  /// Runs an endless guest, sends it a signal, and waits for its end.
  private func end(by signal: Int32) throws -> (process: Process, errors: String) {
    let folder = TemporaryFolder()
    folder.write("loop.wat", Self.loop)
    folder.write("errors", "")
    let process = Process()
    // Whoever started the tests may have had some signals ignored, which children inherit.
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "--default-signal", try #require(binary), "run", folder.path + "/loop.wat",
    ]
    // As without that setting, which the gate makes for the tests themselves.
    process.environment = ProcessInfo.processInfo.environment
      .filter { $0.key != "SWIFT_BACKTRACE" }
    let output = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = FileHandle(forWritingAtPath: folder.path + "/errors")
    try process.run()
    #expect(try output.fileHandleForReading.read(upToCount: 1) == Data("!".utf8))
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    return (process, folder.read("errors") ?? "")
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGQUIT, SIGHUP])
  func aSignalThatAsksForTheEndGetsIt(_ signal: Int32) throws {
    let (process, errors) = try end(by: signal)
    #expect(process.terminationReason == .uncaughtSignal)
    #expect(process.terminationStatus == signal)
    #expect(errors.isEmpty)
  }

  @Test(arguments: [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT])
  func aCrashSaysSoAndEnds(_ signal: Int32) throws {
    let (process, errors) = try end(by: signal)
    #expect(process.terminationReason == .uncaughtSignal)
    #expect(process.terminationStatus == signal)
    #expect(
      errors.hasSuffix("brolga: a fault of brolga itself, signal \(signal / 10)\(signal % 10)\n"))
  }
}
