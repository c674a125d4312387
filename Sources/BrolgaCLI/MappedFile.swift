// SPDX-License-Identifier: Apache-2.0
// Input files, mapped; output files, written in one piece or not at all.

import Glibc
import WebAssembly

/// A file's bytes as long as this lives. Never unmapped while a module that was decoded from it
/// lives, which keeps it.
final class MappedFile {
  let bytes: UnsafeRawBufferPointer

  init(_ path: String) throws(Failure) {
    let file = open(HostText.cString(path), O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw MappedFile.failure(path) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw MappedFile.failure(path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw Failure("\(path): not a file")
    }
    let count = Int(status.st_size)
    guard count > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, file, 0)
    guard let start, start != MAP_FAILED else { throw MappedFile.failure(path) }
    bytes = UnsafeRawBufferPointer(start: start, count: count)
  }

  deinit {
    if let start = bytes.baseAddress {
      munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
    }
  }

  private static func failure(_ path: String) -> Failure {
    Failure("\(path): \(String(cString: strerror(errno)))")
  }

  /// What the first bytes say the file is.
  enum Kind { case module, artefact, other }

  var kind: Kind {
    if bytes.starts(with: [0, 0x61, 0x73, 0x6d]) { return .module }
    if bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]) { return .artefact }
    return .other
  }

  var moduleBytes: ModuleBytes { ModuleBytes(bytes, owner: self) }
}

/// A file to be written. Until `finish` it has a name of its own beside the wanted one, so that a
/// run that fails leaves no half of a file. A device or a pipe is written as it is.
struct OutputFile: ~Copyable {
  /// Open for writing.
  let descriptor: Int32
  private let path: String
  private let temporaryPath: String?

  init(_ path: String) throws(Failure) {
    self.path = path
    var status = stat()
    let isReplaced = stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG
    temporaryPath = isReplaced ? "\(path).\(getpid()).tmp" : nil
    let flags = isReplaced ? O_WRONLY | O_CREAT | O_TRUNC : O_WRONLY
    descriptor = open(temporaryPath ?? path, flags | O_CLOEXEC, 0o666)
    if descriptor < 0 { throw Failure("\(path): \(String(cString: strerror(errno)))") }
  }

  consuming func finish() throws(Failure) {
    guard close(descriptor) == 0, temporaryPath.map({ rename($0, path) }) ?? 0 == 0 else {
      let reason = String(cString: strerror(errno))
      if let temporaryPath { unlink(temporaryPath) }
      throw Failure("\(path): \(reason)")
    }
  }

  consuming func discard() {
    close(descriptor)
    if let temporaryPath { unlink(temporaryPath) }
  }
}
