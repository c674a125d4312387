// SPDX-License-Identifier: Apache-2.0
// The command-line program: its subcommands, and how it ends.

import ArgumentParser
import CRuntime
import Glibc

@main
struct BrolgaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "brolga",
    abstract: "Compiles WebAssembly to native code ahead of time, and runs it.",
    subcommands: [
      RunCommand.self, CompileCommand.self, ValidateCommand.self, InspectCommand.self,
      BenchCommand.self, RegallocCommand.self, ParseCommand.self, PrintCommand.self,
      WastCommand.self, ObserveCommand.self,
    ],
    defaultSubcommand: RunCommand.self)

  static func main() {
    // First of all, while nothing has been allocated.
    brolga_keep_freed_memory()
    // A closed pipe is an error of the write, for the guest to see, and not the end of us.
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try parseAsRoot(HostText.arguments)
      try command.run()
    } catch let failure as Failure {
      leave(failure)
    } catch {
      exit(withError: error)
    }
  }
}

/// Why a command ends without having done its work.
struct Failure: Error {
  /// One line.
  var message: String
  var status: Int32

  init(_ message: String, status: Int32 = ExitCode.badInput) {
    self.message = message
    self.status = status
  }
}

/// What the process ends with, beside the status of a guest.
enum ExitCode {
  static let badInput: Int32 = 1
  /// As if the guest had been a native program that aborted.
  static let trap: Int32 = 134
}

/// Ends the process with the failure's message and status.
func leave(_ failure: Failure) -> Never {
  complain(failure.message)
  leave(failure.status)
}

/// Ends the process without taking down what it holds: the system is faster at that.
func leave(_ status: Int32) -> Never {
  fflush(nil)
  _exit(status)
}

func complain(_ message: String) {
  writeAll("brolga: " + message + "\n", to: STDERR_FILENO)
}

/// Writes all of `text`; gives up at an error, of which there would be nobody to tell.
func writeAll(_ text: String, to descriptor: Int32) {
  var text = text
  text.withUTF8 { bytes in
    var written = 0
    while written < bytes.count {
      let count = write(descriptor, bytes.baseAddress! + written, bytes.count - written)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { return }
      written += count
    }
  }
}
