// SPDX-License-Identifier: Apache-2.0
// A thread with a large stack of its own, for running guests.

import Glibc

/// Runs `body` on a new thread with a stack of `stackBytes`, and waits for its end.
///
/// - Returns: false, with nothing run, if the system gives no such thread.
package func runOnThread(stackBytes: Int, _ body: () -> Void) -> Bool {
  withoutActuallyEscaping(body) { body in
    let job = Unmanaged.passRetained(ThreadJob(body))
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, stackBytes)
    defer { pthread_attr_destroy(&attributes) }
    var thread = pthread_t()
    let failure = pthread_create(
      &thread, &attributes,
      { argument in
        // Safe: the starting thread holds the job until this one has ended.
        let job = Unmanaged<ThreadJob>.fromOpaque(argument!).takeUnretainedValue()
        job.body()
        return nil
      }, job.toOpaque())
    if failure == 0 { pthread_join(thread, nil) }
    job.release()
    return failure == 0
  }
}

private final class ThreadJob {
  let body: () -> Void
  init(_ body: @escaping () -> Void) { self.body = body }
}
