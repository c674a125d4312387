// SPDX-License-Identifier: Apache-2.0
// Why an artefact cannot be written or loaded.

import Glibc

/// Why an artefact was refused, or could not be written.
public enum ArtefactError: Error, Hashable, Sendable {
  /// The file cannot be opened or read; the system's error number says why.
  case cannotRead(path: String, Int32)
  /// The system gives no memory, or none that code may run in.
  case noMemory(Int32)
  case cannotWrite(Int32)
  /// Not an ELF file with Brolga's sections.
  case notAnArtefact
  case wrongVersion(found: UInt32, expected: UInt32)
  case wrongTarget(found: String)
  /// The processor lacks extensions that the code uses.
  case missingFeatures([String])
  /// The bytes are not those that were written.
  case wrongHash
  /// A part contradicts another.
  case malformed(String)
  /// The module inside is wrong.
  case invalidModule(String)
  /// Code or tables beyond what the format can hold.
  case tooLarge
}

extension ArtefactError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .cannotRead(let path, let number): "\(path): \(systemMessage(number))"
    case .noMemory(let number): "no memory for the artefact: \(systemMessage(number))"
    case .cannotWrite(let number): "cannot write the artefact: \(systemMessage(number))"
    case .notAnArtefact: "not a Brolga artefact"
    case .wrongVersion(let found, let expected):
      "artefact format version \(found); this Brolga reads version \(expected)"
    case .wrongTarget(let found): "artefact for \(found); this is \(ArtefactFormat.target)"
    case .missingFeatures(let names):
      "this processor lacks what the artefact needs: \(names.joined(separator: ", "))"
    case .wrongHash: "the artefact is damaged: its hash does not match"
    case .malformed(let what): "malformed artefact: \(what)"
    case .invalidModule(let what): "malformed artefact: \(what)"
    case .tooLarge: "the module is too large for an artefact"
    }
  }
}

/// What the system calls an error.
private func systemMessage(_ number: Int32) -> String { String(cString: strerror(number)) }
