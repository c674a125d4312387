// SPDX-License-Identifier: Apache-2.0
// No path leads out of a preopened folder.

import BrolgaWASI
import Foundation
import Testing

/// `outer/secret`, and the folder `outer/inner` that the guest is given.
private struct Sandbox {
  let outer = TemporaryFolder()
  let guest: WASIGuest

  init() throws {
    outer.makeFolder("inner")
    outer.makeFolder("inner/sub")
    outer.makeFolder("inner/sub/deep")
    outer.write("secret", "secret")
    outer.write("inner/file", "inside")
    outer.write("inner/sub/leaf", "leaf")
    guest = try WASIGuest(folders: [Preopen(host: outer.path + "/inner", guest: ".")])
  }

  func link(_ name: String, to target: String) { outer.makeLink("inner/" + name, to: target) }

  /// What opening `path` answers, through a descriptor that is closed again.
  func open(
    _ path: String, follow: Bool = true, flags: UInt64 = 0, rights: Rights = .belowFolder
  ) -> Errno {
    let failure = guest.open(path, follow: follow, flags: flags, rights: rights)
    if failure == .success {
      #expect(guest.call(.fd_close, UInt64(guest.word(Address.result))) == .success)
    }
    return failure
  }

  /// What the functions that change entries answer for `path`, each once.
  func change(_ path: String) -> [Errno] {
    let count = guest.put(path)
    let target = guest.put("new-name", at: Address.secondPath)
    return [
      guest.call(.path_create_directory, 3, Address.path, count),
      guest.call(.path_remove_directory, 3, Address.path, count),
      guest.call(.path_unlink_file, 3, Address.path, count),
      guest.call(.path_rename, 3, Address.path, count, 3, Address.secondPath, target),
      guest.call(.path_rename, 3, Address.secondPath, target, 3, Address.path, count),
      guest.call(.path_link, 3, 0, Address.path, count, 3, Address.secondPath, target),
      guest.call(.path_symlink, Address.secondPath, target, 3, Address.path, count),
    ]
  }
}

private let create: UInt64 = 1
private let directory: UInt64 = 2
private let exclusive: UInt64 = 4

@Test(arguments: [
  "..", "../", "../secret", "sub/../../secret", "sub/deep/../../../secret", "./../secret",
  "sub/../..", "/", "/etc/passwd", "//etc/passwd", "../inner/file",
])
func aPathThatLeadsOutIsRefusedByEveryFunction(path: String) throws {
  let sandbox = try Sandbox()
  #expect(sandbox.open(path) == .perm)
  #expect(sandbox.open(path, follow: false) == .perm)
  #expect(sandbox.open(path, flags: create) == .perm)
  #expect(sandbox.open(path, flags: directory) == .perm)
  let guest = sandbox.guest
  let count = guest.put(path)
  for follow: UInt64 in [0, 1] {
    #expect(
      guest.call(.path_filestat_get, 3, follow, Address.path, count, Address.data) == .perm)
    #expect(
      guest.call(.path_filestat_set_times, 3, follow, Address.path, count, 0, 0, 2) == .perm)
  }
  #expect(guest.call(.path_readlink, 3, Address.path, count, Address.data, 100, 0) == .perm)
  let changes = sandbox.change(path)
  // The fifth renames something that does not exist to the path; either answer is a refusal.
  #expect(changes.allSatisfy { $0 == .perm }, "\(changes)")
  #expect(sandbox.outer.read("secret") == "secret")
}

@Test(arguments: [
  "file", "./file", ".//file", "sub/../file", "sub/deep/../../file", "sub/./deep/./../../file",
])
func aPathThatStaysInsideOpens(path: String) throws {
  let sandbox = try Sandbox()
  #expect(sandbox.open(path) == .success)
  #expect(sandbox.open(path, follow: false) == .success)
}

@Test func aLinkThatLeadsOutIsRefused() throws {
  let sandbox = try Sandbox()
  sandbox.link("up", to: "..")
  sandbox.link("out", to: "../secret")
  sandbox.link("absolute", to: "/etc/passwd")
  sandbox.link("root", to: "/")
  sandbox.link("sub/roundabout", to: "../sub/../../secret")
  sandbox.link("first", to: "second")
  sandbox.link("second", to: "sub/third")
  sandbox.link("sub/third", to: "../up/secret")
  for path in [
    "up", "up/secret", "out", "absolute", "root", "root/etc/passwd", "sub/roundabout", "first",
    "sub/../first", "up/inner/file", "second/", "out/",
  ] {
    #expect(sandbox.open(path) == .perm, "\(path)")
    #expect(sandbox.open(path, flags: create) == .perm, "\(path)")
    #expect(sandbox.open(path, flags: directory) == .perm, "\(path)")
  }
  // Without following, the link itself is what cannot be opened.
  #expect(sandbox.open("out", follow: false) == .loop)
  #expect(sandbox.open("up", follow: false, flags: directory) == .notdir)
  #expect(sandbox.open("up/", follow: false) == .perm)
  #expect(sandbox.change("up/new").allSatisfy { $0 == .perm })
  #expect(sandbox.outer.read("secret") == "secret")
}

