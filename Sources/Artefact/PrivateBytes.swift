// SPDX-License-Identifier: Apache-2.0
// Files in memory that nobody else can change.

import BrolgaCRuntime
import Glibc

/// Bytes in pages of this process alone.
///
/// A mapped file would be cheaper and is no place for code: whoever may write the file, a guest
/// perhaps, changes what is mapped after it has been checked, and ends the process by cutting the
/// file short.
package final class PrivateBytes: @unchecked Sendable {
  /// Aligned to a page; zeros follow to the end of the last page.
  package let bytes: UnsafeMutableRawBufferPointer
  private let mappedBytes: Int

  /// The most that a file may hold: no module and no artefact comes near.
  private static let maximumFileBytes = 1 << 32

  /// Zeros.
  package init(byteCount: Int) throws(ArtefactError) {
    mappedBytes = max(byteCount, 1)
    guard let pages = map(mappedBytes) else { throw .noMemory(errno) }
    bytes = UnsafeMutableRawBufferPointer(start: pages, count: byteCount)
  }

  /// What a file, a device or a pipe holds.
  package convenience init(path: String) throws(ArtefactError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .cannotRead(path: path, errno) }
    defer { close(descriptor) }
    try self.init(reading: descriptor, path: path)
  }

  /// - Parameter path: for messages.
  package init(reading descriptor: Int32, path: String) throws(ArtefactError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .cannotRead(path: path, errno) }
    let isFile = status.st_mode & S_IFMT == S_IFREG
    let size = isFile ? Int(status.st_size) : 0
    guard size <= Self.maximumFileBytes else { throw .cannotRead(path: path, EFBIG) }
    // One byte more, for the read that finds the end.
    var capacity = size > 0 ? size + 1 : 1 << 16
    // The pages of the whole file at once cost less than a page fault for each.
    guard var pages = map(capacity, MAP_POPULATE) else { throw .cannotRead(path: path, errno) }
    var count = 0
    while true {
      let got = read(descriptor, pages + count, capacity - count)
      if got < 0 && errno == EINTR { continue }
      if got == 0 { break }
      count += max(got, 0)
      var problem = got < 0 ? errno : count > Self.maximumFileBytes ? EFBIG : 0
      if problem == 0, count == capacity {
        if let more = brolga_move_pages(pages, capacity, capacity * 2, nil) {
          pages = more
          capacity *= 2
        } else {
          problem = errno
        }
      }
      if problem != 0 {
        munmap(pages, capacity)
        throw .cannotRead(path: path, problem)
      }
    }
    if brolga_move_pages(pages, capacity, max(count, 1), nil) != nil { capacity = max(count, 1) }
    if isFile, ArtefactFormat.isELF(UnsafeRawBufferPointer(start: pages, count: count)) {
      pages = executable(pages, capacity, under: descriptor) ?? pages
    }
    bytes = UnsafeMutableRawBufferPointer(start: pages, count: count)
    mappedBytes = capacity
  }

  deinit { munmap(bytes.baseAddress, mappedBytes) }

  /// Makes everything readable only, from `textOffset` (a page's start) on executable.
  package func seal(executableFrom textOffset: Int) throws(ArtefactError) {
    let base = bytes.baseAddress!
    guard mprotect(base, textOffset, PROT_READ) == 0 else { throw .noMemory(errno) }
    if textOffset >= mappedBytes { return }
    let text = mprotect(base + textOffset, mappedBytes - textOffset, PROT_READ | PROT_EXEC)
    guard text == 0 else { throw .noMemory(errno) }
  }
}

/// Pages of zeros.
private func map(_ byteCount: Int, _ more: Int32 = 0) -> UnsafeMutableRawPointer? {
  let flags = MAP_PRIVATE | MAP_ANONYMOUS | more
  let pages = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0)
  return pages == MAP_FAILED ? nil : pages
}

/// Makes pages executable and moves them to where their file was mapped for a moment: profilers
/// hear of executable mappings, but not of a move, and so know the code by the symbols of the file.
/// Nil where that cannot be had, which matters to profilers only.
private func executable(
  _ pages: UnsafeMutableRawPointer, _ byteCount: Int, under descriptor: Int32
) -> UnsafeMutableRawPointer? {
  let place = mmap(nil, byteCount, PROT_READ | PROT_EXEC, MAP_PRIVATE, descriptor, 0)
  guard let place, place != MAP_FAILED else { return nil }
  // Before the move, since profilers hear of this as well.
  if mprotect(pages, byteCount, PROT_READ | PROT_EXEC) == 0,
    let moved = brolga_move_pages(pages, byteCount, byteCount, place)
  {
    return moved
  }
  munmap(place, byteCount)
  return nil
}
