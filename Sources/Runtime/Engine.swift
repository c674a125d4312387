// SPDX-License-Identifier: Apache-2.0
// What all stores of an embedder share: the limits.

/// Bounds for the guests of an engine.
public struct EngineConfiguration: Sendable, Hashable {
  /// Bytes of native stack that a guest may use between its entry and a stack overflow trap.
  ///
  /// Guests run on the calling thread's stack. On a thread whose stack is smaller they get what
  /// is left of it, less `hostStackBytes`.
  public var maximumStackBytes = 1 << 20
  /// Bytes kept free below a guest for the host functions it calls.
  public var hostStackBytes = 256 << 10
  /// Bytes that the memories of one store may have together.
  public var maximumMemoryBytes = UInt64.max
  /// Elements that one table may have.
  public var maximumTableElements = 10_000_000

  public init() {}

  public init(stackSize: Int) { maximumStackBytes = stackSize }
}

/// An immutable configuration, shared by the modules and stores made with it.
public final class Engine: Sendable {
  public let configuration: EngineConfiguration

  public init(configuration: EngineConfiguration = EngineConfiguration()) {
    self.configuration = configuration
  }
}
