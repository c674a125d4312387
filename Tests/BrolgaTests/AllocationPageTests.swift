// SPDX-License-Identifier: Apache-2.0
// The page that draws an allocation: its data, and what a browser makes of it.

import BrolgaEntities
import Foundation
import RegisterAllocation
import Testing

/// A loop that keeps more values than there are registers, with a call every ten instructions.
private func largeProblem(instructions: Int) -> String {
  let kept = 20
  var text = """
    problem 1
    class int preferred {0-3} other {4-6} scratch 7
    clobbers c1 int {0-3}
    values int*\(kept + instructions)
    block b0

    """
  for v in 0..<kept { text += "  i\(v) def v\(v)\n" }
  text += "  i\(kept) branch b1\nblock b1 from b0 b2 frequency 100\n"
  var i = kept + 1
  for k in 0..<instructions {
    text += "  i\(i) use v\(k * 7 % kept), def v\(kept + k)\n"
    i += 1
    if k % 10 == 9 {
      text += "  i\(i) use v\(kept + k):int0, use v\(k % kept):any clobbers c1\n"
      i += 1
    }
  }
  text += "  i\(i) branch b2 b3\nblock b2 from b1 frequency 99\n  i\(i + 1) branch b1\n"
  return text + "block b3 from b1\n  i\(i + 2) exit\n"
}

/// What stands in the page of a problem.
private func page(_ arguments: String...) throws -> String {
  let result = try brolga(["regalloc", "--html", "-"] + arguments)
  #expect(result.status == 0 && result.errors.isEmpty, "\(result.errorText)")
  return result.outputText
}

private func data(of page: String) throws -> [String: Any] {
  let start = try #require(page.range(of: #"<script id="data" type="application/json">"#))
  let end = try #require(page.range(of: "</script>", range: start.upperBound..<page.endIndex))
  let json = Data(page[start.upperBound..<end.lowerBound].utf8)
  return try #require(JSONSerialization.jsonObject(with: json) as? [String: Any])
}

private func number(of place: Allocation) -> Int {
  if place.isRegister { return Int(place.register.raw) }
  if place.isSlot { return 256 + place.slot }
  return place.isNone ? -1 : -2 - Int(place.rematerializedValue.raw)
}

@Suite(.enabled(if: binary != nil, "the brolga product is not built"))
struct AllocationPageTests {
  private let folder = TemporaryFolder()

  private func write(_ name: String = "large.ra", _ text: String? = nil) -> String {
    folder.write(name, text ?? largeProblem(instructions: 300))
    return folder.path + "/" + name
  }

