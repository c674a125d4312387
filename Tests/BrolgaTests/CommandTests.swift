// SPDX-License-Identifier: Apache-2.0
// The command-line program itself, as a process of its own.

import Brolga
import Foundation
import Testing

/// `brolga` beside the test program; nil if only the tests were built.
let binary: String? = {
  let tests = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
  let beside = tests.deletingLastPathComponent().path + "/brolga"
  let built = Programs.repository + "/.build/"
  let more = ["release", "debug"].map { built + $0 + "/brolga" }
  return ([beside] + more).first { FileManager.default.isExecutableFile(atPath: $0) }
}()

/// Runs `brolga` with `arguments` in `folder`; a file named by `input` is its standard input.
func brolga(
  _ arguments: [String], folder: String = Programs.repository, input: String? = nil
) throws -> RunResult {
  let capture = TemporaryFolder()
  for name in ["out", "err"] { capture.write(name, "") }
  let process = Process()
  process.executableURL = URL(filePath: try #require(binary))
  process.arguments = arguments
  process.currentDirectoryURL = URL(filePath: folder)
  process.standardInput =
    input.flatMap { FileHandle(forReadingAtPath: $0) } ?? FileHandle.nullDevice
  process.standardOutput = FileHandle(forWritingAtPath: capture.path + "/out")
  process.standardError = FileHandle(forWritingAtPath: capture.path + "/err")
  try process.run()
  process.waitUntilExit()
  return RunResult(
    status: UInt32(process.terminationStatus),
    output: FileManager.default.contents(atPath: capture.path + "/out")!,
    errors: FileManager.default.contents(atPath: capture.path + "/err")!)
}

func brolga(_ arguments: String...) throws -> RunResult { try brolga(arguments) }

private let hello = "Examples/hello.wat"
private let primes = "Examples/primes.wat"
private let numbers = "Examples/numbers.wat"

@Suite(.enabled(if: binary != nil, "the brolga product is not built"))
struct CommandTests {
  @Test func runIsTheDefault() throws {
    for result in [try brolga("run", hello), try brolga(hello), try brolga("-O0", hello)] {
      #expect(result.status == 0)
      #expect(result.outputText == "Hello from WebAssembly, compiled by Brolga.\n")
      #expect(result.errors.isEmpty)
    }
  }

  @Test func argumentsAfterTheFileAreTheGuests() throws {
    #expect(try brolga("run", primes, "100").outputText == "25 primes below 100\n")
    // The guest sees the option, and does not take it for a number.
    let result = try brolga("run", primes, "--dir", ".")
    #expect(result.status == 2)
    #expect(result.errors.isEmpty)
  }

  @Test func invokePrintsResults() throws {
    let gcd = try brolga("run", "--invoke", "gcd", numbers, "1071", "462")
    #expect(gcd.outputText == "21\n")
    #expect(
      try brolga("run", "--invoke", "divide", numbers, "-7", "0x2").outputText == "-3\n")
    #expect(
      try brolga("run", "--invoke", "hypotenuse", numbers, "3", "4").outputText == "5.0\n")
    for arguments in [["nothing", numbers], ["gcd", numbers, "1"], ["gcd", numbers, "1", "x"]] {
      let result = try brolga(["run", "--invoke"] + arguments)
      #expect(result.status == 1)
      #expect(result.errorText.filter { $0 == "\n" }.count == 1)
    }
  }

  @Test func aTrapIsStatus134WithABacktrace() throws {
    let result = try brolga("run", "--invoke", "divide", numbers, "1", "0")
    #expect(result.status == 134)
    #expect(result.output.isEmpty)
    #expect(result.errorText.contains("integer divide by zero"))
    #expect(result.errorText.contains("0: divide"))
    let deep = try brolga("run", "--invoke", "depth", numbers, "100000000")
    #expect(deep.status == 134)
    #expect(deep.errorText.contains("call stack exhausted"))
    let small = try brolga(
      "run", "--max-wasm-stack", "16384", "--invoke", "depth", numbers, "10000")
    #expect(small.status == 134)
  }

  @Test func artefactsRun() throws {
    let work = TemporaryFolder()
    let artefact = work.path + "/hello.brolga"
    #expect(try brolga("compile", hello, "-o", artefact).status == 0)
    let result = try brolga("run", artefact)
    #expect(result.outputText == "Hello from WebAssembly, compiled by Brolga.\n")
    #expect(try brolga("inspect", artefact).outputText.contains("fd_write"))
    let left = try FileManager.default.contentsOfDirectory(atPath: work.path)
    #expect(left == ["hello.brolga"])

    var bytes = [UInt8](FileManager.default.contents(atPath: artefact)!)
    bytes[bytes.count - 1] ^= 1
    try Data(bytes).write(to: URL(filePath: artefact))
    let damaged = try brolga("run", artefact)
    #expect(damaged.status == 1)
    #expect(damaged.errorText.filter { $0 == "\n" }.count == 1)
  }

  @Test func compileWritesWhatAnEmbedderWouldGet() throws {
    let work = TemporaryFolder()
    let file = work.path + "/numbers.brolga"
    let source = Programs.example("numbers").bytes
    for level in [CompilationOptions.Level.o0, .o2] {
      for allocator in [nil, CompilationOptions.RegisterAllocator.singlePass] {
        var options = CompilationOptions(level: level)
        options.registerAllocator = allocator
        let wanted = try Module.precompile(source, options: options)
        let arguments = allocator == nil ? [] : ["--regalloc", "single-pass"]
        let result = try brolga(
          ["compile", level == .o0 ? "-O0" : "-O2", numbers, "-o", file] + arguments)
        #expect(result.status == 0 && result.output.isEmpty && result.errors.isEmpty)
        #expect(FileManager.default.contents(atPath: file) == Data(wanted))
      }
    }
  }

  @Test func anImportThatDoesNotFitIsNamed() throws {
    let work = TemporaryFolder()
    work.write("missing.wat", "(module (import \"env\" \"f\" (func)) (func (export \"_start\")))")
    let result = try brolga("run", work.path + "/missing.wat")
    #expect(result.status == 1)
    #expect(
      result.errorText
        == "brolga: \(work.path)/missing.wat: unknown import: the module wants \"env\" \"f\" to be a function [] -> [], and is given nothing\n"
    )
  }

  @Test func badInputIsOneLineAndStatus1() throws {
    let work = TemporaryFolder()
    work.write("text.wasm", "this is not WebAssembly")
    work.write("empty.wasm", "")
    for file in [work.path + "/text.wasm", work.path + "/empty.wasm", "/nowhere.wasm", "Examples"] {
      for command in ["run", "compile", "validate", "inspect", "bench"] {
        let result = try brolga(command, file)
        #expect(result.status == 1, "\(command) \(file)")
        #expect(result.errorText.filter { $0 == "\n" }.count == 1, "\(result.errorText)")
        #expect(result.output.isEmpty)
      }
    }
    #expect(try brolga("run", "--dir", "/nowhere", hello).status == 1)
    #expect(try brolga("run", "--env", "BROLGA_TEST_UNSET", hello).status == 1)
    #expect(try brolga("run", "--env", "A=B", "--env", "PATH", hello).status == 0)
    #expect(try brolga("validate", hello, primes, numbers).status == 0)
  }

  @Test func textOfEveryStageIsEmitted() throws {
    for kind in ["ir", "mach", "ra", "asm"] {
      let all = try brolga("compile", "--emit", kind, numbers)
      #expect(all.status == 0, "\(kind) \(all.errorText)")
      #expect(all.outputText.contains("fib"), "\(kind)")
      let one = try brolga("compile", "--emit", kind, "--only", "f?b", numbers)
      #expect(one.output.count < all.output.count, "\(kind)")
      #expect(one.outputText.contains("fib"), "\(kind)")
    }
    let timed = try brolga("compile", "--time-stages", numbers, "-o", "/dev/null")
    #expect(timed.status == 0)
    #expect(timed.errorText.contains("allocate"))
  }

  @Test func benchReportsThreeParts() throws {
    let table = try brolga("bench", "-n", "2", primes, "10000")
    #expect(table.status == 0)
    for part in ["compile", "instantiate", "execute"] {
      #expect(table.outputText.contains(part))
    }
    let json = try brolga("bench", "-n", "3", "--json", primes, "10000")
    let report = try JSONSerialization.jsonObject(with: json.output) as? [String: Any]
    let execute = report?["execute"] as? [String: Any]
    #expect((execute?["samples"] as? [Int])?.count == 3)
  }

  @Test(.enabled(if: !Programs.shared.isEmpty, "../shared/data/programs is not there"))
  func aProgramReadsBelowItsFolder() throws {
    let program = try #require(Programs.shared.first { $0.name == "bz2/benchmark" })
    let folder = TemporaryFolder()
    for file in ["benchmark.wasm", "default.input"] {
      try FileManager.default.copyItem(
        atPath: program.folder + "/" + file, toPath: folder.path + "/" + file)
    }
    let result = try brolga(["run", "--dir", ".", "benchmark.wasm"], folder: folder.path)
    #expect(result.status == 0)
    #expect(result.output == program.companion(".stdout.expected"))
    #expect(result.errors == program.companion(".stderr.expected"))

    let module = folder.path + "/benchmark.wasm"
    let mapped = try brolga("run", "--dir", folder.path + "::.", module)
    #expect(mapped.output == result.output)
    // Under another name, or not at all, the guest does not find its input.
    for options in [["--dir", folder.path + "::/elsewhere"], []] {
      #expect(try brolga(["run"] + options + [module]).output != result.output)
    }
  }
}
