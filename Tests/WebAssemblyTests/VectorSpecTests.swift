// SPDX-License-Identifier: Apache-2.0
// The specification's scripts of vectors and of wide arithmetic: their modules, and what is wrong
// with the wrong ones.

import Foundation
import Testing

@testable import BrolgaWasm

@Suite(
  .enabled(if: isPresent("spec"), "skipped: ../shared/data/spec is absent"),
  .timeLimit(.minutes(5)))
struct VectorSpecTests {
  private static func scripts() throws -> [(name: String, bytes: [UInt8])] {
    let wide = "proposals/wide-arithmetic/wide-arithmetic.wast"
    let path = sharedData.appending(path: "spec/" + wide)
    return try specScripts().filter { $0.name.hasPrefix("simd_") || $0.name.contains("relaxed_") }
      + [(wide, [UInt8](try Data(contentsOf: path)))]
  }

  private struct Counts {
    var scripts = 0
    var modules = 0
    var malformed = 0
    var invalid = 0
    var returned = 0
  }

  @Test func modulesAreAcceptedOrRefusedInTheScriptsWords() throws {
    var counts = Counts()
    var validator = FunctionValidator()
    for (name, bytes) in try Self.scripts() {
      counts.scripts += 1
      let script = try bytes.withUnsafeBytes {
        try TextFormat.parseScript($0, features: allFeatures)
      }
      for command in script.commands {
        try check(command, name, &counts, &validator)
      }
    }
    #expect(counts.scripts >= 67 && counts.modules >= 484, "\(counts)")
    #expect(counts.malformed >= 509 && counts.invalid >= 679, "\(counts)")
    #expect(counts.returned > 24_000, "\(counts)")
  }

  private func check(
    _ command: ScriptCommand, _ name: String, _ counts: inout Counts,
    _ validator: inout FunctionValidator
  ) throws {
    let place = "\(name):\(command.line)"
    switch command.kind {
    case .module(let module), .definition(let module), .assertUnlinkable(let module, _),
      .assertModuleTrap(let module, _):
      let bytes = try module.bytes.get()
      let error = refusal(of: bytes, DecodingOptions(features: allFeatures), &validator)
      #expect(error == nil, "\(place): \(error as Any)")
      let (first, second) = try roundTrip(bytes)
      #expect(first == second, "\(place)")
      counts.modules += 1
    case .assertMalformed(let module, let words):
      let refused = complaint(of: module, &validator)
      #expect(refused?.kind == .malformed, "\(place): \(refused as Any)")
      compare(refused?.message, words, place)
      counts.malformed += 1
    case .assertInvalid(let module, let words):
      let refused = complaint(of: module, &validator)
      #expect(refused?.kind == .invalid, "\(place): \(refused as Any)")
      compare(refused?.message, words, place)
      counts.invalid += 1
    case .assertReturn(_, let results):
      counts.returned += 1
      for result in results { #expect(result.isMetBySomeVector, "\(place)") }
    default: break
    }
  }

  private func compare(_ message: String?, _ words: String, _ place: String) {
    let isWorded = message?.hasPrefix(words) == true
    #expect(isWorded, "\(place): \(message ?? "accepted"), expected \(words)")
  }

  private func complaint(
    of module: ScriptModule, _ validator: inout FunctionValidator
  ) -> (kind: WasmError.Kind, message: String)? {
    switch module.bytes {
    case .failure(let error): return (error.kind, error.message)
    case .success(let bytes):
      let options = DecodingOptions(features: allFeatures)
      return refusal(of: bytes, options, &validator).map { ($0.kind, $0.message) }
    }
  }
}

extension ScriptExpectation {
  /// Whether a vector can be made that is as expected, and one that is not; true for numbers.
  fileprivate var isMetBySomeVector: Bool {
    switch self {
    case .exactly(.v128(let value)):
      return isMet(byVector: value) && !isMet(byVector: V128(low: ~value.low, high: value.high))
    case .lanes(let lanes):
      var value = V128(low: 0, high: 0)
      for (i, lane) in lanes.enumerated() {
        let bits: UInt64 =
          switch lane {
          case .exactly(.f32(let bits)): UInt64(bits)
          case .exactly(.f64(let bits)): bits
          default: lanes.count == 4 ? 0x7FC0_0000 : 0x7FF8_0000_0000_0000
          }
        value.setLane(i, bits: 128 / lanes.count, to: bits)
      }
      return isMet(byVector: value) && !isMet(byVector: V128(low: ~value.low, high: ~value.high))
    case .either(let choices): return choices.allSatisfy(\.isMetBySomeVector)
    case .exactly(.unsupported): return false
    default: return true
    }
  }
}
