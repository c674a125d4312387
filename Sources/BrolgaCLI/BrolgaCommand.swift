// SPDX-License-Identifier: Apache-2.0
// The command-line program: its subcommands, and how it ends.

import ArgumentParser
import BrolgaArtefact
import BrolgaCRuntime
import Glibc

@main
struct BrolgaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "brolga",
    abstract: "Compiles WebAssembly to native code ahead of time, and runs it.",
    version: ArtefactFormat.compilerVersion,
    subcommands: [
      RunCommand.self, CompileCommand.self, ValidateCommand.self, InspectCommand.self,
      BenchCommand.self, RegallocCommand.self, ParseCommand.self, PrintCommand.self,
      WastCommand.self, ObserveCommand.self,
    ],
    defaultSubcommand: RunCommand.self)

  static func main() {
    openStandardStreams()
    // While nothing has been allocated.
    brolga_keep_freed_memory()
    // A closed pipe is an error of the write, for the guest to see, and not the end of us.
    signal(SIGPIPE, SIG_IGN)
    brolga_end_by_signals()
    if CommandLine.argc <= 1 {
      output(helpMessage() + "\n")
      leave(0)
    }
    let arguments = HostText.arguments
    do {
      if let run = ProgramRun(plainArguments: arguments, commands: commandNames) {
        try run.run()
      }
      var command = try parseAsRoot(arguments)
      try command.run()
    } catch let failure as Failure {
      leave(failure)
    } catch {
      leaveParsing(error)
    }
  }

  private static var commandNames: [String] {
    configuration.subcommands.compactMap { $0.configuration.commandName }
  }

  /// Ends with what the parser says: help or a version that was asked for, or a wrong usage.
  private static func leaveParsing(_ error: any Error) -> Never {
    let status = exitCode(for: error).rawValue
    let message = fullMessage(for: error)
    if status == 0 {
      output(message + "\n")
    } else {
      let prefix = "Error: "
      complain(message.hasPrefix(prefix) ? String(message.dropFirst(prefix.count)) : message)
    }
    leave(status)
  }

  /// What to say after a file that is not there and may be a command that was mistyped.
  static func suggestion(for file: String) -> String {
    guard CommandLine.arguments.dropFirst().first == file, !file.contains("/"), !file.contains(".")
    else { return "" }
    let names = configuration.subcommands.compactMap { command in
      command.configuration.shouldDisplay ? command.configuration.commandName : nil
    }
    let near = names.map { ($0, editDistance(file, $0)) }.min { $0.1 < $1.1 }
    guard let (name, distance) = near, distance <= 2 else {
      return "; nor is it a command, see brolga help"
    }
    return "; did you mean brolga \(name)?"
  }

  /// Opens /dev/null in the place of each standard stream that is closed: else the next file to be
  /// opened would take the place, and be what a guest or we write to.
  private static func openStandardStreams() {
    for stream in STDIN_FILENO...STDERR_FILENO where fcntl(stream, F_GETFD) < 0 {
      // The lowest that is free: this one.
      _ = open("/dev/null", O_RDWR)
    }
  }
}

/// How many characters must be put in, left out or replaced to make one text of the other.
private func editDistance(_ a: String, _ b: String) -> Int {
  let b = Array(b)
  var row = Array(0...b.count)
  for (i, character) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for j in b.indices {
      let best = min(diagonal + (character == b[j] ? 0 : 1), row[j] + 1, row[j + 1] + 1)
      diagonal = row[j + 1]
      row[j + 1] = best
    }
  }
  return row[b.count]
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

  /// What the system says about the last call that failed.
  static func ofSystem(_ name: String) -> Failure {
    Failure("\(name): \(String(cString: strerror(errno)))")
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
  note("brolga: " + message + "\n")
}
