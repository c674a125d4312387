// SPDX-License-Identifier: Apache-2.0
// Input files, read; output files, written in one piece or not at all; standard output.

import BrolgaArtefact
import BrolgaWasm
import Glibc

/// What a file holds; `-` is standard input. Nothing that happens to the file changes it.
final class InputFile {
  let name: String
  let memory: PrivateBytes

  init(_ path: String) throws(Failure) {
    name = path == "-" ? "standard input" : path
    let isInput = path == "-"
    let descriptor = isInput ? STDIN_FILENO : open(HostText.cString(path), O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure.ofSystem(path) }
    defer { if !isInput { close(descriptor) } }
    do throws(ArtefactError) {
      memory = try PrivateBytes(reading: descriptor, path: name)
    } catch {
      throw Failure("\(error)")
    }
  }

  var isArtefact: Bool { withBytes(ArtefactFormat.isELF) }
  var isBinaryModule: Bool { withBytes { $0.starts(with: [0, 0x61, 0x73, 0x6d]) } }
  /// These keep what they are in.
  var moduleBytes: ModuleBytes {
    ModuleBytes(UnsafeRawBufferPointer(memory.bytes), owner: memory)
  }

  func withBytes<Result, Failure>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(memory) {} }
    return try body(UnsafeRawBufferPointer(memory.bytes))
  }
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
    let isReplaced =
      stat(HostText.cString(path), &status) != 0 || status.st_mode & S_IFMT == S_IFREG
    temporaryPath = isReplaced ? "\(path).\(getpid()).tmp" : nil
    let flags = isReplaced ? O_WRONLY | O_CREAT | O_TRUNC : O_WRONLY
    descriptor = open(HostText.cString(temporaryPath ?? path), flags | O_CLOEXEC, 0o666)
    if descriptor < 0 { throw Failure.ofSystem(path) }
  }

  func write(_ bytes: [UInt8]) throws(Failure) {
    if !writeAll(bytes, to: descriptor) { throw Failure.ofSystem(path) }
  }

  consuming func finish() throws(Failure) {
    guard close(descriptor) == 0,
      temporaryPath.map({ rename(HostText.cString($0), HostText.cString(path)) }) ?? 0 == 0
    else {
      let failure = Failure.ofSystem(path)
      if let temporaryPath { unlink(HostText.cString(temporaryPath)) }
      throw failure
    }
  }

  consuming func discard() {
    close(descriptor)
    if let temporaryPath { unlink(HostText.cString(temporaryPath)) }
  }
}

/// Whether `path` is the name of a file, and not standard input, a device or a pipe.
func isPlainFile(_ path: String) -> Bool {
  var status = stat()
  return path != "-" && stat(HostText.cString(path), &status) == 0
    && status.st_mode & S_IFMT == S_IFREG
}

/// Writes a file in one piece.
func writeFile(_ bytes: [UInt8], to path: String) throws(Failure) {
  let target = try OutputFile(path)
  do throws(Failure) {
    try target.write(bytes)
  } catch {
    target.discard()
    throw error
  }
  try target.finish()
}

/// The name of what is made of the file at `path`: `wanted`, or the file's own with another ending.
func outputName(
  _ wanted: String?, for path: String, dropping old: String, adding new: String
) throws(Failure) -> String {
  if let wanted { return wanted }
  guard isPlainFile(path) else {
    throw Failure("\(path): not a file whose name could be used; -o names another")
  }
  return (path.hasSuffix(old) ? String(path.dropLast(old.count)) : path) + new
}

/// Writes what a command was run for. There is no use in going on without: an error ends the
/// process, in silence if nobody reads any more.
func output(_ bytes: [UInt8]) {
  if writeAll(bytes, to: STDOUT_FILENO) { return }
  if errno == EPIPE { leave(128 + SIGPIPE) }
  leave(Failure.ofSystem("standard output"))
}

func output(_ text: String) { output([UInt8](text.utf8)) }

/// Writes all of `bytes`; false at an error, which `errno` tells.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
  var written = 0
  while written < bytes.count {
    let count = bytes.withUnsafeBytes {
      write(descriptor, $0.baseAddress! + written, $0.count - written)
    }
    if count < 0 && errno == EINTR { continue }
    if count <= 0 { return false }
    written += count
  }
  return true
}

/// Tells on standard error. If that fails there is nobody to tell.
func note(_ text: String) { _ = writeAll([UInt8](text.utf8), to: STDERR_FILENO) }
