// SPDX-License-Identifier: Apache-2.0
// The functions on paths below open folders: `path_*`.

import Glibc

/// What `path_open` asks for.
struct OpenRequest {
  var lookup: LookupFlags
  var open: UInt32
  var rights: Rights
  var inheriting: Rights
  var flags: UInt32
}

// MARK: - Opening

extension WASIBridgeToHost {
  func open(
    _ number: UInt32, _ path: UnsafeMutableRawBufferPointer, _ request: OpenRequest,
    result: UInt32, _ memory: GuestBytes
  ) throws(Errno) {
    let opening = OpenFlags(rawValue: UInt16(truncatingIfNeeded: request.open))
    let flags = FileFlags(rawValue: UInt16(truncatingIfNeeded: request.flags))
    guard OpenFlags.all.isSuperset(of: opening), FileFlags.all.isSuperset(of: flags)
    else { throw .inval }
    if opening.isSuperset(of: [.create, .directory]) { throw .inval }
    let parent = try descriptors.folder(number, Self.rightsToOpen(opening))
    _ = try memory.bytes(at: result, count: 4)

    // Creating a file anew must not go through a link that is already there.
    let isCreatedAnew = opening.isSuperset(of: [.create, .exclusive])
    let followsLink = request.lookup.contains(.symlinkFollow) && !isCreatedAnew
    let walk = try PathWalk(
      UnsafeRawBufferPointer(path), below: parent.host, .file(followsLink: followsLink))
    // Programs ask for rights that they do not use, or not for those that they do. Only these two
    // decide anything: how the file is opened. All others come with the type.
    let modes = request.rights.intersection(parent.inheriting).intersection([.fdRead, .fdWrite])
    var host = Self.hostFlags(opening, modes) | flags.host | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY
    if walk.mustBeFolder { host |= O_DIRECTORY }
    let folder = walk.folder
    let name = walk.name
    let opened = try aboveStandardStreams(try retrying { openat(folder, name, host, 0o666) })

    var status = stat()
    if fstat(opened, &status) != 0 {
      let failure = Errno.current
      close(opened)
      throw failure
    }
    let type = FileType(mode: status.st_mode)
    let rights = Rights.applying(to: type, host: opened).intersection(parent.inheriting)
    let new = descriptors.insert(
      Descriptor(
        host: opened, type: type,
        rights: rights.subtracting(Rights([.fdRead, .fdWrite]).subtracting(modes)),
        inheriting: type == .directory ? parent.inheriting : []))
    try memory.store(new, at: result)
  }

  private static func rightsToOpen(_ opening: OpenFlags) -> Rights {
    var needed: Rights = .pathOpen
    if opening.contains(.create) { needed.insert(.pathCreateFile) }
    if opening.contains(.truncate) { needed.insert(.pathFilestatSetSize) }
    return needed
  }

  private static func hostFlags(_ opening: OpenFlags, _ modes: Rights) -> Int32 {
    var host = O_RDONLY
    if modes.contains(.fdWrite) { host = modes.contains(.fdRead) ? O_RDWR : O_WRONLY }
    if opening.contains(.create) { host |= O_CREAT }
    if opening.contains(.exclusive) { host |= O_EXCL }
    if opening.contains(.truncate) { host |= O_TRUNC }
    if opening.contains(.directory) { host |= O_DIRECTORY }
    return host
  }

  /// Walks to an entry that the host function takes as it is.
  private func entry(
    _ number: UInt32, _ path: UnsafeMutableRawBufferPointer, _ needed: Rights
  ) throws(Errno) -> PathWalk {
    let parent = try descriptors.folder(number, needed)
    return try PathWalk(UnsafeRawBufferPointer(path), below: parent.host, .entry)
  }

  /// Walks to a file or folder to look at.
  private func file(
    _ number: UInt32, _ lookup: LookupFlags, _ path: UnsafeMutableRawBufferPointer,
    _ needed: Rights
  ) throws(Errno) -> PathWalk {
    let parent = try descriptors.folder(number, needed)
    return try PathWalk(
      UnsafeRawBufferPointer(path), below: parent.host,
      .file(followsLink: lookup.contains(.symlinkFollow)))
  }
}

// MARK: - Status

extension WASIBridgeToHost {
  func fileStatus(
    _ number: UInt32, _ lookup: LookupFlags, _ path: UnsafeMutableRawBufferPointer,
    result: UInt32, _ memory: GuestBytes
  ) throws(Errno) {
    let walk = try file(number, lookup, path, .pathFilestatGet)
    var status = stat()
    try check(fstatat(walk.folder, walk.name, &status, AT_SYMLINK_NOFOLLOW))
    if walk.mustBeFolder, FileType(mode: status.st_mode) != .directory { throw .notdir }
    try memory.store(status, at: result)
  }

  func setTimes(
    _ number: UInt32, _ lookup: LookupFlags, _ path: UnsafeMutableRawBufferPointer,
    access: UInt64, modification: UInt64, flags: UInt32
  ) throws(Errno) {
    let times = try fileTimes(access: access, modification: modification, flags: flags)
    let walk = try file(number, lookup, path, .pathFilestatSetTimes)
    try check(utimensat(walk.folder, walk.name, times, AT_SYMLINK_NOFOLLOW))
  }