@Test func aLinkThatStaysInsideIsFollowed() throws {
  let sandbox = try Sandbox()
  sandbox.link("near", to: "file")
  sandbox.link("chain", to: "sub/back")
  sandbox.link("sub/back", to: "../near")
  sandbox.link("folder", to: "sub/deep/..")
  sandbox.link("slash", to: "sub/")
  for path in ["near", "chain", "folder/leaf", "folder/back", "slash/leaf"] {
    #expect(sandbox.open(path) == .success, "\(path)")
  }
  #expect(sandbox.open("folder", flags: directory, rights: .fdRead) == .success)
  #expect(sandbox.open("slash", rights: .fdRead) == .success)
  #expect(sandbox.open("near/") == .notdir)
  #expect(sandbox.open("file/.") == .notdir)
}

@Test func aLoopOfLinksEnds() throws {
  let sandbox = try Sandbox()
  sandbox.link("self", to: "self")
  sandbox.link("a", to: "b/x")
  sandbox.link("b", to: "a/y")
  sandbox.link("grow", to: "grow/grow/grow")
  for path in ["self", "self/x", "a", "b", "grow", "grow/x"] {
    #expect(sandbox.open(path) == .loop, "\(path)")
  }
  // Forty are followed, as by the kernel; one more is not.
  sandbox.link("l0", to: "file")
  for index in 1...40 { sandbox.link("l\(index)", to: "l\(index - 1)") }
  #expect(sandbox.open("l39") == .success)
  #expect(sandbox.open("l40") == .loop)
}

@Test func aDanglingLinkNamesWhatItPointsTo() throws {
  let sandbox = try Sandbox()
  sandbox.link("dangling", to: "sub/new")
  sandbox.link("escaping", to: "../new")
  #expect(sandbox.open("dangling") == .noent)
  #expect(sandbox.open("dangling", flags: create | exclusive) == .exist)
  #expect(sandbox.open("dangling", flags: create) == .success)
  #expect(sandbox.outer.read("inner/sub/new") == "")
  #expect(sandbox.open("escaping", flags: create) == .perm)
  #expect(sandbox.open("escaping", flags: create | exclusive) == .exist)
  #expect(sandbox.outer.read("new") == nil)
}

@Test func pathsThatAreNoPathsAreRefused() throws {
  let sandbox = try Sandbox()
  let guest = sandbox.guest
  #expect(sandbox.open("") == .noent)
  #expect(sandbox.open("file\0/etc") == .inval)
  #expect(sandbox.open("missing") == .noent)
  #expect(sandbox.open("missing/file") == .noent)
  #expect(sandbox.open("file/x") == .notdir)
  #expect(sandbox.open(String(repeating: "a", count: 300)) == .nametoolong)
  #expect(sandbox.open(String(repeating: "a/", count: 3000)) == .nametoolong)
  #expect(sandbox.open("sub", flags: create | directory) == .inval)
  #expect(sandbox.open("file", flags: 16) == .inval)
  #expect(
    guest.call(.path_open, 3, 1, Address.end - 1, 2, 0, 0, 0, 0, Address.result) == .fault)
  #expect(guest.open("x", below: 9) == .badf)
  #expect(guest.open("x", below: 0) == .notdir)
}

@Test func entriesAreTakenAsTheyAre() throws {
  let sandbox = try Sandbox()
  let guest = sandbox.guest
  sandbox.link("out", to: "../secret")
  var count = guest.put("out")
  #expect(guest.call(.path_unlink_file, 3, Address.path, count) == .success)
  #expect(sandbox.outer.read("secret") == "secret")

  count = guest.put("made/")
  #expect(guest.call(.path_create_directory, 3, Address.path, count) == .success)
  #expect(guest.call(.path_create_directory, 3, Address.path, count) == .exist)
  #expect(guest.call(.path_remove_directory, 3, Address.path, count) == .success)
  count = guest.put("sub")
  #expect(guest.call(.path_remove_directory, 3, Address.path, count) == .notempty)

  count = guest.put("file")
  var target = guest.put("sub/moved", at: Address.secondPath)
  let rename = { guest.call(.path_rename, 3, Address.path, count, 3, Address.secondPath, target) }
  #expect(rename() == .success)
  #expect(rename() == .noent)
  #expect(sandbox.outer.read("inner/sub/moved") == "inside")
  count = guest.put("sub/moved")
  target = guest.put("second", at: Address.secondPath)
  #expect(
    guest.call(.path_link, 3, 0, Address.path, count, 3, Address.secondPath, target) == .success)
  #expect(sandbox.outer.read("inner/second") == "inside")
}

