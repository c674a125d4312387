// SPDX-License-Identifier: Apache-2.0
// The encoding of copies and fills of a few bytes of linear memory.

import BrolgaArtefact

/// How a block of linear memory is divided into loads and stores: into parts of one width, of which
/// the last may overlap the one before; but three bytes are two and one.
///
/// A memory is accessible from its base to its length. So the whole block is inside if its last part
/// is: that part comes first, and what traps does so before anything is written.
struct BlockParts: BitwiseCopyable {
  let byteCount: Int32
  /// The log2 of a part's bytes.
  let width: UInt8
  let count: Int

  init(byteCount: Int32) {
    self.byteCount = byteCount
    width =
      switch byteCount {
      case 32...: 5
      case 16...: 4
      case 8...: 3
      case 4...: 2
      case 2...: 1
      default: 0
      }
    let partBytes: Int32 = 1 &<< Int32(truncatingIfNeeded: width)
    count = Int(truncatingIfNeeded: (byteCount &+ partBytes &- 1) / partBytes)
  }

  /// Parts of at least four bytes go through vector registers, others through integer registers.
  @inline(__always) var areVectors: Bool { width >= 2 }
  /// Parts are whole 32-byte registers.
  @inline(__always) var areLong: Bool { width == 5 }

  func offset(_ k: Int) -> Int32 {
    let bits = Int32(truncatingIfNeeded: width)
    let regular = Int32(truncatingIfNeeded: k) &<< bits
    return areVectors ? min(regular, byteCount &- (1 &<< bits)) : regular
  }

  /// The width of a part that goes through an integer register.
  func integerWidth(_ k: Int) -> Width { width == 1 && offset(k) &+ 2 <= byteCount ? .b16 : .b8 }

  /// The immediate by which stores fill the block with a byte, nil where they need a register. 16
  /// bytes and more are stored from a cleared register.
  func immediate(of byte: UInt8) -> Int32? {
    let isSignExtended = byte == 0 || byte == 0xff
    guard byte == 0 || width < 3 || width == 3 && isSignExtended else { return nil }
    return Int32(truncatingIfNeeded: UInt32(truncatingIfNeeded: byte) &* 0x0101_0101)
  }
}

extension Emitter where ISA == X64 {
  /// xmm15, which carries no value from one instruction to the next.
  private static var scratch: Xmm { Xmm(CallingConvention.scratchFloat) }

  mutating func encodeBlock(_ p: PlacedInstruction, _ origin: UInt32) {
    let parts = BlockParts(byteCount: Int32(truncatingIfNeeded: p.instruction.extra))
    if p.instruction.x64Opcode == .copyBlock {
      encodeCopy(parts, p, origin)
    } else {
      encodeFill(parts, p, origin)
    }
    if parts.areLong { assembler.clearUpperHalves() }
  }

  private mutating func encodeCopy(_ parts: BlockParts, _ p: PlacedInstruction, _ origin: UInt32) {
    let temporaries = parts.areVectors ? parts.count &- 1 : parts.count
    let hasBase = p.immediate != 0
    let from = address(p, temporaries &+ (hasBase ? 2 : 1))
    let base = hasBase ? p.gpr(temporaries &+ 1) : .r14
    let to = RegisterOrMemory.memory(base, index: p.gpr(temporaries))
    assembler.markSite(origin, kind: TrapKind.memoryOutOfBounds.rawValue)
    for k in (0..<parts.count).reversed() {
      let part = from.advanced(by: parts.offset(k))
      if parts.areVectors {
        loadPart(parts, k < temporaries ? p.xmm(k) : Self.scratch, part)
      } else {
        assembler.loadZeroExtended(from: parts.integerWidth(k), p.gpr(k), part)
      }
    }
    assembler.markSite(origin, kind: TrapKind.memoryOutOfBounds.rawValue)
    for k in (0..<parts.count).reversed() {
      let part = to.advanced(by: parts.offset(k))
      if parts.areVectors {
        storePart(parts, part, k < temporaries ? p.xmm(k) : Self.scratch)
      } else {
        assembler.store(parts.integerWidth(k), part, p.gpr(k))
      }
    }
  }

  private mutating func encodeFill(_ parts: BlockParts, _ p: PlacedInstruction, _ origin: UInt32) {
    if p.instruction.x64Form == .immediateToMemory {
      return encodeFill(parts, address(p, 0), immediate: p.immediate, origin)
    }
    let to = address(p, 1)
    if !parts.areVectors {
      assembler.markSite(origin, kind: TrapKind.memoryOutOfBounds.rawValue)
      for k in (0..<parts.byteCount).reversed() {
        assembler.store(.b8, to.advanced(by: k), p.gpr(0))
      }
      return
    }
    assembler.moveBits(.b32, Self.scratch, RegisterOrMemory(p.gpr(0)))
    assembler.broadcastByte(Self.scratch, RegisterOrMemory(Self.scratch), isLong: parts.areLong)
    assembler.markSite(origin, kind: TrapKind.memoryOutOfBounds.rawValue)
    for k in (0..<parts.count).reversed() {
      storePart(parts, to.advanced(by: parts.offset(k)), Self.scratch)
    }
  }

  private mutating func encodeFill(
    _ parts: BlockParts, _ to: RegisterOrMemory, immediate: Int32, _ origin: UInt32
  ) {
    if parts.width > 3 { assembler.clear(Self.scratch) }
    assembler.markSite(origin, kind: TrapKind.memoryOutOfBounds.rawValue)
    for k in (0..<parts.count).reversed() {
      let part = to.advanced(by: parts.offset(k))
      switch parts.width {
      case 4...: storePart(parts, part, Self.scratch)
      case 3: assembler.store(.b64, part, immediate: immediate)
      case 2: assembler.store(.b32, part, immediate: immediate)
      default: assembler.store(parts.integerWidth(k), part, immediate: immediate)
      }
    }
  }

  private mutating func loadPart(_ parts: BlockParts, _ register: Xmm, _ from: RegisterOrMemory) {
    switch parts.width {
    case 4...: assembler.loadVector(register, from, isLong: parts.areLong)
    case 3: assembler.load(.f64, register, from)
    default: assembler.load(.f32, register, from)
    }
  }

  private mutating func storePart(_ parts: BlockParts, _ to: RegisterOrMemory, _ register: Xmm) {
    switch parts.width {
    case 4...: assembler.storeVector(to, register, isLong: parts.areLong)
    case 3: assembler.store(.f64, to, register)
    default: assembler.store(.f32, to, register)
    }
  }
}

extension RegisterOrMemory {
  /// The place so many bytes behind one in memory.
  fileprivate func advanced(by bytes: Int32) -> RegisterOrMemory {
    var place = self
    place.displacement &+= bytes
    return place
  }
}
