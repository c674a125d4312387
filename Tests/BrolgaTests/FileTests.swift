// SPDX-License-Identifier: Apache-2.0
// The files of Tests/Files: a module in text, and what a stage makes of it in the comments at its end.
//
// Directives stand at the top: `;;! stage = "ir"` (or mach, asm, run), and, if wanted, `;;! level = "0"` and
// `;;! target = "x86-64-v4"`; else it is x86-64-v3, whatever the processor. `run` is what `brolga observe`
// tells, the same at both levels, with locals in the frame, and for this processor. To accept what the stages make now:
//
//     BROLGA_BLESS=1 swift test -c release --scratch-path .build-test --filter FileTests

import Foundation
import Testing

@Suite(.enabled(if: binary != nil, "the brolga product is not built"))
struct FileTests {
  static let root = Programs.repository + "/Tests/Files/"

  static var files: [String] {
    let all = FileManager.default.enumerator(atPath: root)?.allObjects as? [String] ?? []
    return all.filter { $0.hasSuffix(".wat") }.sorted()
  }

  @Test func thereAreFiles() {
    #expect(Self.files.count >= 20)
  }

  @Test(arguments: files) func aStageMakesWhatTheFileSays(_ name: String) throws {
    let path = Self.root + name
    let file = GoldenFile(try String(contentsOfFile: path, encoding: .utf8))
    let observed = try file.observe(path)
    if observed == file.expectation { return }
    if ProcessInfo.processInfo.environment["BROLGA_BLESS"] == "1" {
      try file.text(expecting: observed).write(toFile: path, atomically: true, encoding: .utf8)
      // What was never looked at does not pass.
      if !file.expectation.isEmpty { return }
    } else {
      try file.text(expecting: observed)
        .write(toFile: path + ".observed", atomically: true, encoding: .utf8)
    }
    Issue.record("\(name) is otherwise; see the difference to \(name).observed")
  }
}

@Suite(.enabled(if: binary != nil, "the brolga product is not built"))
struct StepTests {
  /// Every step of -O2 keeps what a module does, whichever come after it or not at all: only so can
  /// `Scripts/bisect` tell which one broke a module.
  @Test(arguments: FileTests.files.filter { $0.hasPrefix("run/") })
  func aModuleIsRightAfterEachStep(_ name: String) throws {
    let path = FileTests.root + name
    let command = ["observe", "--verify", "--check-allocation", path]
    let plain = try brolga(command + ["-O0"])
    for steps in stride(from: 0, through: 100, by: 3) {
      let result = try brolga(command + ["-O2", "--steps", "\(steps)"])
      #expect(result.outputText == plain.outputText, "\(steps) steps: \(result.errorText)")
    }
  }

  @Test func asManyStepsAsThereAreMakeTheUsualCode() throws {
    let command = ["compile", "--emit=asm", Programs.example("numbers").path]
    let listings = try [[], ["--steps", "0"], ["-O0"], ["--steps", "100000"]].map {
      try brolga(command + $0).outputText
    }
    #expect(listings[0] == listings[3])
    #expect(listings[1] == listings[2])
    #expect(listings[0] != listings[1])
  }
}

private struct GoldenFile {
  private var lines: [String]
  /// Of the comments at the end, without their marks.
  let expectation: [String]

  init(_ text: String) {
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if lines.last == "" { lines.removeLast() }
    let end = lines.lastIndex { !$0.hasPrefix(";;") }.map { $0 + 1 } ?? 0
    expectation = lines[end...].map { String($0.dropFirst($0.hasPrefix(";; ") ? 3 : 2)) }
    lines.removeSubrange(end...)
  }

  private func directive(_ name: String) -> String? {
    let mark = ";;! \(name) = \""
    return lines.first { $0.hasPrefix(mark) }.map { String($0.dropFirst(mark.count).dropLast()) }
  }

  func observe(_ path: String) throws -> [String] {
    let stage = try #require(directive("stage"), "no stage")
    guard stage == "run" else {
      let level = directive("level") ?? "2"
      let result = try brolga(
        "compile", "--emit=\(stage)", "-O\(level)", "--target-cpu",
        directive("target") ?? "x86-64-v3", path)
      try #require(result.status == 0, "\(result.errorText)")
      return Self.trimmed(result.outputText)
    }
    let baseline = ["--target-cpu", "x86-64-v3"]
    let runs = try [
      ["-O0"] + baseline, ["-O2"] + baseline, ["-O2", "--locals-in-frame"], ["-O2"], ["-O0"],
    ].map { mode in
      let result = try brolga(["observe", "--verify", "--check-allocation"] + mode + [path])
      try #require(result.status == 0, "\(mode): \(result.errorText)")
      return result.outputText.split(whereSeparator: { $0 == "\t" || $0 == "\n" }).dropFirst()
        .map(String.init)
    }
    #expect(runs[0] == runs[1], "-O0 and -O2 differ")
    #expect(runs[3] == runs[1] && runs[4] == runs[1], "this processor's code differs")
    #expect(runs[2] == runs[1], "with its locals in the frame the module does something else")
    return runs[1]
  }

  /// Lines without empty ones at the end.
  private static func trimmed(_ text: String) -> [String] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    while lines.last == "" { lines.removeLast() }
    return lines
  }

  func text(expecting observed: [String]) -> String {
    let comments = observed.map { $0.isEmpty ? ";;" : ";; \($0)" }
    return (lines + comments).joined(separator: "\n") + "\n"
  }
}
