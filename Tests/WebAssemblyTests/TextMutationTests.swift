// SPDX-License-Identifier: Apache-2.0
// Mutants of texts: refused with an error, or accepted.

import Foundation
import Testing

@testable import BrolgaWasm

private let seeds = [
  """
  (module $m (type $t (func (param i32) (result i32))) (import "a" "b" (func $f (type $t)))
    (memory (export "m") 1) (global $g (mut i32) (i32.const 0x1_0)) (table 1 funcref)
    (func $h (export "h") (param $x i32) (result i32) (local $y i64)
      (if (result i32) (local.get $x) (then (call $f (i32.const 1))) (else i32.const 2)))
    (elem (i32.const 0) $h) (data (i32.const 0) "a\\00\\u{41}\\n"))
  """,
  """
  (func block $a loop $b br $a br_if $b br_table 0 1 $a end end $a
    f64.const 0x1.8p+3 f32.const nan:0x1 (i64.store offset=8 align=4 (i32.const 0) (i64.const -1)))
  (func (drop (select (result f64) (f64.const 1.5e-3) (f64.const inf) (i32.const 0))))
  (memory 1 2) (start 0) (; (; c ;) ;) (@custom "x" (after code) "y") (elem declare func 0)
  """,
  """
  (table $t funcref (elem (ref.func 0) (item ref.null func))) (memory (data "abc" "def"))
  (func $"a b" (@name "c") (param i32 i64) (result f32) f32.const 1_0.5 return)
  (func (call_indirect (type 0) (i32.const 0) (i64.const 5) (i32.const 0)) drop unreachable)
  (export "\\"" (func $"a b")) (data "p") (func memory.init 0 table.copy 0 0 elem.drop 0)
  """,
  """
  (memory 1) (memory $m i64 1) (global v128 (v128.const f64x2 nan:0x1 -0x1p-3))
  (func (param v128 i32) (result v128) (v128.store offset=4 align=2 (local.get 1) (local.get 0))
    (v128.load8_lane $m 3 (i64.const 0) (v128.const i16x8 0 1 -1 0xFFFF 4 5 6 7))
    local.get 0 i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31
    f32x4.relaxed_madd (i16x8.replace_lane 7 (local.get 0) (local.get 1)) i8x16.add)
  """,
  """
  (import "a" "t" (tag $t (param i32))) (tag $e (export "e") (param i32 exnref)) (tag)
  (func $f (param exnref) (result i32)
    (block $o (result i32 exnref)
      (try_table $l (catch_ref $t $o) (catch $e $o) (catch_all $l) (throw 2))
      try_table (catch_all_ref 0) (throw $e (i32.const 1) (local.get 0)) end unreachable)
    throw_ref)
  """,
]

@Suite(.timeLimit(.minutes(5)))
struct TextMutationTests {
  /// Words that mutants get in place of others: bits flipped seldom make a word.
  private static let words = [
    "(", ")", "((", "))", "\"", "$a", "0", "-1", "0x", "i32", "(param", "(result", "(type 0)",
    "(then", "(else", "else", "end", "block", "if", "(func", "(module", "(;", ";)", ";;", "(@a",
    "4294967296", "nan:0x1", "inf", "offset=1", "align=8", "(ref null func)", "(ref 0)", "v128",
    "v128.const", "i8x16", "f32x4", "i8x16.shuffle", "f64x2.extract_lane", "v128.load32_lane", "16",
    "throw 0", "try_table", "(catch 0 0)", "(catch_all 1)", "(catch_ref $t 0)", "exnref", "(tag)",
    "mut", "(mut i32)", "(rec (type (func)))", "(type (sub 0 (func)))", "(struct (field i8))",
    "i64", "(offset", "(item", "declare", "(import \"\" \"\"", "\\ff", "\n",
  ]

  @Test func mutantsAreRefusedOrAccepted() throws {
    var texts = seeds.map { Array($0.utf8) }
    if isPresent("spec") {
      texts += try specScripts().map(\.bytes).filter { $0.count < 3000 }
    }
    var mutator = Mutator(seed: 4)
    var counts = [Int](repeating: 0, count: 5)
    var misplaced = 0
    for round in 0..<50_000 {
      // Scripts as scripts, and modules as modules.
      let isScript = round % 4 == 3 && texts.count > seeds.count
      let first = isScript ? seeds.count : 0
      let count = isScript ? texts.count - first : seeds.count
      var text = texts[first + mutator.below(count)]
      if round % 3 == 0 {
        text = mutator.mutate(text, donor: texts[mutator.below(texts.count)])
      } else {
        for _ in 0...mutator.below(2) { replaceToken(of: &text, &mutator) }
      }
      let error = refusal(
        text, isScript: isScript, features: round % 2 == 0 ? .standard : allFeatures)
      counts[error.map { Int($0.kind.rawValue) } ?? 4] += 1
      if error == nil, !isScript,
        let bytes = try? text.withUnsafeBytes({ try TextFormat.encode($0, features: allFeatures) })
      {
        let (first, second) = try roundTrip(bytes)
        #expect(first == second)
      }
      if let error, error.line < 1 || error.column < 1 || error.column > text.count + 1 {
        misplaced += 1
      }
    }
    #expect(misplaced == 0)
    // Scripts are accepted more often than the seeds.
    let accepted = texts.count > seeds.count ? 500 : 200
    #expect(counts[0] > 10_000 && counts[1] > 300 && counts[2] > 50, "\(counts)")
    #expect(counts[4] > accepted, "\(counts)")
  }

  /// Replaces what stands between two blanks or parentheses by a word, or by another such piece.
  private func replaceToken(of text: inout [UInt8], _ mutator: inout Mutator) {
    let target = piece(of: text, &mutator)
    let source = piece(of: text, &mutator)
    let word = Self.words[mutator.below(Self.words.count)]
    let new = mutator.below(2) == 0 ? Array(word.utf8) : Array(text[source])
    text.replaceSubrange(target, with: new)
  }

  private func piece(of text: [UInt8], _ mutator: inout Mutator) -> Range<Int> {
    let ends = Array(" \n()".utf8)
    var start = mutator.below(text.count)
    while start > 0, !ends.contains(text[start - 1]) { start -= 1 }
    var end = start
    while end < text.count, !ends.contains(text[end]) { end += 1 }
    return start..<end
  }

  private func refusal(_ text: [UInt8], isScript: Bool, features: Features) -> TextError? {
    guard isScript else { return textRefusal(text, features: features) }
    do {
      _ = try text.withUnsafeBytes { try TextFormat.parseScript($0) }
      return nil
    } catch {
      return error as? TextError
    }
  }
}
