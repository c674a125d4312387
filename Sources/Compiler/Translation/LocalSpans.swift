// SPDX-License-Identifier: Apache-2.0
// From where to where in the text each local is in use: one walk over a body.

import BrolgaEntities
import BrolgaWasm

/// The part of a body in which a local may hold a value that is still needed.
///
/// Positions count operators. Control flow is structured, so a value goes from an assignment to a
/// read behind it in the text without leaving the two's span, unless it goes round a loop. It does
/// that only for a read that control may reach from the loop's header without an assignment; such
/// a read stretches the span over the whole loop. So two locals whose spans do not overlap never
/// need their values at one time.
///
/// "Without an assignment" is decided as the validator does for locals without a default value: what
/// is assigned inside a construct counts as unassigned behind it, if branches meet there.
///
/// Cost: one decoding of the body, and a constant for each operator and label.
struct LocalSpans: ~Copyable {
  struct Span: BitwiseCopyable {
    var start: UInt32 = .max
    var end: UInt32 = 0
    /// The outermost of the last loops that the span was stretched over, or `.max`.
    var loop: UInt32 = .max
    /// Its value passes from one basic block to another; else it is only ever read behind an
    /// assignment in the same block, and needs no place.
    var crossesBlocks = false
    /// It may be read before it is assigned.
    var needsInitialValue = false
  }

  /// The first stands for the function itself.
  private struct Loop: BitwiseCopyable {
    var start: UInt32
    /// `.max` while the loop is open.
    var end: UInt32 = .max
    /// The loop around it, or, once it has ended, one further out.
    var outer: UInt32
    var depth: UInt32
  }

  private struct Frame: BitwiseCopyable {
    /// `block` but for the body of the function, loops and `if`s.
    var kind: ControlFrame.Kind
    var isBranchedTo = false
    var assignmentCount: Int
  }

  /// An assignment that counts until control leaves the construct around it.
  private struct Assignment: BitwiseCopyable {
    var local: UInt32
    /// What `assignedIn` held before.
    var previous: UInt32
  }

  private(set) var spans = Vector<Span>()
  /// Per local: the innermost loop around the last assignment that counts, or `.max`.
  private var assignedIn = Vector<UInt32>()
  private var assignments = Vector<Assignment>()
  /// Per local: the basic block in which it was last read or assigned.
  private var seenIn = Vector<UInt32>()
  private var block: UInt32 = 1
  private var position: UInt32 = 0
  private var loops = Vector<Loop>()
  private var openLoops = Vector<UInt32>()
  private var frames = Vector<Frame>()
  /// `try_table`s that are open: calls in them end their blocks.
  private var openScopes = 0

  init() {}

  mutating func measure(
    _ module: Module, function: UInt32, using validator: inout FunctionValidator
  ) throws(WasmError) {
    try validator.begin(module, function: function)
    begin(
      localCount: validator.localCount,
      parameterCount: module.signature(ofFunction: function).parameters.count)
    while !validator.isAtEnd {
      let op = try validator.next()
      position &+= 1
      switch op.opcode {
      case .localGet: read(op.index)
      case .localSet, .localTee: assign(op.index)
      case .block: open(.block)
      case .tryTable:
        for i in validator.catchClauses.indices { noteBranch(to: validator.catchClauses[i].label) }
        open(.tryTable)
        openScopes &+= 1
      case .call, .callIndirect, .callRef: if openScopes > 0 { block &+= 1 }
      case .loop: openLoop()
      case .if:
        open(.ifThen)
        block &+= 1
      case .else: startElse()
      case .end: close()
      case .br: noteBranch(to: op.index)
      case .brIf, .brOnNull, .brOnNonNull:
        noteBranch(to: op.index)
        block &+= 1
      case .brTable:
        for i in validator.branchTargets.indices { noteBranch(to: validator.branchTargets[i]) }
      default: break
      }
    }
    for i in spans.indices where spans[i].loop != .max {
      spans[i].end = max(spans[i].end, loops[Int(truncatingIfNeeded: spans[i].loop)].end)
    }
  }

