using System;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;
using NativeProxy.Config;

namespace NativeProxy.Upstreams.Board;

/// <summary>
/// What all processes know about one server: whether it is up, how its checks went, how many requests run on it, and how many connections to it
/// are open. A view into the <see cref="ServerBoard"/>, which must outlive it, for one worker. Exactly one thread writes the health, one per
/// worker its own numbers, all workers the number of open connections (<see cref="ServerPlaces"/>); any thread or process reads.
/// </summary>
internal sealed unsafe class ServerSlot
{
    private readonly ServerSlotMemory* _memory;
    private readonly WorkerNumbers _running;

    /// <param name="memory">The slot.</param>
    /// <param name="running">Requests that run.</param>
    /// <param name="places">Its connections.</param>
    /// <param name="line">Who waits for this server and no other.</param>
    /// <param name="index">Its number on the board.</param>
    internal ServerSlot(ServerSlotMemory* memory, WorkerNumbers running, ServerPlaces places, BoardQueue line, int index)
    {
        _memory = memory;
        Index = index;
        _running = running;
        Places = places;
        Line = line;
        string[] key = memory->KeyTexts();
        (Upstream, Server, Address) = (key[0], key[1], key[2]);
        Ejection = new ServerEjection(&memory->EjectedUntilMs, &memory->Ejection);
    }

    /// <summary>Number on the board, the same in all processes for as long as the server is in the settings.</summary>
    public int Index { get; }

    public string Upstream { get; }

    public string Server { get; }

    /// <summary>As it stands in the settings.</summary>
    public string Address { get; }

    /// <summary>How many connections are open, and who may open another one.</summary>
    public ServerPlaces Places { get; }

    /// <summary>Who waits for this server and no other.</summary>
    public BoardQueue Line { get; }

    /// <summary>Whether it is left out for requests that failed on it.</summary>
    public ServerEjection Ejection { get; }

    /// <summary>False while the server fails its health checks, or has no address. Cheap enough to be read at each choice.</summary>
    public bool IsUp
    {
        get => (Volatile.Read(ref _memory->IsDown) | Volatile.Read(ref _memory->IsNameless)) == 0;
        set => Volatile.Write(ref _memory->IsDown, value ? 0 : 1);
    }

    /// <summary>True when nothing at all keeps requests from the server. False while something does, or has until its time is over.</summary>
    public bool IsOpen =>
        (Volatile.Read(ref _memory->IsDown) | Volatile.Read(ref _memory->IsNameless) | Volatile.Read(ref _memory->IsLeaving)
            | Volatile.Read(ref _memory->Operator)) == 0
        && Volatile.Read(ref _memory->EjectedUntilMs) == 0;

    /// <summary>What an operator wants of it. Written by the admin endpoint, and when the file says something new.</summary>
    public OperatorState Operator
    {
        get => (OperatorState)Volatile.Read(ref _memory->Operator);
        set => Volatile.Write(ref _memory->Operator, (int)value);
    }

    /// <summary>The weight that the file gives it.</summary>
    public int WeightInFile => Volatile.Read(ref _memory->WeightInFile);

    /// <summary>What the file says of that.</summary>
    public OperatorState StateInFile => (OperatorState)Volatile.Read(ref _memory->StateInFile);

    /// <summary>
    /// Percent of the server's weight that an operator lets it have: 1 to 100. Written by the admin endpoint, and when the file says something new.
    /// </summary>
    public int OperatorPercent
    {
        get => 100 - Volatile.Read(ref _memory->OperatorLessPercent);
        set => Volatile.Write(ref _memory->OperatorLessPercent, 100 - value);
    }

    /// <summary>How many connections it may have.</summary>
    public OperatorLimit Limit => new(_memory);

    /// <summary>When it went up or down last, or an operator set its state, in ms since 1970-01-01 UTC; 0 = never yet.</summary>
    public long ChangedAtMs
    {
        get => Volatile.Read(ref _memory->ChangedAtMs);
        set => Volatile.Write(ref _memory->ChangedAtMs, value);
    }

    /// <summary>Percent of the server's weight that agent and operator together let it have: 1 to 100.</summary>
    public int SharePercent => Math.Max(1, WeightPercent * OperatorPercent / 100);

    /// <summary>The server wants no new clients; those whose cookie names it still come.</summary>
    public bool IsLeaving
    {
        get => Volatile.Read(ref _memory->IsLeaving) != 0;
        set => Volatile.Write(ref _memory->IsLeaving, value ? 1 : 0);
    }

    /// <summary>Percent of the server's weight that its agent lets it have: 1 to 100.</summary>
    public int WeightPercent
    {
        get => 100 - Volatile.Read(ref _memory->WeightLessPercent);
        set => Volatile.Write(ref _memory->WeightLessPercent, 100 - value);
    }

    /// <summary>False while the server's name stands for no address.</summary>
    public bool HasAddress
    {
        get => Volatile.Read(ref _memory->IsNameless) == 0;
        set => Volatile.Write(ref _memory->IsNameless, value ? 0 : 1);
    }

    /// <summary>Whether anybody checks the server at all.</summary>
    public bool IsChecked
    {
        get => Volatile.Read(ref _memory->IsChecked) != 0;
        set => Volatile.Write(ref _memory->IsChecked, value ? 1 : 0);
    }

    public long ChecksPassed => Volatile.Read(ref _memory->ChecksPassed);

