// SPDX-License-Identifier: Apache-2.0
// What a row of the table of operations consists of.

/// What one field of an instruction holds.
package enum Field: UInt8, BitwiseCopyable, Sendable {
  case unused
  case value
  /// An edge of the function.
  case edge
  /// The start in `Function.lists` of what `Shape.list` says; in `c` stands how many there are.
  case list, count
  /// Of a parameter: its block, and its position among the block's parameters.
  case block, position
  /// The two halves of a constant's bits.
  case lowBits, highBits
  /// Unsigned byte offset from an address in linear memory, below 2^31; and the memory's index.
  case memoryOffset, memory
  /// The index of a memory copied to, and from bit 8 up of the one copied from.
  case memories
  /// How many bytes of linear memory: see `Instruction.blockBytes`.
  case byteCount
  /// Byte offset in the instance context or from a pointer; and `Instruction.readOnly` or 0.
  case byteOffset, readOnly
  /// Index in `Function.frameVariables`.
  case frameVariable
  /// A function's index in the module.
  case function
  /// `Helper` raw value.
  case helper
  /// Which of a call's results: 1 or more.
  case resultIndex
  /// `TrapKind` raw value.
  case trapKind
  /// An index of `Function.vectors`.
  case vector
  /// `LaneShape` raw value; and above it the number of a lane.
  case lanes, lane
}

/// What stands in `Function.lists` for an instruction.
package enum ListKind: UInt8, BitwiseCopyable, Sendable {
  case none
  case values
  /// Arguments behind the index of the callee's type.
  case typedArguments
  /// Arguments behind an entry that is unused.
  case helperArguments
  /// Edges. One may occur repeatedly.
  case edges
}

