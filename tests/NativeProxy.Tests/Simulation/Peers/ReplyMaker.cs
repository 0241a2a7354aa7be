using System;
using System.IO;
using System.Text;
using NativeProxy.Tests.Simulation.Verdict;

namespace NativeProxy.Tests.Simulation.Peers;

/// <summary>Draws answers: status, framing, size, what goes wrong; and says how their bytes look.</summary>
internal sealed class ReplyMaker(Dice dice, FaultMix faults, Evidence evidence)
{
    private long _count;
    private long _lastRequestId;

    public ReplyPlan Make(RequestPlan request, long socketId, Sabotage sabotage)
    {
        long serial = ++_count;
        bool isHttp10 = dice.PerMille(80);
        int status = dice.Pick(200, 200, 200, 200, 200, 200, 201, 204, 304, 404, 500);
        bool hasBody = !request.IsHead && status is not (204 or 304);
        int bodyBytes = dice.PerMille(30) ? dice.Size(300_000) : dice.Size(6000);
        BodyShape shape = DrawShape(isHttp10);
        string pad = BodyPattern.Letters(serial + 11, dice.PerMille(20) ? dice.Size(4000) : dice.Size(50));
        string? trailer = shape == BodyShape.Chunked && dice.PerMille(300) ? BodyPattern.Letters(serial + 5, dice.Between(1, 20)) : null;
        bool saysClose = dice.PerMille(100);
        long nameId = sabotage == Sabotage.AnswerOfAnother && _lastRequestId != 0 ? _lastRequestId : request.Id;
        _lastRequestId = request.Id;
        int announced = sabotage == Sabotage.ShortBody ? Math.Max(0, bodyBytes - 1) : bodyBytes;
        var bytes = new MemoryStream();
        string id = $"{request.Id}.{serial}";
        if (dice.PerMille(100))
            Append(bytes, $"HTTP/1.1 {dice.Pick("103 Early Hints", "102 Processing", "199 ?")}\r\nX-Id: {id}\r\nLink: </a>\r\n\r\n");
        Append(bytes, Head(id, isHttp10, status, hasBody, shape, announced, pad, saysClose));
        int headBytes = (int)bytes.Length;
        long bodyKey = serial | (1L << 40);
        if (hasBody)
            WriteBody(bytes, BodyPattern.Make(bodyKey, bodyBytes).AsSpan(0, announced), shape, trailer);
        ReplyEnd end = shape == BodyShape.UntilClose && hasBody || saysClose || isHttp10 ? ReplyEnd.Fin : ReplyEnd.Keep;
        bool isFaulty = false;
        byte[] whole = bytes.ToArray();
        if (dice.PerMille(faults.ServerGarbage))
        {
            if (dice.PerMille(500) && hasBody && shape == BodyShape.Chunked && bodyBytes > 1)
            {
                string badEnd = dice.Pick("\nx", "\r\n+1\r\n", "\r\nzz\r\n", "\r\n1;=\r\n", "\r\n0\r\nA : b\r\n\r\n", "\r\n0\n\n");
                string badChunk = $"1\r\n{(char)BodyPattern.Make(bodyKey, 1)[0]}{badEnd}";
                whole = [.. whole.AsSpan(0, headBytes), .. Encoding.Latin1.GetBytes(badChunk)];
            }
            else
            {
                whole = Encoding.Latin1.GetBytes(BadReplies.Pick(dice, request.IsHead));
            }
            isFaulty = true;
            end = dice.Pick(ReplyEnd.Keep, ReplyEnd.Fin, ReplyEnd.Reset, ReplyEnd.Hang);
        }
        else if (dice.PerMille(faults.ServerCut))
        {
            whole = whole[..(dice.PerMille(300) ? dice.Below(Math.Min(whole.Length, headBytes + 1)) : dice.Below(whole.Length))];
            bool isVisible = shape != BodyShape.UntilClose || whole.Length < headBytes || !hasBody;
            end = dice.PerMille(500) && isVisible ? ReplyEnd.Fin : ReplyEnd.Reset;
            isFaulty = true;
        }
        else if (dice.PerMille(faults.ServerHang))
        {
            whole = whole[..dice.Below(whole.Length)];
            end = ReplyEnd.Hang;
            isFaulty = true;
        }
        else if (dice.PerMille(faults.ServerReset))
        {
            isFaulty = shape == BodyShape.UntilClose && hasBody;
            end = ReplyEnd.Reset;
        }
        var reply = new ReplyPlan
        {
            Serial = serial,
            RequestId = nameId,
            SocketId = socketId,
            Status = status,
            BodyBytes = hasBody ? bodyBytes : 0,
            Pad = pad,
            Trailer = trailer,
            Bytes = whole,
            End = end,
            Pace = DrawPace(whole.Length),
            IsEarly = request.Shape != BodyShape.None && dice.PerMille(faults.ServerEarly),
            IsFaulty = isFaulty,
            HasSurplus = !isFaulty && end == ReplyEnd.Keep && dice.PerMille(faults.ServerSurplus),
        };
        evidence.Add(reply);
        return reply;
    }

