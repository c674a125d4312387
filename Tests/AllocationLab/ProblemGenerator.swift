// SPDX-License-Identifier: Apache-2.0
// Random problems that are valid and have a solution, whatever the seed.

import BrolgaEntities
import RegisterAllocation

/// How often each feature was generated, so that a test can insist on all of them.
public struct Coverage {
  public var counts: [String: Int] = [:]
  public init() {}
  public mutating func note(_ feature: String) { counts[feature, default: 0] += 1 }
}

public struct ProblemGenerator {
  struct Instruction {
    var operands: [Operand] = []
    var clobbers = RegisterSet()
    var role = InstructionRecord.Role.ordinary
  }
  struct Node {
    var successors: [Int] = []
    var arguments: [[VirtualRegister]] = []
    var parameters: [VirtualRegister] = []
    var instructions: [Instruction] = []
    var frequency: Float = 1
    var isCold = false
  }
  var random: Random
  var coverage = Coverage()
  var machine = Machine()
  var nodes: [Node] = []
  var classes: [RegisterClass] = []
  /// Parallel to `classes`; 0 for what the class takes.
  var units: [UInt8] = []
  /// What values of each class may say that they take.
  var unitChoices: [RegisterClass: [UInt8]] = [:]
  var usedClasses: [RegisterClass] = []
  /// Outside everything: for fixed non-allocatable operands.
  var outside: [PhysicalRegister] = []
  var repeatsDefinitions = false
  /// Seed of the advice that the problem gets when it is built, if any.
  var adviceSeed: UInt64?

  /// A source of its own: problems without it are the same as before there were widths.
  private var unitRandom: Random

  init(seed: UInt64) {
    random = Random(seed: seed)
    unitRandom = Random(seed: seed ^ 0x7769_6474_6873)
  }

  /// A problem of up to `size` blocks, and those that split critical edges.
  public static func generate(seed: UInt64, size: Int, coverage: inout Coverage) -> Problem {
    var generator = ProblemGenerator(seed: seed)
    generator.coverage = coverage
    generator.make(size)
    coverage = generator.coverage
    return generator.build()
  }

  /// A problem of the size that goes with its seed, some with advice.
  public static func generate(seed: UInt64, coverage: inout Coverage) -> Problem {
    let generator = ProblemGenerator(seed: seed, coverage: &coverage)
    return generator.build()
  }

  init(seed: UInt64, coverage: inout Coverage) {
    self.init(seed: seed)
    self.coverage = coverage
    make([2, 3, 2, 4, 3, 6, 2, 16][Int(seed % 8)])
    adviceSeed = random.chance(30) ? seed : nil
    if adviceSeed != nil { self.coverage.note("advice") }
    coverage = self.coverage
  }

  private mutating func make(_ size: Int) {
    makeMachine()
    makeGraph(size)
    fill()
  }

  // MARK: Machine

  private mutating func makeMachine() {
    usedClasses =
      random.chance(40) ? [.int] : random.chance(60) ? [.int, .float] : [.int, .float, .vector]
    for c in usedClasses {
      let total = random.pick([1, 2, 3, 4, 4, 6, 8, 12, 16, 24])
      let preferredCount = random.below(total + 1)
      var numbers = Array(0..<32)
      for k in numbers.indices.reversed() { numbers.swapAt(k, random.below(k + 1)) }
      if random.chance(50) { numbers[0..<24].sort() }
      for (k, number) in numbers[0..<total].enumerated() {
        if k < preferredCount {
          machine.preferred[c] |= 1 << UInt64(number)
        } else {
          machine.nonPreferred[c] |= 1 << UInt64(number)
        }
      }
      outside.append(PhysicalRegister(c, numbers[30]))
      if random.chance(50) {
        let scratch = PhysicalRegister(c, numbers[31])
        coverage.note("scratch")
        switch c {
        case .int: machine.intScratch = scratch
        case .float: machine.floatScratch = scratch
        case .vector: machine.vectorScratch = scratch
        }
      } else {
        coverage.note("no scratch")
      }
      if random.chance(40) {
        machine.fixedStackSlots[c] = 0xff << 40
        coverage.note("fixed stack slots")
      }
      coverage.note("class \(c)")
      if total <= 2 { coverage.note("few registers") }
    }
    if random.chance(30) { machine.floatSlotUnits = 2 }
    if random.chance(30) { machine.vectorSlotUnits = 4 }
    if usedClasses.contains(.vector) || usedClasses.count > 1 && machine.floatSlotUnits > 1 {
      coverage.note("slot of several units")
    }
    repeatsDefinitions = random.chance(10)
    if !unitRandom.chance(50) { return }
    coverage.note("values of several widths")
    for c in usedClasses {
      let all: [UInt8] = [0, 1, 2, 4]
      unitChoices[c] = unitRandom.chance(30) ? all : [unitRandom.pick(all), unitRandom.pick(all)]
    }
  }

