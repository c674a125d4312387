// SPDX-License-Identifier: Apache-2.0
// The backtracking allocator's records: ranges, uses, values, bundles, pieces.

import BrolgaEntities

/// A stretch of points `from ..< to` on which a value is needed.
///
/// Points: block `b` whose first instruction is `f` starts at `2 * (f + b)`; that point stands for
/// the block's entry. Instruction `i` of the block has the early point `2 * (i + b + 1)` and the
/// late point after it. A boundary between locations at an even point is a gap between
/// instructions, where moves can be.
struct LiveRange: BitwiseCopyable {
  var from: UInt32
  var to: UInt32
  var value: UInt32

  @inline(__always) var length: UInt32 { to &- from }
}

/// What one operand, argument or parameter wants of its value.
struct UseRecord: BitwiseCopyable {
  enum Kind: UInt8, BitwiseCopyable {
    /// A register or the slot.
    case any
    /// A register, below `limit`.
    case register
    /// A copy in `register`, made in the gap before (or taken from there in the gap after).
    case fixed
    /// A copy in the register of a definition that reuses it, made in the gap before.
    case copied
    /// The slot.
    case stack
    /// An argument of an edge, or a parameter.
    case edge
  }

  /// The early point of the instruction; a parameter's is its block's start.
  let point: UInt32
  /// Kind, phase, limit or register, weight: 3, 3, (2 unused), 8 and 16 bits.
  private let packed: UInt32

  /// A `limit` counts only for a register, a `register` only where it is fixed.
  @inline(__always) init(
    point: UInt32, weight: Float, kind: Kind, phase: UInt8, limit: UInt8 = 6,
    register: UInt8 = noRegister
  ) {
    self.point = point
    packed =
      weight.bitPattern & 0xffff_0000 | UInt32(truncatingIfNeeded: kind.rawValue)
      | UInt32(truncatingIfNeeded: phase) &<< 3
      | UInt32(truncatingIfNeeded: kind == .fixed ? register : limit) &<< 8
  }

  /// What it costs, in operations at the block's frequency, if the value is in its slot. Of its
  /// significand eight bits are kept, rounded down.
  @inline(__always) var weight: Float { Float(bitPattern: packed & 0xffff_0000) }
  @inline(__always) var kind: Kind {
    Kind(rawValue: UInt8(truncatingIfNeeded: packed & 7)).unsafelyUnwrapped
  }
  /// 1: holds the early point. 2: holds the late point. 4: a definition.
  @inline(__always) var phase: UInt8 { UInt8(truncatingIfNeeded: packed &>> 3 & 7) }
  /// log2 of the bound on the register's number; 6 for none.
  @inline(__always) var limit: UInt8 { kind == .fixed ? 6 : register }
  @inline(__always) var register: UInt8 { UInt8(truncatingIfNeeded: packed &>> 8) }

  @inline(__always) var isDefinition: Bool { phase & 4 != 0 }
  @inline(__always) var begin: UInt32 { phase & 1 != 0 ? point : point &+ 1 }
  @inline(__always) var end: UInt32 { phase & 2 != 0 ? point &+ 2 : point &+ 1 }
  /// Where the value must have been until.
  @inline(__always) var neededUntil: UInt32 {
    switch kind {
    case .fixed, .copied: isDefinition ? point &+ 2 : point
    case .edge: isDefinition ? point : end
    default: end
    }
  }
  /// The point that decides to which piece the use belongs.
  @inline(__always) var anchor: UInt32 {
    switch kind {
    case .fixed, .copied: isDefinition ? point &+ 2 : point &- 1
    default: begin
    }
  }
}

struct ValueRecord: BitwiseCopyable {
  /// Where the value's own location starts.
  var begin: UInt32 = .max
  var definingBlock: UInt32 = .max
  /// Its live ranges in `Facts.ranges`.
  var rangeStart: UInt32 = .max
  var rangeEnd: UInt32 = 0
  /// Its bundle, or `.max` if it has none: a short value, or one that lives in fixed places only.
  var bundle: UInt32 = .max
  /// What its uses cost, see `UseRecord.weight`.
  var cost: Float = 0
  /// The register in which its definition puts it, if that is fixed.
  var place: UInt8 = noRegister
  /// The least of its uses' limits.
  var limit: UInt8 = 6
  var flags: Flags = []
  /// Makes it 32 bytes: records are looked up all the time, and an address is one shift then.
  private var filler: UInt32 = 0

