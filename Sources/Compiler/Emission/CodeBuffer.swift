// SPDX-License-Identifier: Apache-2.0
// The bytes of compiled functions, and what must still be filled in while one is being emitted.

import BrolgaArtefact
import BrolgaEntities
import Glibc

/// What a fixup's four bytes refer to.
package enum FixupTarget: UInt8, BitwiseCopyable, Sendable {
  /// The index is a label.
  case label
  /// The index is a word of the function's constants.
  case constant
  /// The index is a jump table of the function.
  case jumpTable
}

/// Four bytes of code that will hold the distance from the instruction's end to a target.
package struct Fixup: BitwiseCopyable {
  /// Where the four bytes are, from the function's start.
  var offset: UInt32
  var index: UInt32
  var target: FixupTarget
  /// Bytes of the instruction behind the four.
  var trailing: UInt8
}

/// A range of `MachineFunction.jumpTargets`.
struct JumpTableRecord: BitwiseCopyable {
  var first: UInt32
  var count: UInt32
  /// Where the table is, from the function's start; known when the function is finished.
  var offset: UInt32 = 0
}

/// A direct call: the four bytes at `offset` become the distance to the callee.
package struct CallRelocation: BitwiseCopyable, Sendable {
  /// From the function's start.
  package var offset: UInt32
  /// The callee's index in the module.
  package var callee: UInt32
}

/// A place in code at which an activation may stop: after a call, or at an instruction that traps.
package struct CodeSite: BitwiseCopyable, Sendable {
  /// From the function's start: the return address, or the instruction that raises the signal.
  package var offset: UInt32
  /// The byte offset in the module that it comes from.
  package var origin: UInt32
  /// `TrapKind` raw value, 0 for a call.
  package var kind: UInt8
}

/// A handler of the function being emitted: the call before it, as a site, and the label where the
/// handler starts.
struct PendingHandler: BitwiseCopyable {
  var site: UInt32
  var label: Label
}

/// What begins at an offset, for the text form.
struct ListingMark: BitwiseCopyable {
  enum Kind: UInt8, BitwiseCopyable { case prologue, block, instruction, move, stub, data }
  var offset: UInt32
  var index: UInt32
  var kind: Kind
}

/// A function in a code buffer: where its bytes are, and its part of the buffer's tables. Each part
/// ends where the next function's begins, or with the table.
package struct EmittedFunction: BitwiseCopyable, Sendable {
  /// The function's index in its module.
  package var index: UInt32
  package var start: UInt32
  /// Bytes of code, tables and constants.
  package var byteCount: UInt32
  package var callStart: UInt32
  package var siteStart: UInt32
  package var handlerStart: UInt32
  package var frame = FrameInfo()
  /// Starts at a multiple of `CodeBuffer.lineBytes`, not of `alignment` alone.
  var isLineAligned = false
}

/// Emission cannot go on.
package enum EmissionError: Error, Hashable, Sendable {
  /// The code of a function, or of all, would be larger than a 32-bit distance can span.
  case codeTooLarge(function: UInt32)
}