  func allocatable(_ c: RegisterClass) -> UInt64 {
    machine.preferred[c] | machine.nonPreferred[c]
  }

  // MARK: Control flow

  /// Block 0 is the entry. No edge is critical: those that would be get a block of their own.
  private mutating func makeGraph(_ size: Int) {
    let count = 1 + random.below(size)
    nodes = Array(repeating: Node(), count: count)
    for b in 0..<count {
      let isLast = b == count - 1
      if count == 1 || random.chance(isLast ? 80 : 8) { continue }
      let degree = random.pick([1, 1, 1, 2, 2, 2, 3, 5])
      for _ in 0..<degree {
        // Mostly forward, sometimes anywhere: loops, irreducible ones too.
        let forward = b + 1 + random.below(max(1, min(4, count - b - 1)))
        let target =
          random.chance(75) && forward < count ? forward : 1 + random.below(count - 1)
        nodes[b].successors.append(target)
      }
    }
    var predecessors = Array(repeating: 0, count: count)
    for node in nodes { for s in node.successors { predecessors[s] += 1 } }
    for b in 0..<count where nodes[b].successors.count > 1 {
      if Set(nodes[b].successors).count < nodes[b].successors.count {
        coverage.note("duplicate edge")
      }
      for k in nodes[b].successors.indices {
        let target = nodes[b].successors[k]
        if predecessors[target] > 1 || random.chance(20) {
          if predecessors[target] > 1 { coverage.note("split critical edge") }
          nodes.append(Node(successors: [target]))
          nodes[b].successors[k] = nodes.count - 1
          predecessors.append(1)
        }
      }
    }
    for b in nodes.indices {
      nodes[b].frequency = Float(1 + random.below(1000)) / 16
      nodes[b].isCold = random.chance(10)
      if nodes[b].isCold { coverage.note("cold block") }
    }
    if random.chance(50) { shuffleLayout() }
  }

  /// Puts the blocks behind the entry in any order: definitions may lie behind their uses.
  private mutating func shuffleLayout() {
    coverage.note("shuffled layout")
    var place = Array(nodes.indices)
    for k in place.indices.reversed() where k > 1 { place.swapAt(k, 1 + random.below(k)) }
    var moved = nodes
    for b in nodes.indices {
      moved[place[b]] = nodes[b]
      moved[place[b]].successors = nodes[b].successors.map { place[$0] }
    }
    nodes = moved
  }

  private func predecessorLists() -> [[Int]] {
    var lists: [[Int]] = Array(repeating: [], count: nodes.count)
    for b in nodes.indices { for s in nodes[b].successors { lists[s].append(b) } }
    return lists
  }

  /// Per block the blocks that dominate it; nil for unreachable ones.
  private func dominators(_ predecessors: [[Int]]) -> [Set<Int>?] {
    var result: [Set<Int>?] = Array(repeating: nil, count: nodes.count)
    result[0] = [0]
    var changed = true
    while changed {
      changed = false
      for b in nodes.indices where b != 0 {
        var meet: Set<Int>?
        for p in predecessors[b] {
          guard let set = result[p] else { continue }
          meet = meet.map { $0.intersection(set) } ?? set
        }
        guard var meet else { continue }
        meet.insert(b)
        if meet != result[b] {
          result[b] = meet
          changed = true
        }
      }
    }
    return result
  }

  // MARK: Instructions

