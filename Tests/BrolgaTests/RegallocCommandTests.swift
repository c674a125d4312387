// SPDX-License-Identifier: Apache-2.0
// The register allocator as a command, and what `compile` reports of it.

import Foundation
import Testing

private let numbers = "Examples/numbers.wat"

@Suite(.enabled(if: binary != nil, "the brolga product is not built"))
struct RegallocCommandTests {
  private static let loop = """
    problem 1
    class int preferred {0-1} other {3} scratch 2
    clobbers c1 int {0-1}
    values int*4
    block b0
      i0 def v0:int0, def v1
      i1 branch b1(v0)
    block b1 parameters v2 from b0 b1 frequency 10
      i2 use v2:int0 clobbers c1
      i3 use v1, use.late v2, def v3
      i4 branch b1(v3)

    """

  @Test(arguments: ["backtracking", "single-pass"])
  func aFunctionsProblemCanBeSolvedAlone(_ algorithm: String) throws {
    let folder = TemporaryFolder()
    let file = folder.path + "/gcd.ra"
    #expect(
      try brolga("compile", "--emit=ra", "--only=gcd", numbers, "-o", file).status == 0)
    let result = try brolga("regalloc", "--algorithm", algorithm, file)
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errorText)")
    #expect(result.outputText.contains("algorithm: \(algorithm)\n"))
    // What is printed is the problem still.
    folder.write("again.ra", result.outputText)
    let again = try brolga("regalloc", "--algorithm", algorithm, folder.path + "/again.ra")
    #expect(again.outputText == result.outputText)
  }

  @Test func placesMovesAndEntriesArePrinted() throws {
    let folder = TemporaryFolder()
    folder.write("loop.ra", Self.loop)
    let file = folder.path + "/loop.ra"
    let text = try brolga("regalloc", file).outputText
    #expect(text.contains("i0 def v0:int0, def v1 ; int0 int"))
    #expect(text.contains("\n  ; on entry v"))
    #expect(text.contains("; move int "))
    for line in ["; instructions", "; stores", "; spill area", "; steps", "; evictions"] {
      #expect(text.contains(line), "\(line)")
    }
    let summary = try brolga("regalloc", "--summary", file).outputText
    #expect(text.hasSuffix(summary) && !summary.contains("problem 1"))
    #expect(try brolga("regalloc", "--no-check", "--summary", file).outputText == summary)
  }

  @Test func standardInputIsRead() throws {
    let folder = TemporaryFolder()
    folder.write("loop.ra", Self.loop)
    let file = folder.path + "/loop.ra"
    let direct = try brolga("regalloc", file).outputText
    #expect(try brolga(["regalloc", "-"], input: file).outputText == direct)
  }

  @Test(arguments: [
    ("problem 1\nvalues int\nblock b0\n  i0 use v0:nowhere exit\n", ":4:13: no such constraint"),
    ("problem 1\nvalues int\nblock b0\n  i0 use v0 exit\n", ":4:3: i0 uses v0"),
    (
      "problem 1\nvalues int\nblock b0\n  i0 branch b1\nblock b1\n  i1 exit", ":3:7: the successors"
    ),
    (
      "problem 1\nclass int preferred {0}\nvalues int*2\nblock b0\n  i0 def v0, def v1 exit\n",
      ":5:3: i0 needs more registers"
    ), ("problem 1\nvalues int*99999999\nblock b0\n  i0 exit\n", ": more than 16777216 values"),
    (loop + loop, ":12:1: a second problem"),
  ])
  func badProblemsAreOneLineWithTheirPlace(_ text: String, _ message: String) throws {
    let folder = TemporaryFolder()
    folder.write("bad.ra", text)
    let result = try brolga("regalloc", folder.path + "/bad.ra")
    #expect(result.status == 1 && result.output.isEmpty)
    #expect(result.errorText.contains("/bad.ra" + message), "\(result.errorText)")
    #expect(result.errorText.filter { $0 == "\n" }.count == 1)
  }

  // MARK: compile --report

  @Test func theReportListsWhatCostMostAndTheSum() throws {
    let text = try brolga("compile", "--report", "--top=2", numbers, "-o", "/dev/null").outputText
    let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(lines.count == 5 && lines[0][0] == "function")
    let steps = try #require(lines[0].firstIndex(of: "steps"))
    let counts = lines[1...3].compactMap { Int($0[steps]) }
    #expect(counts.count == 3 && counts[0] >= counts[1] && counts[2] >= counts[0] + counts[1])
    #expect(lines[4] == ["fall-backs:", "none"])
    // The same whoever compiles.
    let parallel = try brolga("compile", "--report", "--top=2", "-j4", numbers, "-o", "/dev/null")
    #expect(parallel.outputText == text)
    for wrong in [["--report", "--emit=ra"], ["--top=3"], ["--json"]] {
      #expect(try brolga(["compile", numbers, "-o", "/dev/null"] + wrong).status == 64)
    }
  }

  @Test func theReportAsJSONHasAllFunctions() throws {
    for level in ["-O0", "-O2"] {
      let result = try brolga("compile", "--report", "--json", level, numbers, "-o", "/dev/null")
      let report = try JSONSerialization.jsonObject(with: result.output) as? [String: Any]
      let functions = try #require(report?["functions"] as? [[String: Any]])
      #expect(functions.count == 7)
      let gcd = try #require(functions.first { $0["name"] as? String == "gcd" })
      #expect(gcd["allocator"] as? String == (level == "-O0" ? "single-pass" : "backtracking"))
      #expect(gcd["instructions"] as? Int ?? 0 > 5 && gcd["code"] as? Int ?? 0 > 20)
    }
  }

  @Test func everyFallBackIsReported() throws {
    let folder = TemporaryFolder()
    // Loops that carry every local around: in SSA form, depth times locals parameters.
    let depth = 600
    let locals = String(repeating: " i32", count: depth)
    var body = String(repeating: "loop ", count: depth)
    for k in 0..<depth { body += "local.get \(k) i32.const 1 i32.add local.set \(k) " }
    body += String(repeating: "local.get 0 br_if 0 end ", count: depth) + "i32.const 0 "
    for k in 0..<depth { body += "local.get \(k) i32.add " }
    folder.write(
      "deep.wat", "(module (func $deep (result i32) (local\(locals)) \(body)) (func $flat))")
    let text = try brolga(
      "compile", "--report", "--top=0", folder.path + "/deep.wat", "-o", "/dev/null"
    ).outputText
    #expect(
      text.contains(
        "fall-back: function 0, deep: locals in the frame, because nesting times locals"))
    #expect(!text.contains("flat"))
    #expect(text.split(separator: "\n").count == 4)
  }
}
