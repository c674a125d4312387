// SPDX-License-Identifier: Apache-2.0
// The registers and stack words of one call, as memory.

import Artefact
import CRuntime

/// Where the words of a call's arguments, or results, lie: two for each floating-point register,
/// whose values begin in the first. Valid during the call.
///
/// Safe: places come from a `CallPlaces` that has counted the call's parameters and results; there
/// are as many register words as it hands out, and the caller has as many stack words as it counts.
struct CallSlots: BitwiseCopyable {
  let integers: UnsafeMutablePointer<UInt64>
  let floats: UnsafeMutablePointer<UInt64>
  let stack: UnsafeMutablePointer<UInt64>

  /// The first word of the value there; of a vector the second follows.
  func address(_ place: ValuePlace) -> UnsafeMutablePointer<UInt64> {
    switch place {
    case .integerRegister(let k): integers + Int(k)
    case .floatRegister(let k): floats + Int(k) &* 2
    case .stackWord(let k): stack + Int(k)
    }
  }

  /// What goes in.
  static func arguments(
    of call: UnsafeMutablePointer<brolga_call>, stack: UnsafeMutablePointer<UInt64>
  ) -> CallSlots {
    make(call, \.ints, \.floats, stack)
  }

  /// What comes out.
  static func results(
    of call: UnsafeMutablePointer<brolga_call>, stack: UnsafeMutablePointer<UInt64>
  ) -> CallSlots {
    make(call, \.int_results, \.float_results, stack)
  }

  /// A host function's arguments; then, in the same words, its results.
  init(_ frame: UnsafeMutablePointer<brolga_host_frame>) {
    let raw = UnsafeMutableRawPointer(frame)
    let ints = MemoryLayout<brolga_host_frame>.offset(of: \.ints)!
    let floats = MemoryLayout<brolga_host_frame>.offset(of: \.floats)!
    integers = (raw + ints).assumingMemoryBound(to: UInt64.self)
    self.floats = (raw + floats).assumingMemoryBound(to: UInt64.self)
    stack = frame.pointee.stack_words
  }

  private init(
    integers: UnsafeMutablePointer<UInt64>, floats: UnsafeMutablePointer<UInt64>,
    stack: UnsafeMutablePointer<UInt64>
  ) {
    self.integers = integers
    self.floats = floats
    self.stack = stack
  }

  private static func make(
    _ call: UnsafeMutablePointer<brolga_call>, _ integers: PartialKeyPath<brolga_call>,
    _ floats: PartialKeyPath<brolga_call>, _ stack: UnsafeMutablePointer<UInt64>
  ) -> CallSlots {
    let raw = UnsafeMutableRawPointer(call)
    let ints = MemoryLayout<brolga_call>.offset(of: integers)!
    let floats = MemoryLayout<brolga_call>.offset(of: floats)!
    return CallSlots(
      integers: (raw + ints).assumingMemoryBound(to: UInt64.self),
      floats: (raw + floats).assumingMemoryBound(to: UInt64.self), stack: stack)
  }
}
