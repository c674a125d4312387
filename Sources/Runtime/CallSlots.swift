// SPDX-License-Identifier: Apache-2.0
// The registers and stack words of one call, as memory.

import BrolgaArtefact
import BrolgaCRuntime

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
    CallSlots(call, integers: BROLGA_CALL_INTS, floats: BROLGA_CALL_FLOATS, stack: stack)
  }

  /// What comes out.
  static func results(
    of call: UnsafeMutablePointer<brolga_call>, stack: UnsafeMutablePointer<UInt64>
  ) -> CallSlots {
    CallSlots(
      call, integers: BROLGA_CALL_INT_RESULTS, floats: BROLGA_CALL_FLOAT_RESULTS, stack: stack)
  }

  /// A host function's arguments; then, in the same words, its results.
  init(_ frame: UnsafeMutablePointer<brolga_host_frame>) {
    self.init(
      frame, integers: BROLGA_HOST_INTS, floats: BROLGA_HOST_FLOATS,
      stack: frame.pointee.stack_words)
  }

  private init(
    _ owner: UnsafeMutableRawPointer, integers: Int32, floats: Int32,
    stack: UnsafeMutablePointer<UInt64>
  ) {
    self.integers = (owner + Int(integers)).assumingMemoryBound(to: UInt64.self)
    self.floats = (owner + Int(floats)).assumingMemoryBound(to: UInt64.self)
    self.stack = stack
  }
}