/// What an instruction's fields `a`, `b`, `c` and `aux` hold.
package enum Shape: UInt8, BitwiseCopyable, Sendable {
  case empty
  case parameter
  case constant
  /// One to three operands.
  case unary, binary, ternary
  /// The same for each lane of vectors.
  case laneUnary, laneBinary, laneTernary
  /// From a lane, and to one.
  case laneRead, laneWrite
  case vectorConstant
  /// The bytes of two vectors that a pattern names.
  case shuffle
  /// From and to linear memory.
  case load, store
  /// Of bytes of linear memory, to an address and from another; from an address on.
  case blockCopy, blockFill
  case contextLoad, contextStore
  case pointerLoad, pointerStore
  case frameLoad, frameStore
  case call
  /// Of the function whose record is at an address.
  case callReference
  case callHelper
  case result
  case caught
  case jump
  /// The edges are taken when the condition is not zero, and when it is.
  case branch
  /// The last edge is taken for every index from `c - 1` up.
  case branchTable
  case returns
  case trap
  case trapIf

  package struct Fields: BitwiseCopyable, Sendable {
    package var a = Field.unused
    package var b = Field.unused
    package var c = Field.unused
    package var aux = Field.unused
    package var list = ListKind.none

    /// Edges outside of a list.
    package var edgeCount: Int { [a, b, c].count { $0 == .edge } }
    package var hasEdges: Bool { edgeCount > 0 || list == .edges }
  }

  @inline(__always) package var fields: Fields {
    switch self {
    case .empty, .caught: Fields()
    case .parameter: Fields(a: .block, b: .position)
    case .constant: Fields(b: .lowBits, c: .highBits)
    case .unary: Fields(a: .value)
    case .binary: Fields(a: .value, b: .value)
    case .ternary: Fields(a: .value, b: .value, c: .value)
    case .laneUnary: Fields(a: .value, aux: .lanes)
    case .laneBinary: Fields(a: .value, b: .value, aux: .lanes)
    case .laneTernary: Fields(a: .value, b: .value, c: .value, aux: .lanes)
    case .laneRead: Fields(a: .value, aux: .lane)
    case .laneWrite: Fields(a: .value, b: .value, aux: .lane)
    case .vectorConstant: Fields(b: .vector)
    case .shuffle: Fields(a: .value, b: .value, c: .vector)
    case .load: Fields(a: .value, b: .memoryOffset, aux: .memory)
    case .store: Fields(a: .value, b: .memoryOffset, c: .value, aux: .memory)
    case .blockCopy: Fields(a: .value, b: .byteCount, c: .value, aux: .memories)
    case .blockFill: Fields(a: .value, b: .byteCount, c: .value, aux: .memory)
    case .contextLoad: Fields(b: .byteOffset, aux: .readOnly)
    case .contextStore: Fields(a: .value, b: .byteOffset)
    case .pointerLoad: Fields(a: .value, b: .byteOffset, aux: .readOnly)
    case .pointerStore: Fields(a: .value, b: .byteOffset, c: .value)
    case .frameLoad: Fields(b: .frameVariable)
    case .frameStore: Fields(a: .value, b: .frameVariable)
    case .call: Fields(a: .function, b: .list, c: .count, list: .typedArguments)
    case .callReference: Fields(a: .value, b: .list, c: .count, list: .typedArguments)
    case .callHelper: Fields(a: .helper, b: .list, c: .count, list: .helperArguments)
    // The call is a value like any other.
    case .result: Fields(a: .value, b: .resultIndex)
    case .jump: Fields(a: .edge)
    case .branch: Fields(a: .value, b: .edge, c: .edge)
    case .branchTable: Fields(a: .value, b: .list, c: .count, list: .edges)
    case .returns: Fields(b: .list, c: .count, list: .values)
    case .trap: Fields(aux: .trapKind)
    case .trapIf: Fields(a: .value, aux: .trapKind)
    }
  }

  /// What `fields` says of values, as the bits of `Traits`; a test compares them. In few cases, as the
  /// compiler goes through them for each row of the table.
  @inline(__always) var readBits: UInt16 {
    switch self {
    case .empty, .parameter, .constant, .vectorConstant, .contextLoad, .frameLoad, .caught, .jump,
      .trap:
      0
    case .unary, .laneUnary, .laneRead, .load, .contextStore, .pointerLoad, .frameStore, .result,
      .branch, .branchTable, .trapIf:
      1
    case .binary, .laneBinary, .laneWrite, .shuffle: 1 | 2
    case .ternary, .laneTernary: 1 | 2 | 4
    case .store, .blockCopy, .blockFill, .pointerStore: 1 | 4
    case .call, .callHelper: 16
    case .callReference: 1 | 16
    case .returns: 8
    }
  }

  /// Whether an instruction of this shape has a value; nil where it may.
  @inline(__always) package var hasResult: Bool? {
    switch self {
    case .empty, .store, .blockCopy, .blockFill, .contextStore, .pointerStore, .frameStore, .jump,
      .branch, .branchTable, .returns, .trap, .trapIf:
      false
    case .call, .callReference, .callHelper: nil
    case .parameter, .constant, .unary, .binary, .ternary, .load, .contextLoad, .pointerLoad,
      .frameLoad, .result, .caught, .laneUnary, .laneBinary, .laneTernary, .laneRead, .laneWrite,
      .vectorConstant, .shuffle:
      true
    }
  }

  /// Computes its value from its operands.
  @inline(__always) package var isOperation: Bool {
    switch self {
    case .unary, .binary, .ternary, .laneUnary, .laneBinary, .laneTernary, .laneRead, .laneWrite,
      .shuffle:
      true
    case .empty, .parameter, .constant, .vectorConstant, .load, .store, .blockCopy, .blockFill,
      .contextLoad,
      .contextStore, .pointerLoad, .pointerStore, .frameLoad, .frameStore, .call, .callReference,
      .callHelper, .result, .caught, .jump,
      .branch, .branchTable, .returns, .trap, .trapIf:
      false
    }
  }
}

/// Which types an operation takes and gives.
package enum Typing: UInt8, BitwiseCopyable, Sendable {
  case any
  case integerConstant, floatConstant
  /// Operands and result are of one type: i32 or i64; i64; f32 or f64.
  case integer, wide, float
  /// Two operands of one type, and an i32.
  case integerComparison, floatComparison
  /// i64 to i32; i32 to i64.
  case wrapping, widening
  /// Float to integer; integer to float.
  case truncation, conversion
  /// f32 to f64; f64 to f32.
  case promotion, demotion
  /// To the type of the other kind and equal size.
  case reinterpretation
  /// By an i32, one of two operands of the result's type.
  case selection
  /// Linear memory at an integer address: any type, an integer, an i64.
  case access, integerAccess, wideAccess
  /// Two addresses in linear memory; an address there and an i32.
  case copy, fill
  /// The first operand is an address of the runtime's memory, an i64.
  case pointer
  /// The type of the frame variable.
  case frameVariable
  /// The first operand is an i32.
  case condition
  /// Operands and result are vectors; the last operand is an i32; the result is an i32.
  case vector, vectorShift, vectorTest
  /// A lane's scalar to a vector; and back; into one.
  case fromLane, toLane, intoLane
}

