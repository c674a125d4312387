// SPDX-License-Identifier: Apache-2.0
// Damaged modules through decoding, validation and compilation.

import BrolgaEntities
import BrolgaWasm
import Testing

@testable import BrolgaCompiler

/// A generator of reproducible random numbers: xorshift64*.
private struct Random {
  var state: UInt64

  mutating func next() -> UInt64 {
    state ^= state &>> 12
    state ^= state &<< 25
    state ^= state &>> 27
    return state &* 0x2545_F491_4F6C_DD1D
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// Flips bytes, cuts, or splices a piece of `other` in.
private func mutate(_ bytes: [UInt8], with other: [UInt8], _ random: inout Random) -> [UInt8] {
  var result = bytes
  switch random.below(8) {
  case 0:
    result.removeSubrange(random.below(result.count)...)
  case 1:
    let start = random.below(result.count)
    let end = min(result.count, start + 1 + random.below(16))
    result.removeSubrange(start..<end)
  case 2:
    let start = random.below(other.count)
    let piece = other[start..<min(other.count, start + 1 + random.below(64))]
    result.insert(contentsOf: piece, at: random.below(result.count))
  default:
    for _ in 0...random.below(4) {
      result[random.below(result.count)] = UInt8(truncatingIfNeeded: random.next())
    }
  }
  return result
}

/// Everything up to the link, as `compile` does, with every stage checked.
private func outcome(of bytes: [UInt8], _ options: CompilerOptions) -> Bool {
  do {
    let module = try Module(decoding: bytes)
    _ = try compile(module, options)
    return true
  } catch is WasmError {
    return false
  } catch is CompileError {
    return false
  } catch {
    Issue.record("an error of no known type: \(error)")
    return false
  }
}

@Test func damagedModulesCompileOrGiveTypedErrors() {
  // The smallest programs: their bodies are most of them, and many mutants fit in a test.
  let modules = programModules().filter {
    $0.bytes.count < 60_000 && !$0.name.contains("libsodium")
  }
  if modules.isEmpty {
    print("skipped: no programs beside the project")
    return
  }
  var compiled = 0
  let count = 20_000
  for seed in 1...count {
    var random = Random(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15)
    let bytes = modules[seed % modules.count].bytes
    let other = modules[random.below(modules.count)].bytes
    var options = CompilerOptions()
    options.level = seed % 2 == 0 ? .o0 : .o2
    options.checksAllocation = seed % 16 < 2
    options.verifies = options.checksAllocation
    if outcome(of: mutate(bytes, with: other, &random), options) { compiled += 1 }
  }
  // Bytes of names and data may change freely; most of the others may not.
  #expect(compiled > count / 50 && compiled < count)
}
