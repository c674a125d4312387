// SPDX-License-Identifier: Apache-2.0
// The functions on open descriptors: `fd_*`.

import Glibc

// MARK: - Reading, writing, position

extension WASIBridgeToHost {
  func read(
    _ number: UInt32, vectors list: UInt32, count: UInt32, at offset: UInt64? = nil,
    result: UInt32, _ memory: GuestBytes
  ) throws(Errno) {
    let found = try transferable(number, .fdRead, isPositioned: offset != nil)
    let position = try hostOffset(offset)
    _ = try memory.bytes(at: result, count: 4)
    try collectVectors(list, count: count, memory)
    let file = found.host
    let length =
      if offset == nil {
        try transferring(found, POLLIN) { readv(file, vectors, Int32(vectors.count)) }
      } else {
        try retrying { preadv(file, vectors, Int32(vectors.count), position) }
      }
    try memory.store(UInt32(length), at: result)
  }

  func write(
    _ number: UInt32, vectors list: UInt32, count: UInt32, at offset: UInt64? = nil,
    result: UInt32, _ memory: GuestBytes
  ) throws(Errno) {
    let found = try transferable(number, .fdWrite, isPositioned: offset != nil)
    let position = try hostOffset(offset)
    _ = try memory.bytes(at: result, count: 4)
    try collectVectors(list, count: count, memory)
    let file = found.host
    let length: Int
    if offset == nil {
      if let stream = found.stream { try prepareWrite(stream, found) }
      length = try transferring(found, POLLOUT) { writev(file, vectors, Int32(vectors.count)) }
    } else {
      length = try retrying { pwritev(file, vectors, Int32(vectors.count), position) }
    }
    try memory.store(UInt32(length), at: result)
  }

  /// - Throws: what a seek would, if the transfer is to be at a position and the file has none.
  private func transferable(
    _ number: UInt32, _ needed: Rights, isPositioned: Bool
  ) throws(Errno) -> Descriptor {
    if !isPositioned { return try descriptors.descriptor(number, needed) }
    try refuseSeekInStream(try descriptors.descriptor(number))
    return try descriptors.descriptor(number, needed.union(.fdSeek))
  }

  private func hostOffset(_ offset: UInt64?) throws(Errno) -> off_t {
    guard let offset else { return 0 }
    guard let host = off_t(exactly: offset) else { throw .inval }
    return host
  }

  /// Fills `vectors` from the guest's list of pointers and lengths.
  ///
  /// Empty ones are left out, lest a list that begins with many read as the end of the file.
  private func collectVectors(
    _ list: UInt32, count: UInt32, _ memory: GuestBytes
  ) throws(Errno) {
    // Taken out meanwhile: every use of a class's property is checked at run time.
    var vectors: [iovec] = []
    swap(&vectors, &self.vectors)
    defer { swap(&vectors, &self.vectors) }
    vectors.removeAll(keepingCapacity: true)
    guard count <= UInt32.max / 8 else { throw .fault }
    let records = try memory.bytes(at: list, count: count * 8)
    for offset in stride(from: 0, to: records.count, by: 8) {
      let address = records.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
      let size = records.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
      let bytes = try memory.bytes(at: address, count: size)
      if bytes.isEmpty { continue }
      // Safe: inside of the memory, which does not go while the guest waits for this call.
      vectors.append(iovec(iov_base: bytes.baseAddress, iov_len: bytes.count))
      if vectors.count == Limits.vectors { break }
    }
  }

  func seek(
    _ number: UInt32, offset: UInt64, whence: UInt32, result: UInt32, _ memory: GuestBytes
  ) throws(Errno) {
    // Asking for the position is all that the right to tell allows.
    let asksOnly = offset == 0 && whence == 1
    let found = try descriptors.descriptor(number)
    try refuseSeekInStream(found)
    _ = try descriptors.descriptor(number, asksOnly ? .fdTell : .fdSeek)
    guard whence <= 2 else { throw .inval }
    _ = try memory.bytes(at: result, count: 8)
    // Preview 1 numbers the three origins as Linux does.
    let position = lseek(found.host, off_t(truncatingIfNeeded: offset), Int32(whence))
    if position < 0 { throw .current }
    try memory.store(UInt64(position), at: result)
  }

  func tell(_ number: UInt32, result: UInt32, _ memory: GuestBytes) throws(Errno) {
    let found = try descriptors.descriptor(number)
    try refuseSeekInStream(found)
    _ = try descriptors.descriptor(number, .fdTell)
    let position = lseek(found.host, 0, SEEK_CUR)
    if position < 0 { throw .current }
    try memory.store(UInt64(position), at: result)
  }

  /// A stream or a folder never has the right to seek; the answer is what POSIX programs expect.
  private func refuseSeekInStream(_ descriptor: Descriptor) throws(Errno) {
    switch descriptor.type {
    case .directory: throw .badf
    case .regularFile, .blockDevice: return
    default: if !descriptor.rights.contains(.fdTell) { throw .spipe }
    }
  }
}

// MARK: - Status

extension WASIBridgeToHost {
  func descriptorStatus(
    _ number: UInt32, result: UInt32, _ memory: GuestBytes
  ) throws(Errno) {
    let found = try descriptors.descriptor(number)
    let flags = if let stream = found.stream { stream.flags } else { try Self.hostFlags(found) }
    try memory.store(
      words: UInt64(found.type.rawValue) | UInt64(flags.rawValue) << 16,
      found.rights.rawValue, found.inheriting.rawValue, at: result)
  }

