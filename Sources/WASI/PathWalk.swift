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
/// Invariant: every descriptor in `open` was opened, over others that may be closed by now, from
/// `root` by names without a slash that were no links and not `..`, so each is a folder below
/// `root`, whatever others do to the file system meanwhile. Links are read and walked by hand; the
/// kernel follows none for us.
struct PathWalk: ~Copyable {
  private let root: Int32
  /// The names of the folders entered below the root, outermost first.
  private var entered: [[CChar]] = []
  /// The innermost of them, at least the last one, at most `Limits.openFolders`. Owned.
  private var open: [Int32] = []
  /// Components still to walk, the next one last.
  private var pending: [ArraySlice<UInt8>] = []
  private var linksLeft = Limits.symbolicLinks
  /// Whether the path demands that its last component is a folder, by a slash behind it.
  private(set) var mustBeFolder = false
  /// The resolved name in `folder`, with its terminating zero.
  private(set) var name: [CChar] = []

  /// The folder that holds `name`.
  var folder: Int32 { open.last ?? root }

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
    try push(bytes)
    // Nearly all paths have fewer.
    entered.reserveCapacity(16)
    mustBeFolder = bytes.last == UInt8(ascii: "/")
    try walk(last)
  }

  deinit {
    for folder in open { close(folder) }
  }

  private mutating func walk(_ last: LastComponent) throws(Errno) {
    while let component = pending.popLast() {
      let isLast = pending.isEmpty
      if component.elementsEqual([UInt8(ascii: ".")]) { continue }
      if component.elementsEqual([UInt8(ascii: "."), UInt8(ascii: ".")]) {
        try leave()
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
    let opened = openat(folder, candidate, Self.folderFlags, 0)
    if opened >= 0 {
      keep(opened)
      // What is in `open` is closed at the end, whatever happens.
      if entered.count == Limits.depth { throw .nametoolong }
      return entered.append(candidate)
    }
    let failure = errno
    // What a link answers to this combination of flags depends on the kernel.
    if failure == ENOTDIR || failure == ELOOP, let target = try linkTarget(candidate) {
      return try push(target)
    }
    throw Errno(host: failure)
  }

  private static let folderFlags = HostFlags.path | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

  /// Takes over `opened`, the innermost folder.
  private mutating func keep(_ opened: Int32) {
    if open.count == Limits.openFolders { close(open.removeFirst()) }
    open.append(opened)
  }

  /// Goes up to the folder before the innermost one.
  ///
  /// If that is not open any more, it is found by walking from the root again. Asking the kernel
  /// for `..` would be shorter, and lead out if the folder has been moved out meanwhile.
  private mutating func leave() throws(Errno) {
    guard let left = open.popLast() else { throw .perm }
    close(left)
    entered.removeLast()
    if !open.isEmpty { return }
    for name in entered {
      let opened = openat(folder, name, Self.folderFlags, 0)
      try check(opened)
      keep(opened)
    }
  }

  /// What the link `name` points to; nil if it is no link, or if nothing has that name.
  private mutating func linkTarget(_ name: [CChar]) throws(Errno) -> [UInt8]? {
    let target: [UInt8]
    do throws(Errno) {
      target = try Self.target(of: name, in: folder)
    } catch {
      if error == .inval || error == .noent { return nil }
      throw error
    }
    if linksLeft == 0 { throw .loop }
    linksLeft -= 1
    return target
  }

  /// What the link `name` in the open folder `folder` points to.
  ///
  /// - Throws: `inval` if it is no link.
  static func target(of name: [CChar], in folder: Int32) throws(Errno) -> [UInt8] {
    var failure: Int32 = 0
    let target = [UInt8](unsafeUninitializedCapacity: Limits.pathBytes) { buffer, count in
      let length = buffer.withMemoryRebound(to: CChar.self) {
        // Safe: no more than there is room for is written, and what is written is counted.
        readlinkat(folder, name, $0.baseAddress!, $0.count)
      }
      failure = length < 0 ? errno : 0
      count = max(length, 0)
    }
    if failure != 0 { throw Errno(host: failure) }
    if target.count >= Limits.pathBytes { throw .nametoolong }
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
