// SPDX-License-Identifier: Apache-2.0
// `brolga regalloc`: the register allocator alone, on a problem in text.

import ArgumentParser
import Brolga
import Glibc
import RegisterAllocation

struct RegallocCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "regalloc", abstract: "Allocates registers for a problem in text form.",
    discussion: """
      Prints the problem with the place of each operand and the moves between instructions as \
      comments, and what the allocation did. docs/allocation-problem.md describes the form; \
      brolga compile --emit=ra --only=NAME writes the problem of a function.
      """)

  @Option(help: ArgumentHelp("single-pass or backtracking.", valueName: "algorithm"))
  var algorithm = CompilingOptions.RegisterAllocator.backtracking

  @Flag(inversion: .prefixedNo, help: "Prove the result right.")
  var check = true

  @Flag(help: "Print what the allocation did and leave out the problem.")
  var summary = false

  @Option(
    help: ArgumentHelp(
      "Draw the result as one page of HTML instead; - is standard output.", valueName: "page"))
  var html: String?

  @Argument(help: "A problem in text form; - is standard input.")
  var file: String

  func validate() throws {
    // What is drawn is what the checker finds.
    if html != nil, !check { throw ValidationError("--html goes without --no-check.") }
  }

  func run() throws {
    let input = try InputFile(file)
    let text = input.withBytes { String(decoding: $0, as: UTF8.self) }
    let problem = try parse(text)
    var allocator = Allocator()
    allocator.trace.isEnabled = html != nil
    var solution = Solution()
    do throws(AllocationError) {
      try allocator.allocate(
        problem, into: &solution,
        using: algorithm == .backtracking ? .backtracking : .singlePass)
    } catch {
      throw Failure(place("i", error.instruction?.raw, in: text) + "\(error)")
    }
    let report = AllocationReport(problem, solution, allocator.statistics, algorithm)
    var history: PlaceHistory?
    if check { history = try checked(problem, solution) }
    if let html {
      let page = AllocationPage(
        problem, solution, history!, allocator.trace, report, title: title)
      try write(page.text, to: html)
      if html != "-" { output(report.text) }
    } else {
      var text = ""
      if !summary {
        text =
          check
          ? problem.text(annotatedWith: solution, history!) : problem.text(annotatedWith: solution)
      }
      output(text + report.text)
    }
    leave(0)
  }

  /// Proves the solution right, and tells what each place holds.
  private func checked(
    _ problem: borrowing Problem, _ solution: borrowing Solution
  ) throws(Failure) -> PlaceHistory {
    var checker = Checker()
    do throws(CheckError) {
      try checker.check(problem, solution)
    } catch {
      throw Failure("\(file): the allocator is wrong: \(error)", status: ExitCode.trap)
    }
    var history = PlaceHistory()
    history.record(problem, solution, checker)
    return history
  }

  private func write(_ page: String, to path: String) throws(Failure) {
    if path == "-" { return output(page) }
    try writeFile([UInt8](page.utf8), to: path)
  }

  /// The file's name, without its folders.
  private var title: String {
    file == "-" ? "standard input" : String(file.split(separator: "/").last ?? "")
  }

  private func parse(_ text: String) throws(Failure) -> Problem {
    let problem: Problem
    do throws(ProblemParseError) {
      problem = try Problem(parsing: text)
    } catch {
      throw Failure("\(file):\(error.line):\(error.column): \(error.reason)")
    }
    if problem.classes.count > Self.maximumValues {
      throw Failure("\(file): more than \(Self.maximumValues) values")
    }
    do throws(ProblemError) {
      try problem.validate()
    } catch {
      let word = error.instruction != nil ? "i" : "b"
      throw Failure(place(word, error.instruction?.raw ?? error.block?.raw, in: text) + "\(error)")
    }
    return problem
  }

  /// A line of a few bytes can declare more values than there is memory for their records.
  private static var maximumValues: Int { 1 << 24 }

  /// "FILE:LINE:COLUMN: " of the instruction or block, "FILE: " without one.
  private func place(_ prefix: String, _ number: UInt32?, in text: String) -> String {
    guard let number else { return file + ": " }
    let wanted = Array((prefix + "\(number)").utf8)
    for (index, line) in text.utf8.split(separator: 10, omittingEmptySubsequences: false)
      .enumerated()
    {
      var words = line.split(whereSeparator: { $0 == 32 || $0 == 9 || $0 == 13 })[...]
      if words.first?.elementsEqual("block".utf8) == true { words = words.dropFirst() }
      guard let word = words.first, word.elementsEqual(wanted) else { continue }
      let column = line.utf8Distance(to: word.startIndex)
      return "\(file):\(index + 1):\(column + 1): "
    }
    return file + ": "
  }
}

extension Substring.UTF8View {
  fileprivate func utf8Distance(to index: Index) -> Int { distance(from: startIndex, to: index) }
}

/// What an allocation got and what it took.
struct AllocationReport {
  private(set) var lines: [(name: String, value: String)] = []
  let algorithm: String
  /// Why it is not by the algorithm that was wanted.
  let fallback: String?

  init(
    _ problem: borrowing Problem, _ solution: borrowing Solution,
    _ statistics: AllocationStatistics, _ algorithm: CompilingOptions.RegisterAllocator
  ) {
    fallback = statistics.fallback.reason
    self.algorithm = (fallback == nil ? algorithm : .singlePass).rawValue
    let counts = EditCounts(solution, on: problem.machine)
    func add(_ name: String, _ value: String) { lines.append((name, value)) }
    add("blocks", "\(problem.blockCount)")
    add("instructions", "\(problem.instructionCount)")
    add("operands", "\(problem.operands.count)")
    add("values", "\(problem.classes.count)")
    add("moves", "\(counts.moves)")
    add("loads", "\(counts.loads)")
    add("stores", "\(counts.stores)")
    if counts.remade > 0 { add("made again", "\(counts.remade)") }
    add("spill area", "\(solution.slotUnits) units")
    if algorithm == .backtracking {
      add("steps", "\(statistics.steps) of \(statistics.stepBudget)")
      add("bundles", "\(statistics.bundles)")
      add("pieces", "\(statistics.pieces)")
      add("coalesced", "\(statistics.coalesced)")
      add("splits", "\(statistics.splits) around uses, \(statistics.fullSplits) at all uses")
      add("evictions", "\(statistics.evictions)")
      add("second chances", "\(statistics.secondChances)")
    }
  }

  /// Lines of comment.
  var text: String {
    var table = TextTable(right: [false, true])
    for line in lines { table.add("; " + line.name, line.value) }
    let reason = fallback.map { ", because \($0)" } ?? ""
    return "; algorithm: \(algorithm)\(reason)\n" + table.text
  }
}

extension AllocationStatistics.Fallback {
  /// Why the single pass had to solve what was for backtracking; nil if it had not to.
  var reason: String? {
    switch self {
    case .none: nil
    case .budget: "backtracking reached its bound on steps"
    case .branchOperands: "a branch into a join has operands"
    case .unsolvable: "backtracking found no register for an instruction's operands"
    case .noRegisterForMove: "backtracking found no register for a move"
    }
  }
}
