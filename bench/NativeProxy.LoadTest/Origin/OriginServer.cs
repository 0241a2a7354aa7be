using System.Net;
using System.Text;
using NativeProxy.LoadTest.Http;
using NativeProxy.LoadTest.Linux;

namespace NativeProxy.LoadTest.Origin;

/// <summary>
/// The origin: a listening socket and the event loops that share it. Answers what the path asks for, always the same way, and reports its
/// counters at <c>/control</c>.
/// </summary>
internal sealed class OriginServer
{
    private const int Backlog = 4096;

    private readonly OriginThread[] _threads;

    public OriginServer(IPEndPoint endPoint, int threadCount)
    {
        int listening = TcpSocket.Listen(endPoint, Backlog);
        _threads = new OriginThread[threadCount];
        for (int i = 0; i < threadCount; i++)
            _threads[i] = new OriginThread(this, listening);
    }

    public void Start()
    {
        foreach (OriginThread thread in _threads)
            thread.Start();
    }

    /// <summary>
    /// The answer to <c>/control</c>: counters over all threads as JSON. Read without locks, so a busy origin's may be a little old.
    /// </summary>
    internal void AppendControl(OutputBuffer output)
    {
        var sum = new OriginCounters();
        foreach (OriginThread thread in _threads)
            sum.Add(thread.Counters);
        byte[] body = Encoding.ASCII.GetBytes(
            $"{{\"connections\":{sum.Connections},\"open\":{sum.Open},\"requests\":{sum.Requests},\"bodyBytes\":{sum.BodyBytes},"
            + $"\"delayedMax\":{sum.DelayedMax}}}\n");
        output.Append("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "u8);
        output.AppendDecimal(body.Length);
        output.Append("\r\n\r\n"u8);
        output.Append(body);
    }
}

/// <summary>What one origin thread has seen. One writer.</summary>
internal sealed class OriginCounters
{
    /// <summary>Connections accepted since the start.</summary>
    public long Connections;

    /// <summary>Connections open now.</summary>
    public long Open;

    public long Requests;

    /// <summary>Bytes of request bodies, framing included.</summary>
    public long BodyBytes;

    /// <summary>Requests whose delay is not over.</summary>
    public long Delayed;

    /// <summary>The most there were at once.</summary>
    public long DelayedMax;

    public void Add(OriginCounters other)
    {
        Connections += other.Connections;
        Open += other.Open;
        Requests += other.Requests;
        BodyBytes += other.BodyBytes;
        Delayed += other.Delayed;
        DelayedMax += other.DelayedMax;
    }
}
