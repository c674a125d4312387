// SPDX-License-Identifier: Apache-2.0
// A loaded artefact: in memory of its own, checked, its text executable.

import BrolgaEntities

/// An artefact in memory. Immutable.
///
/// Every range and every table entry has been checked against its bounds, so that look-ups need
/// no checks. That the code is what a compiler wrote is only guarded by the hash: whoever can
/// forge an artefact can run native code.
package final class ArtefactFile: @unchecked Sendable {
  private let memory: PrivateBytes
  private let parts: ArtefactParts

  /// Reads a file.
  package convenience init(path: String, hostFeatures: CPUFeatures) throws(ArtefactError) {
    try self.init(try PrivateBytes(path: path), hostFeatures: hostFeatures)
  }

  /// Loads a copy of `bytes`.
  package convenience init(
    copying bytes: UnsafeRawBufferPointer, hostFeatures: CPUFeatures
  ) throws(ArtefactError) {
    let memory = try PrivateBytes(byteCount: bytes.count)
    memory.bytes.copyMemory(from: bytes)
    try self.init(memory, hostFeatures: hostFeatures)
  }

  /// Loads what the compiler has just made, without a file in between.
  package convenience init(
    _ module: borrowing CompiledModule, hostFeatures: CPUFeatures
  ) throws(ArtefactError) {
    let memory = try PrivateBytes(byteCount: try module.artefactByteCount())
    try module.writeArtefact(to: memory.bytes)
    try self.init(memory, hostFeatures: hostFeatures)
  }

  /// Loads what `memory` holds, which nobody else may write from now on.
  package init(_ memory: PrivateBytes, hostFeatures: CPUFeatures) throws(ArtefactError) {
    self.memory = memory
    parts = try ArtefactParts(
      checking: UnsafeRawBufferPointer(memory.bytes), hostFeatures: hostFeatures)
    try memory.seal(executableFrom: parts.textOffset)
  }

  // MARK: Contents

  /// The code, executable.
  package var text: UnsafeRawBufferPointer { parts.text }
  /// The module without its bodies.
  package var skeleton: UnsafeRawBufferPointer { parts.skeleton }
  package var byteCount: Int { memory.bytes.count }
  /// The file's own bytes.
  package var serialized: [UInt8] { [UInt8](memory.bytes) }
  package var functionCount: Int { parts.functionCount }
  package var importedFunctionCount: Int { parts.importedFunctionCount }
  /// `TrapEntry` after `TrapEntry`.
  package var trapEntries: UnsafeRawBufferPointer { parts.trapEntries }
  /// One byte per entry.
  package var trapKinds: UnsafeRawBufferPointer { parts.trapKinds }
  /// `FunctionRange`s, a `FrameInfo` for each, and `HandlerEntry`s: what unwinding reads.
  package var functionTable: UnsafeRawBufferPointer { parts.functions }
  package var frames: UnsafeRawBufferPointer { parts.frames }
  package var handlers: UnsafeRawBufferPointer { parts.handlers }
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
