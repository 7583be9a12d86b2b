"""Reports over a ledger of 1,000,000 attempts: records of two that ran, told again with other ids, owners, batches, times and figures."""

import os
import random
import sqlite3
import time

import berth_client
import debian
from berth_rows import spec, submit
from rows import Gate, row

COUNT = 1_000_000
# Numbers of fields in `LedgerAttempt+Packing.swift`, and of the id's within them.
ID, OWNER, OWNER_NAME, BATCH, STARTED, ENDED, QUEUED, RAN, USAGE = 1, 2, 3, 5, 13, 14, 15, 16, 19
JOB, SLOT = 1, 2
# Of the usage: counts that differ from run to run.
CPU_USER, CPU_SYSTEM, MEMORY_PEAK, READ, WRITTEN = 1, 2, 5, 8, 9


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def unpacked(body):
    """The fields of a packed value: numbers, or bytes."""
    fields, at = {}, 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = body[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(body):
        tag, value = number(), number()
        if tag & 1:
            fields[tag >> 1] = body[at : at + value]
            at += value
        else:
            fields[tag >> 1] = value
    return fields


def packed(fields):
    parts = []
    for number in sorted(fields):
        value = fields[number]
        if isinstance(value, bytes):
            parts += [varint(number << 1 | 1), varint(len(value)), value]
        else:
            parts += [varint(number << 1), varint(value)]
    return b"".join(parts)


def told_again(template, generator):
    """Another owner, batch, span of time and use of the machine: the row's columns, and all of its body but id and end."""
    fields = dict(template)
    user, batch, ran = generator.randrange(1000, 1041), f"batch-{generator.randrange(201)}", generator.randrange(50, 600_000)
    usage = unpacked(fields[USAGE])
    usage[CPU_USER], usage[CPU_SYSTEM] = generator.randrange(ran * 900), generator.randrange(ran * 100)
    usage[MEMORY_PEAK], usage[READ], usage[WRITTEN] = (generator.randrange(1 << 20, 1 << 30) for _ in range(3))
    fields.update({OWNER: user, OWNER_NAME: f"user{user}".encode(), BATCH: batch.encode(), USAGE: packed(usage)})
    fields.update({QUEUED: generator.randrange(99_999) << 1, RAN: ran << 1})
    return user, batch, ran, fields


def fill(path, plain, task):
    """Writes the attempts: a third are plain jobs, the others tasks of arrays of a thousand; how many there are then."""
    database = sqlite3.connect(path)
    database.execute("PRAGMA synchronous = OFF")
    plain, task = (
        unpacked(database.execute("SELECT body FROM ledger_attempts WHERE job = ? ORDER BY slot DESC", [job]).fetchone()[0]) for job in (plain, task)
    )
    generator = random.Random(1)
    tasks, jobs = ([told_again(template, generator) for _ in range(10_000)] for template in (task, plain))
    arrays = COUNT * 2 // 3 // 1000

    def line(told, identity, job, slot, number):
        user, batch, ran, fields = told[generator.randrange(len(told))]
        end = 1_790_000_000_000 + number * 2000
        fields[ID], fields[STARTED], fields[ENDED] = packed({**identity, JOB: job}), end - ran << 1, end << 1
        return job, slot, 1, user, batch, "default", end, "succeeded", packed(fields)

    def lines():
        # In the order of the table's key. No number is one that the daemon gave out.
        first, identity = 1_000_000, unpacked(task[ID])
        for array in range(arrays):
            for slot in range(1000):
                yield line(tasks, {**identity, SLOT: slot}, first + array, slot, array * 1500 + slot)
        first, identity = first + arrays, unpacked(plain[ID])
        for number in range(COUNT - 1000 * arrays):
            yield line(jobs, identity, first + number, 0, number * 3)

    with database:
        database.executemany("INSERT INTO ledger_attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", lines())
        count = database.execute("SELECT count(*) FROM ledger_attempts").fetchone()[0]
    database.close()
    return count


def reports(daemon, requests, events, release, rounds=5):
    """`berth report` from its spawn to its end, on a ledger that the machine has in memory."""
    job = submit(requests, spec("noop", "/noop"))[0]
    berth_client.wait_for(events, [job])
    array = submit(requests, spec("noop", "/noop", array=2))[0]
    berth_client.count_ends(events, 2)
    count = 0

    def change():
        nonlocal count
        count = fill(daemon.state / "berth.db", job, array)

    daemon.restart(change)
    made = []
    for words in (["--by", "user"], ["--by", "day"], ["--by", "job"], ["--chart"]):
        times = []
        for number in range(rounds + 1):
            started = time.perf_counter()
            debian.run([release / "berth", "report", *words], env={**os.environ, "BERTH_SOCKET": str(daemon.socket)})
            if number > 0:
                times.append((time.perf_counter() - started) * 1e3)
        what = f"spawn of `berth report {' '.join(words)}` to its end, over {count:,} attempts that ended, of jobs and arrays of 40 users"
        made.append(row(f"report {' '.join(words)}", "ms", times, gate=Gate("<=", 2000, "value"), definition=what))
    return made