/// What an operation does beside computing its value.
package struct Effects: BitwiseCopyable, Equatable, Sendable {
  package let bits: UInt8
  @inline(__always) package init(bits: UInt8) { self.bits = bits }

  @inline(__always) package static var none: Effects { Effects(bits: 0) }
  @inline(__always) package static var reads: Effects { Effects(bits: 1) }
  @inline(__always) package static var writes: Effects { Effects(bits: 2) }
  @inline(__always) package static var mayTrap: Effects { Effects(bits: 4) }
  /// Linear memory.
  @inline(__always) package static var loads: Effects { Effects(bits: 1 | 4) }
  @inline(__always) package static var stores: Effects { Effects(bits: 2 | 4) }
  /// Anything.
  @inline(__always) package static var calls: Effects { Effects(bits: 1 | 2 | 4) }
  /// Ends its block.
  @inline(__always) package static var ends: Effects { Effects(bits: 8) }
  @inline(__always) package static var endsInTrap: Effects { Effects(bits: 4 | 8) }
  @inline(__always) package static var endsInCall: Effects { Effects(bits: 1 | 2 | 4 | 8) }

  @inline(__always) package var mayRead: Bool { bits & 1 != 0 }
  @inline(__always) package var mayWrite: Bool { bits & 2 != 0 }
  @inline(__always) package var canTrap: Bool { bits & 4 != 0 }
  @inline(__always) package var endsBlock: Bool { bits & 8 != 0 }
}

/// What hot code asks of an operation, as bits that follow from its row.
///
/// Plain integers, because the optimizer then makes one table of them: sets with array literals cost
/// allocations here.
package struct Traits: BitwiseCopyable, Equatable, Sendable {
  package let bits: UInt16

  /// The fields that hold values.
  @inline(__always) package var readsA: Bool { bits & 1 != 0 }
  @inline(__always) package var readsB: Bool { bits & 2 != 0 }
  @inline(__always) package var readsC: Bool { bits & 4 != 0 }
  /// `lists[b ..< b + c]` are values; `hasTail`: `lists[b + 1 ..< b + 1 + c]`, the arguments behind
  /// a first entry.
  @inline(__always) package var readsList: Bool { bits & 24 != 0 }
  @inline(__always) package var hasTail: Bool { bits & 16 != 0 }
  @inline(__always) package var readsNothing: Bool { bits & 31 == 0 }
  /// Computes its value from its operands alone; it may trap.
  @inline(__always) package var isPure: Bool { bits & 32 != 0 }
  /// Must stay even if nothing uses its value. So must a load: its trap is observable.
  @inline(__always) package var mustStay: Bool { bits & 64 != 0 }
  /// Nothing that reads may move across it: it writes, or traps. Loads all trap alike, so one may
  /// move across another.
  @inline(__always) package var stopsReads: Bool { bits & 128 != 0 }
  @inline(__always) package var isTerminator: Bool { bits & 256 != 0 }

  @inline(__always) init(_ shape: Shape, _ effects: Effects) {
    var bits = shape.readBits
    if shape.isOperation && effects.bits & ~4 == 0 { bits |= 32 }
    if effects.bits & ~1 != 0 { bits |= 64 }
    if effects.mayWrite || effects.canTrap && !effects.mayRead { bits |= 128 }
    if effects.endsBlock { bits |= 256 }
    self.bits = bits
  }
}

package struct OpcodeInfo: BitwiseCopyable, Sendable {
  package var name: StaticString
  package var shape: Shape
  package var typing: Typing
  package var effects: Effects
  package var isCommutative: Bool
  package var traits: Traits

  @inline(__always) init(
    _ name: StaticString, _ shape: Shape, _ typing: Typing, _ effects: Effects = .none,
    commutes: Bool = false
  ) {
    self.name = name
    self.shape = shape
    self.typing = typing
    self.effects = effects
    self.isCommutative = commutes
    traits = Traits(shape, effects)
  }
}

extension Opcode {
  @inline(__always) package var traits: Traits { info.traits }
  /// Of a scalar, which `Instruction.bits` holds.
  @inline(__always) var isConstant: Bool { self == .iconst || self == .fconst }
  /// Needs no operand, and costs nothing until it is used.
  @inline(__always) var isAnyConstant: Bool {
    // Neighbours in the enumeration.
    rawValue &- Self.iconst.rawValue <= Self.vconst.rawValue &- Self.iconst.rawValue
  }
  @inline(__always) package var isTerminator: Bool { traits.isTerminator }
  @inline(__always) var isPure: Bool { traits.isPure }
  @inline(__always) var mustStay: Bool { traits.mustStay }
  @inline(__always) var isIntegerComparison: Bool { info.typing == .integerComparison }
  @inline(__always) var isFloatComparison: Bool { info.typing == .floatComparison }
}