  mutating func newValue(_ c: RegisterClass) -> VirtualRegister {
    newValue(c, units: unitChoices[c].map { unitRandom.pick($0) } ?? 0)
  }

  private mutating func newValue(_ c: RegisterClass, units: UInt8) -> VirtualRegister {
    classes.append(c)
    self.units.append(units)
    return VirtualRegister(classes.count - 1)
  }

  private mutating func fill() {
    let predecessors = predecessorLists()
    let dominating = dominators(predecessors)
    noteIrreducibleLoop(dominating)
    var atEnd: [[VirtualRegister]] = Array(repeating: [], count: nodes.count)
    var beforeBranch = atEnd
    // A block's dominators are fewer than its own; unreachable blocks last.
    let order = nodes.indices.sorted {
      (dominating[$0]?.count ?? .max, $0) < (dominating[$1]?.count ?? .max, $1)
    }
    for b in order {
      var available: [VirtualRegister] = []
      if let set = dominating[b] {
        for d in set.sorted() where d != b { available += atEnd[d] }
        if dominatingLoop(b, predecessors, dominating) { coverage.note("loop") }
      } else {
        coverage.note("unreachable block")
        available = atEnd[0]
      }
      let passesArguments =
        !predecessors[b].isEmpty
        && predecessors[b].allSatisfy { nodes[$0].successors.count == 1 } && b != 0
      if passesArguments && random.chance(70) {
        for _ in 0..<random.pick([1, 2, 3, 5, 12]) {
          nodes[b].parameters.append(newValue(random.pick(usedClasses)))
        }
        coverage.note("parameters")
        if predecessors[b].count == 1 { coverage.note("parameters of only successor") }
      }
      atEnd[b] = available + nodes[b].parameters
      var own = nodes[b].parameters
      let dominated = available
      func visible() -> [VirtualRegister] { dominated + own }
      if b == 0 {
        // One of each kind for the parameters to come.
        for c in usedClasses {
          for units in Set(unitChoices[c] ?? [0]).sorted() {
            let v = newValue(c, units: units)
            own.append(v)
            nodes[b].instructions.append(Instruction(operands: [.anyDefinition(v, c)]))
          }
        }
        if random.chance(40) { own += addArguments() }
      }
      for _ in 0..<random.pick([0, 1, 2, 4, 8, 16]) {
        var made: [VirtualRegister] = []
        let instruction = makeInstruction(visible(), defines: true, &made)
        own += made
        nodes[b].instructions.append(instruction)
      }
      beforeBranch[b] = visible()
      own += finish(b, visible(), predecessors)
      atEnd[b] = own
    }
    for b in nodes.indices {
      var visible = dominating[b] == nil ? atEnd[0] + atEnd[b] : []
      if let set = dominating[b] { for d in set.sorted() where d != b { visible += atEnd[d] } }
      let own = Set(atEnd[b])
      visible = visible.filter { !own.contains($0) } + beforeBranch[b].filter { own.contains($0) }
      for s in nodes[b].successors {
        nodes[b].arguments.append(
          nodes[s].parameters.map { p in
            let (c, units) = (classes[Int(p.raw)], unitsTaken(p))
            return random.pick(
              visible.filter { classes[Int($0.raw)] == c && unitsTaken($0) == units })
          })
      }
    }
  }

  private func unitsTaken(_ v: VirtualRegister) -> UInt8 {
    let own = units[Int(v.raw)]
    if own != 0 { return own }
    switch classes[Int(v.raw)] {
    case .int: return machine.intSlotUnits
    case .float: return machine.floatSlotUnits
    case .vector: return machine.vectorSlotUnits
    }
  }

  /// Puts a definition of values in fixed registers at the function's start.
  private mutating func addArguments() -> [VirtualRegister] {
    coverage.note("arguments in fixed registers")
    var made: [VirtualRegister] = []
    var instruction = Instruction()
    for c in usedClasses {
      var rest = allocatable(c)
      while rest != 0 && random.chance(60) {
        let v = newValue(c)
        made.append(v)
        instruction.operands.append(
          .fixedDefinition(v, PhysicalRegister(c, rest.trailingZeroBitCount)))
        rest &= rest &- 1
      }
    }
    nodes[0].instructions.insert(instruction, at: 0)
    return made
  }

