import API
import Testing

@testable import Inspection

@Suite struct SocketTableTests {
    @Test(arguments: [
        ("0100007F:1F90", "127.0.0.1:8080"), ("00000000:0000", "0.0.0.0:0"), ("00000000000000000000000001000000:0016", "[::1]:22"),
        ("00000000000000000000000000000000:0050", "[::]:80"), ("0000000000000000FFFF00000100007F:0001", "[::ffff:127.0.0.1]:1"),
        ("B80D01200000000000000000050000FE:0001", "[2001:db8::fe00:5]:1"),
    ])
    func addressesAreReadAsTheKernelWritesThem(text: Substring, address: String) { #expect(SocketTable.address(text) == address) }

    @Test(arguments: ["", ":", "0100007F", "0100007F:", "0100007F:1F901", "01:1", "XX00007F:1F90", "0100007F0100007F:1"])
    func othersAreNone(text: Substring) { #expect(SocketTable.address(text) == nil) }

    @Test func everyTableNamesItsSockets() {
        var table = SocketTable()
        table.take("head\n   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 81 1 0 100 0\n", "tcp")
        table.take("head\n0000000000000000: 00000002 00000000 00010000 0001 01 82 /run/a b\n0: 0 0 0 0002 03 81 /forged\n", "unix")
        table.take("head\n0000000000000000 0   4391  00000000 0 0 0 2 0 83\n", "netlink")
        #expect(table.sockets[81] == InspectedSocket(kind: "tcp", local: "127.0.0.1:8080", state: "LISTEN"))
        #expect(table.sockets[82] == InspectedSocket(kind: "unix", local: "/run/a b", state: "LISTEN"))
        #expect(table.sockets[83] == InspectedSocket(kind: "netlink"))
        #expect(table.sockets.count == 3)
    }
}
