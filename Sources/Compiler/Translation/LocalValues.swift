// SPDX-License-Identifier: Apache-2.0
// The values of WebAssembly locals, in SSA form, without walking the control-flow graph.

import Entities

/// Which value a local has at which point.
///
/// WebAssembly's control flow is structured, so the value of a local at a point is that of the
/// last definition *in the text* before it, once three kinds of point count as definitions:
///
/// - where branches meet (the `end` of a construct that is branched to), for each local assigned
///   inside: a *join*, which becomes a block parameter when it is first read;
/// - an `else`, for each local assigned in the `then` part: a *revert* to the value at the `if`;
/// - the header of a loop, if a local is assigned somewhere in it: a parameter of the header.
///
/// Points are numbered by *position*: a count of control operators. Definitions of one local stand
/// in rising order, so that looking one up is a binary search. A loop that is still open may yet
/// assign any local: a read across its header makes a parameter, which `finish` drops when the
/// loop turned out not to assign the local.
///
/// Cost: O(log n) a look-up, plus the loops and `else`s it passes through. Both these and the
/// joins made at an `end` can add up to depth times locals; `steps` counts them, and translation
/// falls back to locals in the frame past its budget.
struct LocalValues: ~Copyable {
  enum Source: UInt8, BitwiseCopyable {
    /// `payload` is a value.
    case value
    /// `payload` is a block: what its incoming edges bring.
    case join
    /// `payload` is an index of `reverts`.
    case revert
  }

  struct Definition: BitwiseCopyable {
    var position: UInt32
    var payload: UInt32
    var source: Source
  }

  /// A local's definitions: a range of `definitions`, moved to its end when it is full.
  struct DefinitionList: BitwiseCopyable {
    var start: UInt32
    var count: UInt32
    var capacity: UInt32
  }

  struct Loop: BitwiseCopyable {
    var parent: Int32
    /// Position of the header: definitions before the loop have lower ones.
    var header: UInt32
    /// Position of the last point inside; `.max` while the loop is open.
    var end: UInt32
    var block: UInt32
    /// The edge from outside.
    var entry: UInt32
  }

  /// A point to go on from.
  struct Point: BitwiseCopyable {
    var position: UInt32
    /// Innermost loop around it, or -1.
    var loop: Int32
  }

  /// A block parameter: the value of a local, or of an operand where branches meet.
  struct Parameter: BitwiseCopyable {
    var value: UInt32
    var block: UInt32
    /// A local; or, for an operand, its place among the operands that each edge carries.
    var local: UInt32
    var isOperand: Bool
    /// The loop whose header `block` is, or -1.
    var loop: Int32
  }

  /// Types of the locals.
  private var types = Vector<Type>()
  /// The edges that arrive at each block, and the points they come from.
  var incoming = IncomingEdges()
  private var definitions = Vector<Definition>()
  private var lists = Vector<DefinitionList>()
  private var loops = Vector<Loop>()
  private var reverts = Vector<Point>()
  private var loopParameters = PairTable()
  /// In order of creation.
  private(set) var parameters = Vector<Parameter>()
  /// Per local: its value, valid while `cacheRegion` is the current region.
  private var cache = Vector<UInt32>()
  private var cacheRegion = Vector<UInt32>()
  private var region: UInt32 = 1

  private(set) var position: UInt32 = 0
  var currentLoop: Int32 = -1
  /// Locals assigned, in order; the tail from where a construct began is what it assigns.
  private var journal = Vector<UInt32>()
  private var journalStamp = Vector<UInt32>()
  private var stamp: UInt32 = 0
  /// Work done beyond a constant for each operator.
  private(set) var steps = 0

  init() {}

  mutating func begin(localCount: Int) {
    types.removeAll()
    incoming.removeAll()
    definitions.removeAll()
    lists.removeAll()
    lists.reserve(localCount)
    loops.removeAll()
    reverts.removeAll()
    loopParameters.removeAll()
    parameters.removeAll()
    cache.reset(count: localCount, to: 0)
    cacheRegion.reset(count: localCount, to: 0)
    journalStamp.reset(count: localCount, to: 0)
    region = 1
    position = 0
    currentLoop = -1
    journal.removeAll()
    stamp = 0
    steps = 0
  }

  /// Appends the next local with its value on entry.
  mutating func addLocal(_ type: Type, _ value: UInt32) {
    types.append(type)
    let start = UInt32(truncatingIfNeeded: definitions.count)
    definitions.append(Definition(position: 0, payload: value, source: .value))
    lists.append(DefinitionList(start: start, count: 1, capacity: 1))
  }

