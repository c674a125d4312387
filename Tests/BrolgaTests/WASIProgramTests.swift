// SPDX-License-Identifier: Apache-2.0
// Whole guests that use WASI: in this process, and under `brolga` with a shell around it.

import Brolga
import Foundation
import Testing

/// Declares what the guests below import.
private let imports = """
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get"
    (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get"
    (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get"
    (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  """

/// A guest whose `_start` is `body`.
private func program(_ body: String, data: String = "") -> String {
  "(module \(imports) (memory (export \"memory\") 1) \(data) (func (export \"_start\") \(body)))"
}

@Test(arguments: [CompilationOptions.Level.o0, .o2])
func theMemoryIsTheOneExportedAsMemory(level: CompilationOptions.Level) throws {
  let text = { (export: String) in
    """
    (module \(imports) (import "host" "look" (func $look))
      (memory 1) (memory \(export) 1)
      (data (memory 0) (i32.const 0) "\\10\\00\\00\\00\\04\\00\\00\\00")
      (data (memory 1) (i32.const 0) "\\10\\00\\00\\00\\04\\00\\00\\00")
      (data (memory 0) (i32.const 16) "one.")
      (data (memory 1) (i32.const 16) "two.")
      (func (export "_start")
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
        (call $look)))
    """
  }
  for (export, expected) in [
    ("(export \"memory\")", "two."), ("(export \"other\")", "one."), ("", "one."),
  ] {
    let engine = Engine()
    let module = try Module(
      engine: engine, compiling: Array(text(export).utf8),
      options: CompilationOptions(level: level))
    var seen: [UInt8] = []
    let result = try run(module, engine: engine) { imports, store in
      imports.define(
        module: "host", name: "look",
        Function(store: store) { caller, _ in
          seen = try caller.memory!.read(at: 16, count: 4)
          return []
        })
    }
    #expect(result.outputText == expected)
    #expect(String(decoding: seen, as: UTF8.self) == expected)
  }
}

@Test func aStatusThatAProcessCannotPassOnStaysAFailure() {
  let statuses: [UInt32: Int32] = [0: 0, 1: 1, 134: 134, 255: 255, 256: 255, 512: 255, .max: 255]
  for (code, expected) in statuses {
    #expect(ExitStatus(code: code).processStatus == expected)
  }
}

