// SPDX-License-Identifier: Apache-2.0
// What the backtracking allocator did on its way, for people and for tools that draw it.

import BrolgaEntities

/// The pieces that the backtracking allocator made, and what became of them. Points are those of
/// `PlaceHistory`. Empty if the problem was solved in a single pass.
///
/// Set `Allocator.trace.isEnabled` to have it filled; else it costs one test per decision.
public struct AllocationTrace: ~Copyable {
  /// A part of a bundle that was given a register, or not, as one.
  public struct Piece: BitwiseCopyable, Hashable, Sendable {
    /// Values that share a bundle would be connected by moves, and live in one slot.
    public var bundle: UInt32
    /// The first point.
    public var from: UInt32
    /// Behind the last point. Within, the piece covers only points at which its bundle lives. At
    /// the end, the value may stay in the register beyond it, for uses nearby.
    public var to: UInt32
    /// What it would cost to have it in memory, in operations.
    public var cost: Float
    /// By this it is compared: a lighter piece gives way.
    public var weight: Float
    public var state: State
    /// Where it is, or none.
    public var place: Allocation

    @frozen public enum State: UInt8, BitwiseCopyable, Sendable {
      /// In a register.
      case placed
      /// In the bundle's slot, or made again where it is needed.
      case inMemory
      /// Replaced by smaller pieces.
      case split
    }
  }

  /// One decision.
  public struct Event: BitwiseCopyable, Hashable, Sendable {
    public var kind: Kind
    /// An index in `pieces`.
    public var piece: UInt32
    /// For an assignment and an eviction.
    public var register: PhysicalRegister
    /// For a split: the pieces that were made.
    public var firstChild: UInt32
    public var childCount: UInt32

    @frozen public enum Kind: UInt8, BitwiseCopyable, Sendable {
      /// The piece got a register.
      case assigned
      /// The next assignment to the same register says for whom.
      case evicted
      /// Into the part around its most frequent uses, and what is before and behind it.
      case splitAroundHottestUse
      /// Into groups of uses without a call between them, or into single instructions.
      case splitAtUses
    }
  }

  /// Whether the next allocation is recorded.
  public var isEnabled = false
  /// In the order in which they were made.
  public var pieces = Vector<Piece>()
  /// In the order in which they came to pass.
  public var events = Vector<Event>()
  /// The bundle of each value, or `.max` for one that lives in fixed places only.
  public var bundles = Vector<UInt32>()

  public init() {}

  mutating func clear() {
    pieces.removeAll()
    events.removeAll()
    bundles.removeAll()
  }

  @inline(never) mutating func note(_ kind: Event.Kind, _ piece: Int, _ register: UInt8) {
    events.append(
      Event(
        kind: kind, piece: UInt32(piece), register: PhysicalRegister(raw: register), firstChild: 0,
        childCount: 0))
  }

  @inline(never) mutating func noteSplit(_ kind: Event.Kind, _ piece: Int, _ children: Range<Int>) {
    events.append(
      Event(
        kind: kind, piece: UInt32(piece), register: PhysicalRegister(raw: noRegister),
        firstChild: UInt32(children.lowerBound), childCount: UInt32(children.count)))
  }
}

extension Search {
  /// Copies the pieces, when all have got what they will get.
  mutating func recordPieces(_ facts: inout Facts) {
    for k in pieces.indices {
      let piece = pieces[k]
      let hasRegister = piece.register != noRegister
      trace.pieces.append(
        AllocationTrace.Piece(
          bundle: piece.bundle, from: piece.from, to: piece.to, cost: piece.cost,
          weight: piece.weight,
          state: piece.grade == .dead ? .split : hasRegister ? .placed : .inMemory,
          place: hasRegister ? Allocation(packed: piece.register) : .none))
    }
    for v in 0..<facts.view.valueCount { trace.bundles.append(facts.values[v].bundle) }
  }
}
