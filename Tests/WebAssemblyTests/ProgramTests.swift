// SPDX-License-Identifier: Apache-2.0
// Real programs, from a folder that is not part of the repository, and mutants of them.

import Foundation
import Testing

@testable import BrolgaWasm

/// `../shared/data` seen from the package's root.
let sharedData = URL(filePath: #filePath).deletingLastPathComponent()
  .appending(path: "../../../shared/data").standardizedFileURL

func isPresent(_ folder: String) -> Bool {
  FileManager.default.fileExists(atPath: sharedData.appending(path: folder).path)
}

/// The modules below `programs`, by path, in order.
private func programs() throws -> [(path: String, bytes: [UInt8])] {
  let root = sharedData.appending(path: "programs")
  let paths = try FileManager.default.subpathsOfDirectory(atPath: root.path)
  return try paths.filter { $0.hasSuffix(".wasm") }.sorted().map { path in
    (path, [UInt8](try Data(contentsOf: root.appending(path: path))))
  }
}

@Suite(.enabled(if: isPresent("programs"), "skipped: ../shared/data/programs is absent"))
struct ProgramTests {
  @Test func allOfARealProgramIsScannedForFeatures() throws {
    for (path, bytes) in try programs() {
      bytes.withUnsafeBytes {
        var scan = FeatureScan($0)
        scan.scanModule()
        #expect(scan.isComplete, "\(path)")
        #expect(scan.found.map(\.message) == [], "\(path)")
      }
    }
  }

  @Test func realProgramsValidate() throws {
    var validator = FunctionValidator()
    var operators = 0
    for (path, bytes) in try programs() {
      do throws(WasmError) {
        let module = try Module(decoding: bytes)
        operators += try validateBodies(of: module, &validator)
        let skeleton = Module.skeleton(of: module)
        _ = try Module(decoding: skeleton, options: DecodingOptions(bodiesElsewhere: true))
      } catch {
        Issue.record("\(path): \(error)")
      }
    }
    #expect(operators > 500_000)
  }

  /// Seeded: the same mutants in every run. Small modules serve for the bulk of them.
  @Test(.timeLimit(.minutes(2)))
  func mutantsAreAcceptedOrRefusedWithAnError() throws {
    var mutator = Mutator(seed: 2)
    var validator = FunctionValidator()
    let all = try programs().map(\.bytes).sorted { $0.count < $1.count }
    var misplaced = 0
    var counts = [Int](repeating: 0, count: 5)
    for (rank, original) in all.enumerated() {
      let share = rank == 0 ? 17_000 : original.count < 40_000 ? 450 : 8
      for _ in 0..<share {
        let mutant = mutator.mutate(original, donor: all[mutator.below(min(all.count, 4))])
        let error = refusal(of: mutant, DecodingOptions(), &validator)
        counts[error.map { Int($0.kind.rawValue) } ?? 4] += 1
        if let error, error.offset < 0 || error.offset > mutant.count { misplaced += 1 }
      }
    }
    #expect(misplaced == 0)
    #expect(counts.reduce(0, +) >= 20_000)
    // Each kind of outcome but `limit` is common.
    #expect(misplaced == 0)
    #expect(counts[0] > 100 && counts[1] > 100 && counts[2] > 10 && counts[4] > 100, "\(counts)")
  }
}
