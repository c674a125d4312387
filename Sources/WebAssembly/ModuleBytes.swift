// SPDX-License-Identifier: Apache-2.0
// The bytes of a module, wherever they are kept.

/// Bytes that stay in place while `owner` lives: a copy of an array, what was read from a file,
/// an embedder's buffer. Whoever hands them over promises not to change them.
package struct ModuleBytes: @unchecked Sendable {
  package let buffer: UnsafeRawBufferPointer
  private let owner: AnyObject?

  /// Bytes kept by `owner`; nil for bytes that are never freed.
  package init(_ buffer: UnsafeRawBufferPointer, owner: AnyObject?) {
    self.buffer = buffer
    self.owner = owner
  }

  /// A copy of `bytes`.
  package init(_ bytes: [UInt8]) {
    let block = HeapBytes(copying: bytes)
    self.init(UnsafeRawBufferPointer(block.storage), owner: block)
  }
}

private final class HeapBytes {
  let storage: UnsafeMutableRawBufferPointer

  init(copying bytes: [UInt8]) {
    storage = .allocate(byteCount: bytes.count, alignment: 16)
    storage.copyBytes(from: bytes)
  }

  deinit { storage.deallocate() }
}
