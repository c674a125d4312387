// SPDX-License-Identifier: Apache-2.0
// What compiled code asks of the processor.

/// Extensions of x86-64. Bits are part of the artefact format, and of `brolga_cpu_features`.
package struct CPUFeatures: OptionSet, BitwiseCopyable, Hashable, Sendable {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }

  package static let sse41 = CPUFeatures(rawValue: 1 << 0)
  package static let sse42 = CPUFeatures(rawValue: 1 << 1)
  package static let popcnt = CPUFeatures(rawValue: 1 << 2)
  package static let avx = CPUFeatures(rawValue: 1 << 3)
  package static let avx2 = CPUFeatures(rawValue: 1 << 4)
  package static let bmi1 = CPUFeatures(rawValue: 1 << 5)
  package static let bmi2 = CPUFeatures(rawValue: 1 << 6)
  package static let lzcnt = CPUFeatures(rawValue: 1 << 7)
  package static let fma = CPUFeatures(rawValue: 1 << 8)
  package static let f16c = CPUFeatures(rawValue: 1 << 9)
  package static let movbe = CPUFeatures(rawValue: 1 << 10)
  /// AVX-512 F, CD, BW, DQ and VL, which come together.
  package static let avx512 = CPUFeatures(rawValue: 1 << 11)
  package static let avx512bitalg = CPUFeatures(rawValue: 1 << 12)
  package static let avx512vbmi = CPUFeatures(rawValue: 1 << 13)

  /// The level x86-64-v3, which all compiled code may use.
  package static let baseline: CPUFeatures = [
    .sse41, .sse42, .popcnt, .avx, .avx2, .bmi1, .bmi2, .lzcnt, .fma, .f16c, .movbe,
  ]

  /// The level x86-64-v4.
  package static let level4 = baseline.union(.avx512)

  private static let bitNames = [
    "sse4.1", "sse4.2", "popcnt", "avx", "avx2", "bmi1", "bmi2", "lzcnt", "fma", "f16c", "movbe",
    "avx512", "avx512bitalg", "avx512vbmi",
  ]

  /// In bit order.
  package var names: [String] {
    (0..<64).filter { rawValue >> UInt64($0) & 1 != 0 }.map {
      $0 < CPUFeatures.bitNames.count ? CPUFeatures.bitNames[$0] : "feature\($0)"
    }
  }
}
