// SPDX-License-Identifier: Apache-2.0
// The flags and enumerations of WASI preview 1 that calls pass by value.

import Glibc

/// What a descriptor may be used for.
package struct Rights: OptionSet, BitwiseCopyable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }

  package static let fdDatasync = Rights(rawValue: 1 << 0)
  package static let fdRead = Rights(rawValue: 1 << 1)
  package static let fdSeek = Rights(rawValue: 1 << 2)
  package static let fdFdstatSetFlags = Rights(rawValue: 1 << 3)
  package static let fdSync = Rights(rawValue: 1 << 4)
  package static let fdTell = Rights(rawValue: 1 << 5)
  package static let fdWrite = Rights(rawValue: 1 << 6)
  package static let fdAdvise = Rights(rawValue: 1 << 7)
  package static let fdAllocate = Rights(rawValue: 1 << 8)
  package static let pathCreateDirectory = Rights(rawValue: 1 << 9)
  package static let pathCreateFile = Rights(rawValue: 1 << 10)
  package static let pathLinkSource = Rights(rawValue: 1 << 11)
  package static let pathLinkTarget = Rights(rawValue: 1 << 12)
  package static let pathOpen = Rights(rawValue: 1 << 13)
  package static let fdReaddir = Rights(rawValue: 1 << 14)
  package static let pathReadlink = Rights(rawValue: 1 << 15)
  package static let pathRenameSource = Rights(rawValue: 1 << 16)
  package static let pathRenameTarget = Rights(rawValue: 1 << 17)
  package static let pathFilestatGet = Rights(rawValue: 1 << 18)
  package static let pathFilestatSetSize = Rights(rawValue: 1 << 19)
  package static let pathFilestatSetTimes = Rights(rawValue: 1 << 20)
  package static let fdFilestatGet = Rights(rawValue: 1 << 21)
  package static let fdFilestatSetSize = Rights(rawValue: 1 << 22)
  package static let fdFilestatSetTimes = Rights(rawValue: 1 << 23)
  package static let pathSymlink = Rights(rawValue: 1 << 24)
  package static let pathRemoveDirectory = Rights(rawValue: 1 << 25)
  package static let pathUnlinkFile = Rights(rawValue: 1 << 26)
  package static let pollFdReadwrite = Rights(rawValue: 1 << 27)

  /// All that applies to a file with contents at positions.
  package static let regularFile: Rights = [
    .fdDatasync, .fdRead, .fdSeek, .fdFdstatSetFlags, .fdSync, .fdTell, .fdWrite, .fdAdvise,
    .fdAllocate, .fdFilestatGet, .fdFilestatSetSize, .fdFilestatSetTimes, .pollFdReadwrite,
  ]
  /// All that applies to a terminal or a pipe.
  package static let stream: Rights = [
    .fdRead, .fdFdstatSetFlags, .fdWrite, .fdFilestatGet, .pollFdReadwrite,
  ]
  /// What changes a file otherwise than by writing to it.
  package static let changingFile: Rights = [
    .fdAllocate, .fdFilestatSetSize, .fdFilestatSetTimes,
  ]
  /// All that applies to a folder.
  package static let folder: Rights = [
    .fdFdstatSetFlags, .fdDatasync, .fdSync, .fdAdvise, .pathCreateDirectory, .pathCreateFile,
    .pathLinkSource,
    .pathLinkTarget, .pathOpen, .fdReaddir, .pathReadlink, .pathRenameSource, .pathRenameTarget,
    .pathFilestatGet, .pathFilestatSetSize, .pathFilestatSetTimes, .fdFilestatGet,
    .fdFilestatSetTimes, .pathSymlink, .pathRemoveDirectory, .pathUnlinkFile,
  ]
  /// All that a file or folder opened below a folder may receive.
  package static let belowFolder: Rights = regularFile.union(folder)

  /// What applies to the open file `host`, which is of `type`.
  static func applying(to type: FileType, host: Int32) -> Rights {
    switch type {
    case .directory: folder
    case .regularFile, .blockDevice: regularFile
    // wasi-libc takes a character device for a terminal if it has neither seek nor tell.
    case .characterDevice where isatty(host) == 0: stream.union([.fdSeek, .fdTell])
    default: stream
    }
  }
}

package enum FileType: UInt8, BitwiseCopyable {
  case unknown, blockDevice, characterDevice, directory, regularFile, socketDatagram, socketStream
  case symbolicLink

  /// Reads the type out of `st_mode`.
  init(mode: mode_t) {
    switch mode & S_IFMT {
    case S_IFBLK: self = .blockDevice
    case S_IFCHR: self = .characterDevice
    case S_IFDIR: self = .directory
    case S_IFREG: self = .regularFile
    case S_IFLNK: self = .symbolicLink
    case S_IFSOCK: self = .socketStream
    default: self = .unknown
    }
  }

  /// Reads the type out of `d_type`.
  init(directoryEntry type: UInt8) {
    self.init(mode: mode_t(type) << 12)
  }
}

struct FileFlags: OptionSet, BitwiseCopyable {
  let rawValue: UInt16

  static let append = FileFlags(rawValue: 1 << 0)
  static let dsync = FileFlags(rawValue: 1 << 1)
  static let nonblock = FileFlags(rawValue: 1 << 2)
  static let rsync = FileFlags(rawValue: 1 << 3)
  static let sync = FileFlags(rawValue: 1 << 4)
  static let all: FileFlags = [.append, .dsync, .nonblock, .rsync, .sync]
  /// Those that Linux does not change in an open file.
  static let fixed: FileFlags = [.dsync, .rsync, .sync]

  init(rawValue: UInt16) { self.rawValue = rawValue }

  /// Reads the flags out of what `F_GETFL` answers.
  init(host: Int32) {
    var flags: FileFlags = []
    if host & O_APPEND != 0 { flags.insert(.append) }
    if host & O_NONBLOCK != 0 { flags.insert(.nonblock) }
    if host & O_DSYNC != 0 { flags.insert(.dsync) }
    // O_SYNC holds the bit of O_DSYNC, and is O_RSYNC, on Linux.
    if host & O_SYNC == O_SYNC { flags.formUnion([.sync, .rsync]) }
    self = flags
  }

  var host: Int32 {
    var flags: Int32 = 0
    if contains(.append) { flags |= O_APPEND }
    if contains(.nonblock) { flags |= O_NONBLOCK }
    if contains(.dsync) { flags |= O_DSYNC }
    if contains(.sync) || contains(.rsync) { flags |= O_SYNC }
    return flags
  }
}

struct OpenFlags: OptionSet, BitwiseCopyable {
  let rawValue: UInt16

  static let create = OpenFlags(rawValue: 1 << 0)
  static let directory = OpenFlags(rawValue: 1 << 1)
  static let exclusive = OpenFlags(rawValue: 1 << 2)
  static let truncate = OpenFlags(rawValue: 1 << 3)
  static let all: OpenFlags = [.create, .directory, .exclusive, .truncate]
}

struct LookupFlags: OptionSet, BitwiseCopyable {
  let rawValue: UInt32

  static let symlinkFollow = LookupFlags(rawValue: 1 << 0)
}

struct TimeFlags: OptionSet, BitwiseCopyable {
  let rawValue: UInt16

  static let access = TimeFlags(rawValue: 1 << 0)
  static let accessNow = TimeFlags(rawValue: 1 << 1)
  static let modification = TimeFlags(rawValue: 1 << 2)
  static let modificationNow = TimeFlags(rawValue: 1 << 3)
  static let all: TimeFlags = [.access, .accessNow, .modification, .modificationNow]
}