  // MARK: Points

  /// Separates what comes from what was: call at every control operator.
  @inline(__always) mutating func advance() { position &+= 1 }

  /// Says that the values of locals are not those of the point before: a new block that control
  /// reaches from elsewhere.
  @inline(__always) mutating func startRegion() { region &+= 1 }

  var journalCount: UInt32 { UInt32(truncatingIfNeeded: journal.count) }
  var here: Point { Point(position: position, loop: currentLoop) }

  mutating func openLoop(block: UInt32, entry: UInt32) -> Int32 {
    advance()
    startRegion()
    let loop = Int32(truncatingIfNeeded: loops.count)
    loops.append(
      Loop(parent: currentLoop, header: position, end: .max, block: block, entry: entry))
    currentLoop = loop
    return loop
  }

  mutating func closeLoop(_ loop: Int32) {
    loops[Int(loop)].end = position
    currentLoop = loops[Int(loop)].parent
    advance()
  }

  /// At the start of a block that several edges, or edges from elsewhere, reach: every local
  /// assigned since `journalStart` has the value that they bring.
  mutating func join(block: UInt32, journalStart: UInt32) {
    redefineAssigned(since: journalStart, payload: block, source: .join)
  }

  /// At an `else`: every local assigned since `journalStart` has its value at `point` again.
  mutating func revert(to point: Point, journalStart: UInt32) {
    let index = UInt32(truncatingIfNeeded: reverts.count)
    reverts.append(point)
    redefineAssigned(since: journalStart, payload: index, source: .revert)
  }

  /// Adds a definition for each local in the tail of the journal, and leaves each once in it.
  private mutating func redefineAssigned(
    since journalStart: UInt32, payload: UInt32, source: Source
  ) {
    advance()
    startRegion()
    stamp &+= 1
    var kept = Int(truncatingIfNeeded: journalStart)
    steps &+= journal.count &- kept
    for i in kept..<journal.count {
      let local = journal[i]
      if journalStamp[Int(truncatingIfNeeded: local)] == stamp { continue }
      journalStamp[Int(truncatingIfNeeded: local)] = stamp
      journal[kept] = local
      kept &+= 1
      addDefinition(local, payload, source)
    }
    journal.truncate(to: kept)
  }

  // MARK: Reading and writing

  mutating func set(_ local: UInt32, _ value: UInt32) {
    let index = Int(truncatingIfNeeded: local)
    cache[index] = value
    cacheRegion[index] = region
    let list = lists[index]
    let last = Int(truncatingIfNeeded: list.start &+ list.count &- 1)
    if definitions[last].position == position && position != 0 {
      // No branch can have seen the definition before.
      definitions[last] = Definition(position: position, payload: value, source: .value)
      return
    }
    journal.append(local)
    addDefinition(local, value, .value)
  }

  @inline(__always)
  mutating func get(_ local: UInt32, _ function: inout Function) -> UInt32 {
    let index = Int(truncatingIfNeeded: local)
    if cacheRegion[index] == region { return cache[index] }
    let value = value(of: local, at: here, &function)
    cache[index] = value
    cacheRegion[index] = region
    return value
  }

  private mutating func addDefinition(_ local: UInt32, _ payload: UInt32, _ source: Source) {
    let index = Int(truncatingIfNeeded: local)
    var list = lists[index]
    if list.count == list.capacity {
      let moved = UInt32(truncatingIfNeeded: definitions.count)
      let capacity = list.capacity &* 2
      definitions.reserve(definitions.count &+ Int(truncatingIfNeeded: capacity))
      var i = list.start
      while i < list.start &+ list.count {
        definitions.append(definitions[Int(truncatingIfNeeded: i)])
        i &+= 1
      }
      let empty = Definition(position: .max, payload: 0, source: .value)
      definitions.append(repeating: empty, count: Int(truncatingIfNeeded: capacity &- list.count))
      list.start = moved
      list.capacity = capacity
    }
    definitions[Int(truncatingIfNeeded: list.start &+ list.count)] = Definition(
      position: position, payload: payload, source: source)
    list.count &+= 1
    lists[index] = list
  }