@Suite(.enabled(if: binary != nil, "the brolga product is not built"))
struct WASIProgramTests {
  /// Runs a script of the shell, for which `$brolga` is the program and `guest.wat` the guest.
  private func shell(_ script: String, guest: String, in folder: TemporaryFolder) throws
    -> RunResult
  {
    folder.write("guest.wat", guest)
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", script]
    process.environment = ["brolga": try #require(binary), "PATH": "/usr/bin:/bin"]
    process.currentDirectoryURL = URL(filePath: folder.path)
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return RunResult(status: UInt32(process.terminationStatus), output: bytes)
  }

  @Test func aFailureIsAFailureWhateverItsNumber() throws {
    let folder = TemporaryFolder()
    for (code, status) in [(0, 0), (7, 7), (255, 255), (256, 255), (-1, 255)] {
      let guest = program("(call $proc_exit (i32.const \(code)))")
      let result = try shell("exec \"$brolga\" run guest.wat", guest: guest, in: folder)
      #expect(result.status == status)
    }
  }

  @Test func bytesOfTheCommandLineReachTheGuestUnchanged() throws {
    // Writes its arguments and its environment, each with its zero.
    let guest = program(
      """
      (drop (call $args_sizes_get (i32.const 0) (i32.const 4)))
      (drop (call $args_get (i32.const 64) (i32.const 1024)))
      (drop (call $environ_sizes_get (i32.const 8) (i32.const 12)))
      (drop (call $environ_get
        (i32.const 512) (i32.add (i32.const 1024) (i32.load (i32.const 4)))))
      (i32.store (i32.const 16) (i32.const 1024))
      (i32.store (i32.const 20) (i32.add (i32.load (i32.const 4)) (i32.load (i32.const 12))))
      (drop (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))
      """)
    let folder = TemporaryFolder()
    let script = """
      byte=$(printf 'x\\377'); export PASSED="$byte"
      exec "$brolga" run --env "KEY=$byte" --env PASSED --argv0 "$byte" guest.wat \
      "$byte" "$(printf '\\364\\217\\270\\201\\355\\240\\200')" "$(printf 'gr\\303\\274n')"
      """
    let result = try shell(script, guest: guest, in: folder)
    #expect(result.status == 0)
    let strange: [UInt8] = [0x78, 0xff]
    let expected: [[UInt8]] = [
      strange, strange, [0xf4, 0x8f, 0xb8, 0x81, 0xed, 0xa0, 0x80], [UInt8]("grün".utf8),
      [UInt8]("KEY=".utf8) + strange, [UInt8]("PASSED=".utf8) + strange,
    ]
    #expect([UInt8](result.output) == Array(expected.map { $0 + [0] }.joined()))
  }

  /// Without options a run does not go through the argument parser: it must be the same run.
  @Test(arguments: ["", "a", "--argv0 -- x", "-- -h", "help run", "-O0 --dir=/"])
  func aRunWithoutOptionsIsTheSameAsOneWith(_ words: String) throws {
    let guest = program(
      """
      (drop (call $args_sizes_get (i32.const 0) (i32.const 4)))
      (drop (call $args_get (i32.const 64) (i32.const 1024)))
      (i32.store (i32.const 16) (i32.const 1024))
      (i32.store (i32.const 20) (i32.load (i32.const 4)))
      (drop (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))
      """)
    let folder = TemporaryFolder()
    let runs = try ["", "run", "run --max-wasm-stack 1M"].map { options in
      try shell("exec \"$brolga\" \(options) guest.wat \(words)", guest: guest, in: folder)
    }
    let passed = ["guest.wat"] + words.split(separator: " ").map(String.init)
    for run in runs {
      #expect(run.status == 0)
      #expect(run.outputText == passed.map { $0 + "\0" }.joined())
    }
  }

  /// Opens the path `text`, with the flags of `path_open`, and ends with its error number.
  private func opening(_ text: String, flags: Int = 0, then more: String = "") -> String {
    program(
      """
      (local $failure i32)
      (local.set $failure (call $path_open (i32.const 3) (i32.const 1) (i32.const 64)
        (i32.const \(text.utf8.count)) (i32.const \(flags)) (i64.const 64) (i64.const 0)
        (i32.const 0) (i32.const 0)))
      \(more)
      (call $proc_exit (local.get $failure))
      """, data: "(data (i32.const 64) \"\(text)\")")
  }

  @Test func aFolderOfAnyNameIsHandedOver() throws {
    let folder = TemporaryFolder()
    let script = """
      name=$(printf 'x\\377'); mkdir "$name"
      "$brolga" run --dir "$name" guest.wat && "$brolga" run --dir "$name::." guest.wat &&
        [ -f "$name/new" ]
      """
    let result = try shell(script, guest: opening("new", flags: 1), in: folder)
    #expect(result.status == 0)
  }

  @Test func aModuleOfAnyNameRuns() throws {
    let folder = TemporaryFolder()
    let script = """
      name=$(printf 'x\\377.wat'); mv guest.wat "$name"; exec "$brolga" run "$name"
      """
    let guest = program("(call $proc_exit (i32.const 7))")
    #expect(try shell(script, guest: guest, in: folder).status == 7)
  }

  @Test func aPathOfAThousandFoldersNeedsFewDescriptors() throws {
    let folder = TemporaryFolder()
    let down = String(repeating: "d/", count: 1000)
    for path in [down + "new", down + String(repeating: "../", count: 600) + "new"] {
      let script = """
        mkdir -p \(down) && ulimit -n 64 && exec "$brolga" run --dir . guest.wat
        """
      let result = try shell(script, guest: opening(path, flags: 1), in: folder)
      #expect(result.status == 0)
    }
    #expect(FileManager.default.fileExists(atPath: folder.path + "/" + down + "new"))
    let higher = String(repeating: "d/", count: 400)
    #expect(FileManager.default.fileExists(atPath: folder.path + "/" + higher + "new"))
  }

  @Test func aFileDoesNotBecomeAStreamThatIsClosed() throws {
    // Writes to both outputs after it opened a file.
    let guest = opening(
      "data", flags: 1,
      then: """
        (i32.store (i32.const 8) (i32.const 64))
        (i32.store (i32.const 12) (i32.const 4))
        (drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16)))
        (drop (call $fd_write (i32.const 2) (i32.const 8) (i32.const 1) (i32.const 16)))
        """)
    for closed in ["<&- >&- 2>&-", ">&-", "2>&-", "<&-", "<&- 2>&-"] {
      let folder = TemporaryFolder()
      let script = "\"$brolga\" run --dir . guest.wat \(closed)"
      #expect(try shell(script, guest: guest, in: folder).status == 0, "\(closed)")
      #expect(folder.read("data") == "", "\(closed)")
    }
  }

  @Test func aGuestLeavesTheShellsStreamsAsTheyAre() throws {
    let guest = """
      (module
        (import "wasi_snapshot_preview1" "fd_fdstat_set_flags"
          (func $set (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
        (memory (export "memory") 1)
        (func (export "_start")
          (call $proc_exit (call $set (i32.const 0) (i32.const 4)))))
      """
    let folder = TemporaryFolder()
    // The second program of the subshell shares its input; with the flag set it would fail.
    let script = """
      mkfifo input; (sleep 0.2; echo text) > input &
      ("$brolga" run guest.wat && cat) < input
      """
    let result = try shell(script, guest: guest, in: folder)
    #expect(result.status == 0)
    #expect(result.outputText == "text\n")
  }
}
