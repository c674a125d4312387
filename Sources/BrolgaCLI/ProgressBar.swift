// SPDX-License-Identifier: Apache-2.0
// A bar that shows how far a long compilation has come.

import Brolga
import BrolgaCompiler
import Glibc
import Synchronization

/// Draws on standard error how far a compilation is, ten times a second after the first second.
final class ProgressBar: Sendable {
  let progress = CompilationProgress()
  private let state = Mutex((isFinished: false, isDrawn: false))

  private static let cellCount = 40

  private init() {}

  /// Starts watching. Nil unless standard error is a terminal.
  static func ifTerminal() -> ProgressBar? {
    guard isatty(STDERR_FILENO) == 1 else { return nil }
    let bar = ProgressBar()
    bar.startWatching()
    return bar
  }

  /// Takes the bar off the screen; nothing is drawn any more.
  func finish() {
    state.withLock { state in
      state.isFinished = true
      if state.isDrawn { note("\r\u{1b}[K") }
    }
  }

  /// A thread of its own, since all others compile. Nobody waits for its end.
  private func startWatching() {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(self)
    let failure = pthread_create(
      &thread, nil,
      { context in
        Unmanaged<ProgressBar>.fromOpaque(context!).takeRetainedValue().watch()
        return nil
      }, context.toOpaque())
    if failure == 0 { pthread_detach(thread) } else { context.release() }
  }

  private func watch() {
    usleep(1_000_000)
    while draw() { usleep(100_000) }
  }

  /// False once the compilation has ended.
  private func draw() -> Bool {
    state.withLock { state in
      if state.isFinished { return false }
      let total = max(progress.total.load(ordering: .relaxed), 1)
      let done = min(progress.done.load(ordering: .relaxed), total)
      let filled = Self.cellCount * done / total
      let bar =
        String(repeating: "#", count: filled)
        + String(repeating: "-", count: Self.cellCount - filled)
      note("\rcompiling [\(bar)] \(100 * done / total) %")
      state.isDrawn = true
      return true
    }
  }
}