    public long ChecksFailed => Volatile.Read(ref _memory->ChecksFailed);

    /// <summary>How often the server went down.</summary>
    public long Downs => Volatile.Read(ref _memory->Downs);

    /// <summary>What the file says of it: see <see cref="ServerSlotMemory.Follow"/>.</summary>
    public void Follow(in UpstreamServerSettings server) => _memory->Follow(server);

    public void CountCheck(bool passed)
    {
        if (passed)
            _memory->ChecksPassed++;
        else
            _memory->ChecksFailed++;
    }

    public void CountDown() => _memory->Downs++;

    /// <summary>Says how many requests this view's worker has running on the server.</summary>
    public void SetRunning(int count) => _running.SetOwn(count);

    /// <summary>Requests that run on the server now, over all workers; a moment's view.</summary>
    public int Running() => _running.Sum();
}

/// <summary>Layout of one slot. Numbers share the first line, the identity stands behind them, what all workers write has the last line.</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
internal unsafe struct ServerSlotMemory
{
    public const int SizeBytes = 640;

    /// <summary>Two names of 64 bytes and an address of 260 at most, which are checked with the settings, and two separators.</summary>
    private const int KeyBytesMax = 448;

    /// <summary>0 = never used; else the publication that last named the server.</summary>
    [FieldOffset(0)]
    public int NamedBy;

    [FieldOffset(4)]
    public int IsDown;

    [FieldOffset(8)]
    public int IsChecked;

    [FieldOffset(12)]
    private int _keyBytes;

    [FieldOffset(16)]
    public long ChecksPassed;

    [FieldOffset(24)]
    public long ChecksFailed;

    [FieldOffset(32)]
    public long Downs;

    /// <summary>Until when the server is left out, by the clock of the loops; 0 = it is not.</summary>
    [FieldOffset(40)]
    public long EjectedUntilMs;

    /// <summary>Percent of its weight that the server does not want.</summary>
    [FieldOffset(48)]
    public int WeightLessPercent;

    /// <summary>An <see cref="OperatorState"/>.</summary>
    [FieldOffset(52)]
    public int Operator;

    /// <summary>The server wants no new clients.</summary>
    [FieldOffset(56)]
    public int IsLeaving;

    /// <summary>The server's name stands for no address.</summary>
    [FieldOffset(60)]
    public int IsNameless;

    [FieldOffset(64)]
    private fixed byte _key[KeyBytesMax];

    [FieldOffset(512)]
    public ServerPlacesMemory Places;

    /// <summary>Number of changes, and in the low half the requests that wait for this server and no other.</summary>
    [FieldOffset(528)]
    public ulong Waiting;

    /// <summary>Percent of its weight that an operator takes from it.</summary>
    [FieldOffset(536)]
    public int OperatorLessPercent;

    /// <summary>Of its state, in ms since 1970-01-01 UTC.</summary>
    [FieldOffset(544)]
    public long ChangedAtMs;

    /// <summary>What was published last: an <see cref="OperatorState"/>.</summary>
    [FieldOffset(552)]
    public int StateInFile;

    /// <summary>The weight that was published last.</summary>
    [FieldOffset(556)]
    public int WeightInFile;

    /// <summary>One more than an operator wants of connections at most; 0 = it is left to the file.</summary>
    [FieldOffset(560)]
    public int OperatorConnections;

    /// <summary>Connections at most that were published last; 0 = no limit.</summary>
    [FieldOffset(564)]
    public int ConnectionsInFile;

    [FieldOffset(576)]
    public ServerEjectionMemory Ejection;

    /// <summary>The identity as it is stored: no name and no address holds a line feed.</summary>
    public static byte[] KeyOf(string upstream, string server, string address) => Encoding.UTF8.GetBytes($"{upstream}\n{server}\n{address}");

    /// <summary>The server is back: what was known of its health, and what was wanted of it, is out of date.</summary>
    public void Forget()
    {
        IsDown = IsChecked = IsLeaving = WeightLessPercent = Operator = OperatorLessPercent = StateInFile = OperatorConnections = 0;
        EjectedUntilMs = ChangedAtMs = 0;
    }

    /// <summary>
    /// Where the file says of state, weight or limit something else than before, it comes before what an operator has set since.
    /// </summary>
    public void Follow(in UpstreamServerSettings server)
    {
        int state = (int)server.State;
        if (StateInFile != state)
        {
            Volatile.Write(ref StateInFile, state);
            Volatile.Write(ref Operator, state);
        }
        if (WeightInFile != server.Weight)
            Volatile.Write(ref OperatorLessPercent, 0);
        if (ConnectionsInFile != server.MaxConnections)
            Volatile.Write(ref OperatorConnections, 0);
        WeightInFile = server.Weight;
        Volatile.Write(ref ConnectionsInFile, server.MaxConnections);
    }

    public void SetKey(ReadOnlySpan<byte> key)
    {
        fixed (byte* target = _key)
            key.CopyTo(new Span<byte>(target, KeyBytesMax));
        _keyBytes = key.Length;
    }

    public bool HasKey(ReadOnlySpan<byte> key)
    {
        fixed (byte* own = _key)
            return key.SequenceEqual(new ReadOnlySpan<byte>(own, _keyBytes));
    }

    /// <summary>Upstream, server and address.</summary>
    public string[] KeyTexts()
    {
        fixed (byte* own = _key)
            return Encoding.UTF8.GetString(own, _keyBytes).Split('\n');
    }
}
