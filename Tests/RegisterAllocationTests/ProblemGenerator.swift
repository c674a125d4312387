// SPDX-License-Identifier: Apache-2.0
// Random problems that are valid and have a solution, whatever the seed.

import Entities

@testable import RegisterAllocation

/// SplitMix64: the same numbers everywhere for one seed.
struct Random {
  private var state: UInt64
  init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 0x1234_5678_9abc_def1 }
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z &>> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z &>> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z &>> 31)
  }
  /// Below `bound`, which is positive.
  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
  mutating func pick<T>(_ list: [T]) -> T { list[below(list.count)] }
  mutating func bit(_ word: UInt64) -> Int {
    var rest = word
    for _ in 0..<below(word.nonzeroBitCount) { rest &= rest &- 1 }
    return rest.trailingZeroBitCount
  }
}

/// How often each feature was generated, so that a test can insist on all of them.
struct Coverage {
  var counts: [String: Int] = [:]
  mutating func note(_ feature: String) { counts[feature, default: 0] += 1 }
}

struct ProblemGenerator {
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
  /// How many operands have at most each limit, by its logarithm plus one.
  struct Tally {
    var atMost = SIMD8<Int>()
    mutating func add(_ exponent: Int, _ count: Int) {
      for m in exponent...6 { atMost[m + 1] += count }
    }
    func count(_ exponent: Int) -> Int { atMost[exponent + 1] - atMost[exponent] }
  }

  /// Registers of one class that the operands of one instruction still leave.
  struct Budget {
    var allocatable: UInt64
    var fixedEarly: UInt64 = 0
    /// Fixed late places and clobbers.
    var fixedLate: UInt64 = 0
    /// Operands in both phases, early, late.
    var both = Tally()
    var early = Tally()
    var late = Tally()

    /// Every set of operands finds as many registers (Hall's condition; allowed sets are nested).
    var isFeasible: Bool {
      func low(_ exponent: Int) -> UInt64 {
        exponent < 0 ? 0 : exponent == 6 ? .max : (1 << (1 << UInt64(exponent))) - 1
      }
      let anytime = allocatable & ~fixedEarly & ~fixedLate
      let hasLimits = both.atMost[6] + early.atMost[6] + late.atMost[6] > 0
      for m in (hasLimits ? -1 : 6)...6 {
        for n in -1...6 where hasLimits || n == -1 || n == 6 {
          let b = both.atMost[m + 1]
          let before = anytime & low(m) | allocatable & ~fixedEarly & low(n)
          if b + early.atMost[n + 1] > before.nonzeroBitCount { return false }
          let after = anytime & low(m) | allocatable & ~fixedLate & low(n)
          if b + late.atMost[n + 1] > after.nonzeroBitCount { return false }
        }
      }
      return true
    }
  }

  var random: Random
  var coverage = Coverage()
  var machine = Machine()
  var nodes: [Node] = []
  var classes: [RegisterClass] = []
  var usedClasses: [RegisterClass] = []
  /// Outside everything: for fixed non-allocatable operands.
  var outside: [PhysicalRegister] = []

  init(seed: UInt64) { random = Random(seed: seed) }

