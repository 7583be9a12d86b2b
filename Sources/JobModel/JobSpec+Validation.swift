extension JobSpec {
    /// Checks every range and relation of the JSON form by field path. Pure; knows neither queue nor machine.
    public func validate() throws(SpecError) {
    }
}
