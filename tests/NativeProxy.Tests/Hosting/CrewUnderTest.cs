using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Admin;
using NativeProxy.Config;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Securing;
using NativeProxy.Hosting.Supervision;
using NativeProxy.Hosting.Workers;
using NativeProxy.Logging;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Transport;
using NativeProxy.Upstreams.Discovery;
using NativeProxy.Upstreams.Naming;
using Xunit;

namespace NativeProxy.Tests.Hosting;

/// <summary>
/// The supervisor's crew and its reloads without processes: over real lines, whose other ends the test holds, and by a clock that the test moves.
/// Hands events on as the supervisor does.
/// </summary>
internal sealed class CrewUnderTest : IDisposable
{
    public const string Bind = "127.0.0.1:8080";
    public const string AddedBind = "127.0.0.1:8081";

    private const int OutOfProcesses = 11;

    private readonly SupervisorEvents _events = new();
    private readonly MemoryStream _messages = new();
    private readonly Boards _boards;
    private readonly List<WorkerEnd> _started = [];
    private readonly List<Reload> _reloads = [];
    private readonly TicketKeeper _tickets = new(static () => { }, TicketRings.None);

    public CrewUnderTest(int workers)
    {
        _boards = Boards.CreatePrivate(workers);
        var log = new ErrorLog(_messages, TimeProvider.System);
        byte[] text = SettingsTrial.Text(Encoding.UTF8.GetBytes(SettingsTrial.Minimal)).Bytes;
        WorkerSlot[] slots = [.. Enumerable.Range(0, workers)
            .Select(index => new WorkerSlot(index, index, workers, [ListeningSockets.OpenAgain("127.0.0.1:0") with { Bind = Bind }], _boards, Start,
                Killed.Add, _events))];
        Crew = new WorkerCrew(slots, new SettingsMessage("proxy.toml", [], "127.0.0.1:9001;", text, text), _boards, Service, _tickets, log);
        Steps = new ReloadSteps(Crew, log) { Committing = Committed.Add, Ended = Ended };
    }

    public WorkerCrew Crew { get; }

    public ReloadSteps Steps { get; }

    public ServiceState Service { get; } = new();

    public long NowMs { get; private set; } = 1_000_000;

    /// <summary>False: the system starts no process.</summary>
    public bool CanStart { get; set; } = true;

    /// <summary>Ids of processes that were killed.</summary>
    public List<int> Killed { get; } = [];

    /// <summary>Reloads whose workers were all ready.</summary>
    public List<Reload> Committed { get; } = [];

    /// <summary>How each reload has ended.</summary>
    public List<bool> Outcomes { get; } = [];

    /// <summary>Whether another reload had been asked for when one ended.</summary>
    public bool WasAskedAgain { get; private set; }

    public IReadOnlyList<WorkerSlot> Slots => Crew.Slots;

    /// <summary>What was logged.</summary>
    public string Messages => Encoding.UTF8.GetString(_messages.ToArray());

    /// <summary>Workers that all serve.</summary>
    public static async Task<CrewUnderTest> Serving(int workers)
    {
        var crew = new CrewUnderTest(workers);
        crew.Pass(0);
        for (int i = 0; i < workers; i++)
            await crew.Serves(i);
        return crew;
    }

    /// <summary>The worker's end of the process that runs in this slot.</summary>
    public WorkerEnd Worker(int index) => _started.Single(worker => worker.ProcessId == Slots[index].ProcessId);

    /// <summary>A worker has taken its settings and serves.</summary>
    public async Task Serves(int index)
    {
        await Worker(index).HearsSettings(ControlCommand.Settings);
        Says(index, ControlCommand.Ready, round: 0);
    }

    /// <summary>A worker says something, and the supervisor hears it.</summary>
    public void Says(int index, ControlCommand command, int round, string problem = "")
    {
        Worker(index).Says(command, round, problem);
        var said = Assert.IsType<SupervisorEvent.WorkerSaid>(_events.Next(SupervisorEvents.NowMs + (long)LoopUnderTest.Deadline.TotalMilliseconds));
        if (!Crew.Heard(said.Slot, said.Message, NowMs))
            Steps.Heard(said.Slot, said.Message);
        Pass(0);
    }

    /// <summary>A process has ended.</summary>
    public void Dies(int index)
    {
        if (Crew.Ended(Slots[index].ProcessId, 137, NowMs) is { } slot)
            Steps.Gone(slot);
        Pass(0);
    }

    /// <summary>Time passes, and what is due is done.</summary>
    public void Pass(long ms)
    {
        NowMs += ms;
        Steps.Advance(NowMs);
        Crew.DoDue(NowMs);
    }

    /// <summary>Reads settings with a further address, and begins their reload.</summary>
    public Reload BeginReload()
    {
        Assert.True(Steps.TryClaim());
        Reload reload = NewReload();
        Steps.Begin(reload, NowMs);
        return reload;
    }

    /// <summary>Settings with a further address, and its sockets.</summary>
    public Reload NewReload()
    {
        string text = SettingsTrial.Minimal.Replace(Bind, $"{Bind}\", \"{AddedBind}", StringComparison.Ordinal);
        List<ListeningSocket>[] added =
            [.. Slots.Select(static _ => new List<ListeningSocket> { ListeningSockets.OpenAgain("127.0.0.1:0") with { Bind = AddedBind } })];
        var reload = new Reload(Encoding.UTF8.GetBytes(text), SettingsTrial.Parse(text).Settings, new DiscoveredServers([]),
            new ServerEndPoints([[[IPEndPoint.Parse("127.0.0.1:9001")]]]), added);
        _reloads.Add(reload);
        return reload;
    }

    public void Dispose()
    {
        foreach (WorkerSlot slot in Slots)
            slot.Dispose();
        _started.ForEach(static worker => worker.Dispose());
        _reloads.ForEach(static reload => reload.Close());
        _tickets.Dispose();
        _boards.Dispose();
    }

    private int Start(IReadOnlyList<string> arguments, IReadOnlyList<int> inherited, IReadOnlyList<int> blocked)
    {
        if (!CanStart)
            throw new Win32Exception(OutOfProcesses);
        Assert.Equal(["--control", inherited[0].ToString(CultureInfo.InvariantCulture), "--sockets",
            inherited[1].ToString(CultureInfo.InvariantCulture)], arguments.Skip(7).Take(4));
        _started.Add(new WorkerEnd(1000 + _started.Count, inherited));
        return _started[^1].ProcessId;
    }

    private void Ended(bool isDone)
    {
        Outcomes.Add(isDone);
        WasAskedAgain = Steps.IsAskedAgain;
    }
}