  struct Flags: OptionSet, BitwiseCopyable {
    let rawValue: UInt16
    static var definedInSlot: Flags { Flags(rawValue: 1) }
    static var parameter: Flags { Flags(rawValue: 2) }
    /// Its slot holds it wherever it is live.
    static var slotIsValid: Flags { Flags(rawValue: 4) }
    /// Stored once, after its definition.
    static var storedAtDefinition: Flags { Flags(rawValue: 8) }
    static var definedByBranch: Flags { Flags(rawValue: 16) }
    static var hasStackUse: Flags { Flags(rawValue: 32) }
    /// Made again instead of loaded; never stored.
    static var isRematerialized: Flags { Flags(rawValue: 64) }
    static var hasFixedUse: Flags { Flags(rawValue: 128) }
    /// A move or the client says with whom or where it would best be.
    static var hasPreference: Flags { Flags(rawValue: 256) }
  }

  /// The gap after its definition.
  @inline(__always) var gap: UInt32 { place != noRegister ? begin : begin & ~1 &+ 2 }
  /// The definition leaves the value elsewhere than in its own location.
  @inline(__always) var hasPlacedDefinition: Bool {
    place != noRegister || flags.contains(.definedInSlot)
  }
}

/// Values that share a location, and one slot: their ranges do not overlap.
struct Bundle: BitwiseCopyable {
  /// The piece that is all of it, and has its ranges and uses.
  let whole: UInt32
  /// Head of the list of its pieces.
  var pieces: UInt32
  /// The value, the only one, if that is made again instead of loaded; else none.
  var remade: Allocation = .none
  var splits: UInt16 = 0
  let registerClass: UInt8
  /// Several values, whose uses are not gathered.
  var hasScatteredUses: Bool

  @inline(__always) init(whole: Int, _ registerClass: UInt8, hasScatteredUses: Bool) {
    self.whole = UInt32(truncatingIfNeeded: whole)
    pieces = self.whole
    self.registerClass = registerClass
    self.hasScatteredUses = hasScatteredUses
  }
}

/// A window on a bundle: the unit of allocation. Nothing of the bundle is copied.
struct Piece: BitwiseCopyable {
  var bundle: UInt32
  var from: UInt32
  var to: UInt32
  var rangeStart: UInt32
  var rangeEnd: UInt32
  var useStart: UInt32
  var useEnd: UInt32
  /// Next piece of the bundle.
  var next: UInt32
  /// What it costs to have it in the slot, in operations.
  var cost: Float
  /// Cost by length: who is lighter gives way.
  var weight: Float
  /// Points that it covers.
  var size: UInt32
  var register: UInt8 = noRegister
  var hint: UInt8 = noRegister
  /// log2 of the bound on the register's number; 6 for none.
  var limit: UInt8 = 6
  /// Grade, class, and whether a use is fixed: 2, 2 and 1 bits.
  private var traits: UInt8
  /// Registers that a call within destroys.
  var blocked: UInt64 = 0

  enum Grade: UInt8, BitwiseCopyable {
    case whole
    /// Made by the one-step split: uses close to each other.
    case group
    /// One instruction.
    case minimal
    /// Given up.
    case dead
  }

  @inline(__always) init(
    of bundle: Int, _ registerClass: UInt8, _ grade: Grade, from: UInt32, to: UInt32,
    rangeStart: UInt32, rangeEnd: UInt32, useStart: UInt32, useEnd: UInt32, next: UInt32 = .max
  ) {
    self.bundle = UInt32(truncatingIfNeeded: bundle)
    self.from = from
    self.to = to
    self.rangeStart = rangeStart
    self.rangeEnd = rangeEnd
    self.useStart = useStart
    self.useEnd = useEnd
    self.next = next
    cost = 0
    weight = 0
    size = 0
    traits = grade.rawValue | registerClass &<< 2
  }

  @inline(__always) var grade: Grade {
    get { Grade(rawValue: traits & 3).unsafelyUnwrapped }
    set { traits = traits & ~3 | newValue.rawValue }
  }
  @inline(__always) var classIndex: Int { Int(truncatingIfNeeded: traits &>> 2 & 3) }
  @inline(__always) var hasFixedUses: Bool {
    get { traits & 16 != 0 }
    set { traits = newValue ? traits | 16 : traits & ~16 }
  }
}
