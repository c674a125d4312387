// SPDX-License-Identifier: Apache-2.0
// The size of branches: random code full of jumps, decoded again.

import RegisterAllocation
import Testing

@testable import BrolgaCompiler

@Suite struct EmissionBranchTests {
  /// One item of random code. `filler` is a row of one-byte instructions.
  private enum Item {
    case label(Int)
    case jump(Int)
    case conditional(Int)
    case filler(Int)
    /// Padding that may keep what is up to a label in one line.
    case padding(Int)
  }

  private func randomItems(
    _ generator: inout EmissionGenerator, count: Int, labels: Int, gap: Int, padded: Bool
  ) -> [Item] {
    var items: [Item] = []
    for _ in 0..<count {
      switch generator.next(below: padded ? 5 : 4) {
      case 0: items.append(.jump(generator.next(below: labels)))
      case 1, 2: items.append(.conditional(generator.next(below: labels)))
      case 3: items.append(.filler(1 + generator.next(below: gap)))
      // Something behind it, so that no other padding is taken for its own.
      default: items += [.padding(generator.next(below: labels)), .filler(1)]
      }
    }
    for l in 0..<labels { items.insert(.label(l), at: generator.next(below: items.count + 1)) }
    return items
  }

  private static let filler: UInt8 = 0xF8

  /// The length of the padding instruction that `bytes` start with.
  private func nopLength(_ bytes: ArraySlice<UInt8>) -> Int? {
    let word = bytes.prefix(5)
    var first = word.startIndex
    var length = 0
    if word.first == 0x66 {
      length = 1
      first += 1
    }
    guard first < word.endIndex else { return nil }
    if word[first] == 0x90 { return length + 1 }
    guard word[first] == 0x0F, word[first + 1] == 0x1F else { return nil }
    switch word[first + 2] {
    case 0x00: return length + 3
    case 0x40: return length + 4
    case 0x44: return length + 5
    case 0x80: return length + 7
    case 0x84: return length + 8
    default: return nil
    }
  }

  /// Padding is there where it brings what is up to a label into one line, and nowhere else.
  private func checkPaddings(
    _ paddings: [(start: Int, end: Int, label: Int)], _ labelAt: [Int]
  ) {
    let line = CodeBuffer.lineBytes
    for padding in paddings {
      let inside = paddings.filter { $0.start >= padding.end && $0.end <= labelAt[padding.label] }
      let size =
        labelAt[padding.label] - padding.end
        - inside.reduce(0) { $0 + $1.end - $1.start }
      let left = line - padding.start % line
      let isOfUse = size > left && size <= line && left < line / 2
      if padding.end > padding.start {
        #expect(isOfUse && padding.end % line == 0)
      } else {
        #expect(!isOfUse)
      }
    }
  }

  /// Emits the items and decodes what came out: each item must stand where it should, and each
  /// branch must lead to its label. Returns how many branches are long though they could be short.
  private func check(_ items: [Item], labels: Int) -> (long: Int, needless: Int) {
    var assembler = Assembler<X64>()
    assembler.beginFunction(index: 0, blocks: labels)
    for item in items {
      switch item {
      case .label(let l): assembler.bind(Label(l))
      case .jump(let l): assembler.jump(Label(l))
      case .conditional(let l): assembler.jump(if: .less, Label(l))
      case .filler(let n): assembler.code.fill(Self.filler, count: n)
      case .padding(let l): assembler.keepInLine(until: Label(l))
      }
    }
    assembler.markSite(7, kind: 1)
    assembler.undefined()
    assembler.settleBranches()

    let bytes = Array(assembler.code.bytes)
    var labelAt = [Int](repeating: -1, count: labels)
    var branches: [(end: Int, distance: Int, label: Int, isLong: Bool)] = []
    var paddings: [(start: Int, end: Int, label: Int)] = []
    var at = 0
    func word(_ offset: Int) -> Int {
      var value: UInt32 = 0
      for k in 0..<4 { value |= UInt32(bytes[offset + k]) << UInt32(8 * k) }
      return Int(Int32(bitPattern: value))
    }
    for item in items {
      switch item {
      case .label(let l): labelAt[l] = at
      case .filler(let n):
        #expect(bytes[at..<at + n].allSatisfy { $0 == Self.filler })
        at += n
      case .padding(let l):
        let start = at
        while let nop = nopLength(bytes[at...]) { at += nop }
        paddings.append((start, at, l))
      case .jump(let l), .conditional(let l):
        let (short, long, longOpcode): (UInt8, UInt8, Int) =
          if case .jump = item { (0xEB, 0xE9, 1) } else { (0x7C, 0x0F, 2) }
        if bytes[at] == short {
          branches.append((at + 2, Int(Int8(bitPattern: bytes[at + 1])), l, false))
          at += 2
        } else {
          #expect(bytes[at] == long)
          branches.append((at + longOpcode + 4, word(at + longOpcode), l, true))
          at += longOpcode + 4
        }
      }
    }
    #expect(at + 2 == bytes.count)
    #expect(Int(assembler.code.sites[0].offset) == at)
    checkPaddings(paddings, labelAt)
    var long = 0
    var needless = 0
    for branch in branches {
      #expect(branch.end + branch.distance == labelAt[branch.label])
      #expect(Int(assembler.labels[Label(branch.label)].offset) == labelAt[branch.label])
      guard branch.isLong else { continue }
      long += 1
      if branch.distance >= -125 && branch.distance <= 127 { needless += 1 }
    }
    return (long, needless)
  }

