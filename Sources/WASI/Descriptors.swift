// SPDX-License-Identifier: Apache-2.0
// The guest's descriptors: small numbers for the host's, with what each may be used for.

import Glibc

/// Plain words: every read and write looks one up.
struct Descriptor: BitwiseCopyable {
  /// The host's descriptor.
  var host: Int32
  var type: FileType
  /// What the guest may do with it: all that applies to the type, but for what the open mode or
  /// `fd_fdstat_set_rights` took away.
  var rights: Rights
  /// What descriptors opened through this one may receive at most.
  var inheriting: Rights = []
  /// Of a standard stream, which is the host's; nil for what was opened for the guest.
  var stream: StreamFlags?

  /// Whether the host's descriptor is closed with this one.
  var isOwned: Bool { stream == nil }
}

/// What belongs to an open folder beside its descriptor.
struct FolderState {
  /// The guest's name for it, if it was preopened.
  var preopenName: [UInt8]?
  let positions = FolderPositions()
}

/// The flags of a standard stream, as the guest sees them.
///
/// Other programs share the open file, and with it the host's flags: those are never changed.
struct StreamFlags: BitwiseCopyable {
  private(set) var flags: FileFlags
  /// Flags that the guest set and the host's file does not have.
  private(set) var emulated: FileFlags = []

  /// - Parameter host: the flags of the host's file.
  init(host: FileFlags) { flags = host }

  /// - Throws: `notsup` for a change of flags that neither Linux can change nor we can act out;
  ///   `perm` if the host's file only lets one append, and the guest wants to write elsewhere.
  mutating func set(_ new: FileFlags, host: FileFlags) throws(Errno) {
    guard new.symmetricDifference(flags).isDisjoint(with: .fixed) else { throw .notsup }
    if host.contains(.append), !new.contains(.append) { throw .perm }
    flags = new
    emulated = new.subtracting(host)
  }
}

/// All descriptors of one guest. Its own deinitializer closes what it owns.
struct DescriptorTable: ~Copyable {
  private enum Slot: BitwiseCopyable {
    case open(Descriptor)
    case free
    /// A standard stream that the host does not have. No file may come to stand in its place: the
    /// guest would take it for the stream.
    case absent
  }

  private var slots: [Slot] = []
  /// Of the folders among them.
  private var folders: [UInt32: FolderState] = [:]

  deinit {
    for case .open(let slot) in slots where slot.isOwned { close(slot.host) }
  }

  /// Enters `descriptor` under the lowest free number.
  mutating func insert(_ descriptor: Descriptor, preopenName: [UInt8]? = nil) -> UInt32 {
    let free = slots.firstIndex { if case .free = $0 { true } else { false } }
    let index = free ?? slots.count
    if index == slots.count { slots.append(.free) }
    slots[index] = .open(descriptor)
    if descriptor.type == .directory {
      folders[UInt32(index)] = FolderState(preopenName: preopenName)
    }
    return UInt32(index)
  }

  mutating func insertAbsent() { slots.append(.absent) }

  /// The descriptor `number`.
  ///
  /// - Throws: `badf` if there is none, or if reading or writing is what is needed and it was not
  ///   opened for that, as POSIX says; `notcapable` if it lacks another right of `needed`.
  func descriptor(_ number: UInt32, _ needed: Rights = []) throws(Errno) -> Descriptor {
    guard number < slots.count, case .open(let found) = slots[Int(number)] else { throw .badf }
    let missing = needed.subtracting(found.rights)
    if missing.isEmpty { return found }
    throw missing.isDisjoint(with: [.fdRead, .fdWrite]) ? .notcapable : .badf
  }

  /// The folder `number`.
  ///
  /// - Throws: `notdir` for anything else, whatever its rights.
  func folder(_ number: UInt32, _ needed: Rights) throws(Errno) -> Descriptor {
    guard try descriptor(number).type == .directory else { throw .notdir }
    return try descriptor(number, needed)
  }

  func folderState(_ number: UInt32) -> FolderState? { folders[number] }

  /// The file `number`.
  ///
  /// - Throws: `badf` for a folder, whatever its rights.
  func file(_ number: UInt32, _ needed: Rights) throws(Errno) -> Descriptor {
    if try descriptor(number).type == .directory { throw .badf }
    return try descriptor(number, needed)
  }

  /// The file or folder `number`, if it was opened for the guest.
  ///
  /// - Throws: `badf` for a standard stream: its file is not the guest's to change.
  func owned(_ number: UInt32, _ needed: Rights) throws(Errno) -> Descriptor {
    guard try descriptor(number).isOwned else { throw .badf }
    return try descriptor(number, needed)
  }

  mutating func remove(_ number: UInt32) throws(Errno) {
    let removed = try descriptor(number)
    slots[Int(number)] = .free
    folders[number] = nil
    if removed.isOwned { try check(close(removed.host)) }
  }

  /// Moves `source` to the number `target`, and closes what was there.
  mutating func move(_ source: UInt32, to target: UInt32) throws(Errno) {
    let moved = try descriptor(source)
    let replaced = try descriptor(target)
    if source == target { return }
    slots[Int(target)] = .open(moved)
    slots[Int(source)] = .free
    folders[target] = folders.removeValue(forKey: source)
    if replaced.isOwned { close(replaced.host) }
  }

  mutating func restrict(
    _ number: UInt32, to rights: Rights, inheriting: Rights
  ) throws(Errno) {
    var found = try descriptor(number)
    guard found.rights.isSuperset(of: rights), found.inheriting.isSuperset(of: inheriting)
    else { throw .notcapable }
    found.rights = rights
    found.inheriting = inheriting
    slots[Int(number)] = .open(found)
  }

  mutating func setFlags(_ number: UInt32, of stream: StreamFlags) throws(Errno) {
    var found = try descriptor(number)
    found.stream = stream
    slots[Int(number)] = .open(found)
  }
}

/// Gives a file that was just opened a host descriptor above the standard streams' numbers.
///
/// Where one of those is closed, the file would else be what the host itself writes to.
func aboveStandardStreams(_ opened: Int32) throws(Errno) -> Int32 {
  if opened > STDERR_FILENO { return opened }
  let moved = fcntl(opened, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
  let failure = Errno.current
  close(opened)
  if moved < 0 { throw failure }
  return moved
}
