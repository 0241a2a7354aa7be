using System;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Pipes;

namespace NativeProxy.Admin;

/// <summary>
/// A small HTTP server: the admin endpoint and the demo's origins. Accepts always; who has a place is the matter of
/// <see cref="ConnectionPlaces"/>, and each connection is a <see cref="SmallHttpSession"/>. Runs on the thread pool, never on a loop. Owner:
/// whoever started it; when <see cref="Dispose"/> returns, no request is being answered any more.
/// </summary>
internal sealed class SmallHttpServer : IDisposable
{
    /// <summary>Connections beside the others on which only probes are answered.</summary>
    public const int ProbePlacesMax = 8;

    /// <summary>How long the end may take: it waits for answers that are being written, which wait for nobody.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long accepting rests after a failure; when no descriptor was left, the connection that has idled longest gives its own back meanwhile.
    /// </summary>
    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);

    private readonly Socket _listening;
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Tasks that run: the one that accepts, and one per connection.</summary>
    private int _taskCount = 1;

    private SmallHttpServer(
        Socket listening, IResponder responder, int placesMax, TimeProvider time, Func<EndpointSecurity?> security, Action<string> say)
    {
        _listening = listening;
        Responder = responder;
        Security = security;
        Time = time;
        FailedHandshakes = new FailedHandshakes(say, time);
        Places = new ConnectionPlaces(placesMax, ProbePlacesMax);
    }

    public IResponder Responder { get; }

    public TimeProvider Time { get; }

    /// <summary>How TLS is spoken on a new connection; null = it is not.</summary>
    public Func<EndpointSecurity?> Security { get; }

    public FailedHandshakes FailedHandshakes { get; }

    public ConnectionPlaces Places { get; }

    /// <summary>Cancelled when the server ends.</summary>
    public CancellationToken Ending => _ending.Token;

    /// <summary>Completed when all tasks have ended.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Begins to serve.</summary>
    /// <param name="listening">A listening socket, which the server then owns.</param>
    /// <param name="responder">Who answers.</param>
    /// <param name="placesMax">Connections at once, without those of probes.</param>
    /// <param name="time">Whose clock the timeouts follow.</param>
    /// <param name="security">Asked for each connection how TLS is spoken on it; null = on none.</param>
    /// <param name="say">Gets a line for the log where that comes to nothing; null = nobody does.</param>
    public static SmallHttpServer Start(
        Socket listening, IResponder responder, int placesMax, TimeProvider time, Func<EndpointSecurity?>? security = null,
        Action<string>? say = null)
    {
        var server = new SmallHttpServer(
            listening, responder, placesMax, time, security ?? (static () => null), say ?? (static _ => { }));
        _ = Task.Run(server.AcceptAllAsync);
        return server;
    }

    /// <summary>Closes all, answered or not.</summary>
    public void Dispose()
    {
        _ending.Cancel();
        _listening.Dispose();
        Ended.Wait(EndLimit);
    }

    private async Task AcceptAllAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                Socket socket = await ControlSockets.AcceptAsync(_listening);
                Interlocked.Increment(ref _taskCount);
                _ = ServeAsync(new SmallHttpSession(this, socket));
            }
            catch (SocketException e) when (!_ending.IsCancellationRequested)
            {
                if (e.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable)
                    Places.EndOldestIdle();
                await Task.Delay(AcceptPause, Time, CancellationToken.None);
            }
            catch (Exception e) when (SocketPipe.IsBroken(e))
            {
                // The server ends.
            }
        }
        TaskEnded();
    }

    private async Task ServeAsync(SmallHttpSession session)
    {
        try
        {
            await session.RunAsync();
        }
        finally
        {
            TaskEnded();
        }
    }

    private void TaskEnded()
    {
        if (Interlocked.Decrement(ref _taskCount) == 0)
            _ended.TrySetResult();
    }
}