  private mutating func begin(localCount: Int, parameterCount: Int) {
    spans.reset(count: localCount, to: Span())
    assignedIn.reset(count: localCount, to: .max)
    for i in 0..<parameterCount {
      spans[i].start = 0
      spans[i].needsInitialValue = true
      assignedIn[i] = 0
    }
    assignments.removeAll()
    // In the first block every local is known: a parameter or zero.
    seenIn.reset(count: localCount, to: 1)
    block = 1
    position = 0
    loops.removeAll()
    loops.append(Loop(start: 0, outer: 0, depth: 0))
    openLoops.removeAll()
    openLoops.append(0)
    openScopes = 0
    frames.removeAll()
    open(.function)
  }

  // MARK: Locals

  private mutating func read(_ local: UInt32) {
    let index = Int(truncatingIfNeeded: local)
    if seenIn[index] != block { spans[index].crossesBlocks = true }
    touch(index)
    var depth: UInt32 = 0
    if assignedIn[index] == .max {
      spans[index].needsInitialValue = true
      spans[index].start = 0
    } else {
      depth = loops[Int(truncatingIfNeeded: innermostOpenLoop(around: assignedIn[index]))].depth
    }
    let inner = Int(truncatingIfNeeded: depth &+ 1)
    if inner < openLoops.count { stretch(index, over: openLoops[inner]) }
  }

  private mutating func assign(_ local: UInt32) {
    let index = Int(truncatingIfNeeded: local)
    touch(index)
    let previous = assignedIn[index]
    let loop = openLoops.last
    if previous != .max, innermostOpenLoop(around: previous) == loop { return }
    assignments.append(Assignment(local: local, previous: previous))
    assignedIn[index] = loop
  }

  private mutating func touch(_ index: Int) {
    seenIn[index] = block
    spans[index].start = min(spans[index].start, position)
    spans[index].end = position
  }

  private mutating func stretch(_ index: Int, over loop: UInt32) {
    let known = spans[index].loop
    // Of two that are open, the one with the lower number is further out. What has ended lies
    // within the span already.
    let isOpen = known != .max && loops[Int(truncatingIfNeeded: known)].end == .max
    let outermost = isOpen ? min(known, loop) : loop
    spans[index].loop = outermost
    spans[index].start = min(
      spans[index].start, loops[Int(truncatingIfNeeded: outermost)].start)
  }

  /// The innermost loop around an assignment's loop that has not ended, or that itself. Halves the
  /// path on its way.
  private mutating func innermostOpenLoop(around loop: UInt32) -> UInt32 {
    var loop = loop
    while loops[Int(truncatingIfNeeded: loop)].end != .max {
      let outer = loops[Int(truncatingIfNeeded: loop)].outer
      let beyond = loops[Int(truncatingIfNeeded: outer)].outer
      if loops[Int(truncatingIfNeeded: outer)].end == .max { return outer }
      loops[Int(truncatingIfNeeded: loop)].outer = beyond
      loop = beyond
    }
    return loop
  }

  // MARK: Constructs

  private mutating func open(_ kind: ControlFrame.Kind) {
    frames.append(Frame(kind: kind, assignmentCount: assignments.count))
  }

  private mutating func openLoop() {
    open(.loop)
    block &+= 1
    let loop = UInt32(truncatingIfNeeded: loops.count)
    loops.append(
      Loop(
        start: position, outer: openLoops.last, depth: UInt32(truncatingIfNeeded: openLoops.count)))
    openLoops.append(loop)
  }

  private mutating func noteBranch(to depth: UInt32) {
    frames[frames.count &- 1 &- Int(truncatingIfNeeded: depth)].isBranchedTo = true
  }

  private mutating func startElse() {
    block &+= 1
    frames.last.kind = .ifElse
    forgetAssignments(downTo: frames.last.assignmentCount)
  }

  private mutating func close() {
    block &+= 1
    let frame = frames.popLast()
    switch frame.kind {
    case .function: break
    case .loop: loops[Int(truncatingIfNeeded: openLoops.popLast())].end = position
    case .block, .tryTable:
      if frame.kind == .tryTable { openScopes &-= 1 }
      if frame.isBranchedTo { forgetAssignments(downTo: frame.assignmentCount) }
    case .ifThen, .ifElse: forgetAssignments(downTo: frame.assignmentCount)
    }
  }

  private mutating func forgetAssignments(downTo count: Int) {
    while assignments.count > count {
      let assignment = assignments.popLast()
      assignedIn[Int(truncatingIfNeeded: assignment.local)] = assignment.previous
    }
  }
}