  /// The index, from the list's start, of the last definition at or before `position`.
  private func lastDefinition(_ list: DefinitionList, at position: UInt32) -> UInt32 {
    let start = Int(truncatingIfNeeded: list.start)
    var low: UInt32 = 0
    var high = list.count
    if definitions[start &+ Int(truncatingIfNeeded: high &- 1)].position <= position {
      return high &- 1
    }
    while high &- low > 1 {
      let middle = (low &+ high) &>> 1
      if definitions[start &+ Int(truncatingIfNeeded: middle)].position <= position {
        low = middle
      } else {
        high = middle
      }
    }
    return low
  }

  /// The value of a local at a point. Makes at most one parameter.
  mutating func value(
    of local: UInt32, at point: Point, _ function: inout Function
  ) -> UInt32 {
    let list = lists[Int(truncatingIfNeeded: local)]
    var point = point
    // What the look-up passes through has the value that is found: remember it there.
    var firstPassed = -1
    var result: UInt32
    search: while true {
      steps &+= 1
      let k = lastDefinition(list, at: point.position)
      let index = Int(truncatingIfNeeded: list.start &+ k)
      let definition = definitions[index]
      var loop = point.loop
      while loop >= 0 && loops[Int(loop)].header > definition.position {
        if isAssigned(in: loop, list, after: k) {
          result = loopParameter(loop, local, &function)
          break search
        }
        loop = loops[Int(loop)].parent
        steps &+= 1
      }
      switch definition.source {
      case .value:
        result = definition.payload
        break search
      case .revert:
        if firstPassed < 0 { firstPassed = index }
        point = reverts[Int(truncatingIfNeeded: definition.payload)]
      case .join:
        let list = incoming.lists[Int(truncatingIfNeeded: definition.payload)]
        if list.count == 1 {
          if firstPassed < 0 { firstPassed = index }
          point = incoming.edges[Int(truncatingIfNeeded: list.first)].point
          continue
        }
        result = addParameter(
          Parameter(value: 0, block: definition.payload, local: local, isOperand: false, loop: -1),
          types[Int(truncatingIfNeeded: local)], &function)
        definitions[index] = Definition(
          position: definition.position, payload: result, source: .value)
        break search
      }
    }
    if firstPassed >= 0 {
      let position = definitions[firstPassed].position
      definitions[firstPassed] = Definition(position: position, payload: result, source: .value)
    }
    return result
  }

  /// Whether a loop assigns the local somewhere: exact once it is closed, true while it is open.
  /// `k` is the last definition before the loop, from the list's start.
  private func isAssigned(in loop: Int32, _ list: DefinitionList, after k: UInt32) -> Bool {
    let end = loops[Int(loop)].end
    if end == .max { return true }
    guard k &+ 1 < list.count else { return false }
    return definitions[Int(truncatingIfNeeded: list.start &+ k &+ 1)].position <= end
  }

  /// The parameter that a loop's header has for a local.
  private mutating func loopParameter(
    _ loop: Int32, _ local: UInt32, _ function: inout Function
  ) -> UInt32 {
    let key = UInt64(truncatingIfNeeded: loop) &<< 32 | UInt64(truncatingIfNeeded: local)
    if let known = loopParameters[key] { return known }
    let parameter = Parameter(
      value: 0, block: loops[Int(loop)].block, local: local, isOperand: false, loop: loop)
    let value = addParameter(parameter, types[Int(truncatingIfNeeded: local)], &function)
    loopParameters[key] = value
    return value
  }

  /// Makes a parameter. Its place in the instruction table does not matter: it belongs to its
  /// block by the block's list.
  @discardableResult mutating func addParameter(
    _ parameter: Parameter, _ type: Type, _ function: inout Function
  ) -> UInt32 {
    var parameter = parameter
    parameter.value =
      function.instructions.append(
        Instruction(.param, type, a: parameter.block)
      ).raw
    function.origins.append(0)
    parameters.append(parameter)
    return parameter.value
  }

  /// For a loop's parameter, once all loops are closed: the value from outside, when the loop does
  /// not assign the local after all.
  mutating func valueFromOutside(
    of parameter: Parameter, _ function: inout Function
  ) -> UInt32? {
    let loop = loops[Int(parameter.loop)]
    let list = lists[Int(truncatingIfNeeded: parameter.local)]
    let k = lastDefinition(list, at: loop.header &- 1)
    if isAssigned(in: parameter.loop, list, after: k) { return nil }
    let entry = incoming.edges[Int(truncatingIfNeeded: loop.entry)].point
    return value(of: parameter.local, at: entry, &function)
  }
}
