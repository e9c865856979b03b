import Testing

@testable import ipvs_proxy

/// The reader of manifests and the reader of an API server's objects agree.
@Suite struct ReaderDifferences {
    @Test(arguments: ["kubectl.yaml", "kubectl.json"])
    func whatKubectlPrints(name: String) throws {
        var readers = BothReaders()
        readers.compare(KubernetesJSON.objects(in: try Sample.fixture(name), isJSON: name.hasSuffix(".json")))
        #expect(readers.differences == [])
        #expect(readers.undecoded == [])
        #expect(readers.acceptedCount > 1)
        #expect(readers.refusedCount == 0)
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func randomObjects(seed: UInt64) {
        var objects = RandomObjects(seed: seed)
        var readers = BothReaders(node: NodeIdentity(name: "node-a", zone: seed.isMultiple(of: 2) ? "zone-a" : nil))
        for _ in 0..<150 {
            readers.compare(KubernetesJSON.objects(in: objects.serviceWithSlices(), isJSON: true))
        }
        #expect(readers.differences.prefix(3) == [])
        #expect(readers.undecoded.prefix(3) == [])
        #expect(readers.acceptedCount > 50)
        #expect(readers.refusedCount > 20)
    }
}

/// Expects that both readers agree on the objects of a manifest.
func expectAgreement(on manifest: String, isJSON: Bool, sourceLocation: SourceLocation = #_sourceLocation) {
    // Lists of thousands of objects are more of the same.
    guard manifest.utf8.count < 50_000 else { return }
    var readers = BothReaders()
    readers.compare(KubernetesJSON.objects(in: manifest, isJSON: isJSON))
    #expect(readers.differences == [], sourceLocation: sourceLocation)
}
