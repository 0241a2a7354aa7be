namespace NativeProxy.Tests.Simulation;

/// <summary>
/// How often what goes wrong, in 1/1000 of its occasions. Drawn per seed, each kind on or off, since faults that are always there hide
/// what others alone would show (swarm testing).
/// </summary>
internal sealed class FaultMix
{
    public int ClientReset { get; init; }

    public int ClientFin { get; init; }

    public int ClientHalfClose { get; init; }

    public int ClientStall { get; init; }

    public int ClientSlowReader { get; init; }

    public int ClientStopsReading { get; init; }

    public int ClientSlowWriter { get; init; }

    public int HostileRequest { get; init; }

    public int ServerCut { get; init; }

    public int ServerReset { get; init; }

    public int ServerHang { get; init; }

    public int ServerSlow { get; init; }

    public int ServerSurplus { get; init; }

    public int ServerUnasked { get; init; }

    public int ServerGarbage { get; init; }

    public int ServerEarly { get; init; }

    public int ServerIdleFin { get; init; }

    public int ServerIdleReset { get; init; }

    public int ServerStopsReading { get; init; }

    public int ConnectRefused { get; init; }

    public int ConnectSilent { get; init; }

    public int ServerDown { get; init; }

    public int Reload { get; init; }

    /// <summary>Nothing goes wrong: every request has to be answered.</summary>
    public static FaultMix Calm { get; } = new();

    public bool IsCalm => this == Calm;

    public static FaultMix Draw(Dice dice)
    {
        int level = dice.Pick(15, 50, 150);
        int Chance() => dice.PerMille(600) ? 1 + dice.Below(level * 2) : 0;
        return new FaultMix
        {
            ClientReset = Chance(),
            ClientFin = Chance(),
            ClientHalfClose = Chance(),
            ClientStall = Chance(),
            ClientSlowReader = Chance(),
            ClientStopsReading = Chance(),
            ClientSlowWriter = Chance(),
            HostileRequest = Chance(),
            ServerCut = Chance(),
            ServerReset = Chance(),
            ServerHang = Chance(),
            ServerSlow = Chance(),
            ServerSurplus = Chance(),
            ServerUnasked = Chance(),
            ServerGarbage = Chance(),
            ServerEarly = Chance(),
            ServerIdleFin = Chance(),
            ServerIdleReset = Chance(),
            ServerStopsReading = Chance(),
            ConnectRefused = Chance(),
            ConnectSilent = Chance(),
            ServerDown = Chance(),
            Reload = Chance(),
        };
    }
}
