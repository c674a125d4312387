// SPDX-License-Identifier: Apache-2.0
// Numbers and tables for people to read.

/// Columns of text, as wide as their widest cell and two spaces apart.
struct TextTable {
  private var rows: [[String]] = []
  /// Which columns are set to the right, from the first on; the rest to the left.
  private let isRight: [Bool]

  init(right: [Bool]) { isRight = right }

  mutating func add(_ cells: String...) { rows.append(cells) }
  mutating func add(_ cells: [String]) { rows.append(cells) }

  var text: String {
    var widths: [Int] = []
    for row in rows {
      for (column, cell) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], cell.count)
      }
    }
    var text = ""
    for row in rows {
      var line = ""
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        if column > 0 { line += "  " }
        let setsRight = column < isRight.count && isRight[column]
        line += setsRight ? padding + cell : cell + padding
      }
      while line.last == " " { line.removeLast() }
      text += line + "\n"
    }
    return text
  }
}

/// A time with three decimals in the unit that suits it.
func durationText(_ nanoseconds: UInt64) -> String {
  let (unit, divisor): (String, UInt64) =
    switch nanoseconds {
    case ..<1_000_000: ("µs", 1)
    case ..<1_000_000_000: ("ms", 1000)
    default: ("s ", 1_000_000)
    }
  let thousandths = nanoseconds / divisor
  let fraction = String(thousandths % 1000)
  let zeros = String(repeating: "0", count: 3 - fraction.count)
  return "\(thousandths / 1000).\(zeros)\(fraction) \(unit)"
}

/// Text inside of a JSON string, its quotes included.
func jsonText(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case _ where scalar.value < 0x20:
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
