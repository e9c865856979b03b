internal import Dispatch

/// Where the kernel's work is waited for: a queue with a thread of its own, so that the threads on which all tasks of the
/// program run are not kept waiting.
final class KernelQueue: SerialExecutor {
    private let queue = DispatchQueue(label: "IPVSProxy")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