    private BodyShape DrawShape(bool isHttp10) =>
        isHttp10 ? (dice.PerMille(500) ? BodyShape.UntilClose : BodyShape.Length)
        : dice.PerMille(60) ? BodyShape.UntilClose : dice.PerMille(500) ? BodyShape.Chunked : BodyShape.Length;

    private Pace DrawPace(int bytes)
    {
        if (!dice.PerMille(faults.ServerSlow))
            return dice.PerMille(800) ? Pace.AtOnce : new Pace(Math.Max(1, bytes / 2), 3);
        return dice.PerMille(300) && bytes < 3000 ? new Pace(1, 2) : new Pace(Math.Max(1, bytes / 10), 40);
    }

    private string Head(string id, bool isHttp10, int status, bool hasBody, BodyShape shape, int bodyBytes, string pad, bool saysClose)
    {
        var head = new StringBuilder();
        head.Append(isHttp10 ? "HTTP/1.0 " : "HTTP/1.1 ").Append(status).Append(dice.Pick(" OK", " ", " Not So Bad")).Append("\r\nX-Id: ").Append(id)
            .Append("\r\nX-Pad: ").Append(pad).Append("\r\n");
        if (hasBody || (status != 204 && dice.PerMille(300)))
        {
            if (shape == BodyShape.Length)
                head.Append("Content-Length: ").Append(bodyBytes).Append("\r\n");
            else if (shape == BodyShape.Chunked)
                head.Append("Transfer-Encoding: chunked\r\n");
        }
        bool namesHop = dice.PerMille(150);
        if (namesHop)
            head.Append("X-Hop: must not pass\r\n");
        if (saysClose || namesHop)
            head.Append("Connection: ").Append(saysClose && namesHop ? "x-hop, close" : saysClose ? "close" : "x-hop").Append("\r\n");
        if (!saysClose && dice.PerMille(50))
            head.Append("Keep-Alive: timeout=1, max=5\r\n");
        // No two requests have the same target: what is kept is never asked for again, and must come and go without a trace.
        if (dice.PerMille(400))
            head.Append("Cache-Control: max-age=60\r\n");
        return head.Append("\r\n").ToString();
    }

    private void WriteBody(MemoryStream bytes, ReadOnlySpan<byte> body, BodyShape shape, string? trailer)
    {
        if (shape != BodyShape.Chunked)
        {
            bytes.Write(body);
            return;
        }
        int chunkBytesMax = Math.Max(1, Math.Max(body.Length / 40, dice.Size(Math.Max(1, body.Length))));
        while (!body.IsEmpty)
        {
            int length = Math.Min(body.Length, dice.Between(1, chunkBytesMax));
            Append(bytes, length.ToString("X", null) + (dice.PerMille(100) ? ";x=\"y\"" : "") + "\r\n");
            bytes.Write(body[..length]);
            Append(bytes, "\r\n");
            body = body[length..];
        }
        Append(bytes, "0\r\n" + (trailer is null ? "" : $"X-Tail: {trailer}\r\nSet-Cookie: no=1\r\n") + "\r\n");
    }

    private static void Append(MemoryStream bytes, string text) => bytes.Write(Encoding.Latin1.GetBytes(text));
}
