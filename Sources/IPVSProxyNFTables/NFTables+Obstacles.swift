public import IPVSProxy

extension NFTables {
    /// What rules of others do to the proxier's connections; see `PacketFilter`.
    public func obstacles() throws(PacketFilterError) -> [PacketObstacle] { [] }
}
