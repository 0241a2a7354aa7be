using System;
using System.IO;
using System.Text;
using NativeProxy.Tests.Simulation.Verdict;

namespace NativeProxy.Tests.Simulation.Peers;

/// <summary>Draws requests: method, version, framing, size, fields; and says how their bytes look.</summary>
internal sealed class RequestMaker(Dice dice, FaultMix faults)
{
    private long _count;

    public RequestPlan Make(long clientId)
    {
        long id = ++_count;
        bool isHostile = dice.PerMille(faults.HostileRequest);
        string method = dice.Pick("GET", "GET", "GET", "GET", "HEAD", "POST", "POST", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "FROB");
        int minor = dice.PerMille(150) ? 0 : 1;
        BodyShape shape = DrawShape(method, minor);
        int bodyBytes = shape == BodyShape.None ? 0 : dice.PerMille(30) ? dice.Size(200_000) : dice.Size(4000);
        bool saysClose = dice.PerMille(150);
        string pad = BodyPattern.Letters(id, dice.PerMille(20) ? dice.Size(3000) : dice.Size(60));
        string? trailer = shape == BodyShape.Chunked && dice.PerMille(300) ? BodyPattern.Letters(id + 7, dice.Between(1, 20)) : null;
        bool expects = shape != BodyShape.None && bodyBytes > 0 && minor == 1 && dice.PerMille(150);
        bool saysKeepAlive = minor == 0 && !saysClose && dice.PerMille(700);
        string target = "/" + id + "/" + BodyPattern.Letters(id + 3, dice.Below(12));
        string head = Head(method, target, minor, shape, bodyBytes, pad, expects, saysClose, saysKeepAlive);
        Hostility hostility = Hostility.None;
        byte[] body = shape == BodyShape.Chunked ? Chunks(id, bodyBytes, trailer) : BodyPattern.Make(id, bodyBytes);
        byte[] headBytes = Encoding.Latin1.GetBytes(head);
        if (isHostile)
        {
            HostileMessage hostile = HostileRequests.Make(dice, id);
            (hostility, method, target, minor, shape, bodyBytes, trailer, expects) = (hostile.Hostility, "POST", hostile.Target, 1, BodyShape.Chunked,
                hostile.BodyBytes, null, false);
            (headBytes, body, pad, saysClose, saysKeepAlive) = (Encoding.Latin1.GetBytes(hostile.Head), hostile.Body, "", false, false);
        }
        return new RequestPlan
        {
            Id = id,
            ClientId = clientId,
            Method = method,
            Target = target,
            MinorVersion = minor,
            Shape = shape,
            BodyBytes = bodyBytes,
            Pad = pad,
            Trailer = trailer,
            Hostility = hostility,
            ExpectsContinue = expects,
            SaysClose = saysClose,
            SaysKeepAlive = saysKeepAlive,
            Bytes = [.. headBytes, .. body],
            HeadBytes = headBytes.Length,
        };
    }

    private BodyShape DrawShape(string method, int minor)
    {
        bool hasBody = method is "POST" or "PUT" or "PATCH" or "FROB" ? dice.PerMille(900) : dice.PerMille(60);
        return !hasBody ? BodyShape.None : minor == 1 && dice.PerMille(500) ? BodyShape.Chunked : BodyShape.Length;
    }

    private string Head(string method, string target, int minor, BodyShape shape, int bodyBytes, string pad, bool expects, bool saysClose,
        bool saysKeepAlive)
    {
        var head = new StringBuilder();
        if (dice.PerMille(30))
            head.Append("\r\n");
        head.Append(method).Append(' ').Append(target).Append(" HTTP/1.").Append(minor).Append("\r\nHost: ").Append(Evidence.Host).Append("\r\n");
        if (dice.PerMille(700))
            head.Append("User-Agent: chaos\r\n");
        head.Append(dice.PerMille(500) ? "X-Pad: " : "x-PAD:\t ").Append(pad).Append("\r\n");
        if (shape == BodyShape.Length)
            head.Append("Content-Length: ").Append(dice.PerMille(100) ? "00" : "").Append(bodyBytes).Append("\r\n");
        if (shape == BodyShape.Chunked)
            head.Append("Transfer-Encoding: ").Append(dice.Pick("chunked", "Chunked", " chunked\t")).Append("\r\n");
        if (expects)
            head.Append("Expect: 100-continue\r\n");
        bool namesHop = dice.PerMille(200);
        if (namesHop)
            head.Append("X-Hop: must not pass\r\nKeep-Alive: timeout=3\r\n");
        string connection = (saysClose ? "close" : saysKeepAlive ? "keep-alive" : "")
            + (namesHop ? (saysClose || saysKeepAlive ? ", x-hop" : "x-hop") : "");
        if (connection.Length > 0)
            head.Append("Connection: ").Append(connection).Append("\r\n");
        return head.Append("\r\n").ToString();
    }

    private byte[] Chunks(long id, int bodyBytes, string? trailer)
    {
        byte[] body = BodyPattern.Make(id, bodyBytes);
        var bytes = new MemoryStream();
        int chunkBytesMax = Math.Max(1, Math.Max(bodyBytes / 40, dice.Size(Math.Max(1, bodyBytes))));
        for (int position = 0; position < bodyBytes;)
        {
            int length = Math.Min(bodyBytes - position, dice.Between(1, chunkBytesMax));
            bytes.Write(Encoding.Latin1.GetBytes(ChunkLine(length)));
            bytes.Write(body, position, length);
            bytes.Write("\r\n"u8);
            position += length;
        }
        bytes.Write(Encoding.Latin1.GetBytes(ChunkLine(0)));
        if (trailer is not null)
            bytes.Write(Encoding.Latin1.GetBytes($"X-Tail: {trailer}\r\nContent-Length: 7\r\n"));
        bytes.Write("\r\n"u8);
        return bytes.ToArray();
    }

    private string ChunkLine(int length)
    {
        string size = dice.PerMille(500) ? length.ToString("x", null) : length.ToString("X", null);
        if (dice.PerMille(100))
            size = "00" + size;
        return size
            + (dice.PerMille(100) ? dice.Pick(";a", ";a=b", " ; a = \"q\\\"\r\"".Replace("\r", "", StringComparison.Ordinal), ";x=\"; y\"") : "")
            + "\r\n";
    }
}
