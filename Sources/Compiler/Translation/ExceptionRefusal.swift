// SPDX-License-Identifier: Apache-2.0
// Exceptions are decoded and validated, but no code is made for them: where that is said.

import WebAssembly

extension Translator {
  /// What a function that throws or catches exceptions is refused with.
  func refusedException() -> WasmError { Module.refusedException(at: validator.offset) }
}

extension Module {
  /// Refuses a module that has tags, whether or not a function of it uses them.
  func refuseTags() throws(WasmError) {
    guard !tags.isEmpty else { return }
    let firstImport = imports.first { $0.type.kind == .tag }
    throw Self.refusedException(at: firstImport?.offset ?? 0)
  }

  fileprivate static func refusedException(at offset: Int) -> WasmError {
    WasmError(.unsupported, at: offset, Features.exceptionHandling.name)
  }
}
