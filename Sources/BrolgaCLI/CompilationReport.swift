// SPDX-License-Identifier: Apache-2.0
// What each function of a compilation took and got, as a table or as JSON.

import Brolga
import BrolgaCompiler
import BrolgaEntities
import BrolgaWasm
import RegisterAllocation

/// `--report`: functions by what allocating their registers took, the most first.
struct CompilationReport {
  private let reports: [FunctionReport]
  private let names: [String]

  init(_ compilation: borrowing Compilation, of module: BrolgaWasm.Module) {
    // Equal steps are common: below -O2 there are none.
    reports = compilation.reports.toArray().sorted {
      ($0.statistics.steps, $0.instructions, $1.function)
        > ($1.statistics.steps, $1.instructions, $0.function)
    }
    names = reports.map { module.functionName($0.function) ?? "function[\($0.function)]" }
  }

  /// The columns of counts, by their names in both forms.
  private static let columns: [(name: String, count: @Sendable (FunctionReport) -> Int)] = [
    ("body", { $0.bodyBytes }), ("code", { $0.codeBytes }), ("blocks", { $0.blocks }),
    ("values", { $0.values }), ("instructions", { $0.instructions }),
    ("operands", { $0.operands }), ("registers", { $0.registers }),
    ("steps", { $0.statistics.steps }), ("budget", { $0.statistics.stepBudget }),
    ("splits", { $0.statistics.splits + $0.statistics.fullSplits }),
    ("evictions", { $0.statistics.evictions }), ("moves", { $0.edits.moves }),
    ("loads", { $0.edits.loads }), ("stores", { $0.edits.stores }),
    ("remade", { $0.edits.remade }), ("slots", { $0.slotUnits }),
    ("frame", { $0.frameBytes }),
  ]

  // MARK: Text

  /// The first `limit` functions, and every fall-back.
  func table(limit: Int) -> String {
    var table = TextTable(right: Array(repeating: true, count: Self.columns.count + 1))
    table.add(["function"] + Self.columns.map(\.name) + ["allocator", "name"])
    let shown = reports.indices.filter { $0 < limit || reports[$0].hasFallback }
    for k in shown {
      table.add(
        ["\(reports[k].function)"] + Self.columns.map { "\($0.count(reports[k]))" }
          + [Self.name(reports[k].usedAlgorithm), names[k]])
    }
    table.add(
      ["all"] + Self.columns.map { column in "\(reports.reduce(0) { $0 + column.count($1) })" }
        + ["", "\(reports.count) functions"])
    return table.text + fallbacks
  }

  /// One line per fall-back, or one that says there is none.
  private var fallbacks: String {
    var text = ""
    for k in reports.indices where reports[k].hasFallback {
      for reason in Self.reasons(reports[k]) {
        text += "fall-back: function \(reports[k].function), \(names[k]): \(reason)\n"
      }
    }
    return text.isEmpty ? "fall-backs: none\n" : text
  }

  private static func reasons(_ report: FunctionReport) -> [String] {
    var reasons: [String] = []
    if let reason = report.statistics.fallback.reason {
      reasons.append("registers in a single pass, because \(reason)")
    }
    if report.hasLocalsInFrame {
      reasons.append("locals in the frame, because nesting times locals reached its bound")
    }
    return reasons
  }

  private static func name(_ algorithm: Algorithm) -> String {
    algorithm == .singlePass ? "single-pass" : "backtracking"
  }

  // MARK: JSON

  /// All functions.
  var json: String {
    var text = "{\"functions\": ["
    for k in reports.indices {
      text += k == 0 ? "\n" : ",\n"
      text += "  {\"function\": \(reports[k].function), \"name\": \(jsonText(names[k]))"
      text += ", \"allocator\": \(jsonText(Self.name(reports[k].usedAlgorithm)))"
      for column in Self.columns { text += ", \"\(column.name)\": \(column.count(reports[k]))" }
      let reasons = Self.reasons(reports[k]).map(jsonText)
      text += ", \"fallbacks\": [\(reasons.joined(separator: ", "))]}"
    }
    return text + "\n]}\n"
  }
}
