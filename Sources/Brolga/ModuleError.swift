// SPDX-License-Identifier: Apache-2.0
// Why a module cannot be had from its bytes.

import BrolgaArtefact
import BrolgaCompiler
import BrolgaWasm

/// Why a module was not compiled or loaded.
public enum ModuleError: Error, Hashable, Sendable {
  /// The bytes are no WebAssembly module. Offsets count from the start of the module.
  case malformed(String, offset: Int)
  /// The module breaks a typing rule.
  case invalid(String, offset: Int)
  /// The module uses parts of WebAssembly that Brolga does not have: at least one, in the order in
  /// which they are first used.
  case unsupported([UnsupportedFeature])
  /// The module is larger than the implementation limits of the JavaScript interface allow.
  case limitExceeded(String, offset: Int)
  /// The module's text is wrong in one of these ways: the message says which, with line and
  /// column, and shows the line.
  case text(String)
  /// Code beyond what the machine can address.
  case tooLarge(String)
  case artefact(ArtefactError)
  /// An artefact, or another ELF file, where a module should be.
  case isArtefact

  package init(_ error: WasmError) {
    switch error.kind {
    case .malformed: self = .malformed(error.message, offset: error.offset)
    case .invalid: self = .invalid(error.message, offset: error.offset)
    case .unsupported: self = .unsupported([UnsupportedFeature(error)])
    case .limit: self = .limitExceeded(error.message, offset: error.offset)
    }
  }

  /// What is wrong with a module that was decoded from `bytes`, which may be its text.
  package init(_ error: WasmError, in bytes: ModuleBytes) {
    if TextFormat.isText(bytes.buffer) {
      self = .text(TextFormat.error(error, in: bytes.buffer).description)
    } else if error.kind == .unsupported {
      self = .unsupported(unsupportedFeatures(of: bytes.buffer, refusedFor: error))
    } else {
      self.init(error)
    }
  }

  package init(_ error: CompileError, in bytes: ModuleBytes) {
    switch error {
    case .module(let error): self.init(error, in: bytes)
    default: self = .tooLarge(error.description)
    }
  }
}

extension ModuleError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .malformed(let message, let offset): "malformed: \(message) (at offset \(offset))"
    case .invalid(let message, let offset): "invalid: \(message) (at offset \(offset))"
    case .unsupported(let features):
      "unsupported: " + features.map { "\($0.name) at offset \($0.offset)" }.joined(separator: ", ")
    case .limitExceeded(let message, let offset):
      "limit exceeded: \(message) (at offset \(offset))"
    case .tooLarge(let message), .text(let message): message
    case .artefact(let error): error.description
    case .isArtefact:
      "an artefact, or another ELF file, and no module: brolga run runs artefacts, brolga inspect shows them"
    }
  }
}
