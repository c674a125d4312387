// SPDX-License-Identifier: Apache-2.0
// A headless browser, driven through the pipe of its DevTools protocol.

import Foundation
import Testing

/// The page that is open in a Chromium of its own.
final class Browser {
  /// Where Chromium is; nil if it is not installed.
  static let path: String? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    for name in ["chromium", "chromium-browser", "google-chrome"] {
      for folder in folders where access("\(folder)/\(name)", X_OK) == 0 {
        return "\(folder)/\(name)"
      }
    }
    return nil
  }()

  private let process: pid_t
  private let commands: Int32
  private let replies: Int32
  private let profile = TemporaryFolder()
  private var received = Data()
  private var lastID = 0
  private var session: String?
  /// Names of events since the last navigation, and the texts of uncaught errors.
  private var events: [String] = []
  private(set) var uncaught: [String] = []

  struct Failure: Error { let reason: String }

  init() throws {
    (process, commands, replies) = try Browser.launch(profile: profile.path)
    let target = try call("Target.createTarget", ["url": "about:blank"])
    let attached = try call(
      "Target.attachToTarget", ["targetId": target["targetId"]!, "flatten": true])
    session = attached["sessionId"] as? String
    try call("Page.enable")
    try call("Runtime.enable")
    try call(
      "Emulation.setDeviceMetricsOverride",
      ["width": 1500, "height": 900, "deviceScaleFactor": 1, "mobile": false])
  }

  deinit {
    kill(process, SIGKILL)
    var status: Int32 = 0
    waitpid(process, &status, 0)
    close(commands)
    close(replies)
  }

  /// The browser reads commands from its descriptor 3 and writes replies to 4.
  private static func launch(profile: String) throws -> (pid_t, Int32, Int32) {
    var ends: [Int32] = []
    for _ in 0..<2 {
      var pair: [Int32] = [0, 0]
      try #require(pipe(&pair) == 0)
      // Out of the way of 3 and 4, and not inherited as they are.
      for end in pair {
        ends.append(fcntl(end, F_DUPFD_CLOEXEC, 10))
        close(end)
      }
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[0], 3)
    posix_spawn_file_actions_adddup2(&actions, ends[3], 4)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    let arguments = [
      path!, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
      "--remote-debugging-pipe", "--user-data-dir=\(profile)", "about:blank",
    ]
    var pointers = arguments.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    var process = pid_t()
    try #require(posix_spawn(&process, path!, &actions, nil, &pointers, environ) == 0)
    close(ends[0])
    close(ends[3])
    return (process, ends[1], ends[2])
  }

  // MARK: The protocol

  @discardableResult
  func call(_ method: String, _ parameters: [String: Any] = [:]) throws -> [String: Any] {
    lastID += 1
    var command: [String: Any] = ["id": lastID, "method": method, "params": parameters]
    if let session { command["sessionId"] = session }
    let bytes = try JSONSerialization.data(withJSONObject: command) + [0]
    let written = bytes.withUnsafeBytes { write(commands, $0.baseAddress, $0.count) }
    guard written == bytes.count else { throw Failure(reason: "\(method): cannot be sent") }
    while true {
      let message = try nextMessage()
      if message["id"] as? Int == lastID {
        if let error = message["error"] { throw Failure(reason: "\(method): \(error)") }
        return message["result"] as? [String: Any] ?? [:]
      }
      note(message)
    }
  }

  private func note(_ message: [String: Any]) {
    guard let name = message["method"] as? String else { return }
    events.append(name)
    if name == "Runtime.exceptionThrown" { uncaught.append("\(message["params"] ?? "")") }
  }

  private func nextMessage() throws -> [String: Any] {
    while true {
      if let end = received.firstIndex(of: 0) {
        let message = received[..<end]
        received = Data(received[(end + 1)...])
        return try JSONSerialization.jsonObject(with: message) as? [String: Any] ?? [:]
      }
      var wait = pollfd(fd: replies, events: Int16(POLLIN), revents: 0)
      guard poll(&wait, 1, 60_000) == 1 else { throw Failure(reason: "no answer in a minute") }
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      let count = read(replies, &chunk, chunk.count)
      guard count > 0 else { throw Failure(reason: "the browser has gone") }
      received.append(contentsOf: chunk[..<count])
    }
  }

  // MARK: What a person does

  func open(_ address: String) throws {
    for address in ["about:blank", address] {
      events = []
      try call("Page.navigate", ["url": address])
      while !events.contains("Page.loadEventFired") { note(try nextMessage()) }
    }
    try awaitFrame()
  }

  /// The value of an expression, or of what it promises.
  func evaluate(_ expression: String) throws -> Any? {
    let answer = try call(
      "Runtime.evaluate",
      ["expression": expression, "returnByValue": true, "awaitPromise": true])
    if let details = answer["exceptionDetails"] { throw Failure(reason: "\(details)") }
    return (answer["result"] as? [String: Any])?["value"]
  }

  func number(_ expression: String) throws -> Double {
    try #require(evaluate(expression) as? NSNumber, "\(expression)").doubleValue
  }
  func text(_ expression: String) throws -> String {
    try #require(evaluate(expression) as? String, "\(expression)")
  }

  func awaitFrame() throws {
    _ = try evaluate(
      "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")
  }

  func move(x: Double, y: Double) throws {
    try call("Input.dispatchMouseEvent", ["type": "mouseMoved", "x": x, "y": y])
    try awaitFrame()
  }

  func click(x: Double, y: Double) throws {
    for type in ["mousePressed", "mouseReleased"] {
      try call(
        "Input.dispatchMouseEvent",
        ["type": type, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1])
    }
    try awaitFrame()
  }

  func press(_ key: String) throws {
    for type in ["keyDown", "keyUp"] {
      var event: [String: Any] = ["type": type, "key": key]
      if type == "keyDown", key.count == 1 { event["text"] = key }
      try call("Input.dispatchKeyEvent", event)
    }
    try awaitFrame()
  }

  func type(_ text: String) throws {
    try call("Input.insertText", ["text": text])
    try awaitFrame()
  }
}