  /// The times to set, in the form of the host.
  func fileTimes(
    access: UInt64, modification: UInt64, flags: UInt32
  ) throws(Errno) -> [timespec] {
    let flags = TimeFlags(rawValue: UInt16(truncatingIfNeeded: flags))
    guard TimeFlags.all.isSuperset(of: flags), !flags.isSuperset(of: [.access, .accessNow]),
      !flags.isSuperset(of: [.modification, .modificationNow])
    else { throw .inval }
    return [
      Self.fileTime(access, flags.contains(.access), now: flags.contains(.accessNow)),
      Self.fileTime(
        modification, flags.contains(.modification), now: flags.contains(.modificationNow)),
    ]
  }

  private static func fileTime(_ nanoseconds: UInt64, _ isGiven: Bool, now: Bool) -> timespec {
    if isGiven { return timespec(nanoseconds: nanoseconds) }
    return timespec(tv_sec: 0, tv_nsec: now ? HostFlags.timeNow : HostFlags.timeOmit)
  }
}

// MARK: - Entries

extension WASIBridgeToHost {
  func createFolder(_ number: UInt32, _ path: UnsafeMutableRawBufferPointer) throws(Errno) {
    let walk = try entry(number, path, .pathCreateDirectory)
    try check(mkdirat(walk.folder, walk.name, 0o777))
  }

  func removeFolder(_ number: UInt32, _ path: UnsafeMutableRawBufferPointer) throws(Errno) {
    let walk = try entry(number, path, .pathRemoveDirectory)
    try check(unlinkat(walk.folder, walk.name, AT_REMOVEDIR))
  }

  func unlinkFile(_ number: UInt32, _ path: UnsafeMutableRawBufferPointer) throws(Errno) {
    let walk = try entry(number, path, .pathUnlinkFile)
    try check(unlinkat(walk.folder, walk.name, 0))
  }

  func rename(
    _ number: UInt32, _ path: UnsafeMutableRawBufferPointer,
    to newNumber: UInt32, _ newPath: UnsafeMutableRawBufferPointer
  ) throws(Errno) {
    let source = try entry(number, path, .pathRenameSource)
    let target = try entry(newNumber, newPath, .pathRenameTarget)
    try check(renameat(source.folder, source.name, target.folder, target.name))
  }

  func link(
    _ number: UInt32, _ lookup: LookupFlags, _ path: UnsafeMutableRawBufferPointer,
    to newNumber: UInt32, _ newPath: UnsafeMutableRawBufferPointer
  ) throws(Errno) {
    let source = try file(number, lookup, path, .pathLinkSource)
    // No folder has a second link, and the kernel would follow a link with a slash behind it.
    if source.mustBeFolder { throw .perm }
    let target = try entry(newNumber, newPath, .pathLinkTarget)
    if linkat(source.folder, source.name, target.folder, target.name, 0) != 0 {
      throw Self.failureToCreate(target)
    }
  }

  func symlink(
    _ number: UInt32, _ path: UnsafeMutableRawBufferPointer,
    contents: UnsafeMutableRawBufferPointer
  ) throws(Errno) {
    let walk = try entry(number, path, .pathSymlink)
    if contents.isEmpty { throw .noent }
    if contents.count >= Limits.pathBytes { throw .nametoolong }
    if contents.contains(0) { throw .inval }
    // The guest itself could not follow it; another program might, to where the guest may not go.
    if contents.first == UInt8(ascii: "/") { throw .perm }
    let target = contents.map { CChar(bitPattern: $0) } + [0]
    if symlinkat(target, walk.folder, walk.name) != 0 { throw Self.failureToCreate(walk) }
  }

  /// Why the host did not create `walk`: where there is a file of that name, and the path has a
  /// slash behind it, POSIX says otherwise than Linux.
  private static func failureToCreate(_ walk: borrowing PathWalk) -> Errno {
    let failure = Errno.current
    guard failure == .exist, walk.mustBeFolder else { return failure }
    // Without the slash, with which the kernel would follow a link.
    let slash = CChar(bitPattern: UInt8(ascii: "/"))
    let name = walk.name.prefix { $0 != slash && $0 != 0 } + [0]
    var status = stat()
    guard fstatat(walk.folder, Array(name), &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      return failure
    }
    switch FileType(mode: status.st_mode) {
    case .directory, .symbolicLink: return failure
    default: return .notdir
    }
  }

  /// Cuts what does not fit into the buffer, as `readlink` does.
  func readLink(
    _ number: UInt32, _ path: UnsafeMutableRawBufferPointer,
    into buffer: UnsafeMutableRawBufferPointer, result: UInt32, _ memory: GuestBytes
  ) throws(Errno) {
    let walk = try file(number, [], path, .pathReadlink)
    _ = try memory.bytes(at: result, count: 4)
    let target = try PathWalk.target(of: walk.name, in: walk.folder)
    // An absolute one tells of the host outside of the folder.
    if target.first == UInt8(ascii: "/") { throw .perm }
    let fitting = target.prefix(buffer.count)
    buffer.copyBytes(from: fitting)
    try memory.store(UInt32(fitting.count), at: result)
  }
}
