// SPDX-License-Identifier: Apache-2.0
// Resolves a guest's path to a name inside of one open folder, never outside of the first one.

import Glibc

/// What becomes of the last component of a path.
enum LastComponent {
  /// It names an entry of its folder, which the host function takes as it is: for functions that
  /// never follow it (unlink, rename, mkdir and their like). A trailing slash stays.
  case entry
  /// It is opened or looked at; whether a symbolic link there is followed.
  case file(followsLink: Bool)
}

/// A walk from an open folder along a path, one component at a time.
///
/// Invariant: every descriptor in `folders` was opened from the one before it by a name without a
/// slash that was no link and not `..`, so each is a folder below `root`, whatever others do to the
/// file system meanwhile. Links are read and walked by hand; the kernel follows none for us.
struct PathWalk: ~Copyable {
  private let root: Int32
  /// The folders entered below the root, outermost first. Owned.
  private var folders: [Int32] = []
  /// Components still to walk, the next one last.
  private var pending: [ArraySlice<UInt8>] = []
  private var linksLeft = Limits.symbolicLinks
  /// Whether the path demands that its last component is a folder, by a slash behind it.
  private(set) var mustBeFolder = false
  /// The resolved name in `folder`, with its terminating zero.
  private(set) var name: [CChar] = []

  /// The folder that holds `name`.
  var folder: Int32 { folders.last ?? root }

  /// Resolves `path` below the open folder `root`.
  ///
  /// - Throws: `perm` if the path is absolute or leads above `root`, by itself or by a link;
  ///   `loop` after too many links; else what the host says of the folders on the way.
  init(_ path: UnsafeRawBufferPointer, below root: Int32, _ last: LastComponent) throws(Errno) {
    self.root = root
    if path.isEmpty { throw .noent }
    if path.count >= Limits.pathBytes { throw .nametoolong }
    let bytes = [UInt8](path)
    if bytes.contains(0) { throw .inval }
    if String(validating: bytes, as: UTF8.self) == nil { throw .ilseq }
    try push(bytes)
    mustBeFolder = bytes.last == UInt8(ascii: "/")
    try walk(last)
  }

  deinit {
    for folder in folders { close(folder) }
  }

  private mutating func walk(_ last: LastComponent) throws(Errno) {
    while let component = pending.popLast() {
      let isLast = pending.isEmpty
      if component.elementsEqual([UInt8(ascii: ".")]) { continue }
      if component.elementsEqual([UInt8(ascii: "."), UInt8(ascii: ".")]) {
        guard let left = folders.popLast() else { throw .perm }
        close(left)
        continue
      }
      if isLast {
        if try finish(component, last) { return }
      } else {
        try enter(component)
      }
    }
    // The path ended in `.`, in `..`, or in a link to such: it names the folder itself.
    name = [CChar(bitPattern: UInt8(ascii: ".")), 0]
  }

  /// Takes the last component; false if it was a link, whose components are now pending.
  private mutating func finish(
    _ component: ArraySlice<UInt8>, _ last: LastComponent
  ) throws(Errno) -> Bool {
    var candidate = cString(component)
    switch last {
    case .entry:
      if mustBeFolder {
        candidate[candidate.count - 1] = CChar(bitPattern: UInt8(ascii: "/"))
        candidate.append(0)
      }
    case .file(let followsLink):
      if followsLink || mustBeFolder, let target = try linkTarget(candidate) {
        mustBeFolder = mustBeFolder || target.last == UInt8(ascii: "/")
        try push(target)
        return false
      }
    }
    name = candidate
    return true
  }

  private mutating func enter(_ component: ArraySlice<UInt8>) throws(Errno) {
    let candidate = cString(component)
    let flags = HostFlags.path | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    let opened = openat(folder, candidate, flags, 0)
    if opened >= 0 {
      folders.append(opened)
      return
    }
    let failure = errno
    // What a link answers to this combination of flags depends on the kernel.
    if failure == ENOTDIR || failure == ELOOP, let target = try linkTarget(candidate) {
      return try push(target)
    }
    throw Errno(host: failure)
  }

  /// What the link `name` points to; nil if it is no link, or if nothing has that name.
  private mutating func linkTarget(_ name: [CChar]) throws(Errno) -> [UInt8]? {
    var failure: Int32 = 0
    let target = [UInt8](unsafeUninitializedCapacity: Limits.pathBytes) { buffer, count in
      let length = buffer.withMemoryRebound(to: CChar.self) {
        readlinkat(folder, name, $0.baseAddress!, $0.count)
      }
      failure = length < 0 ? errno : 0
      count = max(length, 0)
    }
    if failure == EINVAL || failure == ENOENT { return nil }
    if failure != 0 { throw Errno(host: failure) }
    if target.count >= Limits.pathBytes { throw .nametoolong }
    if linksLeft == 0 { throw .loop }
    linksLeft -= 1
    return target
  }

  /// Puts the components of `path` before those still to walk.
  private mutating func push(_ path: [UInt8]) throws(Errno) {
    if path.first == UInt8(ascii: "/") { throw .perm }
    pending.append(contentsOf: path.split(separator: UInt8(ascii: "/")).reversed())
  }

  private func cString(_ component: ArraySlice<UInt8>) -> [CChar] {
    var characters: [CChar] = []
    characters.reserveCapacity(component.count + 2)
    for byte in component { characters.append(CChar(bitPattern: byte)) }
    characters.append(0)
    return characters
  }
}

/// Flags of the host that its header keeps to itself.
enum HostFlags {
  /// `O_PATH` of Linux on x86-64.
  static let path: Int32 = 0o10000000
  /// `UTIME_NOW` and `UTIME_OMIT`.
  static let timeNow = (1 << 30) - 1
  static let timeOmit = (1 << 30) - 2
}
