// SPDX-License-Identifier: Apache-2.0
// `brolga regalloc --html`: one page, with all that it needs inside, that draws an allocation.

import RegisterAllocation

/// `page.html` with styles, scripts and data in their places.
struct AllocationPage {
  let text: String

  /// In the order in which they run.
  private static var scripts: [[UInt8]] {
    [
      PackageResources.model_js, PackageResources.layout_js, PackageResources.words_js,
      PackageResources.drawing_js, PackageResources.panel_js, PackageResources.view_js,
    ]
  }

  init(
    _ problem: borrowing Problem, _ solution: borrowing Solution, _ history: borrowing PlaceHistory,
    _ trace: borrowing AllocationTrace, _ report: AllocationReport, title: String
  ) {
    let template = String(decoding: PackageResources.page_html, as: UTF8.self)
    var page = ""
    // Only the template has places to fill; what fills them is not searched for more.
    for part in template.split(separator: "%%", omittingEmptySubsequences: false) {
      switch part {
      case "title": page += Self.escaped(title)
      case "style": page += String(decoding: PackageResources.page_css, as: UTF8.self)
      case "script":
        for script in Self.scripts { page += String(decoding: script, as: UTF8.self) }
      case "data": page += PageData(problem, solution, history, trace, report).text
      default: page += part
      }
    }
    text = page
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
