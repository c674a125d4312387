// SPDX-License-Identifier: Apache-2.0
// What loops cost: constants that leave them, and where their code starts.

import Foundation
import Testing

/// A loop that stores two constants that no immediate holds.
private func text(pressure: Int) -> String {
  let locals = (0..<pressure).map { "(local $x\($0) i64)" }.joined()
  let updates = (0..<pressure).map {
    "(local.set $x\($0) (i64.add (local.get $x\($0)) (i64.load (local.get $i))))"
  }.joined(separator: "\n")
  let sum = (0..<pressure).reduce("(i64.const 0)") { "(i64.add \($0) (local.get $x\($1)))" }
  return """
    (module (memory 1)
      (func (export "f") (param $n i32) (result i64) (local $i i32) \(locals)
        (loop $next
          \(updates)
          (i64.store offset=1024 (local.get $i) (i64.const 0x123456789abcdef1))
              (i64.store offset=2048 (local.get $i) (i64.const 0x0fedcba987654321))
              (local.set $i (i32.add (local.get $i) (i32.const 8)))
          (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
        \(sum)))
    """
}

private func assembly(_ text: String) throws -> [Substring] {
  let folder = TemporaryFolder()
  folder.write("loop.wat", text)
  return try brolga("compile", "--emit", "asm", folder.path + "/loop.wat").outputText
    .split(separator: "\n")
}

@Suite(.enabled(if: binary != nil, "the brolga product is not built"))
struct LoopCodeTests {
  @Test func constantsLeaveALoopThatHasRegistersForThem() throws {
    let lines = try assembly(text(pressure: 0))
    let loop = try #require(lines.firstIndex { $0.contains("add.32") })
    let constants = lines.indices.filter {
      lines[$0].contains("constant") && lines[$0].contains("=")
    }
    #expect(constants.count >= 2)
    // Made before the block that the branch leads back to.
    let start = try #require(lines[..<loop].lastIndex { $0.hasPrefix("b") })
    #expect(constants.allSatisfy { $0 < start }, "\(lines.joined(separator: "\n"))")
  }

  @Test func constantsOfACrowdedLoopAreMadeWhereTheyAreUsed() throws {
    let lines = try assembly(text(pressure: 14))
    let constants = lines.filter { $0.contains(":= constant") }
    #expect(!constants.isEmpty)
    // They take no slots.
    #expect(!lines.contains { $0.contains(":= constant") && $0.contains("slot") })
  }

  /// Wherever the code before it ends, a short loop does not cross a boundary of 64 bytes.
  @Test func shortLoopsLieInOneLine() throws {
    var padded = 0
    for stores in 0..<16 {
      let lines = try assembly(
        """
        (module (memory 1) (func (export "f") (param $n i32) (result i32) (local $s i32)
          \(String(repeating: "(i32.store offset=1 (local.get $n) (local.get $n))", count: stores))
          (loop $next
            (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 31)) (local.get $n)))
            (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
          (local.get $s)))
        """)
      let multiply = try #require(lines.firstIndex { $0.contains("imul") })
      let head = try #require(lines[..<multiply].lastIndex { $0.hasPrefix("b") })
      let end = try #require(lines[multiply...].firstIndex { $0.hasPrefix("b") })
      func offset(_ line: Int) throws -> Int {
        try #require(Int(lines[line].split(separator: " ")[0], radix: 16))
      }
      let (from, to) = (try offset(head + 1), try offset(end + 1))
      #expect(to - from == 10 && from / 64 == (to - 1) / 64, "\(from) to \(to)")
      if from % 64 == 0 { padded += 1 }
    }
    #expect(padded > 0 && padded < 8)
  }

  /// The lines within a function are lines of the text only if it starts with one.
  @Test func functionsWithShortLoopsStartALine() throws {
    let folder = TemporaryFolder()
    folder.write(
      "loop.wat",
      """
      (module (func) (func) (func)
        (func (export "f") (param $n i32)
          (loop $next
            (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
      """)
    let artefact = folder.path + "/loop.brolga"
    _ = try brolga("compile", folder.path + "/loop.wat", "-o", artefact)
    let lines = try brolga("inspect", artefact).outputText.split(separator: "\n")
    func start(_ name: String) throws -> Int {
      let words = try #require(lines.first { $0.contains(name) }).split(separator: " ")
      return try #require(Int(words[words.count - 2]))
    }
    #expect(try start("function[2]") % 64 == 0)
    #expect(try start("function[3]") % 64 == 0)
    #expect(try start("function[1]") % 64 == 32)
  }
}
