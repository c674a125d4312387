// SPDX-License-Identifier: Apache-2.0
// The address space behind a memory's base: what compiled code relies on and the runtime provides.

import BrolgaWasm

/// How much address space is reserved for a linear memory, of which the first pages are
/// accessible. A memory never moves and never outgrows its reservation.
///
/// Compiled code needs no memory's length: an index below `indexBytes` plus an offset below
/// `guardedOffset` plus the width of an access stays inside the reservation, where what lies
/// beyond the memory's end traps by signal. Every 32-bit index is below; a 64-bit one is compared
/// with a constant.
package enum MemoryReservation {
  /// Bytes behind all indices that offsets reach without a check.
  package static let guardedOffset: UInt64 = 1 << 31
  /// How far beyond the indices an address may go that is computed from one inside, and not checked
  /// again.
  package static let strideBytes: UInt64 = 1 << 16
  /// More than any access is wide.
  private static let widthBytes: UInt64 = 4096

  /// The most bytes that a memory can have.
  package static func indexBytes(is64: Bool) -> UInt64 {
    let pages = is64 ? ImplementationLimits.memory64Pages : ImplementationLimits.memoryPages
    return pages << 16
  }

  package static func byteCount(is64: Bool) -> Int {
    Int(indexBytes(is64: is64) + strideBytes + guardedOffset + widthBytes)
  }
}