/// The code of any number of functions, one after the other, and the tables about them.
///
/// Instructions are written through `cursor`. `makeRoom` guarantees that a whole instruction fits,
/// so that writing one costs a few plain stores. While a function is emitted, offsets count from
/// its start; `Assembler` shrinks its branches, `Emitter` fills in what refers to labels.
package struct CodeBuffer: ~Copyable {
  /// Invariant: `start <= cursor <= end`, all in one allocation.
  var start: UnsafeMutableRawPointer
  var cursor: UnsafeMutableRawPointer
  var end: UnsafeMutableRawPointer
  /// Offset of the current function in the buffer.
  var functionStart = 0

  // Tables of the current function, emptied by `beginFunction`.
  var fixups = Vector<Fixup>()
  var jumpTables = Vector<JumpTableRecord>()
  var pendingHandlers = Vector<PendingHandler>()
  /// Whether `marks` are to be kept, for `assemblyText`.
  package var keepsListing = false
  var marks = Vector<ListingMark>()

  // Tables of all functions in the buffer.
  package var functions = Vector<EmittedFunction>()
  /// Offsets from their function's start; sorted by it within a function.
  package var calls = Vector<CallRelocation>()
  package var sites = Vector<CodeSite>()
  package var handlers = Vector<HandlerEntry>()
  /// What they ask of the processor beyond the baseline.
  package var features: CPUFeatures = []

  /// Functions start at multiples of this: half a line.
  static let alignment = 32
  /// A cache line of code.
  static let lineBytes = 64
  /// No instruction is longer than 15 bytes; the rest is for padding and wide stores.
  static let roomPerInstruction = 64
  /// Bytes of code per function: distances within one are 32 bits wide.
  static let functionByteLimit = Int(Int32.max) - 4096

  package init() {
    // Never dereferenced: the first `makeRoom` allocates.
    start = UnsafeMutableRawPointer(bitPattern: 64).unsafelyUnwrapped
    cursor = start
    end = start
  }

  deinit { if end != start { free(start) } }

  /// Bytes of all functions so far.
  @inline(__always) package var count: Int { cursor - start }

  /// Bytes of the current function so far.
  @inline(__always) package var offset: Int { cursor - start &- functionStart }

  @inline(__always) package var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: start, count: count)
  }

  /// Forgets everything and keeps the memory.
  package mutating func removeAll() {
    cursor = start
    functionStart = 0
    functions.removeAll()
    calls.removeAll()
    sites.removeAll()
    handlers.removeAll()
    features = []
    clearFunction()
  }

  mutating func clearFunction() {
    fixups.removeAll()
    jumpTables.removeAll()
    pendingHandlers.removeAll()
    marks.removeAll()
  }

  // MARK: Functions.

  mutating func beginFunction(index: UInt32) {
    clearFunction()
    functionStart = self.count
    functions.append(
      EmittedFunction(
        index: index, start: UInt32(truncatingIfNeeded: functionStart), byteCount: 0,
        callStart: UInt32(truncatingIfNeeded: calls.count),
        siteStart: UInt32(truncatingIfNeeded: sites.count),
        handlerStart: UInt32(truncatingIfNeeded: handlers.count)))
  }

  @inline(__always) mutating func note(_ kind: ListingMark.Kind, _ index: Int = 0) {
    if _slowPath(keepsListing) {
      marks.append(
        ListingMark(
          offset: UInt32(truncatingIfNeeded: offset), index: UInt32(truncatingIfNeeded: index),
          kind: kind))
    }
  }

  /// Marks the current place as one at which an activation may stop.
  @inline(__always) mutating func markSite(_ origin: UInt32, kind: UInt8) {
    sites.append(CodeSite(offset: UInt32(truncatingIfNeeded: offset), origin: origin, kind: kind))
  }

  /// Says that the call that was marked last goes on at a label when it ends with an exception.
  mutating func noteHandler(_ label: Label) {
    pendingHandlers.append(
      PendingHandler(site: UInt32(truncatingIfNeeded: sites.count &- 1), label: label))
  }

  mutating func alignFunction(with filler: UInt8) {
    fill(filler, count: (0 &- count) & (Self.alignment &- 1))
  }

  // MARK: Bytes.

  /// Makes sure that one instruction can be written at `cursor`.
  @inline(__always) package mutating func makeRoom() {
    if _slowPath(end - cursor < Self.roomPerInstruction) { grow(by: Self.roomPerInstruction) }
  }

  /// Makes sure that `bytes` more bytes can be written at `cursor`.
  package mutating func reserve(_ bytes: Int) {
    if end - cursor < bytes { grow(by: bytes) }
  }

  @inline(never) mutating func grow(by needed: Int) {
    let used = count
    let capacity = end - start
    let newCapacity = max(used + needed, capacity == 0 ? 1 << 16 : capacity * 2)
    guard let moved = realloc(capacity == 0 ? nil : start, newCapacity) else {
      fatalError("out of memory: \(newCapacity) bytes for code")
    }
    start = moved
    cursor = moved + used
    end = moved + newCapacity
  }

  // The writers below need room made before.

  @inline(__always) mutating func put8(_ byte: UInt8) {
    cursor.storeBytes(of: byte, as: UInt8.self)
    cursor += 1
  }

  @inline(__always) mutating func put16(_ value: UInt16) {
    cursor.storeBytes(of: value, as: UInt16.self)
    cursor += 2
  }

  @inline(__always) mutating func put32(_ value: Int32) {
    cursor.storeBytes(of: value, as: Int32.self)
    cursor += 4
  }

  @inline(__always) mutating func put64(_ value: UInt64) {
    cursor.storeBytes(of: value, as: UInt64.self)
    cursor += 8
  }

  /// Appends `count` copies of `byte`.
  mutating func fill(_ byte: UInt8, count: Int) {
    reserve(count)
    memset(cursor, Int32(byte), count)
    cursor += count
  }

  /// Overwrites four bytes of the current function.
  @inline(__always) mutating func patch32(at offset: Int, _ value: Int32) {
    assert(offset >= 0 && offset + 4 <= self.offset, "patch outside the function")
    (start + functionStart + offset).storeBytes(of: value, as: Int32.self)
  }
}
