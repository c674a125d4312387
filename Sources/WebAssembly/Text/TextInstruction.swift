// SPDX-License-Identifier: Apache-2.0
// The instructions as the text format writes them: the table that parser and printer share.

import BrolgaEntities

/// What follows an instruction's name, and its opcode in the binary format.
enum TextImmediates: UInt8 {
  case none
  case block, loop, `if`, `else`, end, tryTable
  case label, labelTable
  case function, functionIndirect, type
  case local, global, tag
  case table, tableCopy, tableInit, element
  case memory, memoryCopy, memoryInit, data
  case access
  case i32, i64, f32, f64
  case v128, shuffle, lane, laneAccess
  case heapType
  /// With or without a type, as two opcodes.
  case select
}

/// A row of the table.
struct TextInstruction: BitwiseCopyable {
  /// The raw value of the operator.
  var code: UInt16
  /// The feature it needs, if any.
  var feature: Features
  var nameStart: UInt16
  var nameCount: UInt8
  var immediates: TextImmediates
  /// Of loads and stores: log2 of the bytes accessed.
  var width: UInt8
}

/// Consecutive opcodes whose instructions look alike.
private struct TextInstructionGroup {
  var first: UInt16
  var immediates: TextImmediates
  var names: String
  var feature: Features

  init(
    _ first: UInt16, _ immediates: TextImmediates, _ names: String, needs feature: Features = []
  ) {
    self.first = first
    self.immediates = immediates
    self.names = names
    self.feature = feature
  }

  static var all: [TextInstructionGroup] { control + variables + memory + numeric + bulk }

  static var control: [TextInstructionGroup] {
    [
      .init(0x00, .none, "unreachable nop"),
      .init(0x02, .block, "block"), .init(0x03, .loop, "loop"), .init(0x04, .if, "if"),
      .init(0x05, .else, "else"), .init(0x0B, .end, "end"),
      .init(0x08, .tag, "throw", needs: .exceptionHandling),
      .init(0x0A, .none, "throw_ref", needs: .exceptionHandling),
      .init(0x1F, .tryTable, "try_table", needs: .exceptionHandling),
      .init(0x0C, .label, "br br_if"), .init(0x0E, .labelTable, "br_table"),
      .init(0x0F, .none, "return"),
      .init(0x10, .function, "call"), .init(0x11, .functionIndirect, "call_indirect"),
      .init(0x12, .function, "return_call"),
      .init(0x13, .functionIndirect, "return_call_indirect"),
      .init(0x14, .type, "call_ref"),
      .init(0x15, .type, "return_call_ref"),
      .init(0x1A, .none, "drop"), .init(0x1B, .select, "select"),
    ]
  }

  static var variables: [TextInstructionGroup] {
    [
      .init(0x20, .local, "local.get local.set local.tee"),
      .init(0x23, .global, "global.get global.set"),
      .init(0x25, .table, "table.get table.set"),
      .init(0xD0, .heapType, "ref.null"), .init(0xD1, .none, "ref.is_null"),
      .init(0xD2, .function, "ref.func"),
      .init(0xD4, .none, "ref.as_non_null"),
      .init(0xD5, .label, "br_on_null br_on_non_null"),
    ]
  }

  static var memory: [TextInstructionGroup] {
    [
      .init(
        0x28, .access,
        """
        i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u \
        i64.load8_s i64.load8_u i64.load16_s i64.load16_u i64.load32_s i64.load32_u i32.store \
        i64.store f32.store f64.store i32.store8 i32.store16 i64.store8 i64.store16 i64.store32
        """),
      .init(0x3F, .memory, "memory.size memory.grow"),
    ]
  }

  static var numeric: [TextInstructionGroup] {
    [
      .init(0x41, .i32, "i32.const"), .init(0x42, .i64, "i64.const"),
      .init(0x43, .f32, "f32.const"), .init(0x44, .f64, "f64.const"),
      .init(
        0x45, .none,
        """
        i32.eqz i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s \
        i32.ge_u i64.eqz i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u \
        i64.ge_s i64.ge_u f32.eq f32.ne f32.lt f32.gt f32.le f32.ge f64.eq f64.ne f64.lt f64.gt \
        f64.le f64.ge i32.clz i32.ctz i32.popcnt i32.add i32.sub i32.mul i32.div_s i32.div_u \
        i32.rem_s i32.rem_u i32.and i32.or i32.xor i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr \
        i64.clz i64.ctz i64.popcnt i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s \
        i64.rem_u i64.and i64.or i64.xor i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr f32.abs \
        f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt f32.add f32.sub f32.mul \
        f32.div f32.min f32.max f32.copysign f64.abs f64.neg f64.ceil f64.floor f64.trunc \
        f64.nearest f64.sqrt f64.add f64.sub f64.mul f64.div f64.min f64.max f64.copysign \
        i32.wrap_i64 i32.trunc_f32_s i32.trunc_f32_u i32.trunc_f64_s i32.trunc_f64_u \
        i64.extend_i32_s i64.extend_i32_u i64.trunc_f32_s i64.trunc_f32_u i64.trunc_f64_s \
        i64.trunc_f64_u f32.convert_i32_s f32.convert_i32_u f32.convert_i64_s f32.convert_i64_u \
        f32.demote_f64 f64.convert_i32_s f64.convert_i32_u f64.convert_i64_s f64.convert_i64_u \
        f64.promote_f32 i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 \
        f64.reinterpret_i64 i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s \
        i64.extend32_s
        """),
    ]
  }

