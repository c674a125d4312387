// SPDX-License-Identifier: Apache-2.0
// `brolga validate`: whether a file is a valid module, and nothing else.

import ArgumentParser
import Brolga

struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Says whether a file is a valid WebAssembly module.",
    discussion: "Says nothing and ends with 0 if it is; else says what is wrong, and ends with 1.")

  @Argument(help: "WebAssembly modules; - is standard input.")
  var files: [String]

  func run() throws {
    var status: Int32 = 0
    for path in files {
      do throws(Failure) {
        let file = try InputFile(path)
        do throws(ModuleError) {
          try validateModule(file.moduleBytes)
        } catch {
          throw Failure("\(file.name): \(error)")
        }
      } catch {
        complain(error.message)
        status = error.status
      }
    }
    leave(status)
  }
}