  func setFlags(_ number: UInt32, _ raw: UInt32) throws(Errno) {
    let found = try descriptors.descriptor(number, .fdFdstatSetFlags)
    let flags = FileFlags(rawValue: UInt16(truncatingIfNeeded: raw))
    guard FileFlags.all.isSuperset(of: flags) else { throw .inval }
    let host = try Self.hostFlags(found)
    if var stream = found.stream {
      try stream.set(flags, host: host)
      return try descriptors.setFlags(number, of: stream)
    }
    // Linux ignores a change of these; say so rather than pretend.
    guard flags.symmetricDifference(host).isDisjoint(with: .fixed) else { throw .notsup }
    try check(fcntl(found.host, F_SETFL, flags.host))
  }

  private static func hostFlags(_ descriptor: Descriptor) throws(Errno) -> FileFlags {
    let host = fcntl(descriptor.host, F_GETFL)
    try check(host)
    return FileFlags(host: host)
  }

  func setRights(_ number: UInt32, base: UInt64, inheriting: UInt64) throws(Errno) {
    try descriptors.restrict(
      number, to: Rights(rawValue: base), inheriting: Rights(rawValue: inheriting))
  }

  func fileStatus(_ number: UInt32, result: UInt32, _ memory: GuestBytes) throws(Errno) {
    let found = try descriptors.descriptor(number, .fdFilestatGet)
    var status = stat()
    try check(fstat(found.host, &status))
    try memory.store(status, at: result)
  }

  private func changeableFile(_ number: UInt32, _ needed: Rights) throws(Errno) -> Descriptor {
    _ = try descriptors.owned(number, [])
    return try descriptors.file(number, needed)
  }

  func setSize(_ number: UInt32, _ size: UInt64) throws(Errno) {
    let found = try changeableFile(number, .fdFilestatSetSize)
    guard let size = off_t(exactly: size) else { throw .inval }
    try check(try retrying { ftruncate(found.host, size) })
  }

  func setTimes(
    _ number: UInt32, access: UInt64, modification: UInt64, flags: UInt32
  ) throws(Errno) {
    let found = try descriptors.owned(number, .fdFilestatSetTimes)
    let times = try fileTimes(access: access, modification: modification, flags: flags)
    try check(futimens(found.host, times))
  }

  func allocate(_ number: UInt32, offset: UInt64, length: UInt64) throws(Errno) {
    let found = try changeableFile(number, .fdAllocate)
    guard let offset = off_t(exactly: offset), let length = off_t(exactly: length)
    else { throw .inval }
    let failure = posix_fallocate(found.host, offset, length)
    if failure != 0 { throw Errno(host: failure) }
  }

  func advise(
    _ number: UInt32, offset: UInt64, length: UInt64, advice: UInt32
  ) throws(Errno) {
    let found = try descriptors.file(number, .fdAdvise)
    guard let offset = off_t(exactly: offset), let length = off_t(exactly: length)
    else { throw .inval }
    let hostAdvice: Int32
    switch advice {
    case 0: hostAdvice = POSIX_FADV_NORMAL
    case 1: hostAdvice = POSIX_FADV_SEQUENTIAL
    case 2: hostAdvice = POSIX_FADV_RANDOM
    case 3: hostAdvice = POSIX_FADV_WILLNEED
    case 4: hostAdvice = POSIX_FADV_DONTNEED
    case 5: hostAdvice = POSIX_FADV_NOREUSE
    default: throw .inval
    }
    let failure = posix_fadvise(found.host, offset, length, hostAdvice)
    if failure != 0 { throw Errno(host: failure) }
  }

  func synchronize(_ number: UInt32) throws(Errno) {
    let found = try descriptors.descriptor(number, .fdSync)
    try check(try retrying { fsync(found.host) })
  }

  func synchronizeData(_ number: UInt32) throws(Errno) {
    let found = try descriptors.descriptor(number, .fdDatasync)
    try check(try retrying { fdatasync(found.host) })
  }
}

// MARK: - Preopened folders

extension WASIBridgeToHost {
  func preopenStatus(_ number: UInt32, result: UInt32, _ memory: GuestBytes) throws(Errno) {
    guard let name = descriptors.folderState(number)?.preopenName else { throw .badf }
    // The tag of a folder is 0; the length of its name follows at offset 4.
    try memory.store(words: UInt64(name.count) << 32, at: result)
  }

  func preopenName(
    _ number: UInt32, buffer: UInt32, count: UInt32, _ memory: GuestBytes
  ) throws(Errno) {
    guard let name = descriptors.folderState(number)?.preopenName else { throw .badf }
    guard name.count <= Int(count) else { throw .nametoolong }
    try memory.bytes(at: buffer, count: UInt32(name.count)).copyBytes(from: name)
  }
}

extension GuestBytes {
  /// Writes the preview 1 form of `status`.
  func store(_ status: stat, at address: UInt32) throws(Errno) {
    try store(
      words: UInt64(status.st_dev), UInt64(status.st_ino),
      UInt64(FileType(mode: status.st_mode).rawValue), UInt64(status.st_nlink),
      UInt64(bitPattern: Int64(status.st_size)), nanoseconds(status.st_atim),
      nanoseconds(status.st_mtim), nanoseconds(status.st_ctim), at: address)
  }
}
