import KubernetesAPI
import NIOConcurrencyHelpers

/// A server whose answers to lists and watches are scripted. Once the script has ended, a watch stays open and silent.
final class ScriptedSource: ObjectSource {
    /// What is answered to one request.
    enum Answer: Sendable {
        case page([Sample], version: String, continueToken: String? = nil, unreadable: [UnreadableObject] = [])
        case watch([WatchEvent<Sample>], end: End = .clean)
        case failure(APIError)
    }

    /// How a watch ends.
    enum End: Sendable {
        case clean
        case failure(APIError)
        case silence
    }

    /// A request that was made.
    enum Request: Hashable, Sendable {
        case list(continueToken: String?)
        case watch(from: String)
        case stream
    }

    private struct State {
        var answers: [Answer]
        var requests: [Request] = []
    }

    private let state: NIOLockedValueBox<State>

    init(_ answers: [Answer]) { state = NIOLockedValueBox(State(answers: answers)) }

    var requests: [Request] { state.withLockedValue(\.requests) }

    private func answer(to request: Request) -> Answer {
        state.withLockedValue { state in
            state.requests.append(request)
            return state.answers.isEmpty ? .watch([], end: .silence) : state.answers.removeFirst()
        }
    }

    func list<Object: KubernetesObject>(
        _ type: Object.Type,
        _ options: ListOptions
    ) async throws(APIError) -> ObjectPage<Object> {
        switch answer(to: .list(continueToken: options.continueToken)) {
        case .page(let objects, let version, let token, let unreadable):
            return ObjectPage(
                objects: objects.compactMap { $0 as? Object },
                unreadable: unreadable,
                resourceVersion: version,
                continueToken: token
            )
        case .failure(let error): throw error
        case .watch: throw APIError(.serverFailure, "the script has no list here")
        }
    }

    func watch<Object: KubernetesObject>(
        _ type: Object.Type,
        _ options: WatchOptions
    ) async throws(APIError) -> WatchEvents<Object> {
        let request: Request = options.sendsInitialEvents ? .stream : .watch(from: options.resourceVersion)
        switch answer(to: request) {
        case .watch(let events, let end):
            let rest = NIOLockedValueBox(events[...])
            return WatchEvents { () async throws(APIError) in
                if let event = rest.withLockedValue({ $0.popFirst() }) { return event as? WatchEvent<Object> }
                switch end {
                case .clean: return nil
                case .failure(let error): throw error
                case .silence:
                    while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
                    throw APIError(.cancelled, "cancelled")
                }
            }
        case .failure(let error): throw error
        case .page: throw APIError(.serverFailure, "the script has no watch here")
        }
    }
}

/// An object with one field.
struct Sample: KubernetesObject {
    static let resource = Resource(version: "v1", plural: "samples", kind: "Sample")

    var metadata: ObjectMeta
    var value = 0

    init(_ name: String, _ value: Int = 0, version: String = "1") {
        metadata = ObjectMeta(name: name, namespace: "default", resourceVersion: version)
        self.value = value
    }
}
