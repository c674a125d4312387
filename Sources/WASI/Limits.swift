// SPDX-License-Identifier: Apache-2.0
// Bounds on what one call of a guest can make the host do.

enum Limits {
  /// Bytes of a path; Linux's own bound, its terminating zero included.
  static let pathBytes = 4096
  /// Symbolic links followed while one path is resolved; Linux's own bound.
  static let symbolicLinks = 40
  /// Folders that one walk along a path can be in, one below the other: as many as a path has room
  /// for. Only links of great length lead deeper.
  static let depth = pathBytes / 2
  /// Folders that a walk holds open at once, the innermost ones.
  static let openFolders = 32
  /// Entries of one open folder whose positions are kept, 8 bytes each: at most 1 MiB. Behind
  /// them the file system's own positions are the guest's cookies.
  static let folderPositions = 1 << 17
  /// Buffers of one scattered read or write; Linux's own bound. More make a short transfer.
  static let vectors = 1024
  /// Subscriptions of one `poll_oneoff`, so that its working memory stays below 1 MiB.
  static let subscriptions = 8192
}