  @Test(arguments: [Algorithm.backtracking, .singlePass])
  func everyStretchMoveAndPieceIsInThePage(_ algorithm: Algorithm) throws {
    let file = write()
    let name = algorithm == .singlePass ? "single-pass" : "backtracking"
    let data = try data(of: try page("--algorithm", name, file))
    let problem = try Problem(parsing: largeProblem(instructions: 300))
    var allocator = Allocator()
    var solution = Solution()
    var checker = Checker()
    var history = PlaceHistory()
    allocator.trace.isEnabled = true
    try allocator.allocate(problem, into: &solution, using: algorithm)
    try checker.check(problem, solution)
    history.record(problem, solution, checker)

    let stretches = history.stretches.toArray()
      .map { [number(of: $0.place), Int($0.value.raw), Int($0.from), Int($0.to)] }
      .sorted { ($0[0], $0[2]) < ($1[0], $1[2]) }
    #expect(data["stretches"] as? [Int] == stretches.flatMap { $0 })
    var edits: [Int] = []
    for (k, edit) in solution.edits.toArray().enumerated() {
      edits += [edit.point.instruction, edit.point.isAfter ? 1 : 0]
      edits += [number(of: edit.from), number(of: edit.to)]
      // Nothing is moved here that nobody reads.
      edits.append(Int(history.moved[k].raw))
    }
    #expect(edits.count > 100 && data["edits"] as? [Int] == edits)
    let operands = try #require(data["operands"] as? [Int])
    let places = solution.allocations.toArray().map(number)
    #expect(stride(from: 3, to: operands.count, by: 4).map { operands[$0] } == places)
    #expect((data["pieces"] as? [Any])?.count == allocator.trace.pieces.count * 7)
    #expect((data["events"] as? [Int])?.count == allocator.trace.events.count * 5)
    let bundleCount = algorithm == .singlePass ? 0 : problem.classes.count
    #expect((data["bundles"] as? [Int])?.count == bundleCount)
    // First instruction, frequency, whether cold, loop depth.
    #expect(
      data["blocks"] as? [Double] == [0, 1, 0, 0, 21, 100, 0, 1, 352, 99, 0, 1, 353, 1, 0, 0])
  }

  @Test func thePageNeedsNothingElseAndIsAlwaysTheSame() throws {
    let file = write()
    let text = try page(file)
    #expect(try page(file) == text)
    for sign in ["http:", "https:", "src=", "@import", "url(", "%%"] {
      #expect(!text.contains(sign), "\(sign)")
    }
    // A file gets the same, and standard output what the allocation did.
    let output = folder.path + "/page.html"
    let result = try brolga("regalloc", "--html", output, file)
    #expect(result.status == 0 && result.outputText.hasPrefix("; algorithm: backtracking\n"))
    #expect(FileManager.default.contents(atPath: output) == Data(text.utf8))
    #expect(try brolga("regalloc", "--html", "-", "--no-check", file).status == 64)
    let nowhere = try brolga("regalloc", "--html", folder.path + "/no/page.html", file)
    #expect(nowhere.status == 1 && nowhere.errorText.contains("No such file"))
  }

  @Test func namesAreNotMarkup() throws {
    let file = write("<b onclick='x'>&\"%%data%%.ra")
    let text = try page(file)
    #expect(text.contains("<h1>&lt;b onclick='x'&gt;&amp;&quot;%%data%%.ra</h1>"))
    #expect(!text.contains("<b onclick"))
    _ = try data(of: text)
  }

  @Test func theClientsTextOfAnInstructionIsInThePage() throws {
    let text = """
      problem 1
      class int preferred {0-3}
      values int
      block b0
        i0 def v0 "x = 1 </script> \\"y\\""
        i1 use v0 exit
      """
    let data = try data(of: try page(write("text.ra", text)))
    #expect(data["texts"] as? [String] == ["x = 1 </script> \"y\""])
    // A program's instructions are named as `--emit=mach` names them.
    let problem = try brolga("compile", "--emit=ra", "--only=gcd", "Examples/numbers.wat")
    #expect(problem.outputText.contains(" \"v4@rax, v1@rdx = div.32 v0@rax, v3@rdx, v2?\"\n"))
  }

  @Test(.enabled(if: Browser.path != nil, "SKIPPED: no Chromium is installed to draw the page"))
  func aBrowserDrawsFiltersAndExplains() throws {
    let file = write("large.ra", largeProblem(instructions: 5000))
    let output = folder.path + "/page.html"
    #expect(try brolga("regalloc", "--html", output, file).status == 0)
    let data = try data(
      of: String(decoding: Data(contentsOf: URL(filePath: output)), as: UTF8.self))
    let stretches = try #require(data["stretches"] as? [Int])
    let browser = try Browser()
    try browser.open("file://" + output)
    func told(_ name: String) throws -> Double {
      try browser.number("Number(document.documentElement.dataset.\(name))")
    }
    #expect(try told("stretches") == Double(stretches.count / 4))
    let drawn = try told("drawn")
    #expect(drawn > 10 && drawn < 500, "what is in view, and no more")
    // With lines of a pixel more is in view. The sum over the screens is everything.
    let all = try browser.number(
      """
      (() => {
        const seen = new Set();
        for (const column of allColumns) {
          for (let line = 0; line < lineCount; line += 40) {
            const [first, end] = stretchRange(column, line, line + 40);
            for (let k = first; k < end; k++) seen.add(k);
          }
        }
        return seen.size;
      })()
      """)
    #expect(all == Double(stretches.count / 4))

    // The filter, by keyboard.
    let wanted = 3
    let own = stride(from: 1, to: stretches.count, by: 4).count { stretches[$0] == wanted }
    try browser.press("/")
    try browser.type("v\(wanted)")
    #expect(try told("shown") == Double(own))
    #expect(
      try browser.text("document.getElementById('status').textContent").contains("\(own) str"))
    #expect(try browser.text("location.hash") == "#v3")
    let panel = try browser.text("document.getElementById('panel').innerText")
    #expect(panel.contains("v3") && panel.contains("i3 ×1 def v3 in int"))
    try browser.press("Escape")
    #expect(try told("shown") == Double(stretches.count / 4))
    try browser.open("file://" + output + "#v3")
    #expect(try told("shown") == Double(own))
    try browser.open("file://" + output + "#v99999%3Cb%3E")
    #expect(
      try browser.text("document.getElementById('status').textContent")
        == "there is no v99999<b>")

    // The pointer, on the definition of v3.
    try browser.open("file://" + output + "#i3")
    let at = try browser.text(
      """
      (() => {
        const box = canvas.getBoundingClientRect();
        const n = columnIndex(operandPlace[operandStart[3]]);
        const x = xOf(n) + scene.columnWidth / 2;
        return `${box.left + x} ${box.top + yOf(lineOfInstruction(3) + 0.8)}`;
      })()
      """
    ).split(separator: " ").compactMap { Double($0) }
    try browser.move(x: at[0], y: at[1])
    let tip = try browser.text("document.getElementById('tip').innerText")
    #expect(tip.hasPrefix("v3 int in int") && tip.contains("bundle"))
    #expect(tip.contains("i3: def v3 in int") && tip.contains("weight"))
    try browser.click(x: at[0], y: at[1])
    #expect(try browser.text("filterField.value") == "v3")

    // The edges of the control flow: in view are those that begin, end or pass there. The loop's way back
    // and the way out are no falls through, and b1 to b2 is one.
    try browser.open("file://" + output)
    let lanes = "edgeLanes.flatMap(lane => lane.list.map(edge => [edge.from, edge.to]))"
    let ways = "[[lastLineOf(2), lineOfBlock(1)], [lastLineOf(1), lineOfBlock(3)]]"
    #expect(try browser.number("Number(String(\(lanes).sort()) === String(\(ways).sort()))") == 1)
    #expect(try told("edges") == 1)
    try #expect(browser.number("(scrollToLine(lineCount), frame(), 0)") == 0 && told("edges") == 2)

    // What is in view, on the map: within it at both ends, and where all fits.
    let isInMap = """
      (() => {
        const shown = document.getElementById('window').getBoundingClientRect();
        const all = map.getBoundingClientRect();
        return shown.height > 0 && shown.top >= all.top - 0.5 && shown.bottom <= all.bottom + 0.5 ? 1 : 0;
      })()
      """
    #expect(try browser.number(isInMap) == 1)
    let end = "(scrollToLine(lineCount), frame(), 0)"
    #expect(try browser.number(end) == 0 && browser.number(isInMap) == 1)
    let small = folder.path + "/small.html"
    #expect(
      try brolga("regalloc", "--html", small, write("small.ra", largeProblem(instructions: 3)))
        .status == 0)
    try browser.open("file://" + small)
    #expect(try browser.number(isInMap) == 1)
    try browser.open("file://" + output)

    // Frames, each finished; the bound is wide, for machines that do much else.
    let median = try browser.number("timeFrames(51)[25]")
    #expect(median < 50, "\(median) ms a frame")
    #expect(browser.uncaught.isEmpty, "\(browser.uncaught)")
  }
}
