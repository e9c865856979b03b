internal import Dispatch

/// A serial dispatch queue that blocks on the kernel, so that no thread of the cooperative pool, on which all tasks of the
/// program run, has to wait.
final class KernelQueue: SerialExecutor {
    private let queue = DispatchQueue(label: "IPVSProxy")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