  static func generate(seed: UInt64, size: Int, coverage: inout Coverage) -> Problem {
    var generator = ProblemGenerator(seed: seed)
    generator.coverage = coverage
    generator.makeMachine()
    generator.makeGraph(size)
    generator.fill()
    coverage = generator.coverage
    return generator.build()
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
      if random.chance(40) { machine.fixedStackSlots[c] = 0xff << 40 }
      if total <= 2 { coverage.note("few registers") }
    }
    if random.chance(30) { machine.floatSlotUnits = 2 }
    if random.chance(30) { machine.vectorSlotUnits = 4 }
  }

  private func allocatable(_ c: RegisterClass) -> UInt64 {
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
          nodes.append(Node(successors: [target]))
          nodes[b].successors[k] = nodes.count - 1
          predecessors.append(1)
        }
      }
    }
    for b in nodes.indices {
      nodes[b].frequency = Float(1 + random.below(1000)) / 16
      nodes[b].isCold = random.chance(10)
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

  private mutating func newValue(_ c: RegisterClass) -> VirtualRegister {
    classes.append(c)
    return VirtualRegister(classes.count - 1)
  }

  private mutating func fill() {
    let predecessors = predecessorLists()
    let dominating = dominators(predecessors)
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
        for c in usedClasses {
          let v = newValue(c)
          own.append(v)
          nodes[b].instructions.append(Instruction(operands: [.anyDefinition(v, c)]))
        }
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
            let c = classes[Int(p.raw)]
            return random.pick(visible.filter { classes[Int($0.raw)] == c })
          })
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
    if mayPass || mightPass { instruction.clobbers = random.chance(10) ? someClobbers(0) : .init() }
    nodes[b].instructions.append(instruction)
    return made
  }

  private mutating func someClobbers(_ fixedLate: UInt64) -> RegisterSet {
    var set = RegisterSet()
    for c in usedClasses {
      set[c] = random.chance(50) ? allocatable(c) : allocatable(c) & random.next()
    }
    return set
  }

  private mutating func makeInstruction(
    _ visible: [VirtualRegister], defines: Bool, _ made: inout [VirtualRegister]
  ) -> Instruction {
    var instruction = Instruction()
    var budgets: [RegisterClass: Budget] = [:]
    for c in usedClasses { budgets[c] = Budget(allocatable: allocatable(c)) }
    if random.chance(15) {
      instruction.clobbers = someClobbers(0)
      for c in usedClasses { budgets[c]?.fixedLate = instruction.clobbers[c] }
      coverage.note("clobbers")
    }
    let wanted = random.pick([0, 1, 2, 2, 3, 3, 4, 6, 12])
    let usesFixed = random.chance(30)
    let usesRare = random.chance(30)
    for _ in 0..<wanted {
      let isDefinition = defines && random.chance(35)
      let c: RegisterClass
      let v: VirtualRegister
      if isDefinition {
        c = random.pick(usedClasses)
        v = VirtualRegister(raw: UInt32(classes.count))
      } else {
        // Recent values more often: short lives and repeated uses.
        let near = visible.suffix(4)
        v = random.chance(50) ? random.pick(Array(near)) : random.pick(visible)
        c = classes[Int(v.raw)]
      }
      guard
        let operand = makeOperand(
          v, c, isDefinition, usesFixed, usesRare, &instruction, &budgets)
      else { continue }
      if isDefinition {
        _ = newValue(c)
        made.append(v)
      }
      instruction.operands.append(operand)
    }
    if random.chance(5) {
      instruction.operands.append(.nonAllocatable(random.pick(outside)))
      coverage.note("fixed non-allocatable")
    }
    addReuses(&instruction, &budgets, defines, &made)
    return instruction
  }

  /// An operand that the budgets still allow, or nil.
  private mutating func makeOperand(
    _ v: VirtualRegister, _ c: RegisterClass, _ isDefinition: Bool, _ usesFixed: Bool,
    _ usesRare: Bool, _ instruction: inout Instruction, _ budgets: inout [RegisterClass: Budget]
  ) -> Operand? {
    guard var budget = budgets[c] else { return nil }
    let kind: Operand.Kind = isDefinition ? .definition : .use
    let isOdd = usesRare && random.chance(25)
    let position: Operand.Position = isDefinition != isOdd ? .late : .early
    let phase =
      isOdd ? (isDefinition ? "early definition" : "late use") : isDefinition ? "definition" : "use"
    let needsEarly = position == .early || !isDefinition
    let needsLate = position == .late || isDefinition
    func add(_ exponent: Int) {
      if needsEarly && needsLate {
        budget.both.add(exponent, 1)
      } else if needsEarly {
        budget.early.add(exponent, 1)
      } else {
        budget.late.add(exponent, 1)
      }
    }
    if usesFixed && random.chance(50) {
      if machine.fixedStackSlots[c] != 0 && random.chance(25) {
        let register = freshStackSlot(c, instruction)
        guard let register else { return nil }
        coverage.note("fixed stack \(phase)")
        return Operand(v, c, kind, position, .fixed, payload: register.raw)
      }
      var free = budget.allocatable
      if needsEarly { free &= ~budget.fixedEarly }
      if needsLate { free &= ~budget.fixedLate }
      if free == 0 { return nil }
      let number = random.bit(free)
      if needsEarly { budget.fixedEarly |= 1 << UInt64(number) }
      if needsLate { budget.fixedLate |= 1 << UInt64(number) }
      if !budget.isFeasible { return nil }
      budgets[c] = budget
      coverage.note("fixed \(phase)")
      if instruction.operands.contains(where: { $0.register == v && $0.tag == .fixed }) {
        coverage.note("one value in several fixed registers")
      }
      let register = PhysicalRegister(c, number)
      if instruction.clobbers.contains(register) { coverage.note("fixed use of clobbered") }
      return Operand(v, c, kind, position, .fixed, payload: register.raw)
    }
    if usesRare && random.chance(20) {
      coverage.note("stack \(phase)")
      return Operand(v, c, kind, position, .stack)
    }
    if usesRare && random.chance(25) {
      let exponent = random.below(6)
      add(exponent)
      if !budget.isFeasible { return nil }
      budgets[c] = budget
      coverage.note("limit \(phase)")
      return Operand(v, c, kind, position, .limit, payload: UInt8(exponent))
    }
    if random.chance(25) {
      coverage.note("any \(phase)")
      return Operand(v, c, kind, position, .any)
    }
    add(6)
    if !budget.isFeasible { return nil }
    budgets[c] = budget
    coverage.note("register \(phase)")
    if !isDefinition && instruction.operands.contains(where: { $0.isUse && $0.register == v }) {
      coverage.note("repeated use")
    }
    return Operand(v, c, kind, position, .register)
  }

  private mutating func freshStackSlot(_ c: RegisterClass, _ instruction: Instruction)
    -> PhysicalRegister?
  {
    let register = PhysicalRegister(c, random.bit(machine.fixedStackSlots[c]))
    let isTaken = instruction.operands.contains { $0.tag == .fixed && $0.fixedRegister == register }
    return isTaken ? nil : register
  }

  private mutating func addReuses(
    _ instruction: inout Instruction, _ budgets: inout [RegisterClass: Budget], _ defines: Bool,
    _ made: inout [VirtualRegister]
  ) {
    guard defines else { return }
    var reused = 0
    for k in instruction.operands.indices where k < 32 && random.chance(20) {
      let input = instruction.operands[k]
      let c = input.registerClass
      guard input.isUse, input.isEarly, var budget = budgets[c] else { continue }
      switch input.tag {
      case .register, .limit:
        let exponent = input.tag == .limit ? Int(input.payload) : 6
        if budget.early.count(exponent) == 0 { continue }
        budget.early.add(exponent, -1)
        budget.both.add(exponent, 1)
        coverage.note(input.tag == .limit ? "reuse of limit" : "reuse")
      case .fixed:
        let bit: UInt64 = 1 << UInt64(input.fixedRegister.number)
        if budget.allocatable & bit == 0 || budget.fixedLate & bit != 0 { continue }
        budget.fixedLate |= bit
        coverage.note("reuse of fixed")
      default: continue
      }
      if !budget.isFeasible { continue }
      budgets[c] = budget
      let v = newValue(c)
      made.append(v)
      instruction.operands.append(.reuse(v, c, of: k))
      reused += 1
    }
    if reused > 1 { coverage.note("several reuses") }
  }

  // MARK: Tables

  private func build() -> Problem {
    var problem = Problem()
    problem.machine = machine
    for c in classes { problem.classes.append(c) }
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
    return problem
  }
}
