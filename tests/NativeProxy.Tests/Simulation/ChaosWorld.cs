using NativeProxy.Tests.Layers;
using NativeProxy.Tests.Simulation.Network;
using NativeProxy.Tests.Simulation.Peers;
using NativeProxy.Tests.Simulation.Verdict;

namespace NativeProxy.Tests.Simulation;

/// <summary>What all parts of one run share.</summary>
internal sealed class ChaosWorld
{
    /// <param name="seed">Where everything comes from.</param>
    /// <param name="faults">What goes wrong; null = drawn from the seed.</param>
    /// <param name="isLayered">Whether both sides of the proxy speak in records.</param>
    public ChaosWorld(ulong seed, FaultMix? faults, bool isLayered = false)
    {
        Dice = new Dice(seed);
        Faults = faults ?? (Dice.PerMille(100) ? FaultMix.Calm : FaultMix.Draw(Dice));
        Trace = new Trace(Time);
        Agenda = new Agenda(Time, Dice);
        Network = new SimulatedNetwork(Agenda, Dice, Trace);
        Requests = new RequestMaker(Dice, Faults);
        Replies = new ReplyMaker(Dice, Faults, Evidence);
        Evidence.IsCalm = Faults.IsCalm;
        if (isLayered)
            SpeakInRecords(new RecordOptions(seed, RecordBytesMax: Dice.Pick(50, 2000, RecordSession.RecordBytesMax)));
    }

    /// <summary>What secures the connections of the proxy; null = nothing does.</summary>
    public RecordTrafficSecurity? Security { get; private set; }

    public Dice Dice { get; }

    public FaultMix Faults { get; }

    public SimulatedTime Time { get; } = new();

    public Agenda Agenda { get; }

    public Trace Trace { get; }

    public SimulatedNetwork Network { get; }

    public Evidence Evidence { get; } = new();

    public RequestMaker Requests { get; }

    public ReplyMaker Replies { get; }

    private void SpeakInRecords(RecordOptions options)
    {
        Security = new RecordTrafficSecurity(options);
        Network.Sessions = isServer => new RecordSession(isServer, options with { Seed = Dice.Next() });
    }

    /// <summary>What is deliberately wrong, to test the checks themselves.</summary>
    public Sabotage Sabotage { get; set; }
}

/// <summary>Wrong behaviour that the checks must find.</summary>
internal enum Sabotage : byte
{
    None,

    /// <summary>A server answers with the number of the request before.</summary>
    AnswerOfAnother,

    /// <summary>A server announces and sends fewer bytes than its answer has.</summary>
    ShortBody,

    /// <summary>A byte of an answer is changed on its way.</summary>
    ChangedByte,

    /// <summary>A server sees a POST a second time.</summary>
    RepeatedPost,

    /// <summary>A server sees a request that nobody sent.</summary>
    SmuggledRequest,

    /// <summary>A buffer is lent and not returned.</summary>
    LeakedBuffer,

    /// <summary>A client connection closes without being counted.</summary>
    SilentClose,
}
