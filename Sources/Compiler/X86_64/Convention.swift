// SPDX-License-Identifier: Apache-2.0
// The registers as the allocator and lowering see them, and what calls do with them.

import BrolgaArtefact
import BrolgaEntities
import RegisterAllocation

extension X64 {
  /// rax, rcx, rdx, rsi, rdi, r8, r9, r11.
  package static let callerSaved: UInt64 = 0b1011_1100_0111
  /// rbx, r10, r12, r13: without rbp, which chains the frames.
  package static let calleeSaved = UInt64(CallingConvention.calleeSaved & ~(1 &<< 5))
  /// r10: helpers follow the system's convention, in which it is the callee's.
  package static let helpersDestroy: UInt64 = 1 &<< 10
  /// xmm0 to xmm14: none survives a call.
  package static let floats: UInt64 = 0x7fff

  package static var machine: Machine {
    var machine = Machine()
    machine.preferred = RegisterSet(int: callerSaved, float: floats)
    machine.nonPreferred = RegisterSet(int: calleeSaved)
    // Nearly always some integer register is free where a move needs one.
    machine.floatScratch = X64Register.xmm15
    return machine
  }

  @inline(__always) package static func argument(integer k: UInt8) -> PhysicalRegister {
    PhysicalRegister(.int, Int(truncatingIfNeeded: CallingConvention.argumentInteger(k)))
  }
  @inline(__always) package static func result(integer k: UInt8) -> PhysicalRegister {
    PhysicalRegister(.int, Int(truncatingIfNeeded: CallingConvention.resultInteger(k)))
  }
  @inline(__always) package static func float(_ k: UInt8) -> PhysicalRegister {
    PhysicalRegister(.float, Int(truncatingIfNeeded: k))
  }

  @inline(__always) package static var exception: PhysicalRegister {
    PhysicalRegister(.int, Int(truncatingIfNeeded: CallingConvention.exceptionRegister))
  }

  /// What a call destroys beside its results, of which so many are in registers.
  package static func clobbers(
    resultIntegers: Int, resultFloats: Int, ofHelper isHelper: Bool
  ) -> RegisterSet {
    var set = RegisterSet(
      int: isHelper ? callerSaved | helpersDestroy : callerSaved, float: floats)
    for k in 0..<resultIntegers { set.remove(result(integer: UInt8(truncatingIfNeeded: k))) }
    for k in 0..<resultFloats { set.remove(float(UInt8(truncatingIfNeeded: k))) }
    return set
  }
}
