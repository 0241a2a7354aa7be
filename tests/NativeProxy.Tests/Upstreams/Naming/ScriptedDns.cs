using System;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace NativeProxy.Tests.Upstreams.Naming;

/// <summary>How the scripted server treats questions for a name.</summary>
internal enum DnsMood
{
    Answers,
    Silent,
    Fails,
    Refuses,
    DoesNotUnderstandSizes,
    AnswersAnotherQuestionFirst,
    TruncatesOverUdp,
    FailsForV6,
    IsSilentForV6,
}

/// <summary>A DNS server on loopback, UDP and TCP on one port, that says what the test wants. Names it does not know do not exist.</summary>
internal sealed class ScriptedDns : IDisposable
{
    private const ushort TypeA = 1;
    private const ushort TypeCname = 5;
    private const ushort TypeAaaa = 28;
    private const ushort TypeSrv = 33;

    private readonly Socket _udp = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Socket _tcp = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentDictionary<string, (uint Ttl, string[] Values)> _zone = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, DnsMood> _moods = new();
    private readonly ManualResetEventSlim _mayAnswer = new(initialState: true);

    public ScriptedDns()
    {
        while (true)
        {
            _udp.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            try
            {
                _tcp.Bind(_udp.LocalEndPoint!);
                break;
            }
            catch (SocketException)
            {
                // Somebody has the same port for TCP; the kernel gives another one.
                _udp.Dispose();
                _udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            }
        }
        _tcp.Listen(64);
        new Thread(ServeUdp) { IsBackground = true }.Start();
        new Thread(ServeTcp) { IsBackground = true }.Start();
    }

    public IPEndPoint EndPoint => (IPEndPoint)_udp.LocalEndPoint!;

    /// <summary>Every question: "name TYPE udp" or "name TYPE tcp".</summary>
    public ConcurrentQueue<string> Questions { get; } = new();

    /// <summary>
    /// The name has these addresses; with "= other" it stands for another name, with "> 10 5 80 target" it offers a service (RFC 2782).
    /// </summary>
    public void Set(string name, uint ttl, params string[] values) => _zone[name] = (ttl, values);

    public void Forget(string name) => _zone.TryRemove(name, out _);

    public void Feel(string name, DnsMood mood) => _moods[name] = mood;

    /// <summary>Answers wait until <see cref="Go"/>.</summary>
    public void Hold() => _mayAnswer.Reset();

    public void Go() => _mayAnswer.Set();

    public void Dispose()
    {
        _mayAnswer.Set();
        _udp.Dispose();
        _tcp.Dispose();
    }

