import Foundation
import IPVSFuzzing
import NIOHTTP1

@testable import KubernetesAPI

extension FuzzTarget {
    /// The bodies of a server's answers: lists, single objects and errors.
    static let apiObjects = FuzzTarget("api-objects") { bytes in
        try checkList(CoreV1.Service.self, bytes)
        try checkList(DiscoveryV1.EndpointSlice.self, bytes)
        try checkList(CoreV1.Node.self, bytes)
        try checkObject(CoreV1.Service.self, bytes)
        try checkObject(DiscoveryV1.EndpointSlice.self, bytes)
        try checkObject(CoreV1.Node.self, bytes)
        try checkError(bytes)
        // An answer that has no version is an error of its own.
        _ = try? JSONDecoder().decode(ServerVersion.self, from: Data(bytes))
    }
}

/// The body of an answer as a list.
private func page<Object: KubernetesObject>(_ type: Object.Type, _ bytes: [UInt8]) throws -> ObjectPage<Object>? {
    do throws(ObjectList<Object>.Malformed) {
        return try ObjectList<Object>.page(Data(bytes))
    } catch {
        try holdIsSentence(error.reason)
        return nil
    }
}

/// A list has a version, and whatever is in it has a name or a reason.
private func checkList<Object: KubernetesObject>(_ type: Object.Type, _ bytes: [UInt8]) throws {
    guard let page = try page(type, bytes) else { return }
    try hold(!page.resourceVersion.isEmpty, "a list has no version")
    try hold(page.continueToken != "", "a list has an empty token")
    try hold(page.objects.allSatisfy { !$0.metadata.name.isEmpty }, "an object has no name")
    for object in page.unreadable {
        try holdIsSentence(object.reason)
        try hold(object.name?.name != "" && !object.isDeleted, "an unreadable object: \(object)")
    }
}

/// An object is the same alone and in a list.
private func checkObject<Object: KubernetesObject>(_ type: Object.Type, _ bytes: [UInt8]) throws {
    // Other encodings than UTF-8 can't be in a list, and a mark of the encoding neither.
    guard bytes.first == UInt8(ascii: "{"), !bytes.contains(0) else { return }
    // What can't be decoded may not even be JSON, of which a list with it says something else.
    guard let object = try? JSONDecoder().decode(Object.self, from: Data(bytes)) else { return }
    let resource = Object.resource
    let start =
        "{\"kind\":\"\(resource.kind)List\",\"apiVersion\":\"\(resource.apiVersion)\","
        + "\"metadata\":{\"resourceVersion\":\"1\"},\"items\":["
    guard let page = try page(type, Array(start.utf8) + bytes + Array("]}".utf8)) else {
        // Foundation reads no more than 512 levels, of which a list has two more.
        let levels = bytes.count { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }
        return try hold(levels >= 510, "an object that can be read makes a list unreadable")
    }
    try hold(page.objects.count + page.unreadable.count == 1, "a list of one object has another number of them")
    try hold(
        page.objects == (object.metadata.name.isEmpty ? [] : [object]),
        "\(page.objects) in a list, but \(object) alone"
    )
}

/// An error is a sentence, and has a time to wait that the client accepts.
private func checkError(_ bytes: [UInt8]) throws {
    let request = APIRequest(list: CoreV1.Service.self, ListOptions())
    var errors = [APIError(request, .tooManyRequests, HTTPHeaders(), body: Data(bytes))]
    // Most inputs are no status.
    if let status = try? JSONDecoder().decode(Status.self, from: Data(bytes)) {
        errors.append(APIError(request, status))
    }
    for error in errors {
        try holdIsSentence(error.message)
        guard let time = error.retryAfter else { continue }
        try hold((.zero ... .seconds(86_400)).contains(time), "the client would wait for \(time)")
    }
}