  static var bulk: [TextInstructionGroup] {
    [
      .init(
        0x100, .none,
        """
        i32.trunc_sat_f32_s i32.trunc_sat_f32_u i32.trunc_sat_f64_s i32.trunc_sat_f64_u \
        i64.trunc_sat_f32_s i64.trunc_sat_f32_u i64.trunc_sat_f64_s i64.trunc_sat_f64_u
        """),
      .init(0x108, .memoryInit, "memory.init"), .init(0x109, .data, "data.drop"),
      .init(0x10A, .memoryCopy, "memory.copy"), .init(0x10B, .memory, "memory.fill"),
      .init(0x10C, .tableInit, "table.init"), .init(0x10D, .element, "elem.drop"),
      .init(0x10E, .tableCopy, "table.copy"),
      .init(0x10F, .table, "table.grow table.size table.fill"),
    ]
  }
}

/// All rows, by number, by opcode and (through `Keywords`) by name.
final class TextInstructionTable: Sendable {
  static let shared = TextInstructionTable()

  // Written by `init` alone, and never freed.
  nonisolated(unsafe) let rows: UnsafePointer<TextInstruction>
  nonisolated(unsafe) let names: UnsafePointer<UInt8>
  let count: Int
  /// Row of each opcode plus one.
  private let byCode: [UInt16]

  private init() {
    var rows: [TextInstruction] = []
    var names: [UInt8] = []
    func add(
      _ name: some Sequence<UInt8>, _ code: UInt16, _ immediates: TextImmediates, width: UInt8,
      needs feature: Features
    ) {
      let start = names.count
      names += name
      rows.append(
        TextInstruction(
          code: code, feature: feature, nameStart: UInt16(start),
          nameCount: UInt8(names.count - start), immediates: immediates, width: width))
    }
    for group in TextInstructionGroup.all {
      for (i, name) in group.names.split(separator: " ").enumerated() {
        let width = Self.width(String(name))
        add(
          name.utf8, group.first + UInt16(i), group.immediates, width: width, needs: group.feature)
      }
    }
    for row in OperatorRow.all {
      let name = UnsafeBufferPointer(
        start: row.name.utf8Start, count: row.name.utf8CodeUnitCount)
      add(
        name, row.opcode.rawValue, Self.immediates(row.shape), width: row.width,
        needs: row.feature)
    }
    var byCode = [UInt16](repeating: 0, count: Opcode.placeCount)
    for (i, row) in rows.enumerated() { byCode[Int(row.code)] = UInt16(i + 1) }
    // `select` with types is the next opcode of the same instruction.
    byCode[0x1C] = byCode[0x1B]
    count = rows.count
    self.byCode = byCode
    let rowMemory = UnsafeMutableBufferPointer<TextInstruction>.allocate(capacity: rows.count)
    _ = rowMemory.initialize(from: rows)
    let nameMemory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: names.count)
    _ = nameMemory.initialize(from: names)
    self.rows = UnsafePointer(rowMemory.baseAddress.unsafelyUnwrapped)
    self.names = UnsafePointer(nameMemory.baseAddress.unsafelyUnwrapped)
  }

  /// - Parameter code: the raw value of the operator, or a byte that is none.
  func row(ofCode code: Int) -> Int? {
    let row = byCode[code]
    return row == 0 ? nil : Int(row) &- 1
  }

  func name(_ row: Int) -> UnsafeBufferPointer<UInt8> {
    let row = rows[row]
    return UnsafeBufferPointer(
      start: names + Int(truncatingIfNeeded: row.nameStart),
      count: Int(truncatingIfNeeded: row.nameCount))
  }

  private static func immediates(_ shape: OperatorShape) -> TextImmediates {
    switch shape {
    case .load, .store: .access
    case .loadLane, .storeLane: .laneAccess
    case .extractLane, .replaceLane: .lane
    case .shuffle: .shuffle
    case .v128Const: .v128
    default: .none
    }
  }

  /// Log2 of the bytes that a load or store of a number touches, from its name; zero for others.
  private static func width(_ name: String) -> UInt8 {
    guard name.contains(".load") || name.contains(".store") else { return 0 }
    if name.contains("load8") || name.contains("store8") { return 0 }
    if name.contains("load16") || name.contains("store16") { return 1 }
    if name.contains("load32") || name.contains("store32") { return 2 }
    return name.hasPrefix("i64") || name.hasPrefix("f64") ? 3 : 2
  }
}
