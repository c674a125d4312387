// SPDX-License-Identifier: Apache-2.0
// The command line: what people type, where modules come from, where text goes.

import Foundation
import Testing

/// Runs a line of shell in which `$brolga` is the program.
private func shell(_ line: String, folder: String = Programs.repository) throws -> RunResult {
  let capture = TemporaryFolder()
  for name in ["out", "err"] { capture.write(name, "") }
  let process = Process()
  process.executableURL = URL(filePath: "/bin/sh")
  process.arguments = ["-c", line]
  process.environment = ProcessInfo.processInfo.environment
    .merging(["brolga": try #require(binary)]) { $1 }
  process.currentDirectoryURL = URL(filePath: folder)
  process.standardInput = FileHandle.nullDevice
  process.standardOutput = FileHandle(forWritingAtPath: capture.path + "/out")
  process.standardError = FileHandle(forWritingAtPath: capture.path + "/err")
  try process.run()
  process.waitUntilExit()
  return RunResult(
    status: UInt32(process.terminationStatus),
    output: FileManager.default.contents(atPath: capture.path + "/out")!,
    errors: FileManager.default.contents(atPath: capture.path + "/err")!)
}

private let greeting = "Hello from WebAssembly, compiled by Brolga.\n"

@Suite(.enabled(if: binary != nil, "the brolga product is not built"))
struct CommandLineTests {
  // MARK: What people type

  @Test func theVersionAndTheHelpAreAnswers() throws {
    let version = try brolga("--version")
    #expect(version.status == 0 && version.outputText.hasPrefix("brolga 0."))
    let alone = try brolga([])
    let help = try brolga("--help").outputText
    #expect(alone.status == 0 && alone.outputText == help)
    #expect(alone.outputText.contains("USAGE: brolga"))
  }

  @Test func aMistypedCommandIsRecognised() throws {
    let near = try brolga("comple", "x")
    #expect(near.status == 1)
    #expect(
      near.errorText
        == "brolga: comple: No such file or directory; did you mean brolga compile?\n")
    #expect(try brolga("frobnicate").errorText.contains("nor is it a command"))
    #expect(try brolga("run", "comple").errorText == "brolga: comple: No such file or directory\n")
    #expect(try brolga("./comple").errorText == "brolga: ./comple: No such file or directory\n")
  }

  @Test func codeIsMadeForTheProcessorThatIsNamed() throws {
    let folder = TemporaryFolder()
    folder.write(
      "product.wat",
      "(module (func (param v128 v128) (result v128) (i64x2.mul (local.get 0) (local.get 1))))")
    let path = folder.path + "/product.wat"
    for (cpu, instruction, needs) in [
      ("x86-64-v3", "pmuludq", "needs sse4.1"), ("x86-64-v4", "pmullq", ", avx512\n"),
    ] {
      let text = try brolga("compile", "--emit=asm", "--target-cpu", cpu, path).outputText
      #expect(text.contains(" \(instruction) "), "\(text)")
      let artefact = folder.path + "/product.brolga"
      #expect(try brolga("compile", "--target-cpu=\(cpu)", path, "-o", artefact).status == 0)
      // Looking at it needs no such processor.
      let told = try brolga("inspect", artefact).outputText
      #expect(told.contains(needs), "\(told)")
      #expect(told.contains("avx512") == (cpu == "x86-64-v4"))
    }
    let wrong = try brolga("compile", "--target-cpu=i486", path)
    #expect(wrong.status != 0)
    for choice in ["native", "x86-64-v3", "x86-64-v4"] {
      #expect(wrong.errorText.contains("'\(choice)'"), "\(wrong.errorText)")
    }
  }

  @Test func allErrorsBeginAlike() throws {
    let calls = [
      ["run", "--nonsense"], ["run", "--max-wasm-stack", "1"], ["validate"], ["run", "/nowhere"],
      ["compile", "-O7", "Examples/hello.wat"],
    ]
    for arguments in calls {
      let result = try brolga(arguments)
      #expect(result.errorText.hasPrefix("brolga: "), "\(arguments): \(result.errorText)")
      #expect(result.status != 0 && result.output.isEmpty)
    }
  }

  @Test func sizesHaveUnits() throws {
    let depth = ["--invoke", "depth", "Examples/numbers.wat", "10000"]
    for (size, status) in [("16384", 134), ("16K", 134), ("4M", 0), ("1g", 0)] as [(String, UInt32)]
    {
      #expect(try brolga(["run", "--max-wasm-stack", size] + depth).status == status, "\(size)")
    }
    for size in ["", "K", "-1K", "1T", "16 K", "99999999999999999999", "9999999999G"] {
      #expect(
        try brolga(["run", "--max-memory-size", size] + depth).status == 64, "\(size)")
    }
    #expect(
      try brolga(["run", "--max-memory-size", "4K"] + depth).errorText
        .contains("out of resources"))
  }

  @Test func onlyThatMatchesNothingSaysSo() throws {
    let folder = TemporaryFolder()
    let result = try brolga(
      "compile", "--emit=asm", "--only=nosuch*", "Examples/numbers.wat", "-o", folder.path + "/out")
    #expect(result.status == 1)
    #expect(result.errorText.contains("no function has a name that fits 'nosuch*'"))
    #expect(folder.entries.isEmpty)
  }

  @Test func aModuleWithoutStartSaysHowToCallIt() throws {
    let folder = TemporaryFolder()
    folder.write("reactor.wat", "(module (func (export \"_initialize\")) (func (export \"f\")))")
    folder.write("bare.wat", "(module (func (export \"_initialize\")))")
    folder.write("start.wat", "(module (func $f) (start $f))")
    for (file, hint) in [("reactor.wat", "--invoke f"), ("bare.wat", "nothing to run")] {
      for command in ["run", "bench"] {
        let result = try brolga(command, folder.path + "/" + file)
        #expect(result.status == 1)
        #expect(result.errorText.contains(hint), "\(result.errorText)")
      }
    }
    #expect(try brolga("run", folder.path + "/start.wat").status == 0)
  }

  @Test func theCommandsOfTheReadmeWork() throws {
    let readme = try String(contentsOfFile: Programs.repository + "/README.md", encoding: .utf8)
    let commands = readme.split(separator: "\n").filter { $0.hasPrefix("brolga ") }
    #expect(commands.count > 10)
    let folder = TemporaryFolder()
    folder.makeLink("Examples", to: Programs.repository + "/Examples")
    for command in commands {
      let result = try shell("$\(command)", folder: folder.path)
      #expect(result.status == 0, "\(command): \(result.errorText)")
    }
  }

  @Test func aRefusalNamesAllThatIsMissing() throws {
    let folder = TemporaryFolder()
    // The type of a continuation, and a shared memory.
    let bytes: [UInt8] = [
      0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 6, 2, 0x60, 0, 0, 0x5d, 0, 5, 4, 1, 3, 1, 1,
    ]
    try Data(bytes).write(to: URL(filePath: folder.path + "/shared.wasm"))
    for command in ["run", "compile", "validate", "inspect"] {
      let result = try brolga(command, folder.path + "/shared.wasm")
      #expect(result.status == 1)
      #expect(
        result.errorText.hasSuffix(
          ": unsupported: stack switching at offset 14, threads at offset 19\n"))
    }
  }

  @Test func exceptionsAreShownAndTheirLegacyFormIsRefusedWithAdvice() throws {
    let folder = TemporaryFolder()
    let file = folder.path + "/tags.wat"
    folder.write(
      "tags.wat",
      """
      (module (import "m" "t" (tag (param i32 f64))) (tag (export "out") (param exnref))
        (func (export "f") (block (try_table (catch_all 0)))))
      """)
    #expect(try brolga("validate", file).status == 0)
    let rows = try brolga("inspect", file).outputText.split(separator: "\n").map {
      $0.split(separator: " ").joined(separator: " ")
    }
    #expect(rows.contains("m t tag [i32 f64] -> []") && rows.contains("out tag [exnref] -> []"))
    #expect(rows.contains { $0.hasPrefix("tag ") })
    folder.write(
      "throws.wat",
      """
      (module (tag $e (export "e") (param i32 f64))
        (func $f (export "_start") (throw $e (i32.const 7) (f64.const 1))))
      """)
    let uncaught = try brolga("run", folder.path + "/throws.wat")
    #expect(uncaught.status == 134)
    #expect(
      uncaught.errorText.contains(
        ": wasm exception: e(i32(7), f64(1.0))\nwasm backtrace:\n  0: f (function 0,"))
    folder.write("legacy.wat", "(module (func try nop end))")
    // The same in binary.
    let bytes: [UInt8] = [
      0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 7, 1, 5, 0, 6, 0x40,
      0x0b,
      0x0b,
    ]
    try Data(bytes).write(to: URL(filePath: folder.path + "/legacy.wasm"))
    for name in ["legacy.wat", "legacy.wasm"] {
      let result = try brolga("validate", folder.path + "/" + name)
      #expect(result.status == 1)
      let advice = "legacy exception handling (wasm-opt --translate-to-exnref converts it)"
      #expect(result.errorText.contains("unsupported: \(advice)"), "\(name)")
    }
  }

  // MARK: --invoke

  @Test func valuesAreWrittenAsInTheTextFormat() throws {
    let folder = TemporaryFolder()
    folder.write(
      "values.wat",
      """
      (module
        (func (export "i32") (param i32) (result i32) (local.get 0))
        (func (export "i64") (param i64) (result i64) (local.get 0))
        (func (export "f32") (param f32) (result i32) (i32.reinterpret_f32 (local.get 0)))
        (func (export "f64") (param f64) (result i64) (i64.reinterpret_f64 (local.get 0)))
        (func (export "func") (param funcref) (result i32) (ref.is_null (local.get 0)))
        (func (export "extern") (param externref) (result i32) (ref.is_null (local.get 0)))
        (func (export "any") (param anyref) (result i32) (ref.is_null (local.get 0)))
        (func (export "some") (param (ref extern))))
      """)
    func result(_ function: String, _ argument: String) throws -> String {
      let result = try brolga(
        "run", "--invoke", function, folder.path + "/values.wat", argument)
      #expect((result.status == 0) == result.errors.isEmpty)
      return result.status == 0 ? String(result.outputText.dropLast()) : "refused"
    }
    let cases = [
      ("i32", "+5", "5"), ("i32", "-0x1_0", "-16"), ("i32", "4294967295", "-1"),
      ("i32", "4294967296", "refused"), ("i32", "1_", "refused"), ("i32", "", "refused"),
      ("i64", "0xffff_ffff_ffff_ffff", "-1"), ("f32", "nan:0x1", "\(0x7f80_0001)"),
      ("f32", "-inf", "\(Int32(bitPattern: 0xff80_0000))"), ("f32", "infinity", "refused"),
      ("f64", "0x1.8p+1", "\((3.0).bitPattern)"), ("f64", "1e3", "\((1000.0).bitPattern)"),
      ("func", "null", "1"), ("extern", "null", "1"), ("any", "null", "1"),
      ("func", "0", "refused"), ("some", "null", "refused"),
    ]
    for (function, argument, expected) in cases {
      #expect(try result(function, argument) == expected, "\(function) \(argument)")
    }
  }

  @Test func argumentsAreLookedAtBeforeAnythingRuns() throws {
    let folder = TemporaryFolder()
    folder.write(
      "library.wat",
      """
      (module
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (func $fail (call $exit (i32.const 77)))
        (start $fail)
        (func (export "_initialize") (call $fail))
        (func (export "f") (param i32)))
      """)
    func run(_ function: String, _ arguments: [String]) throws -> RunResult {
      try brolga(["run", "--invoke", function, folder.path + "/library.wat"] + arguments)
    }
    #expect(try run("f", ["1"]).status == 77)
    #expect(try run("f", []).errorText.hasSuffix("the function takes 1 argument, not 0\n"))
    for (function, arguments) in [("f", []), ("f", ["x"]), ("f", ["1", "2"]), ("g", [])] {
      #expect(try run(function, arguments).status == 1, "\(function) \(arguments)")
    }
  }

  // MARK: Where modules come from

  @Test func modulesComeFromPipesToo() throws {
    let folder = TemporaryFolder()
    let artefact = folder.path + "/hello.brolga"
    #expect(try shell("$brolga compile - -o \(artefact) < Examples/hello.wat").status == 0)
    for line in [
      "$brolga run - < Examples/hello.wat", "$brolga run /dev/stdin < Examples/hello.wat",
      "cat Examples/hello.wat | $brolga run -", "cat \(artefact) | $brolga run -",
      "cat \(artefact) | $brolga /dev/stdin",
    ] {
      let result = try shell(line)
      #expect(result.status == 0 && result.outputText == greeting, "\(line): \(result.errorText)")
    }
    for command in ["validate", "inspect", "print"] {
      #expect(try shell("cat Examples/hello.wat | $brolga \(command) -").status == 0, "\(command)")
    }
    // There is no name to make another from.
    let nameless = try shell("cat Examples/hello.wat | $brolga compile -")
    #expect(nameless.status == 1 && nameless.errorText.contains("-o"))
    // More than one page and than one read.
    let long = String(repeating: "(; a comment ;)", count: 20_000) + "(module"
    folder.write("long.wat", long)
    let cut = try shell("cat \(folder.path)/long.wat | $brolga validate -")
    #expect(cut.errorText.hasPrefix("brolga: standard input: 1:\(long.count - 6): "))
  }

  @Test func anArtefactIsKnownWhereAModuleIsWanted() throws {
    let folder = TemporaryFolder()
    let artefact = folder.path + "/hello.brolga"
    #expect(try brolga("compile", "Examples/hello.wat", "-o", artefact).status == 0)
    for command in ["compile", "print", "validate", "parse"] {
      let result = try brolga(command, artefact)
      #expect(result.status == 1)
      #expect(result.errorText.contains("brolga run runs artefacts"), "\(result.errorText)")
    }
  }

  // MARK: Where text goes

  @Test func aClosedStreamIsNobodyElsesFile() throws {
    let folder = TemporaryFolder()
    folder.makeFolder("d")
    // Creates a file, then writes to its own standard streams; what has no place goes nowhere.
    folder.write(
      "guest.wat",
      """
      (module
        (import "wasi_snapshot_preview1" "path_open"
          (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write"
          (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\\08\\00\\00\\00\\04\\00\\00\\00file")
        (func (export "_start")
          (drop (call $open
            (i32.const 3) (i32.const 0) (i32.const 8) (i32.const 4) (i32.const 1)
            (i64.const 64) (i64.const 64) (i32.const 0) (i32.const 32)))
          (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))
          (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 32)))
          unreachable))
      """)
    for (closed, text) in [
      ("<&-", "file"), (">&-", ""), ("2>&-", "file"), ("<&- >&-", ""), ("<&- >&- 2>&-", ""),
    ] {
      let result = try shell(
        "$brolga run --dir d::. guest.wat \(closed)", folder: folder.path)
      #expect(result.status == 134, "\(closed): \(result.errorText)")
      #expect(folder.read("d/file") == "", "\(closed)")
      #expect(result.outputText == text, "\(closed)")
    }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "there is no /dev/full"))
  func outputThatCannotBeWrittenIsAFailure() throws {
    for command in [
      "run --invoke gcd Examples/numbers.wat 4 6", "inspect Examples/hello.wat",
      "print Examples/hello.wat", "compile --emit=ir Examples/hello.wat",
      "compile --emit=ir Examples/hello.wat -o /dev/full",
      "compile --report Examples/hello.wat -o /dev/null", "bench -n 1 Examples/primes.wat 10",
      "--help", "--version",
    ] {
      let result = try shell("$brolga \(command) > /dev/full")
      #expect(result.status == 1, "\(command)")
      #expect(result.errorText.contains("No space left on device"), "\(command)")
    }
  }

  @Test func nobodyWhoReadsIsNoError() throws {
    let result = try shell("{ $brolga inspect Examples/numbers.wat; echo $? >&2; } | true")
    // 0 if `true` was still there when the text came.
    #expect(["141\n", "0\n"].contains(result.errorText))
  }
}
