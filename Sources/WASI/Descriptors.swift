// SPDX-License-Identifier: Apache-2.0
// The guest's descriptors: small numbers for the host's, with what each may be used for.

import Glibc

struct Descriptor {
  /// The host's descriptor.
  var host: Int32
  /// Whether the host's descriptor is closed with this one. Not so for the standard streams.
  var isOwned: Bool
  var type: FileType
  var rights: Rights
  /// What descriptors opened through this one may receive at most.
  var inheriting: Rights
  /// The guest's name for a preopened folder; nil for anything else.
  var preopenName: [UInt8]?
}

/// All descriptors of one guest. Its own deinitializer closes what it owns.
struct DescriptorTable: ~Copyable {
  private var slots: [Descriptor?] = []

  deinit {
    for case .some(let slot) in slots where slot.isOwned { close(slot.host) }
  }

  /// Enters `descriptor` under the lowest free number.
  mutating func insert(_ descriptor: Descriptor) -> UInt32 {
    if let free = slots.firstIndex(where: { $0 == nil }) {
      slots[free] = descriptor
      return UInt32(free)
    }
    slots.append(descriptor)
    return UInt32(slots.count - 1)
  }

  /// The descriptor `number`.
  ///
  /// - Throws: `badf` if there is none, or if reading or writing is what is needed and it was not
  ///   opened for that, as POSIX says; `notcapable` if it lacks another right of `needed`.
  func descriptor(_ number: UInt32, _ needed: Rights = []) throws(Errno) -> Descriptor {
    guard number < slots.count, let found = slots[Int(number)] else { throw .badf }
    let missing = needed.subtracting(found.rights)
    if missing.isEmpty { return found }
    throw missing.isDisjoint(with: [.fdRead, .fdWrite]) ? .notcapable : .badf
  }

  mutating func remove(_ number: UInt32) throws(Errno) {
    let removed = try descriptor(number)
    slots[Int(number)] = nil
    if removed.isOwned { try check(close(removed.host)) }
  }

  /// Moves `source` to the number `target`, and closes what was there.
  mutating func move(_ source: UInt32, to target: UInt32) throws(Errno) {
    let moved = try descriptor(source)
    let replaced = try descriptor(target)
    if source == target { return }
    slots[Int(target)] = moved
    slots[Int(source)] = nil
    if replaced.isOwned { close(replaced.host) }
  }

  mutating func restrict(
    _ number: UInt32, to rights: Rights, inheriting: Rights
  ) throws(Errno) {
    let found = try descriptor(number)
    guard found.rights.isSuperset(of: rights), found.inheriting.isSuperset(of: inheriting)
    else { throw .notcapable }
    slots[Int(number)]?.rights = rights
    slots[Int(number)]?.inheriting = inheriting
  }
}
