using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Net;

namespace NativeProxy.Upstreams.Naming;

/// <summary>What a message from a DNS server is to the one who asked.</summary>
internal enum DnsVerdict : byte
{
    /// <summary>Addresses, or the news that there are none of this kind.</summary>
    Answer,

    /// <summary>The name does not exist.</summary>
    NoSuchName,

    /// <summary>The server cannot or will not say.</summary>
    Failure,

    /// <summary>The server does not understand the question.</summary>
    NotUnderstood,

    /// <summary>Too long for this way: to be asked again over TCP.</summary>
    Truncated,

    /// <summary>Not the answer to this question.</summary>
    NotOurs,
}

/// <summary>
/// Reads the answer to a <see cref="DnsQuery"/>: the addresses or services at the end of its chain of aliases, and how long they hold. Pure; bounded
/// in records, aliases and addresses; a malformed record ends the reading.
/// </summary>
internal readonly struct DnsResponse
{
    private const int RecordsMax = 256;
    private const int AliasesMax = 16;
    private const int RecordFixedBytes = 10;
    private const int ServiceFixedBytes = 6;

    private DnsResponse(DnsVerdict verdict, IPAddress[]? addresses = null, DnsService[]? services = null, long ttlSeconds = 0) =>
        (Verdict, Addresses, Services, TtlSeconds) = (verdict, addresses ?? [], services ?? [], ttlSeconds);

    public DnsVerdict Verdict { get; }

    /// <summary>Of an answer: as they stand in it.</summary>
    public IPAddress[] Addresses { get; }

    /// <summary>Of an answer about services: as they stand in it.</summary>
    public DnsService[] Services { get; }

    /// <summary>Of what was found: the shortest time that a record on the way to them holds.</summary>
    public long TtlSeconds { get; }

    public static DnsResponse Read(in DnsQuery query, ReadOnlySpan<byte> message)
    {
        if (!query.IsAnsweredBy(message, out int at))
            return new DnsResponse(DnsVerdict.NotOurs);
        if ((message[2] & 0x02) != 0)
            return new DnsResponse(DnsVerdict.Truncated);
        return (message[3] & 0x0F) switch
        {
            0 => ReadAnswer(query, message, at),
            1 => new DnsResponse(DnsVerdict.NotUnderstood),
            3 => new DnsResponse(DnsVerdict.NoSuchName),
            _ => new DnsResponse(DnsVerdict.Failure),
        };
    }

    private static DnsResponse ReadAnswer(in DnsQuery query, ReadOnlySpan<byte> message, int at)
    {
        List<Record> records = ReadRecords(message, at);
        string owner = query.Name.ToLowerInvariant();
        long ttl = uint.MaxValue;
        for (int i = 0; i < AliasesMax
            && records.Find(record => record.Type == DnsType.Cname && record.Owner == owner) is { Target.Length: > 0 } alias; i++)
        {
            owner = alias.Target;
            ttl = Math.Min(ttl, alias.TtlSeconds);
        }
        var addresses = new List<IPAddress>();
        var services = new List<DnsService>();
        foreach (Record record in records)
        {
            if (record.Type != query.Type || record.Owner != owner)
                continue;
            if (record.Address is { } address && !addresses.Contains(address))
                addresses.Add(address);
            else if (record.Service is { } service && !services.Contains(service))
                services.Add(service);
            else
                continue;
            ttl = Math.Min(ttl, record.TtlSeconds);
        }
        return new DnsResponse(DnsVerdict.Answer, [.. addresses], [.. services], ttl);
    }

    private static List<Record> ReadRecords(ReadOnlySpan<byte> message, int at)
    {
        var records = new List<Record>();
        int count = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(message[6..]), (ushort)RecordsMax);
        while (records.Count < count && TryReadRecord(message, ref at, out Record record))
            records.Add(record);
        return records;
    }

    private static bool TryReadRecord(ReadOnlySpan<byte> message, ref int at, out Record record)
    {
        record = default;
        if (!DnsName.TryRead(message, ref at, out string owner) || at + RecordFixedBytes > message.Length)
            return false;
        var type = (DnsType)BinaryPrimitives.ReadUInt16BigEndian(message[at..]);
        uint ttl = BinaryPrimitives.ReadUInt32BigEndian(message[(at + 4)..]);
        int length = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 8)..]);
        at += RecordFixedBytes;
        if (at + length > message.Length)
            return false;

        // A time with its highest bit set is none (RFC 2181 8).
        record = new Record(owner, type, ttl > int.MaxValue ? 0 : ttl, null, "");
        if ((type == DnsType.A && length == 4) || (type == DnsType.Aaaa && length == 16))
        {
            record = record with { Address = new IPAddress(message.Slice(at, length)) };
        }
        else if (type == DnsType.Cname)
        {
            int targetAt = at;
            if (!DnsName.TryRead(message, ref targetAt, out string target))
                return false;
            record = record with { Target = target };
        }
        else if (type == DnsType.Srv)
        {
            if (!TryReadService(message, at, length, out DnsService? service))
                return false;
            record = record with { Service = service };
        }
        at += length;
        return true;
    }

    private static bool TryReadService(ReadOnlySpan<byte> message, int at, int length, out DnsService? service)
    {
        service = null;
        int targetAt = at + ServiceFixedBytes;
        if (length < ServiceFixedBytes || !DnsName.TryRead(message, ref targetAt, out string target))
            return false;
        service = new DnsService(
            BinaryPrimitives.ReadUInt16BigEndian(message[at..]), BinaryPrimitives.ReadUInt16BigEndian(message[(at + 2)..]),
            BinaryPrimitives.ReadUInt16BigEndian(message[(at + 4)..]), target);
        return true;
    }

    /// <summary>One record, as far as it matters here.</summary>
    private readonly record struct Record(string Owner, DnsType Type, long TtlSeconds, IPAddress? Address, string Target)
    {
        public DnsService? Service { get; init; }
    }
}