@Test func linksAreMadeAndReadButNotAbsoluteOnes() throws {
  let sandbox = try Sandbox()
  let guest = sandbox.guest
  let count = guest.put("link")
  let symlink = { (contents: String) in
    guest.call(
      .path_symlink, Address.secondPath, guest.put(contents, at: Address.secondPath), 3,
      Address.path, count)
  }
  #expect(symlink("/etc/passwd") == .perm)
  #expect(symlink("file") == .success)
  #expect(symlink("file") == .exist)
  #expect(
    guest.call(.path_readlink, 3, Address.path, count, Address.data, 3, Address.result)
      == .success)
  #expect(guest.word(Address.result) == 3)
  #expect(guest.text(at: Address.data, count: 3) == "fil")
  let file = guest.put("file")
  #expect(
    guest.call(.path_readlink, 3, Address.path, file, Address.data, 9, Address.result) == .inval)
}

@Test func deepPathsAreWalkedDownAndUp() throws {
  let sandbox = try Sandbox()
  let depth = 3 * 32 + 5
  for level in 1...depth {
    sandbox.outer.makeFolder("inner/" + repeatElement("d", count: level).joined(separator: "/"))
  }
  let down = String(repeating: "d/", count: depth)
  sandbox.outer.write("inner/" + down + "bottom", "")
  sandbox.outer.write("inner/" + String(repeating: "d/", count: 10) + "ten", "")
  sandbox.link("deep", to: down)
  for path in [
    down + "bottom", down + String(repeating: "../", count: depth) + "file",
    down + String(repeating: "../", count: depth - 10) + "ten",
    down + String(repeating: "../d/", count: 100) + "bottom",
    down + String(repeating: "../", count: 70) + String(repeating: "d/", count: 70) + "bottom",
    "deep/" + String(repeating: "../", count: depth) + "deep/bottom",
  ] {
    #expect(sandbox.open(path) == .success, "\(path)")
  }
  for path in [down, "deep/"] {
    #expect(sandbox.open(path + String(repeating: "../", count: depth + 1) + "secret") == .perm)
    #expect(sandbox.open(path + "../bottom") == .noent)
  }
  #expect(sandbox.outer.openDescriptors.count == 1)
}

@Test func linksLeadNoDeeperThanAPathHasRoomFor() throws {
  let sandbox = try Sandbox()
  let below = sandbox.outer.path + "/inner"
  // Too deep for what removes the folder at the end, which goes by whole paths.
  defer {
    _ = try? Process.run(URL(filePath: "/bin/rm"), arguments: ["-rf", below]).waitUntilExit()
  }
  var folder = Glibc.open(below, O_RDONLY)
  let step = String(repeating: "d/", count: 500)
  for depth in 0..<2060 {
    if depth % 500 == 0 { #expect(symlinkat(step, folder, "more") == 0) }
    #expect(mkdirat(folder, "d", 0o755) == 0)
    let next = openat(folder, "d", O_RDONLY, 0)
    close(folder)
    folder = next
  }
  close(folder)
  let deep = { String(repeating: "more/", count: 4) + String(repeating: "d/", count: $0) }
  #expect(sandbox.open(deep(48), rights: .fdRead) == .success)
  #expect(sandbox.open(deep(49) + ".", rights: .fdRead) == .nametoolong)
  // Only where the way up comes to has a link of this name.
  let up = String(repeating: "../", count: 1048)
  #expect(sandbox.open(deep(48) + up + "more", rights: .fdRead) == .success)
  #expect(sandbox.open(deep(48) + up + "../more", rights: .fdRead) == .noent)
}

@Test func walksLeaveNoDescriptorOpen() throws {
  let sandbox = try Sandbox()
  sandbox.link("self", to: "sub/../self")
  for _ in 0..<20 {
    for path in ["sub/deep/../leaf", "sub/deep/missing", "sub/deep/../../../x", "self", "sub/"] {
      _ = sandbox.open(path)
    }
  }
  #expect(sandbox.outer.openDescriptors.count == 1)
}
