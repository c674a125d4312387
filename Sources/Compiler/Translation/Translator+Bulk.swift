// SPDX-License-Identifier: Apache-2.0
// Translation of `memory.copy` and `memory.fill`: in line where the length is small and constant.

import Artefact
import Entities
import WebAssembly

/// Up to how many bytes are copied and filled without a call. Copies hold all bytes in registers at
/// once, fills do not.
private let longestCopy: UInt64 = 128
private let longestFill: UInt64 = 128

extension Translator {
  mutating func translateMemoryCopy(_ op: Operator) {
    let (destination, source, length) = pop3()
    if let bytes = builder.constantBits(Value(raw: length)), bytes > 0, bytes <= longestCopy {
      if bytes < 16 {
        copy(Int(bytes), to: destination, op.index, from: source, op.index2)
        return
      }
      if op.index == 0 && op.index2 == 0 {
        let from = reachable(source)
        block(.memoryCopy, to: destination, bytes, from)
        return
      }
    }
    let memories = packed(op.index, op.index2)
    callHelper(.memoryCopy, (memories, destination, source, length), count: 4)
  }

  mutating func translateMemoryFill(_ op: Operator) {
    let (destination, value, length) = pop3()
    if let bytes = builder.constantBits(Value(raw: length)), bytes > 0, bytes <= longestFill {
      if bytes < 16 {
        fill(Int(bytes), at: destination, op.index, with: value)
        return
      }
      if op.index == 0 {
        block(.memoryFill, to: destination, bytes, value)
        return
      }
    }
    let memory = packed(op.index, 0)
    callHelper(.memoryFill, (memory, destination, value, length), count: 4)
  }

  private mutating func block(
    _ opcode: Opcode, to destination: UInt32, _ bytes: UInt64, _ operand: UInt32
  ) {
    _ = builder.append(
      Instruction(
        opcode, .none, a: reachable(destination), b: UInt32(truncatingIfNeeded: bytes), c: operand))
  }

  /// All loads, then all stores, so that the parts may overlap. The last bytes are stored first: where
  /// they are inside the memory all are, so that nothing is written before a trap.
  private mutating func copy(
    _ bytes: Int, to destination: UInt32, _ memory: UInt32, from source: UInt32, _ other: UInt32
  ) {
    let part = Part(of: bytes)
    let (from, to) = (reachable(source), reachable(destination))
    let first = load(part, from, 0, other)
    let last = bytes == part.bytes ? nil : load(part.last, from, bytes - part.last.bytes, other)
    if let last { store(part.last, to, bytes - part.last.bytes, last, memory) }
    store(part, to, 0, first, memory)
  }

  private mutating func fill(
    _ bytes: Int, at destination: UInt32, _ memory: UInt32, with value: UInt32
  ) {
    let part = Part(of: bytes)
    let to = reachable(destination)
    let mask = builder.constant(.i32, bits: 0xff)
    var word = builder.emit(Instruction(.and, .i32, a: value, b: mask.raw))
    if part.type == .i64 { word = builder.emit(Instruction(.extendU, .i64, a: word.raw)) }
    if bytes > 1 {
      let everyByte = builder.constant(part.type, bits: 0x0101_0101_0101_0101 & part.type.mask)
      word = builder.emit(Instruction(.mul, part.type, a: word.raw, b: everyByte.raw))
    }
    if bytes != part.bytes {
      store(part.last, to, bytes - part.last.bytes, word.raw, memory)
    }
    store(part, to, 0, word.raw, memory)
  }

  /// The address, once it is known to lie where a signal tells whether it is inside the memory.
  private mutating func reachable(_ address: UInt32) -> UInt32 { reachable(address, offset: 0).0 }

  private mutating func load(
    _ part: Part, _ address: UInt32, _ offset: Int, _ memory: UInt32
  ) -> UInt32 {
    builder.append(
      Instruction(
        part.load, part.type, aux: UInt16(truncatingIfNeeded: memory), a: address,
        b: UInt32(truncatingIfNeeded: offset))
    ).raw
  }

  private mutating func store(
    _ part: Part, _ address: UInt32, _ offset: Int, _ value: UInt32, _ memory: UInt32
  ) {
    _ = builder.append(
      Instruction(
        part.store, .none, aux: UInt16(truncatingIfNeeded: memory), a: address,
        b: UInt32(truncatingIfNeeded: offset), c: value))
  }
}

/// What one load or store moves.
private struct Part {
  var bytes: Int
  var type: Type
  var load: Opcode
  var store: Opcode

  /// The widest that is not wider than the whole. Two of them, which may overlap, are the whole, but
  /// for three bytes, of which the last is `last`.
  init(of bytes: Int) {
    switch bytes {
    case 1: self.init(1, .i32, .load8U, .store8)
    case 2...3: self.init(2, .i32, .load16U, .store16)
    case 4...7: self.init(4, .i32, .load, .store)
    default: self.init(8, .i64, .load, .store)
    }
  }

  private init(_ bytes: Int, _ type: Type, _ load: Opcode, _ store: Opcode) {
    self.bytes = bytes
    self.type = type
    self.load = load
    self.store = store
  }

  var last: Part { bytes == 2 ? Part(of: 1) : self }
}
