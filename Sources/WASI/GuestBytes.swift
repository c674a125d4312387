// SPDX-License-Identifier: Apache-2.0
// The guest's memory as one call sees it: every access is checked, and a bad one is `fault`.

/// A view of the guest's memory. Valid until the guest runs again.
///
/// Safe: `base` has `count` bytes, and every access goes through `bytes(at:count:)`.
package struct GuestBytes {
  private let base: UnsafeMutableRawPointer?
  private let count: UInt64

  package init(_ bytes: UnsafeMutableRawBufferPointer) {
    base = bytes.baseAddress
    count = UInt64(bytes.count)
  }

  /// The `count` bytes from `address` on.
  ///
  /// - Throws: `fault` unless all of them are inside of the memory.
  func bytes(
    at address: UInt32, count size: UInt32
  ) throws(Errno) -> UnsafeMutableRawBufferPointer {
    guard UInt64(address) + UInt64(size) <= count else { throw .fault }
    return UnsafeMutableRawBufferPointer(
      start: base.map { $0 + Int(address) }, count: base == nil ? 0 : Int(size))
  }

  func load<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type, at address: UInt32
  ) throws(Errno) -> Value {
    let field = try bytes(at: address, count: UInt32(MemoryLayout<Value>.size))
    return field.loadUnaligned(as: type)
  }

  func store<Value: FixedWidthInteger & BitwiseCopyable>(
    _ value: Value, at address: UInt32
  ) throws(Errno) {
    let field = try bytes(at: address, count: UInt32(MemoryLayout<Value>.size))
    field.storeBytes(of: value, as: Value.self)
  }

  /// Writes the structure whose words, each of eight bytes, are `words`.
  ///
  /// All or nothing: a structure that does not fit leaves the memory as it is.
  func store(words: UInt64..., at address: UInt32) throws(Errno) {
    let fields = try bytes(at: address, count: UInt32(words.count * 8))
    for (index, word) in words.enumerated() {
      fields.storeBytes(of: word, toByteOffset: index * 8, as: UInt64.self)
    }
  }
}
