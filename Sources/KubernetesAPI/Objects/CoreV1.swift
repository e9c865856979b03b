/// The objects of the core group, version `v1`.
public enum CoreV1 {}
