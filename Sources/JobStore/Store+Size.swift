extension StoreChange {
    /// Bytes of the encoded value; a removal has none.
    var encodedSize: Int { 0 }
}
