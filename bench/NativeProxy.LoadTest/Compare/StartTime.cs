using System.Diagnostics;
using System.IO;
using System.Net;
using NativeProxy.LoadTest.Linux;

namespace NativeProxy.LoadTest.Compare;

/// <summary>
/// Times one start: from just before the program's process is made until a connection to it is accepted by the kernel, and until a first
/// request is answered. Making the process counts, about 2 ms. Stateless; the calling thread polls.
/// </summary>
internal static unsafe class StartTime
{
    private const int ReadyMsMax = 10_000;
    private const long PauseNs = 200_000;
    private const int ConnectMs = 5;
    private const short Writable = 4;

    /// <summary>Starts the contender and leaves it running. Throws <see cref="CannotRunException"/> when it does not answer.</summary>
    /// <param name="listeningMs">Until it listens, to within 0.3 ms.</param>
    /// <param name="answeredMs">Until a request has come back from the origin through it.</param>
    public static ChildProcess Measure(Contender contender, ContenderSetup setup, RunSettings settings, out double listeningMs, out double answeredMs)
    {
        long startTicks = Stopwatch.GetTimestamp();
        ChildProcess process = ChildProcess.Start(contender.Command(setup), setup.OutputPath, settings.ProxyProcessors, settings.LoadProcessors);
        while (!IsListening(setup.Listen))
            Pause(process, setup, startTicks);
        listeningMs = Stopwatch.GetElapsedTime(startTicks).TotalMilliseconds;
        while (!RunningServer.IsAnswering(setup.Listen))
            Pause(process, setup, startTicks);
        answeredMs = Stopwatch.GetElapsedTime(startTicks).TotalMilliseconds;
        return process;
    }

    private static void Pause(ChildProcess process, ContenderSetup setup, long startTicks)
    {
        if (process.HasEnded || Stopwatch.GetElapsedTime(startTicks).TotalMilliseconds > ReadyMsMax)
        {
            process.Dispose();
            throw new CannotRunException($"does not answer after its start (its files: {Path.GetDirectoryName(setup.OutputPath)})");
        }
        var time = new TimeSpec { Nanoseconds = PauseNs };
        Libc.Poll(null, 0, &time, null);
    }

    /// <summary>Whether a connection can be made; it is closed again.</summary>
    private static bool IsListening(IPEndPoint endPoint)
    {
        int descriptor = TcpSocket.Connect(endPoint, source: null);
        if (descriptor < 0)
            return false;
        var entry = new PollEntry { Descriptor = descriptor, Events = Writable };
        var time = new TimeSpec { Nanoseconds = ConnectMs * 1_000_000L };
        bool isConnected = Libc.Poll(&entry, 1, &time, null) == 1 && TcpSocket.ConnectError(descriptor) == 0;
        TcpSocket.Close(descriptor);
        return isConnected;
    }
}
