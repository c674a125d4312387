// SPDX-License-Identifier: Apache-2.0
// The module without its code, for compiled artefacts.

extension Module {
  /// The module's bytes without the code section and without custom sections but `name`: what an
  /// artefact keeps. Decode it with `DecodingOptions.bodiesElsewhere`.
  package static func skeleton(of module: Module) -> [UInt8] {
    []
  }
}
