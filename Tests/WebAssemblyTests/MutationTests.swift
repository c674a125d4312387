// SPDX-License-Identifier: Apache-2.0
// Mutants of a module that holds every operator.

import Testing

@testable import BrolgaWasm

private let everything = DecodingOptions(features: allFeatures)

/// A module with each operator once, in code that cannot run, where any operands will do.
private func moduleOfEveryOperator() -> TestModule {
  var code: [UInt8] = []
  for opcode in Opcode.allCases {
    let operation = opcode.bytes
    switch opcode {
    case .else: code += [0x41, 0x00, 0x04, 0x40, 0x05, 0x0B]
    case .end, .if: break
    case .block, .loop: code += operation + [0x40, 0x0B]
    // Its clauses lead to a block that takes a reference, and to the function.
    case .tryTable:
      code += [0x02, 0x69] + operation + [0x40, 0x03, 0x03, 0x00, 0x02, 0x01, 0x01, 0x00, 0x00]
      code += [0x0B, 0x00, 0x0B, 0x1A]
    // Its label takes a reference.
    case .brOnNonNull: code += [0x02, 0x70, 0x00] + operation + [0x00, 0x00, 0x0B, 0x1A]
    default: code += [0x02, 0x40, 0x00] + operation + immediates(opcode) + [0x00, 0x0B]
    }
  }
  var module = TestModule(code, parameters: [0x7F, 0x7C]).furnished()
  module.types.append(functionType([], []))
  module.tags = [[0x00, 0x02], [0x00, 0x00]]
  return module
}

private func immediates(_ opcode: Opcode) -> [UInt8] {
  switch opcode {
  case .localGet, .localSet, .localTee, .globalGet, .br, .brIf, .call, .tableGet, .tableSet,
    .returnCall, .throw, .callRef, .returnCallRef, .brOnNull,
    .memorySize, .memoryGrow, .dataDrop, .memoryFill, .elemDrop, .tableGrow, .tableSize,
    .tableFill, .i32Const, .i64Const:
    [0x00]
  case .globalSet, .refFunc: [0x01]
  case .brTable: [0x02, 0x00, 0x01, 0x00]
  case .callIndirect, .returnCallIndirect, .memoryInit, .memoryCopy, .tableInit, .tableCopy:
    [0x00, 0x00]
  case .selectTyped: [0x01, 0x7E]
  case .refNull: [0x6F]
  case .f32Const: [0x00, 0x00, 0x80, 0x3F]
  case .f64Const: [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xF0, 0x3F]
  case .v128Const, .i8x16Shuffle: [UInt8](0..<16)
  default:
    switch OperatorRow.all.first(where: { $0.opcode == opcode })?.shape {
    case .load, .store: [0x00, 0x10]
    case .loadLane, .storeLane: [0x00, 0x10, 0x01]
    case .extractLane, .replaceLane: [0x01]
    default: (0x28...0x3E).contains(opcode.rawValue) ? [0x00, 0x10] : []
    }
  }
}

@Test func everyOperatorIsDecoded() throws {
  let module = try Module(decoding: moduleOfEveryOperator().bytes, options: everything)
  var validator = FunctionValidator()
  try validator.begin(module, function: 0)
  var seen: Set<Opcode> = []
  while !validator.isAtEnd { seen.insert(try validator.next().opcode) }
  #expect(seen == Set(Opcode.allCases))
}

@Test func mutantsOfEveryOperatorAreAcceptedOrRefused() {
  var mutator = Mutator(seed: 1)
  var validator = FunctionValidator()
  let original = moduleOfEveryOperator().bytes
  var misplaced = 0
  var counts = [Int](repeating: 0, count: 5)
  for _ in 0..<8000 {
    let mutant = mutator.mutate(original, donor: original)
    let error = refusal(of: mutant, everything, &validator)
    counts[error.map { Int($0.kind.rawValue) } ?? 4] += 1
    if let error, error.offset < 0 || error.offset > mutant.count { misplaced += 1 }
  }
  #expect(misplaced == 0)
  #expect(counts[0] > 100 && counts[1] > 100 && counts[2] > 10 && counts[4] > 10, "\(counts)")
}

/// Changes modules: bytes flipped, set, cut out, or replaced by a piece of another module.
struct Mutator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  mutating func mutate(_ original: [UInt8], donor: [UInt8]) -> [UInt8] {
    var bytes = original
    for _ in 0...below(3) where !bytes.isEmpty {
      let at = below(bytes.count)
      switch below(8) {
      case 0, 1, 2: bytes[at] ^= 1 << UInt8(below(8))
      case 3, 4: bytes[at] = UInt8(truncatingIfNeeded: next())
      case 5: bytes.removeSubrange(at..<min(bytes.count, at + 1 + below(8)))
      case 6: bytes.removeSubrange(max(1, at)...)
      default:
        let from = below(donor.count)
        let piece = donor[from..<min(donor.count, from + 1 + below(32))]
        bytes.replaceSubrange(at..<min(bytes.count, at + below(32)), with: piece)
      }
    }
    return bytes
  }
}
