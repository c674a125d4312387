// SPDX-License-Identifier: Apache-2.0
// The calls that were under way when a guest was stopped.

import BrolgaCRuntime

/// Calls of guests, innermost first, as offsets into their modules; named only when somebody asks.
struct Backtrace: Sendable {
  /// A code address.
  private struct Place: Sendable {
    let module: Module
    let codeOffset: UInt32
    let isReturnAddress: Bool
  }

  private var places: [Place] = []
  /// Calls between the last place and the guest's entry.
  private(set) var omittedCount = 0

  init() {}

  /// The calls of the calling thread's last trap.
  init(last trap: UnsafePointer<brolga_trap>) {
    let count = Int(trap.pointee.frame_count)
    places.reserveCapacity(count)
    let offset = MemoryLayout<brolga_trap>.offset(of: \.addresses)!
    // Safe: the C side has written `frame_count` addresses, at most as many as there is room for.
    let addresses = (UnsafeRawPointer(trap) + offset).assumingMemoryBound(to: UInt64.self)
    let firstIsExact = trap.pointee.first_is_exact != 0
    // Neighbouring frames are nearly always of one module.
    var range = brolga_range()
    for i in 0..<count {
      let address = addresses[i]
      let isReturnAddress = i > 0 || !firstIsExact
      // Behind the last call of a module's code there may be nothing.
      let inside = isReturnAddress ? address &- 1 : address
      if inside < range.low || inside >= range.high {
        guard brolga_find_code(inside, &range), range.owner != nil else {
          range = brolga_range()
          continue
        }
      }
      // Safe: a module in whose code a call is under way lives, and withdraws its range before it goes.
      let module = Unmanaged<Module>.fromOpaque(range.owner).takeUnretainedValue()
      places.append(
        Place(
          module: module, codeOffset: UInt32(truncatingIfNeeded: address &- range.low),
          isReturnAddress: isReturnAddress))
    }
    omittedCount = Int(trap.pointee.total_frames) - count
  }

  var frames: [Trap.Frame] {
    places.map {
      $0.module.frame(atCodeOffset: $0.codeOffset, isReturnAddress: $0.isReturnAddress)
    }
  }

  /// Lines for people; begins with a line break, or is empty.
  var text: String {
    if places.isEmpty { return "" }
    var text = "\nwasm backtrace:"
    for (position, frame) in frames.enumerated() { text += "\n  \(position): \(frame)" }
    if omittedCount > 0 { text += "\n  ... \(omittedCount) more" }
    return text
  }
}
