// SPDX-License-Identifier: Apache-2.0
// The values of WebAssembly locals, in SSA form, without walking the control-flow graph.

import BrolgaEntities

/// Which value a local has at which point.
///
/// WebAssembly's control flow is structured, so the value of a local at a point is that of the
/// last assignment *in the text* before it, unless one of three kinds of point lies between:
///
/// - where branches meet (the `end` of a construct that is branched to), if the local is assigned
///   inside: a *join*, which becomes a block parameter;
/// - an `else`, if the local is assigned in the `then` part: a *revert* to the value at the `if`;
/// - the header of a loop, if the local is assigned somewhere in it: a parameter of the header.
///
/// Points are numbered by *position*: a count of control operators. Assignments to one local stand
/// in rising order, so that looking one up is a binary search. Nothing is written down where a
/// construct ends: `ConstructTree` finds the ends between an assignment and a read of it, so that
/// a local costs nothing where it is not read any more. A loop that is still open may yet assign
/// any local: a read across its header makes a parameter, which `finish` drops when the loop
/// turned out not to assign the local.
///
/// Cost: O(log n) a look-up, plus the loops, joins and `else`s it passes through. These can add up
/// to depth times locals; `steps` counts them, and translation falls back to locals in the frame
/// past its budget.
struct LocalValues: ~Copyable {
  struct Definition: BitwiseCopyable {
    var position: UInt32
    var value: UInt32
    /// The innermost construct around it.
    var construct: UInt32
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
  private var constructs = ConstructTree()
  /// Per `else`: the point of its `if`.
  private var reverts = Vector<Point>()
  /// By loop and local: the header's parameter.
  private var loopParameters = PairTable()
  /// By construct and local: the value behind the construct's end, where it has been looked up.
  private var valuesBehind = PairTable()
  /// In order of creation.
  private(set) var parameters = Vector<Parameter>()
  /// Per local: its value, valid while `cacheRegion` is the current region.
  private var cache = Vector<UInt32>()
  private var cacheRegion = Vector<UInt32>()
  private var region: UInt32 = 1

  private(set) var position: UInt32 = 0
  var currentLoop: Int32 = -1
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
    constructs.removeAll()
    reverts.removeAll()
    loopParameters.removeAll()
    valuesBehind.removeAll()
    parameters.removeAll()
    cache.reset(count: localCount, to: 0)
    cacheRegion.reset(count: localCount, to: 0)
    region = 1
    position = 0
    currentLoop = -1
    steps = 0
  }

  /// Appends the next local with its value on entry.
  mutating func addLocal(_ type: Type, _ value: UInt32) {
    types.append(type)
    let start = UInt32(truncatingIfNeeded: definitions.count)
    definitions.append(Definition(position: 0, value: value, construct: 0))
    lists.append(DefinitionList(start: start, count: 1, capacity: 1))
  }

  // MARK: Points

  /// Separates what comes from what was: call at every control operator.
  @inline(__always) mutating func advance() { position &+= 1 }

  /// Says that the values of locals are not those of the point before: a new block that control
  /// reaches from elsewhere.
  @inline(__always) mutating func startRegion() { region &+= 1 }

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

  /// Opens a construct, or the `then` part of one.
  mutating func openConstruct() {
    advance()
    constructs.open()
  }

  /// Ends a construct, or a `then` part, to whose end no branch leads.
  mutating func fallThrough() { constructs.fallThrough() }

  /// Ends a construct at the start of a block that several edges, or edges from elsewhere, reach:
  /// what is assigned inside has the value that they bring.
  mutating func join(block: UInt32) { end(.join, payload: block) }

  /// Ends a `then` part at an `else`: what is assigned inside has its value at `point` again.
  mutating func revert(to point: Point) {
    let index = UInt32(truncatingIfNeeded: reverts.count)
    reverts.append(point)
    end(.revert, payload: index)
  }

  private mutating func end(_ kind: ConstructTree.End, payload: UInt32) {
    advance()
    startRegion()
    constructs.end(kind, at: position, payload: payload)
  }

  // MARK: Reading and writing

  mutating func set(_ local: UInt32, _ value: UInt32) {
    remember(local, value)
    let index = Int(truncatingIfNeeded: local)
    let list = lists[index]
    let last = Int(truncatingIfNeeded: list.start &+ list.count &- 1)
    let definition = Definition(position: position, value: value, construct: constructs.current)
    if definitions[last].position == position {
      // No branch can have seen the one before.
      definitions[last] = definition
      return
    }
    append(definition, to: index)
  }

  @inline(__always)
  mutating func get(_ local: UInt32, _ function: inout Function) -> UInt32 {
    if let known = known(local) { return known }
    let value = value(of: local, at: here, &function)
    remember(local, value)
    return value
  }

  /// The local's value, if it was read or assigned in this region.
  @inline(__always) func known(_ local: UInt32) -> UInt32? {
    let index = Int(truncatingIfNeeded: local)
    return cacheRegion[index] == region ? cache[index] : nil
  }

  /// Notes the local's value for the rest of the region.
  @inline(__always) mutating func remember(_ local: UInt32, _ value: UInt32) {
    let index = Int(truncatingIfNeeded: local)
    cache[index] = value
    cacheRegion[index] = region
  }

  private mutating func append(_ definition: Definition, to index: Int) {
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
      let empty = Definition(position: .max, value: 0, construct: 0)
      definitions.append(repeating: empty, count: Int(truncatingIfNeeded: capacity &- list.count))
      list.start = moved
      list.capacity = capacity
    }
    definitions[Int(truncatingIfNeeded: list.start &+ list.count)] = definition
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
    var firstPassed: UInt64?
    var result: UInt32
    search: while true {
      steps &+= 1
      let k = lastDefinition(list, at: point.position)
      let definition = definitions[Int(truncatingIfNeeded: list.start &+ k)]
      let ended = constructs.outermostEnded(around: definition.construct, at: point.position)
      let since = ended.map { constructs[$0].end } ?? definition.position
      var loop = point.loop
      while loop >= 0 && loops[Int(loop)].header > since {
        if isAssigned(in: loop, list, after: k) {
          result = loopParameter(loop, local, &function)
          break search
        }
        loop = loops[Int(loop)].parent
        steps &+= 1
      }
      guard let ended else {
        result = definition.value
        break
      }
      let key = UInt64(truncatingIfNeeded: ended) &<< 32 | UInt64(truncatingIfNeeded: local)
      if let known = valuesBehind[key] {
        result = known
        break
      }
      if let before = pointBefore(endOf: constructs[ended]) {
        if firstPassed == nil { firstPassed = key }
        point = before
        continue
      }
      let parameter = Parameter(
        value: 0, block: constructs[ended].payload, local: local, isOperand: false, loop: -1)
      result = addParameter(parameter, types[Int(truncatingIfNeeded: local)], &function)
      valuesBehind[key] = result
      break
    }
    if let firstPassed { valuesBehind[firstPassed] = result }
    return result
  }

  /// The only point from which control comes to the end of a construct; nil where branches meet.
  private func pointBefore(endOf construct: ConstructTree.Construct) -> Point? {
    let payload = Int(truncatingIfNeeded: construct.payload)
    if construct.kind == .revert { return reverts[payload] }
    let edges = incoming.lists[payload]
    return edges.count == 1 ? incoming.edges[Int(truncatingIfNeeded: edges.first)].point : nil
  }

  /// Whether a loop assigns the local somewhere: exact once it is closed, true while it is open.
  /// `k` is the last assignment before the loop, from the list's start.
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
