// swift-tools-version: 6.2
import PackageDescription

// A compiler of its own that takes from Brolga the register allocator and nothing else. Elsewhere
// the dependency would be a URL and a version.
let package = Package(
  name: "ToyCompiler",
  dependencies: [.package(name: "Brolga", path: "../..")],
  targets: [
    .executableTarget(
      name: "ToyCompiler",
      dependencies: [.product(name: "RegisterAllocation", package: "Brolga")],
      path: "Sources")
  ]
)
