namespace NativeProxy.Pressure;

/// <summary>How much of each bounded thing of a worker is in use.</summary>
/// <param name="Clients">Client connections that stay.</param>
/// <param name="Sockets">Connections of both sides that stay.</param>
/// <param name="BufferPermille">Thousandths of the buffer memory.</param>
internal readonly record struct PressureLevels(int Clients, int Sockets, int BufferPermille);

/// <summary>
/// What one worker is short of: connections and descriptors, or buffer memory. Is handed the levels and the time, and judges; it looks at
/// nothing itself and closes nothing. Thread: the loop.
/// </summary>
internal sealed class WorkerPressure
{
    /// <summary>An accept that failed tells of a lack that the levels need not show (other processes, the kernel): for this long.</summary>
    public const int AcceptFailureMs = 1000;

    private const int Permille = 1000;

    private bool _isOff = true;
    private PressureGauge _clients;
    private PressureGauge _sockets;
    private PressureGauge _buffers;
    private long _noDescriptorUntilMs = long.MinValue;
    private long _noMemoryUntilMs = long.MinValue;

    public bool DescriptorsAreShort { get; private set; }

    public bool MemoryIsShort { get; private set; }

    /// <summary>Client connections that must go.</summary>
    public long ClientExcess(in PressureLevels levels) => _clients.Excess(levels.Clients);

    /// <summary>Connections of either side that must go.</summary>
    public long SocketExcess(in PressureLevels levels) => _sockets.Excess(levels.Sockets);

    /// <summary>True while buffer memory is above its high mark; between the marks no connection is closed for it.</summary>
    public bool BuffersAreAtHighMark(in PressureLevels levels) => levels.BufferPermille >= _buffers.HighMark;

    /// <summary>Takes marks over, at start and at reload.</summary>
    /// <param name="percent">The high mark in percent; 0 = never short.</param>
    /// <param name="clientsMax">Most client connections of the worker.</param>
    /// <param name="socketsMax">Descriptors that the process has for connections; 0 = unknown.</param>
    public void Apply(int percent, int clientsMax, int socketsMax)
    {
        _isOff = percent == 0;
        if (_isOff)
            _noDescriptorUntilMs = _noMemoryUntilMs = long.MinValue;
        _clients.SetMarks(clientsMax, percent);
        _sockets.SetMarks(socketsMax, percent);
        _buffers.SetMarks(Permille, percent);
    }

    /// <summary>True when these levels would be short, were they judged now.</summary>
    public bool ReachesAMark(in PressureLevels levels) =>
        levels.Clients >= _clients.HighMark || levels.Sockets >= _sockets.HighMark || levels.BufferPermille >= _buffers.HighMark;

    /// <summary>A connection could not be accepted. False when that is to have no consequences.</summary>
    public bool AcceptFailed(bool forWantOfMemory, long nowMs)
    {
        if (_isOff)
            return false;
        if (forWantOfMemory)
            _noMemoryUntilMs = nowMs + AcceptFailureMs;
        else
            _noDescriptorUntilMs = nowMs + AcceptFailureMs;
        return true;
    }

    /// <param name="levels">Present use.</param>
    /// <param name="nowMs">Loop time.</param>
    public void Judge(in PressureLevels levels, long nowMs)
    {
        _clients.Judge(levels.Clients);
        _sockets.Judge(levels.Sockets);
        _buffers.Judge(levels.BufferPermille);
        bool noDescriptor = nowMs < _noDescriptorUntilMs;
        bool noMemory = nowMs < _noMemoryUntilMs;
        DescriptorsAreShort = _clients.IsShort || _sockets.IsShort || noDescriptor;
        MemoryIsShort = _buffers.IsShort || noMemory;
    }
}