  @Test func branchesLeadToTheirLabelsWhateverTheirSize() {
    var generator = EmissionGenerator(seed: 20261122)
    var (long, needless) = (0, 0)
    for round in 0..<600 {
      let labels = 1 + generator.next(below: 40)
      let items = randomItems(
        &generator, count: 5 + generator.next(below: 120), labels: labels,
        gap: [4, 20, 60, 300][round & 3], padded: round % 3 == 0)
      let result = check(items, labels: labels)
      long += result.long
      if round % 3 != 0 { needless += result.needless }
    }
    // Three rounds leave next to nothing.
    #expect(needless * 50 <= long, "\(needless) of \(long) long branches could be short")
  }

  @Test func theEdgesOfReachAreExact() {
    for distance in 120...135 {
      // Forward: the jump's end to the label.
      let forward = check([.jump(0), .filler(distance), .label(0)], labels: 1)
      #expect(forward.long == (distance <= 127 ? 0 : 1))
      // Backward: two bytes of the jump belong to the distance.
      let backward = check([.label(0), .filler(distance), .jump(0)], labels: 1)
      #expect(backward.long == (distance + 2 <= 128 ? 0 : 1))
    }
  }

  @Test func blocksThatOnlyJumpGetNoCode() throws {
    var b = MachineBuilder()
    let p = b.entry(integers: 1)
    b.add(
      MachineInstruction(.cmp, .immediate, size: 3, immediate: 5), [.anyUse(p[0], .int)])
    let left = b.block()
    let right = b.block()
    let (chain1, chain2, chain3) = (b.block(), b.block(), b.block())
    let (one, two) = (b.block(), b.block())
    b.branch(.less, left, right)
    for (from, to) in [(left, chain1), (chain1, chain2), (chain2, one), (right, chain3)] {
      b.current = from
      b.jump(to)
    }
    b.current = chain3
    b.jump(two)
    for (block, number) in [(one, 1), (two, 2)] {
      b.current = block
      b.ret(b.constant(Int32(number)))
    }
    let module = try compileDrafts([b])
    let code = EmissionExecutable(module)
    #expect(code.call(0, [4]).0 == 1)
    #expect(code.call(0, [5]).0 == 2)
    // push, mov, cmp (4), jge (2), mov, pop, ret, mov, pop, ret
    #expect(module.functions[0].size == 4 + 4 + 2 + 7 + 7)
  }

  @Test func aCycleOfEmptyBlocksStaysALoop() throws {
    var b = MachineBuilder()
    let p = b.entry(integers: 1)
    b.add(
      MachineInstruction(.cmp, .immediate, size: 3, immediate: 5), [.anyUse(p[0], .int)])
    let (enter, leave, one, two) = (b.block(), b.block(), b.block(), b.block())
    b.branch(.equal, enter, leave)
    for (from, to) in [(enter, one), (one, two), (two, one)] {
      b.current = from
      b.jump(to)
    }
    b.current = leave
    b.ret(b.constant(3))
    let module = try compileDrafts([b])
    let code = EmissionExecutable(module)
    #expect(code.call(0, [4]).0 == 3)
    // The loop is a jump to itself.
    #expect(zip(code.text, code.text.dropFirst()).contains { $0 == 0xEB && $1 == 0xFE })
  }

  @Test func theListingNamesEveryInstruction() throws {
    var b = MachineBuilder()
    let p = b.entry(integers: 2)
    var load = MachineInstruction(.add, .memory, size: 3)
    load.address = X64Address.packed(.memoryIndex, scale: 2)
    load.displacement = 16
    let sum = b.value()
    b.add(load, [.reuse(sum, .int, of: 1), .use(p[0], .int), .use(p[1], .int)])
    b.ret(sum)
    var machine = MachineFunction()
    b.fill(&machine)
    var solution = Solution()
    var allocator = Allocator()
    try allocator.allocate(machine.problem, into: &solution)
    var emitter = Emitter<X64>()
    emitter.assembler.code.keepsListing = true
    try emitter.emit(&machine, &solution)
    let text = emitter.listing(&machine, &solution)
    #expect(text.contains("b0:\n"))
    #expect(text.contains("add.64"))
    #expect(text.contains("[r14 + rsi*4 + 16]"))
  }
}

/// A small generator with a seed, so that a failure can be repeated.
struct EmissionGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z &>> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z &>> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z &>> 31
  }

  mutating func next(below bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
