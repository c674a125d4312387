// SPDX-License-Identifier: Apache-2.0
// The entries of folders: `fd_readdir`.

import Glibc

/// Where the entries of an open folder are, for the cookies that the guest was given.
///
/// The file system's own positions are no cookies: on ext4 they have 63 bits, and wasi-libc's
/// `telldir` keeps 32 of a cookie. A cookie is the number of the entries before it.
package final class FolderPositions {
  /// The position behind so many entries; the first is the beginning. Once known, never forgotten:
  /// one reader of a descriptor may begin anew while another is in the midst.
  private var positions = [0]

  package init() {}

  /// Set in the cookies beyond `Limits.folderPositions`, the rest of which is the position itself.
  private static let isPosition: UInt64 = 1 << 63

  /// The position that `cookie` stands for; nil if it is past all that the guest was ever given.
  package func position(of cookie: UInt64) -> Int? {
    if cookie & Self.isPosition != 0 { return Int(cookie & ~Self.isPosition) }
    return cookie < positions.count ? positions[Int(cookie)] : nil
  }

  /// The cookie of what follows an entry.
  ///
  /// - Parameters:
  ///   - cookie: that of the entry itself.
  ///   - position: where the entry ends.
  package func cookie(after cookie: UInt64, position: Int) -> UInt64 {
    let next = cookie &+ 1
    if next >= Limits.folderPositions || cookie & Self.isPosition != 0 {
      return UInt64(bitPattern: Int64(position)) | Self.isPosition
    }
    if next == positions.count {
      positions.append(position)
    } else {
      positions[Int(next)] = position
    }
    return next
  }
}

extension WASIBridgeToHost {
  /// Fills the buffer with entries from `cookie` on; the last one is cut where the buffer ends,
  /// by which the guest knows that there may be more.
  func readFolder(
    _ number: UInt32, buffer: UInt32, count: UInt32, cookie: UInt64, result: UInt32,
    _ memory: GuestBytes
  ) throws(Errno) {
    let found = try descriptors.folder(number, .fdReaddir)
    let bytes = try memory.bytes(at: buffer, count: count)
    _ = try memory.bytes(at: result, count: 4)
    guard let positions = descriptors.folderState(number)?.positions,
      let position = positions.position(of: cookie)
    else {
      return try memory.store(UInt32(0), at: result)
    }
    // A stream of its own for each call: none needs to stay open, two readers of one descriptor do
    // not disturb each other, and who begins anew sees what is new.
    let opened = openat(found.host, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
    try check(opened)
    guard let stream = fdopendir(opened) else {
      let failure = Errno.current
      close(opened)
      throw failure
    }
    defer { closedir(stream) }
    if position != 0 { seekdir(stream, position) }
    var used = 0
    var cookie = cookie
    while used < bytes.count {
      errno = 0
      guard let entry = readdir(stream) else {
        if errno != 0 { throw .current }
        break
      }
      cookie = positions.cookie(after: cookie, position: entry.pointee.d_off)
      used += Self.storeEntry(
        entry, next: cookie, in: UnsafeMutableRawBufferPointer(rebasing: bytes[used...]))
    }
    try memory.store(UInt32(used), at: result)
  }

  /// Writes as much of one entry as fits, and returns how many bytes that is.
  private static func storeEntry(
    _ entry: UnsafeMutablePointer<dirent>, next: UInt64, in space: UnsafeMutableRawBufferPointer
  ) -> Int {
    // Safe: the entry is valid until the stream is read again, and its name ends with a zero.
    let name = UnsafeRawPointer(entry) + MemoryLayout<dirent>.offset(of: \.d_name)!
    let nameBytes = strlen(name.assumingMemoryBound(to: CChar.self))
    let header: (UInt64, UInt64, UInt64) = (
      next, UInt64(entry.pointee.d_ino),
      UInt64(nameBytes)
        | UInt64(FileType(directoryEntry: entry.pointee.d_type).rawValue) << 32
    )
    withUnsafeBytes(of: header) { fields in
      space.copyMemory(from: UnsafeRawBufferPointer(rebasing: fields.prefix(space.count)))
    }
    if space.count <= 24 { return space.count }
    let fitting = min(nameBytes, space.count - 24)
    UnsafeMutableRawBufferPointer(rebasing: space[24...]).copyMemory(
      from: UnsafeRawBufferPointer(start: name, count: fitting))
    return 24 + fitting
  }
}
