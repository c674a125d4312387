// SPDX-License-Identifier: Apache-2.0
// What came of a test script.

/// The outcome of one script: every assertion passed, failed or was skipped.
package struct ScriptReport: Sendable {
  package struct Failure: Sendable {
    /// Counted from 1.
    package var line: Int
    package var message: String
  }

  package private(set) var passed = 0
  package private(set) var skipped = 0
  package private(set) var failures: [Failure] = []
  /// What the skipped assertions need, in the order in which it was first missed.
  package private(set) var needs: [String] = []

  package init() {}

  package var failed: Int { failures.count }

  mutating func pass() { passed += 1 }

  mutating func fail(_ line: Int, _ message: String) {
    failures.append(Failure(line: line, message: message))
  }

  mutating func skip(_ need: String) {
    skipped += 1
    if !needs.contains(need) { needs.append(need) }
  }

  /// Adds what came of another script, whose lines are not this one's.
  package mutating func add(_ other: ScriptReport) {
    passed += other.passed
    skipped += other.skipped
    failures += other.failures
    for need in other.needs where !needs.contains(need) { needs.append(need) }
  }
}

extension ScriptReport: CustomStringConvertible {
  /// Without the failures themselves.
  package var description: String {
    var text = "\(passed) passed"
    if failed > 0 { text += ", \(failed) failed" }
    if skipped > 0 { text += ", \(skipped) skipped" }
    if !needs.isEmpty { text += " (needs \(needs.joined(separator: ", ")))" }
    return text
  }
}
