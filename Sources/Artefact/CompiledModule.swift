// SPDX-License-Identifier: Apache-2.0
// What the compiler hands over: code and its tables, in flat vectors.

import BrolgaEntities

/// Where a function's code is in the text.
package struct FunctionRange: BitwiseCopyable, Hashable, Sendable {
  package var offset: UInt32
  package var size: UInt32

  package init(offset: UInt32, size: UInt32) {
    self.offset = offset
    self.size = size
  }
}

/// A place in the code that a trap or a backtrace may name.
package struct TrapEntry: BitwiseCopyable, Hashable, Sendable {
  /// Bytes from the start of the text: the trapping instruction, or a call's return address.
  package var codeOffset: UInt32
  /// Bytes from the start of the WebAssembly module: the operator.
  package var wasmOffset: UInt32

  package init(codeOffset: UInt32, wasmOffset: UInt32) {
    self.codeOffset = codeOffset
    self.wasmOffset = wasmOffset
  }
}

/// What unwinding needs to know of a function's frame. Its registers are pushed below the context, or
/// below rbp where the frame does not keep that, in rising order of their numbers.
package struct FrameInfo: BitwiseCopyable, Hashable, Sendable {
  /// Bits 0 to 3: saves rbx, r10, r12, r13. Bit 4: keeps its context at [rbp - 8]. Bits 5 to 31:
  /// how far rsp is below rbp at calls, in units of 16 bytes.
  package var raw: UInt32 = 0

  package init() {}

  /// - Parameter savedRegisters: by hardware number.
  package init(savedRegisters: UInt32, keepsContext: Bool, byteCount: Int32) {
    raw = savedRegisters &>> 3 & 1 | savedRegisters &>> 9 & 2 | savedRegisters &>> 10 & 12
    if keepsContext { raw |= 16 }
    raw |= (UInt32(truncatingIfNeeded: byteCount) &>> 4) &<< 5
  }
}

/// Where a call goes on when it ends with an exception. Bytes from the start of the text.
package struct HandlerEntry: BitwiseCopyable, Hashable, Sendable {
  package var returnOffset: UInt32
  package var handlerOffset: UInt32

  package init(returnOffset: UInt32, handlerOffset: UInt32) {
    self.returnOffset = returnOffset
    self.handlerOffset = handlerOffset
  }
}

/// Where a function's name is in `CompiledModule.names`; `count` 0 means that it has none.
package struct NameSpan: BitwiseCopyable, Sendable {
  package var start: UInt32
  package var count: UInt32

  package init(start: UInt32, count: UInt32) {
    self.start = start
    self.count = count
  }
}

/// A compiled module before it becomes an artefact.
package struct CompiledModule: ~Copyable, Sendable {
  /// Machine code of all functions; position-independent.
  package var text = Vector<UInt8>()
  /// One per defined function, in index order.
  package var functions = Vector<FunctionRange>()
  /// Parallel to `functions`.
  package var frames = Vector<FrameInfo>()
  /// Sorted by return offset.
  package var handlers = Vector<HandlerEntry>()
  /// Sorted by code offset.
  package var traps = Vector<TrapEntry>()
  /// One per entry of `traps`: the raw value of a `TrapKind`, or 0 at a call's return address.
  package var trapKinds = Vector<UInt8>()
  /// The module without its bodies, see `Module.skeleton(of:)`.
  package var skeleton = Vector<UInt8>()
  /// UTF-8, end to end.
  package var names = Vector<UInt8>()
  /// One per defined function, or none at all.
  package var nameSpans = Vector<NameSpan>()
  package var importedFunctionCount = 0
  package var features = CPUFeatures.baseline
  package var optimizationLevel: UInt8 = 0

  package init() {}
}
