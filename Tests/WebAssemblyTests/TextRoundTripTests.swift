// SPDX-License-Identifier: Apache-2.0
// Printed text parses back to the module; the specification's scripts parse as they should.

import Foundation
import Testing

@testable import BrolgaWasm

private let sample = """
  (module $sample
    (type $t (func (param i32) (result i32)))
    (import "a" "f" (func $imported (type $t)))
    (import "a b\\22" "g" (global $g (mut f64)))
    (table $tab 2 10 funcref) (table 0 externref) (memory 1 2)
    (global $h f32 (f32.const nan:0x200000)) (global i32 (i32.add (i32.const 1) (i32.const 2)))
    (export "e\\u{301}" (func $one)) (start $start)
    (elem $el (i32.const 0) func $one $imported) (elem declare func $one)
    (elem (table $tab) (i32.const 1) funcref (ref.func $one) (ref.null func)) (elem externref)
    (func $one (type $t) (param $x i32) (result i32) (local $y i64) (local f32 f32)
      (block $out (result i32)
        (loop $again (br_if $again (local.get $x)) (br_table $again 0 (i32.const 2)))
        (br_table $out 0 (i32.const 1) (local.get $x))
        (if (result i32) (local.get 0) (then (i32.const -5)) (else (i32.const 0x80000000)))))
    (func $start
      (f64.store offset=8 align=2 (i32.const 0) (f64.const 0x1.8p-1000)) f32.const -nan drop
      (drop (call_indirect $tab (type $t) (i32.const 1) (i32.const 0)))
      (memory.init $d (i32.const 0) (i32.const 0) (i32.const 0)) data.drop $d elem.drop $el
      (table.init $tab $el (i32.const 0) (i32.const 0) (i32.const 0))
      (drop (select (result f64) (global.get $g) (f64.const 1e300) (i32.const 1)))
      i64.const -9223372036854775808 drop (drop (i32.trunc_sat_f32_s (f32.const inf))))
    (func $"odd name") (func $"#odd" (@name "odd name"))
    (data $d "\\00\\ff\\"\\\\text") (data (i32.const 0) ""))
  """

@Test func aSampleOfEverythingComesBack() throws {
  #expect(textRefusal(sample) == nil, "\(textRefusal(sample) as Any)")
  let bytes = try encode(sample)
  let (first, second) = try roundTrip(bytes)
  #expect(first == second)
  let back = try encode(first)
  #expect(Module.skeletonAndCode(back) == Module.skeletonAndCode(bytes))
  #expect(try decode(first).functionName(4) == "odd name")
}

@Test func namesThatCouldDeceiveArePrintedAsEscapes() throws {
  let bytes = try encode("(func (export \"a\u{202E}é\u{2066}b\"))")
  let (first, second) = try roundTrip(bytes)
  #expect(first == second && first.contains("\"a\\e2\\80\\aeé\\e2\\81\\a6b\""))
}

@Test func everyInstructionIsInTheTable() throws {
  let table = TextInstructionTable.shared
  for opcode in Opcode.allCases {
    #expect(table.row(ofCode: Int(opcode.rawValue)) != nil, "\(opcode)")
  }
  for row in 0..<table.count {
    let name = table.name(row)
    let hash = name.reduce(Keywords.hashStart, Keywords.hash)
    #expect(Keywords.shared.code(name, hash: hash) == UInt32(row))
  }
  for keyword in Keyword.allCases {
    let word = Array(keyword.rawValue.utf8)
    let hash = word.reduce(Keywords.hashStart, Keywords.hash)
    let code = word.withUnsafeBufferPointer { Keywords.shared.code($0, hash: hash) }
    #expect(code == keyword.code, "\(keyword)")
  }
}

extension Module {
  /// All sections but custom ones.
  fileprivate static func skeletonAndCode(_ bytes: [UInt8]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    bytes.withUnsafeBufferPointer { buffer in
      var reader = ByteReader(base: buffer.baseAddress!, position: 8, end: bytes.count)
      while !reader.isAtEnd, let id = try? reader.readByte(), let size = try? reader.readU32(),
        let place = try? reader.readBytes(Int(size))
      {
        if id != 0 { result.append([id] + bytes[place]) }
      }
    }
    return result
  }
}

@Suite(.enabled(if: isPresent("programs"), "skipped: ../shared/data/programs is absent"))
struct TextProgramTests {
  @Test func programsComeBack() throws {
    let root = sharedData.appending(path: "programs")
    let paths = try FileManager.default.subpathsOfDirectory(atPath: root.path).sorted()
    var count = 0
    for path in paths where path.hasSuffix(".wasm") {
      let bytes = [UInt8](try Data(contentsOf: root.appending(path: path)))
      // The large ones say no more than these, and take long in a debug build.
      guard bytes.count < 60_000, refusal(of: bytes) == nil else { continue }
      let (first, second) = try roundTrip(bytes)
      #expect(first == second, "\(path)")
      count += 1
    }
    #expect(count >= 10)
  }
}

@Suite(
  .enabled(if: isPresent("spec"), "skipped: ../shared/data/spec is absent"),
  .timeLimit(.minutes(5)))
struct TextSpecTests {
  /// What the scripts' modules come to, added up.
  private struct Counts {
    var encoded = 0
    var unsupported = 0
    var malformed = 0
    var returned = 0
  }

  @Test func scriptsParseAndTheirModulesComeBack() throws {
    var counts = Counts()
    for (name, bytes) in try specScripts() {
      let script = try bytes.withUnsafeBytes {
        try TextFormat.parseScript($0, features: allFeatures)
      }
      for command in script.commands {
        try check(command, name, &counts)
      }
    }
    #expect(
      counts.encoded > 1100 && counts.malformed > 700 && counts.unsupported > 10, "\(counts)")
    #expect(counts.returned > 20_000, "\(counts)")
  }

  private func check(
    _ command: ScriptCommand, _ name: String, _ counts: inout Counts
  ) throws {
    let place = Comment(rawValue: "\(name):\(command.line)")
    switch command.kind {
    case .assertReturn: counts.returned += 1
    case .assertMalformed(let module, _):
      guard case .success(let bytes) = module.bytes else {
        counts.malformed += 1
        return
      }
      #expect(refusal(of: bytes, DecodingOptions(features: allFeatures)) != nil, place)
      counts.malformed += 1
    case .module(let module), .definition(let module), .assertUnlinkable(let module, _),
      .assertModuleTrap(let module, _):
      guard module.form != .binary else { return }
      switch module.bytes {
      case .failure(let error):
        #expect(error.kind == .unsupported, "\(name):\(command.line): \(error)")
        counts.unsupported += 1
      case .success(let bytes):
        let error = refusal(of: bytes, DecodingOptions(features: allFeatures))
        #expect(error == nil || error?.kind == .unsupported, "\(place): \(error as Any)")
        if error != nil { return counts.unsupported += 1 }
        counts.encoded += 1
        guard bytes.count < 4000 else { return }
        let (first, second) = try roundTrip(bytes)
        #expect(first == second, place)
      }
    default: break
    }
  }
}