  /// A walk from the entry that comes back to a block which does not dominate the last one.
  private mutating func noteIrreducibleLoop(_ dominating: [Set<Int>?]) {
    var state = Array(repeating: 0, count: nodes.count)
    var stack = [(block: 0, edge: 0)]
    state[0] = 1
    while let (b, edge) = stack.last {
      if edge == nodes[b].successors.count {
        state[b] = 2
        stack.removeLast()
        continue
      }
      stack[stack.count - 1].edge += 1
      let target = nodes[b].successors[edge]
      if state[target] == 0 {
        state[target] = 1
        stack.append((target, 0))
      } else if state[target] == 1 && dominating[b]?.contains(target) == false {
        coverage.note("irreducible loop")
        return
      }
    }
  }

  private func dominatingLoop(_ b: Int, _ predecessors: [[Int]], _ dominating: [Set<Int>?]) -> Bool
  {
    predecessors[b].contains { dominating[$0]?.contains(b) ?? false }
  }

  /// Gives block `b` its last instruction; returns the values that it defines.
  private mutating func finish(
    _ b: Int, _ visible: [VirtualRegister], _ predecessors: [[Int]]
  ) -> [VirtualRegister] {
    let successors = nodes[b].successors
    var made: [VirtualRegister] = []
    var instruction = Instruction()
    let mayDefine = successors.allSatisfy { predecessors[$0].count == 1 }
    let mayPass = successors.count == 1 && !nodes[successors[0]].parameters.isEmpty
    // The successor may still get parameters; then it has only such predecessors.
    let mightPass =
      successors.count == 1
      && predecessors[successors[0]].allSatisfy { nodes[$0].successors.count == 1 }
    if !mayPass && !mightPass && random.chance(60) {
      instruction = makeInstruction(visible, defines: mayDefine && !successors.isEmpty, &made)
      if !made.isEmpty { coverage.note("branch definition") }
    }
    instruction.role = successors.isEmpty ? .exit : .branch
    if mayPass || mightPass { instruction.clobbers = random.chance(10) ? someClobbers() : .init() }
    nodes[b].instructions.append(instruction)
    return made
  }

  // MARK: Tables

  func build() -> Problem {
    var problem = Problem()
    problem.machine = machine
    for c in classes { problem.classes.append(c) }
    for (v, units) in units.enumerated() where units != 0 {
      problem.setUnits(of: VirtualRegister(v), to: units)
    }
    let predecessors = predecessorLists()
    var masks: [RegisterSet: Int] = [RegisterSet(): 0]
    for b in nodes.indices {
      let node = nodes[b]
      problem.blocks.append(
        BlockRecord(
          instructionStart: UInt32(problem.instructions.count),
          successorStart: UInt32(problem.successors.count),
          predecessorStart: UInt32(problem.predecessors.count),
          parameterStart: UInt32(problem.parameters.count), frequency: node.frequency,
          isCold: node.isCold))
      for instruction in node.instructions {
        if masks[instruction.clobbers] == nil {
          masks[instruction.clobbers] = problem.clobberMasks.count
          problem.clobberMasks.append(instruction.clobbers)
        }
        problem.instructions.append(
          InstructionRecord(
            operandStart: UInt32(problem.operands.count),
            clobberMask: UInt16(masks[instruction.clobbers] ?? 0), role: instruction.role))
        for operand in instruction.operands { problem.operands.append(operand) }
      }
      for (k, s) in node.successors.enumerated() {
        problem.successors.append(Block(s))
        problem.argumentStart.append(UInt32(problem.arguments.count))
        for argument in node.arguments[k] { problem.arguments.append(argument) }
      }
      for p in predecessors[b] { problem.predecessors.append(Block(p)) }
      for parameter in node.parameters { problem.parameters.append(parameter) }
    }
    problem.seal()
    problem.repeatsDefinitions = repeatsDefinitions
    if let adviceSeed {
      var random = Random(seed: adviceSeed)
      Self.advise(&problem, &random)
    }
    return problem
  }
}
