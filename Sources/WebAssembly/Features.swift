// SPDX-License-Identifier: Apache-2.0
// Parts of WebAssembly that are not built or not standard, by name, and the options of decoding.

/// Parts of WebAssembly that not every module may use.
///
/// Version 3.0 needs no switch, but for the parts below. A module that uses one that is not switched
/// on, or is not built, is refused as `unsupported` with the feature's name.
package struct Features: OptionSet, BitwiseCopyable, Hashable, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  // Decoded, validated, parsed and printed.
  package static let simd = Features(rawValue: 1 << 8)
  package static let relaxedSIMD = Features(rawValue: 1 << 9)
  package static let wideArithmetic = Features(rawValue: 1 << 10)
  package static let exceptionHandling = Features(rawValue: 1 << 13)

  // Recognised and refused, even when switched on.
  package static let garbageCollection = Features(rawValue: 1 << 12)
  package static let legacyExceptionHandling = Features(rawValue: 1 << 14)
  package static let threads = Features(rawValue: 1 << 15)
  package static let customPageSizes = Features(rawValue: 1 << 17)
  package static let stackSwitching = Features(rawValue: 1 << 18)
  package static let components = Features(rawValue: 1 << 19)
  package static let compactImports = Features(rawValue: 1 << 20)

  /// All that can be switched on.
  static let known: Features = [.simd, .relaxedSIMD, .wideArithmetic, .exceptionHandling]

  /// What modules may use where nothing else is said.
  package static let standard: Features = known

  /// How messages call a single feature.
  package var name: String {
    switch self {
    case .simd: "simd"
    case .relaxedSIMD: "relaxed simd"
    case .garbageCollection: "garbage collection"
    case .exceptionHandling: "exception handling"
    case .legacyExceptionHandling:
      "legacy exception handling (wasm-opt --translate-to-exnref converts it)"
    case .threads: "threads"
    case .wideArithmetic: "wide arithmetic"
    case .customPageSizes: "custom page sizes"
    case .stackSwitching: "stack switching"
    case .components: "component model"
    case .compactImports: "compact import section"
    default: "several features"
    }
  }
}

/// How to read a module.
package struct DecodingOptions: Hashable, Sendable {
  package let features: Features
  /// Accepts a module whose function section has no code section to go with it, as
  /// `Module.skeleton(of:)` makes them.
  package var bodiesElsewhere = false

  package init(features: Features = .standard, bodiesElsewhere: Bool = false) {
    self.features = features.intersection(.known)
    self.bodiesElsewhere = bodiesElsewhere
  }
}
