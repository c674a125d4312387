// SPDX-License-Identifier: Apache-2.0
// The estimated frequencies of blocks.

import BrolgaEntities
import Testing

@testable import BrolgaCompiler

@Suite struct FrequencyTests {
  /// The estimated frequencies of the blocks of a text.
  private func frequencies(_ text: String) throws -> [Float] {
    var function = try Function.parse("function 0 type 0 {\n" + text + "\n}\n")
    try function.verify()
    var scratch = PassScratch()
    estimateFrequencies(in: &function, &scratch)
    // What arrives over the edges is what the block has, but for bounds and what loops add.
    for e in function.edges.storage.indices { #expect(function.edges.storage[e].frequency > 0) }
    return function.blocks.storage.indices.map { function.blocks[Block($0)].frequency }
  }

  private func expect(
    _ found: [Float], _ expected: [Float], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(found.count == expected.count, sourceLocation: sourceLocation)
    for (a, b) in zip(found, expected) {
      #expect(abs(a - b) <= 0.001 * max(a, b), "\(found)", sourceLocation: sourceLocation)
    }
  }

  @Test func conditionsHalveFrequenciesAndLoopsMultiplyThem() throws {
    // The inner loop is in an arm of the outer, which is left from there as well.
    let found = try frequencies(
      """
      b0(v0: i32):
        branch v0 -> b1, b6
      b1:
        jump -> b2
      b2 header:
        branch v0 -> b3, b5
      b3 header:
        branch v0 -> b3, b4
      b4:
        branch v0 -> b5, b6
      b5:
        branch v0 -> b2, b6
      b6:
        return
      """)
    let outer: Float = 0.5 * 8
    let inner = outer / 2 * 8
    let behind = inner / 8
    let latch = outer / 2 + behind * 7 / 8
    // What arrives at the end is more than what set out: it counts as no more.
    #expect(0.5 + behind / 8 + latch / 8 > 1)
    expect(found, [1, 0.5, outer, inner, behind, latch, 1])
  }

  @Test func codeBehindALoopIsNotInIt() throws {
    // Translation counts loops by the text; here the exit's code stands inside of two.
    var function = try Function.parse(
      """
      function 0 type 0 {
      b0(v0: i32):
        jump -> b1
      b1 depth 1 header:
        jump -> b2
      b2 depth 2 header:
        branch v0 -> b2, b3
      b3 depth 2:
        return
      }

      """)
    var scratch = PassScratch()
    estimateFrequencies(in: &function, &scratch)
    let found = function.blocks.storage.indices.map { function.blocks[Block($0)].frequency }
    expect(found, [1, 1, 8, 1])
  }

  @Test func whatEndsInATrapIsCold() throws {
    let found = try frequencies(
      """
      b0(v0: i32):
        branch v0 -> b1, b2
      b1 cold:
        trap #unreachable
      b2:
        return
      """)
    expect(found, [1, 0.001, 1])
  }

  @Test func frequenciesOfDeepNestsAndLongChainsStayInBounds() throws {
    var text = "b0(v0: i32):\n  jump -> b1\n"
    let n = 3_000
    for b in 1...n { text += "b\(b) header:\n  jump -> b\(b + 1)\n" }
    for k in 0..<n { text += "b\(n + 1 + k):\n  branch v0 -> b\(n - k), b\(n + 2 + k)\n" }
    for k in 0..<n {
      let b = 2 * n + 1 + k
      text += "b\(b):\n  branch v0 -> b\(b + 1), b\(3 * n + 1)\n"
    }
    text += "b\(3 * n + 1):\n  return"
    let found = try frequencies(text)
    #expect(found.allSatisfy { $0 >= 1.0 / 64 && $0 <= 16_777_216 })
    #expect(found[n] == 16_777_216 && found[3 * n + 1] == 1)
  }
}
