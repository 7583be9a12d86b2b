package import JobModel

extension ResourceDemand: Packable {
    package func pack(into packer: inout Packer) {
        packer.signed(1, Int64(cores))
        packer.signed(2, Int64(cpuMillis))
        packer.number(3, memory.count)
        packer.number(4, swap.count)
        packer.signed(5, Int64(pids))
        packer.number(6, scratch.count)
        packer.signed(7, scratchInodes.map { Int64($0) })
        packer.text(8, scratchKind.rawValue)
        for pages in hugePages ?? [] { packer.nested(11, pages) }
        for (name, request) in named.sorted(by: { $0.key < $1.key }) {
            switch request {
            case .instances(let instances): packer.nested(9, PackedNames(name: name, instances: instances))
            case .count(let count): packer.nested(10, PackedNames(name: name, instances: ["\(count)"]))
            }
        }
    }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        self.init(cores: 0, memory: .zero)
        while let field = try fields.next() {
            switch field.number {
            case 1: cores = Int(field.signed)
            case 2: cpuMillis = Int(field.signed)
            case 3: memory = Bytes(field.value)
            case 4: swap = Bytes(field.value)
            case 5: pids = Int(field.signed)
            case 6: scratch = Bytes(field.value)
            case 7: scratchInodes = Int(field.signed)
            case 8: scratchKind = try field.name()
            case 9:
                let entry = try field.nested(PackedNames.self)
                named[entry.name] = .instances(entry.instances)
            case 10:
                let entry = try field.nested(PackedNames.self)
                named[entry.name] = .count(try required(entry.instances.first.flatMap { Int($0) }, "the count"))
            case 11: hugePages = (hugePages ?? []) + [try field.nested()]
            default: break
            }
        }
    }
}

extension HugePages: Packable {
    package func pack(into packer: inout Packer) {
        packer.number(1, size.count)
        packer.number(2, bytes.count)
    }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        self.init(size: .zero, bytes: .zero)
        while let field = try fields.next() {
            switch field.number {
            case 1: size = Bytes(field.value)
            case 2: bytes = Bytes(field.value)
            default: break
            }
        }
    }
}