    private void ServeUdp()
    {
        byte[] buffer = new byte[2048];
        try
        {
            while (true)
            {
                EndPoint from = new IPEndPoint(IPAddress.Any, 0);
                int length = _udp.ReceiveFrom(buffer, ref from);
                byte[] query = buffer[..length];
                Task.Run(() => AnswerUdp(query, from));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private void AnswerUdp(byte[] query, EndPoint from)
    {
        try
        {
            foreach (byte[] answer in AnswersTo(query, "udp"))
                _udp.SendTo(answer, from);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private void ServeTcp()
    {
        try
        {
            while (true)
            {
                Socket client = _tcp.Accept();
                Task.Run(() => ServeTcp(client));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private void ServeTcp(Socket client)
    {
        using (client)
        {
            byte[] head = Read(client, 2);
            byte[] query = Read(client, BinaryPrimitives.ReadUInt16BigEndian(head));
            foreach (byte[] answer in AnswersTo(query, "tcp"))
            {
                BinaryPrimitives.WriteUInt16BigEndian(head, (ushort)answer.Length);
                client.Send(head);
                client.Send(answer);
            }
        }
    }

    private static byte[] Read(Socket client, int count)
    {
        byte[] bytes = new byte[count];
        for (int got = 0; got < count;)
        {
            int step = client.Receive(bytes.AsSpan(got));
            if (step == 0)
                throw new SocketException((int)SocketError.ConnectionReset);
            got += step;
        }
        return bytes;
    }

    private IEnumerable<byte[]> AnswersTo(byte[] query, string way)
    {
        (string name, ushort type, int end) = QuestionOf(query);
        string kind = type == TypeA ? "A" : type == TypeAaaa ? "AAAA" : type.ToString(System.Globalization.CultureInfo.InvariantCulture);
        Questions.Enqueue($"{name} {kind} {way}");
        _mayAnswer.Wait(TimeSpan.FromSeconds(60));
        DnsMood mood = _moods.GetValueOrDefault(name);
        bool hasOpt = query[11] != 0;
        switch (mood)
        {
            case DnsMood.Silent:
            case DnsMood.IsSilentForV6 when type == TypeAaaa:
                yield break;
            case DnsMood.Fails:
            case DnsMood.FailsForV6 when type == TypeAaaa:
                yield return Message(query, end, rcode: 2);
                yield break;
            case DnsMood.Refuses:
                yield return Message(query, end, rcode: 5);
                yield break;
            case DnsMood.DoesNotUnderstandSizes when hasOpt:
                yield return Message(query, end, rcode: 1);
                yield break;
            case DnsMood.TruncatesOverUdp when way == "udp":
                yield return Message(query, end, rcode: 0, isTruncated: true);
                yield break;
            case DnsMood.AnswersAnotherQuestionFirst:
                byte[] other = Message(query, end, rcode: 0, Record(name, TypeA, 60, "192.0.2.66"));
                other[0] ^= 0xFF;
                yield return other;
                byte[] otherName = Message(query, end, rcode: 3);
                otherName[13] ^= 1;
                yield return otherName;
                break;
        }
        yield return _zone.ContainsKey(name) ? Message(query, end, rcode: 0, RecordsOf(name, type)) : Message(query, end, rcode: 3);
    }

    private byte[][] RecordsOf(string name, ushort type)
    {
        var records = new List<byte[]>();
        while (_zone.TryGetValue(name, out (uint Ttl, string[] Values) entry))
        {
            string? alias = null;
            foreach (string value in entry.Values)
            {
                if (value.StartsWith("= ", StringComparison.Ordinal))
                    alias = value[2..];
                else if (value.StartsWith("> ", StringComparison.Ordinal) || type == TypeSrv)
                    records.AddRange(type == TypeSrv && value[0] == '>' ? [Record(name, TypeSrv, entry.Ttl, value)] : []);
                else if (IPAddress.Parse(value).AddressFamily == (type == TypeA ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6))
                    records.Add(Record(name, type, entry.Ttl, value));
            }
            if (alias is null || records.Count > 40)
                break;
            records.Add(Record(name, TypeCname, entry.Ttl, alias));
            name = alias;
        }
        return [.. records];
    }

    private static byte[] Record(string name, ushort type, uint ttl, string value)
    {
        byte[] data = type == TypeCname ? NameBytes(value) : type == TypeSrv ? ServiceBytes(value) : IPAddress.Parse(value).GetAddressBytes();
        byte[] head = new byte[10];
        BinaryPrimitives.WriteUInt16BigEndian(head, type);
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(2), 1);
        BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(4), ttl);
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(8), (ushort)data.Length);
        return [.. NameBytes(name), .. head, .. data];
    }

    private static byte[] ServiceBytes(string value)
    {
        string[] words = value.Split(' ');
        byte[] numbers = new byte[6];
        for (int i = 0; i < 3; i++)
            BinaryPrimitives.WriteUInt16BigEndian(numbers.AsSpan(2 * i), ushort.Parse(words[i + 1]));
        return [.. numbers, .. NameBytes(words[4].TrimEnd('.'))];
    }

    private static byte[] NameBytes(string name)
    {
        var bytes = new List<byte>();
        foreach (string label in name.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            bytes.Add((byte)label.Length);
            bytes.AddRange(Encoding.ASCII.GetBytes(label));
        }
        return [.. bytes, 0];
    }

    private static byte[] Message(byte[] query, int questionEnd, int rcode, params byte[][] records) =>
        Message(query, questionEnd, rcode, false, records);

    private static byte[] Message(byte[] query, int questionEnd, int rcode, bool isTruncated, params byte[][] records)
    {
        var message = new List<byte>(query[..questionEnd]);
        message[2] = (byte)(0x81 | (isTruncated ? 0x02 : 0));
        message[3] = (byte)(0x80 | rcode);
        message[6] = (byte)(records.Length >> 8);
        message[7] = (byte)records.Length;
        message[8] = message[9] = message[10] = message[11] = 0;
        foreach (byte[] record in records)
            message.AddRange(record);
        return [.. message];
    }

    private static (string Name, ushort Type, int End) QuestionOf(byte[] query)
    {
        var labels = new List<string>();
        int at = 12;
        for (; query[at] != 0; at += query[at] + 1)
            labels.Add(Encoding.ASCII.GetString(query, at + 1, query[at]));
        return (string.Join('.', labels), BinaryPrimitives.ReadUInt16BigEndian(query.AsSpan(at + 1)), at + 5);
    }
}
