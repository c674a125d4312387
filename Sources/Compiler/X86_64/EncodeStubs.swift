// SPDX-License-Identifier: Apache-2.0
// Cold code at a function's end, and traps.

import BrolgaArtefact

/// What stands at a function's end, not expected to run.
package struct X64Stub: BitwiseCopyable {
  enum Kind: UInt8, BitwiseCopyable {
    /// A trap of kind `trap`.
    case trap
    /// A trap whose kind depends on whether the float in `register` is a NaN.
    case inconvertible
    /// A call of the raising helper with the kind in `register`.
    case raise
    /// A jump to the helper of tail calls to other contexts.
    case tailCall
  }
  /// Of a tail call, what the helper expects in eax.
  var origin: UInt32
  var kind: Kind
  var trap: UInt8
  var register: UInt8
  var width: FloatWidth
}

extension Emitter where ISA == X64 {
  mutating func makeStub(
    _ kind: X64Stub.Kind, origin: UInt32, trap: UInt8 = 0, register: UInt8 = 0,
    width: FloatWidth = .f32
  ) -> Label {
    makeStub(X64Stub(origin: origin, kind: kind, trap: trap, register: register, width: width))
  }

  mutating func encodeStub(_ stub: X64Stub) {
    switch stub.kind {
    case .trap:
      encodeTrap(stub.origin, stub.trap)
    case .inconvertible:
      let register = Xmm(stub.register)
      let isNaN = assembler.makeLabel()
      assembler.compare(stub.width, register, RegisterOrMemory(register))
      assembler.jump(if: .parity, isNaN)
      encodeTrap(stub.origin, TrapKind.integerOverflow.rawValue)
      assembler.bind(isNaN)
      encodeTrap(stub.origin, TrapKind.invalidConversionToInteger.rawValue)
    case .raise:
      if stub.register != Gpr.rsi.number { assembler.move(.b32, .rsi, Gpr(stub.register)) }
      assembler.move(.b64, .rdi, .r15)
      assembler.load(.b64, .r11, .memory(.r15, ContextLayout.helperTable))
      assembler.call(.memory(.r11, Helper.raise.offset))
      assembler.markSite(stub.origin, kind: 0)
    case .tailCall:
      assembler.moveBits(.b64, Xmm(14), RegisterOrMemory(Gpr.rax))
      assembler.moveConstant(.rax, UInt64(truncatingIfNeeded: stub.origin))
      assembler.load(.b64, .r11, .memory(.r15, ContextLayout.helperTable))
      assembler.jump(.memory(.r11, Helper.tailCall.offset))
    }
  }

  @inline(__always) mutating func encodeTrap(_ origin: UInt32, _ kind: UInt8) {
    assembler.markSite(origin, kind: kind)
    assembler.undefined()
  }
}
