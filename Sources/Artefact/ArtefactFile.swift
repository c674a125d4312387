// SPDX-License-Identifier: Apache-2.0
// A loaded artefact: mapped, checked, its text executable.

import Entities
import Glibc

/// An artefact in memory. Immutable.
///
/// Every range and every table entry has been checked against its bounds, so that look-ups need
/// no checks. That the code is what a compiler wrote is only guarded by the hash: whoever can
/// forge an artefact can run native code.
package final class ArtefactFile: @unchecked Sendable {
  private let mapping: ArtefactMapping
  private let parts: ArtefactParts

  /// Maps a file. The file must not change while the object lives.
  package convenience init(path: String, hostFeatures: CPUFeatures) throws(ArtefactError) {
    let mapping = try ArtefactMapping(path: path)
    try self.init(mapping, hostFeatures: hostFeatures)
  }

  /// Loads a copy of `bytes`.
  package convenience init(
    copying bytes: UnsafeRawBufferPointer, hostFeatures: CPUFeatures
  ) throws(ArtefactError) {
    guard bytes.count > 0 else { throw .notAnArtefact }
    let mapping = try ArtefactMapping(byteCount: bytes.count)
    mapping.bytes.copyMemory(from: bytes)
    try self.init(mapping, hostFeatures: hostFeatures)
  }

  /// Loads what the compiler has just made, without a file in between.
  package convenience init(
    _ module: borrowing CompiledModule, hostFeatures: CPUFeatures
  ) throws(ArtefactError) {
    let mapping = try ArtefactMapping(byteCount: try module.artefactByteCount())
    try module.writeArtefact(to: mapping.bytes)
    try self.init(mapping, hostFeatures: hostFeatures)
  }

  private init(_ mapping: ArtefactMapping, hostFeatures: CPUFeatures) throws(ArtefactError) {
    self.mapping = mapping
    parts = try ArtefactParts(
      checking: UnsafeRawBufferPointer(mapping.bytes), hostFeatures: hostFeatures)
    try mapping.makeExecutable(from: parts.textOffset)
  }

  // MARK: Contents

  /// The code, executable.
  package var text: UnsafeRawBufferPointer { parts.text }
  /// The module without its bodies.
  package var skeleton: UnsafeRawBufferPointer { parts.skeleton }
  package var byteCount: Int { mapping.bytes.count }
  package var functionCount: Int { parts.functionCount }
  package var importedFunctionCount: Int { parts.importedFunctionCount }
  /// `TrapEntry` after `TrapEntry`.
  package var trapEntries: UnsafeRawBufferPointer { parts.trapEntries }
  /// One byte per entry.
  package var trapKinds: UnsafeRawBufferPointer { parts.trapKinds }
  package var features: CPUFeatures { parts.features }
  package var optimizationLevel: UInt8 { parts.optimizationLevel }
  package var target: String { ArtefactFormat.target }
  package var compilerVersion: String { parts.compilerVersion }
  package var formatVersion: UInt32 { ArtefactFormat.version }
  package var hash: UInt64 { parts.hash }
  /// Name, offset and size of each section, for people.
  package var sections: [(name: String, range: Range<Int>)] { parts.sections }

  /// The code of the `index`-th defined function.
  package func function(_ index: Int) -> FunctionRange { parts.function(index) }

  /// The name of the `index`-th defined function.
  package func functionName(_ index: Int) -> String? { parts.functionName(index) }

  /// The defined function whose code holds `offset`. Cost: O(log n), O(n) if the functions do not
  /// lie in index order.
  package func functionIndex(atCodeOffset offset: UInt32) -> Int? {
    func holds(_ index: Int) -> Bool {
      let range = parts.function(index)
      return offset >= range.offset && offset - range.offset < range.size
    }
    guard parts.functionsAreInOrder else { return (0..<functionCount).first(where: holds) }
    var low = 0
    var high = functionCount
    while low < high {
      let middle = (low + high) / 2
      if parts.function(middle).offset <= offset { low = middle + 1 } else { high = middle }
    }
    return low > 0 && holds(low - 1) ? low - 1 : nil
  }

  /// The place in the module of a call (by its return address) or of a trapping instruction.
  package func wasmOffset(atCodeOffset offset: UInt32, isCallSite: Bool) -> UInt32? {
    var low = 0
    var high = trapKinds.count
    while low < high {
      let middle = (low + high) / 2
      if parts.trap(middle).codeOffset < offset { low = middle + 1 } else { high = middle }
    }
    var found: UInt32?
    while low < trapKinds.count, parts.trap(low).codeOffset == offset {
      found = parts.trap(low).wasmOffset
      // A return address may be a trapping instruction's address as well.
      if (trapKinds[low] == 0) == isCallSite { break }
      low += 1
    }
    return found
  }
}

/// Memory that holds an artefact; page-aligned, its last page filled up with zeros.
private final class ArtefactMapping {
  let bytes: UnsafeMutableRawBufferPointer

  /// Zeroed memory.
  init(byteCount: Int) throws(ArtefactError) {
    let protection = PROT_READ | PROT_WRITE
    let mapped = mmap(nil, byteCount, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let base = mapped, base != MAP_FAILED else { throw .cannotMap(errno) }
    bytes = UnsafeMutableRawBufferPointer(start: base, count: byteCount)
  }

  /// A file, shared with the page cache.
  init(path: String) throws(ArtefactError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .cannotOpen(errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .cannotOpen(errno) }
    guard status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else { throw .notAnArtefact }
    let byteCount = Int(status.st_size)
    // Executable from the start, so that profilers hear of the file; `makeExecutable` takes that
    // right from everything but the text before anybody knows the address.
    var mapped = mmap(nil, byteCount, PROT_READ | PROT_EXEC, MAP_PRIVATE, descriptor, 0)
    if mapped == MAP_FAILED {
      // On a file system without the right to execute: a copy.
      let protection = PROT_READ | PROT_WRITE
      mapped = mmap(nil, byteCount, protection, MAP_PRIVATE, descriptor, 0)
    }
    guard let base = mapped, base != MAP_FAILED else { throw .cannotMap(errno) }
    bytes = UnsafeMutableRawBufferPointer(start: base, count: byteCount)
  }

  deinit { munmap(bytes.baseAddress, bytes.count) }

  /// Seals the bytes: everything readable, from `textOffset` (a page's start) on executable.
  func makeExecutable(from textOffset: Int) throws(ArtefactError) {
    let base = bytes.baseAddress!
    guard mprotect(base, textOffset, PROT_READ) == 0 else { throw .cannotMap(errno) }
    let textBytes = bytes.count - textOffset
    if textBytes == 0 { return }
    guard mprotect(base + textOffset, textBytes, PROT_READ | PROT_EXEC) == 0 else {
      throw .cannotMap(errno)
    }
  }
}
