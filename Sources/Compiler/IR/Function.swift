// SPDX-License-Identifier: Apache-2.0
// A function in SSA form: blocks with parameters, in flat tables.

import BrolgaEntities
import BrolgaWasm

/// A value: the instruction that computes it. Printed `v7`.
package struct Value: EntityID {
  package static var prefix: StaticString { "v" }
  package let raw: UInt32
  @inline(__always) package init(raw: UInt32) { self.raw = raw }
}

/// A basic block, printed `b7`. Block 0 is the entry.
package struct Block: EntityID {
  package static var prefix: StaticString { "b" }
  package let raw: UInt32
  @inline(__always) package init(raw: UInt32) { self.raw = raw }
}

/// A control-flow edge, printed `e7`: it carries the arguments for the target's parameters.
package struct Edge: EntityID {
  package static var prefix: StaticString { "e" }
  package let raw: UInt32
  @inline(__always) package init(raw: UInt32) { self.raw = raw }
}

/// One instruction. `Shape` says what the fields hold for each opcode.
package struct Instruction: BitwiseCopyable, Equatable, Sendable {
  package var opcode: Opcode
  /// Type of the value; `none` where there is none.
  package var type: Type
  package var aux: UInt16
  package var a: UInt32
  package var b: UInt32
  package var c: UInt32

  /// In `aux` of a load from the runtime's memory: nothing changes it while the instance lives, so
  /// equal loads yield equal values.
  package static let readOnly: UInt16 = 1

  /// How many bytes `memory_copy` and `memory_fill` may have: a copy holds all of them in registers.
  package static let blockBytes: ClosedRange<UInt32> = 1...128

  @inline(__always)
  package init(
    _ opcode: Opcode, _ type: Type, aux: UInt16 = 0, a: UInt32 = 0, b: UInt32 = 0, c: UInt32 = 0
  ) {
    self.opcode = opcode
    self.type = type
    self.aux = aux
    self.a = a
    self.b = b
    self.c = c
  }

  /// The bits of a constant; an i32 is zero-extended.
  @inline(__always) package var bits: UInt64 {
    UInt64(truncatingIfNeeded: c) &<< 32 | UInt64(truncatingIfNeeded: b)
  }

  @inline(__always) package static func constant(_ type: Type, bits: UInt64) -> Instruction {
    Instruction(
      type.isFloat ? .fconst : .iconst, type, b: UInt32(truncatingIfNeeded: bits),
      c: UInt32(truncatingIfNeeded: bits &>> 32))
  }
}

package struct BlockData: BitwiseCopyable, Sendable {
  /// The block's instructions in `Function.instructions`; the last is its terminator. Parameters
  /// and removed instructions (`param`, `nop`) may stand between them and are passed over.
  package var instructionStart: UInt32 = 0
  package var instructionEnd: UInt32 = 0
  /// The parameters, in `Function.lists`.
  package var parameterStart: UInt32 = 0
  package var parameterCount: UInt32 = 0
  /// The edges that arrive, in `Function.lists`.
  package var predecessorStart: UInt32 = 0
  package var predecessorCount: UInt32 = 0
  /// Loops around the block; a loop's header counts its own.
  package var loopDepth: UInt16 = 0
  package var isLoopHeader = false
  /// Ends in a trap, or leads nowhere else.
  package var isCold = false
  /// How often the block runs per run of the function, if that is estimated; or 0.
  package var frequency: Float = 0

  package init() {}
}

/// What a cold block's frequency is taken for.
let coldFrequency: Float = 0.001

package struct EdgeData: BitwiseCopyable, Sendable {
  package var from: Block
  package var to: Block
  /// One argument per parameter of `to`, in `Function.lists`.
  package var argumentStart: UInt32
  /// See `BlockData.frequency`.
  package var frequency: Float = 0

  package init(from: Block, to: Block, argumentStart: UInt32 = 0) {
    self.from = from
    self.to = to
    self.argumentStart = argumentStart
  }
}

/// A function in SSA form.
///
/// Invariants, checked by the verifier:
/// - blocks stand in an order in which every edge but those to a loop header leads forward;
/// - a definition dominates its uses; operands are of the types that the opcode asks for;
/// - a block's instructions are contiguous and end in its only terminator; `result`s follow their
///   call directly;
/// - `predecessors` lists each edge once; arguments match parameters in number and type;
/// - the entry block has no predecessors; its parameters are the function's.
package struct Function: ~Copyable {
  /// The function's index in its module.
  package var index: UInt32 = 0
  /// Its type's index in its module.
  package var typeIndex: UInt32 = 0
  package var instructions = Pool<Value, Instruction>()
  /// Where in the module each instruction comes from: parallel to `instructions`, a byte offset.
  package var origins = Vector<UInt32>()
  package var blocks = Pool<Block, BlockData>()
  package var edges = Pool<Edge, EdgeData>()
  /// Lists of values and of edges, by raw number.
  package var lists = Vector<UInt32>()
  /// The types of frame variables, see `frameLoad`.
  package var frameVariables = Vector<Type>()
  /// Constants of 16 bytes and patterns of shuffles, by index.
  package var vectors = Vector<V128>()

  package init() {}

  /// Empties the function and keeps the memory.
  package mutating func clear() {
    index = 0
    typeIndex = 0
    instructions.removeAll()
    origins.removeAll()
    blocks.removeAll()
    edges.removeAll()
    lists.removeAll()
    frameVariables.removeAll()
    vectors.removeAll()
  }

  /// The block's instructions, as indices of `instructions.storage`.
  @inline(__always) package mutating func instructionRange(_ block: Block) -> Range<Int> {
    let data = blocks[block]
    return Range(
      uncheckedBounds: (
        Int(truncatingIfNeeded: data.instructionStart), Int(truncatingIfNeeded: data.instructionEnd)
      ))
  }

  /// The block's terminator.
  @inline(__always) package mutating func terminator(_ block: Block) -> Value {
    Value(raw: blocks[block].instructionEnd &- 1)
  }
}
